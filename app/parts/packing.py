"""Bytes in a link, as packing.js packs them: deflated, then in the 64 characters that need no escape in an address."""

import base64
import binascii
import zlib

_LONGEST = 12_000  # characters


def unpack(text: object, size: int) -> bytes | None:
    """The bytes packed into a text.

    Args:
        text: what a link holds; anything.
        size: number of bytes that there must be.

    Returns:
        the bytes; None for anything but a text that holds exactly so many.
    """
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST:
        return None
    try:
        small = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(small, size + 1)  # never more, however well it packs
    except (binascii.Error, ValueError, zlib.error):
        return None
    return data if len(data) == size else None
