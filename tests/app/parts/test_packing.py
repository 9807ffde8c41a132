"""Bytes in a link: what fits is unpacked, everything else is nothing."""

import base64
import zlib

import pytest

from app.parts.packing import unpack


def packed(data: bytes) -> str:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return base64.urlsafe_b64encode(deflate.compress(data) + deflate.flush()).decode().rstrip("=")


def test_bytes_come_back() -> None:
    assert unpack(packed(bytes(range(256))), 256) == bytes(range(256))


@pytest.mark.parametrize(
    "text", [None, 3, "", "?", "AAAA", "\u00e9", packed(bytes(255)), packed(bytes(10**7)), "A" * 20_000]
)
def test_anything_else_is_nothing(text: object) -> None:
    assert unpack(text, 256) is None
