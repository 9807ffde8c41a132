"""A file of any format, turned by its EXIF data or with several frames, gives the glyph of the picture in it."""

import pytest
import torch
from helpers.pictures import difference, draw
from PIL import Image

from ebm.data.picture.to_glyph import to_glyph


@pytest.fixture(scope="module")
def reference():
    return to_glyph(draw())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_exif_rotation(tmp_path, reference, orientation, suffix):
    turns = [None, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180]
    turns += [Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.TRANSPOSE]
    turns += [Image.Transpose.ROTATE_90, Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_270]
    turn = turns[orientation - 1]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"letter.{suffix}"
    (draw() if turn is None else draw().transpose(turn)).save(path, exif=exif)
    assert difference(to_glyph(path), reference) < 0.05


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "tif", "webp", "pgm"])
def test_files(tmp_path, reference, suffix):
    path = tmp_path / f"letter.{suffix}"
    draw().save(path)
    assert difference(to_glyph(path), reference) < 0.05
    assert torch.equal(to_glyph(str(path)), to_glyph(path))


def test_first_frame_of_an_animation(tmp_path, reference):
    path = tmp_path / "letter.gif"
    other = draw().transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    draw().save(path, save_all=True, append_images=[other, other])
    assert difference(to_glyph(path), reference) < 0.05


def test_phone_pictures_with_several_frames(tmp_path, reference):
    path = tmp_path / "letter.jpg"
    draw().save(path, "MPO", save_all=True, append_images=[Image.new("L", (400, 400))])
    assert difference(to_glyph(path), reference) < 0.05


def test_a_large_jpeg_gives_the_same_glyph(tmp_path, reference):
    path = tmp_path / "photo.jpg"
    draw((6300, 6300), 315).save(path)
    assert difference(to_glyph(path), reference) < 0.05
