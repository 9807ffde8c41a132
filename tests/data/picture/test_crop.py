"""Letters found in a picture of several, and a part of a picture turned upright."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import ebm
from ebm.data.picture.crop import crop, find_letters

BARS = [(40, 60, 70, 160), (110, 60, 140, 160), (180, 60, 210, 160)]  # left, top, right, bottom


@pytest.fixture
def line(tmp_path: Path) -> Path:
    """Three bars, the middle one with a point above it, and a speck."""
    image = Image.new("L", (250, 200), 245)
    pen = ImageDraw.Draw(image)
    for bar in BARS:
        pen.rectangle((bar[0], bar[1], bar[2] - 1, bar[3] - 1), fill=15)
    pen.ellipse((115, 25, 135, 45), fill=15)
    pen.point((20, 180), fill=15)
    image.save(tmp_path / "line.png")
    return tmp_path / "line.png"


def test_letters_are_boxed_from_left_to_right_with_their_points(line: Path) -> None:
    found = [(left * 250, top * 200, right * 250, bottom * 200) for left, top, right, bottom in find_letters(line)]
    expected = [BARS[0], (110, 25, 140, 160), BARS[2]]
    assert np.allclose(found, expected, atol=1.01)


def test_one_letter_is_one_box_and_blank_paper_none() -> None:
    picture = np.full((90, 90), 240, np.uint8)
    assert find_letters(picture) == []
    picture[20:70, 40:50] = 10
    assert len(find_letters(picture)) == 1


def test_a_picture_of_thousands_of_parts_is_no_line_of_letters() -> None:
    noise = (np.random.default_rng(0).random((600, 600)) * 255).astype(np.uint8)
    assert find_letters(noise) == []


def test_a_part_of_a_damaged_picture_is_one_sentence(line: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(line.read_bytes()[:200])
    with pytest.raises(ValueError, match="damaged or cut short"):
        crop(broken, (0, 0, 1, 1))


def test_a_part_is_read_as_if_it_had_been_cut_out(line: Path) -> None:
    part = crop(line, (100 / 250, 20 / 200, 150 / 250, 170 / 200))
    with Image.open(line) as image:
        assert np.array_equal(np.asarray(part), np.asarray(image.crop((100, 20, 150, 170))))


def test_a_turned_letter_is_turned_upright(tmp_path: Path) -> None:
    """A drawing turned by 20 degrees and turned back reads as before."""
    upright = Image.new("L", (300, 300), 245)
    ImageDraw.Draw(upright).line([(110, 80), (110, 220), (190, 220)], fill=15, width=30)
    upright.rotate(20, Image.Resampling.BICUBIC, fillcolor=245).save(tmp_path / "turned.png")
    straight = ebm.to_glyph(crop(tmp_path / "turned.png", (0.15, 0.15, 0.85, 0.85), 20.0))
    turned = ebm.to_glyph(crop(tmp_path / "turned.png", (0.15, 0.15, 0.85, 0.85)))
    wanted = ebm.to_glyph(upright)
    assert (straight - wanted).abs().mean() < 0.1 < (turned - wanted).abs().mean()


def test_a_quarter_turn_takes_the_same_part(line: Path) -> None:
    box = (100 / 250, 20 / 200, 150 / 250, 170 / 200)
    turned, straight = (np.asarray(crop(line, box, angle)).astype(int) for angle in (90.0, 0.0))
    assert turned.shape == straight.shape[::-1]
    assert np.abs(np.rot90(straight, -1) - turned).mean() < 3


def test_a_part_at_the_edge_is_turned_without_a_black_corner(line: Path) -> None:
    part = np.asarray(crop(line, (0.0, 0.0, 0.13, 0.2), 30.0))
    assert part.min() > 200  # only paper there


@pytest.mark.parametrize(
    ("box", "angle", "words"),
    [
        ((0.5, 0, 0.4, 1), 0, "in this order"),
        ((0, 0, 1, 1.2), 0, "between 0 and 1"),
        ((0, 0, float("nan"), 1), 0, "between 0 and 1"),
        ((0, 0, 0.01, 0.01), 0, "too small"),
        ((0, 0, 1, 1), 400, "degrees"),
    ],
)
def test_a_part_that_makes_no_sense_is_one_sentence(line: Path, box: tuple, angle: float, words: str) -> None:
    with pytest.raises(ValueError, match=words) as said:
        crop(line, box, angle)
    assert str(said.value).endswith(".") and len(str(said.value).splitlines()) == 1
