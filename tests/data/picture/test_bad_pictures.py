"""What is no picture of a glyph is refused in one sentence."""

import io

import numpy as np
import pytest
import torch
from helpers.pictures import draw
from PIL import Image

from ebm.data.picture.to_glyph import to_glyph


def png(image):
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def lying_png(width, height):
    """A small file whose header claims a huge picture."""
    import struct
    import zlib

    data = bytearray(png(draw((8, 8))))
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    return bytes(data)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a picture"),
        (b"hello", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (png(draw())[:300], "damaged or cut short"),
        (lying_png(7000, 6000), "more than 40 megapixels"),
        (lying_png(60_000, 60_000), "more than 40 megapixels"),
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_bad_files_are_named(tmp_path, content, words):
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words) as caught:
        to_glyph(path)
    assert "picture.png" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (np.full((50, 50), 7, np.uint8), "blank"),
        (Image.new("RGBA", (40, 40), (0, 0, 0, 0)), "blank"),
        (np.random.default_rng(0).normal(230, 1.5, (200, 200)).astype(np.uint8), "blank"),
        (np.tile(np.linspace(30, 220, 300).astype(np.uint8), (300, 1)), "blank"),
        (np.zeros((0, 5)), "no pixels"),
        (np.array([[0.0, np.nan], [1.0, 0.0]]), "NaN"),
        (np.array([[0.0, np.inf], [1.0, 0.0]]), "infinite"),
        (np.zeros(5), "shape"),
        (np.zeros((2, 1, 56, 56)), "shape"),
        (np.zeros((5, 5, 2)), "shape"),
        (torch.zeros(7, 5, 5), "shape"),
        (np.zeros((5, 5), complex), "numbers"),
        (np.array([["a", "b"]]), "numbers"),
        (np.broadcast_to(np.uint8(0), (7000, 6000)), "40 megapixels"),
        ("no/such/file.png", "no such file"),
        (".", "no such file"),
        (None, "NoneType"),
        (b"bytes", "bytes"),
    ],
)
def test_bad_pictures(picture, words):
    for preprocessing in ("pen", "glyphs"):
        if words == "blank" and preprocessing == "glyphs" and np.ptp(np.asarray(picture)) > 0:
            continue  # only "pen" looks for ink
        with pytest.raises(ValueError, match=words) as caught:
            to_glyph(picture, preprocessing=preprocessing)
        assert "\n" not in str(caught.value)


def test_unknown_preprocessing():
    with pytest.raises(ValueError, match="'pen' or 'glyphs'"):
        to_glyph(draw(), preprocessing="Pen")
