"""The boxes found on pages made by code, whose boxes are known."""

import numpy as np
import pytest
from helpers.made_page import agreement, make_page
from PIL import Image

from ebm.data.synthetic.founts import textura_founts
from ebm.data.synthetic.printed_page import print_page
from ebm.page import find_glyphs
from ebm.page.scan import MAX_PIXELS, Scan, read_scan


def boxes(layout):
    return np.array([[g.box.left, g.box.top, g.box.right, g.box.bottom] for g in layout.glyphs], dtype=float)


def found_on(picture):
    return find_glyphs(Scan("made", np.asarray(picture.convert("RGB")), 1))


@pytest.mark.parametrize("angle", [-2.0, 0.0, 2.0])
def test_the_glyphs_of_a_leaning_unevenly_lit_page_are_found_and_its_rubric_is_not(angle):
    page = make_page(angle=angle)
    layout = found_on(page.picture)
    recall, precision = agreement(boxes(layout), page.boxes)
    assert recall >= 0.97 and precision >= 0.97
    assert len(layout.lines) == 8 and layout.rubrics > 0
    assert layout.angle == pytest.approx(angle, abs=0.3)
    assert len(layout.crops) == len(layout.glyphs)


def test_the_dot_of_an_i_belongs_to_its_stem_however_small_it_is():
    (fount,) = textura_founts(1, seed=11)
    page = print_page(["inimici", "uidit", "impiis", "dominiſ", "iuſti", "niſi"] * 12, fount, width=95.0, seed=1)
    found = boxes(found_on(page.picture))
    stems = np.array([glyph.box for glyph in page.glyphs if glyph.name == "i"])
    dotted = [np.abs(found - box).max(1).min() < 4 for box in stems]  # in pixels; the dot stands 7 above the stem
    assert len(stems) > 100 and np.mean(dotted) >= 0.97
    speck = np.array(page.picture)
    left, top, right, _ = next(glyph.box for glyph in page.glyphs if glyph.name == "o")
    speck[int(top) - 9 : int(top) - 6, int(left + right) // 2 - 2 : int(left + right) // 2 + 2] = 40
    above_an_o = boxes(found_on(Image.fromarray(speck)))
    assert len(found) == len(above_an_o) and np.abs(found - above_an_o).max() <= 1


def test_columns_are_read_one_after_the_other():
    page = make_page(lines=9, letters=9, columns=2, angle=1.0)
    layout = found_on(page.picture)
    assert agreement(boxes(layout), page.boxes) == (1.0, 1.0)
    columns = [line.column for line in layout.lines]
    assert columns == sorted(columns) and set(columns) == {1, 2}
    assert [line.number for line in layout.lines] == list(range(1, 19))


def test_a_single_line_is_found():
    page = make_page(lines=1, rubric=False)
    cut = page.picture.crop((60, 60, page.picture.width - 60, 200))
    recall, precision = agreement(boxes(found_on(cut)) + (60, 60, 60, 60), page.boxes)
    assert recall >= 0.97 and precision >= 0.97


def test_letters_that_touch_are_cut_and_marked():
    page = make_page(lines=4, rubric=False)
    pixels = np.array(page.picture)
    rows = page.boxes[np.abs(page.boxes[:, 1] - page.boxes[0, 1]) < 60].astype(int)
    for one, other in zip(rows, rows[1:], strict=False):  # a thin stroke from each letter of the line to the next
        middle = max(one[1], other[1]) + 14
        pixels[middle : middle + 3, one[2] - 4 : other[0] + 4] = 40
    layout = found_on(Image.fromarray(pixels))
    cut = [glyph for glyph in layout.glyphs if glyph.is_cut]
    assert len(cut) >= 6 and {glyph.line for glyph in cut} == {1}
    widest = max(glyph.box.width for glyph in layout.glyphs if not glyph.is_cut)
    assert all(glyph.box.width <= 2 * widest for glyph in cut)


@pytest.mark.parametrize("size", [(300, 200), (1200, 900)])
def test_a_blank_page_is_reported_in_a_sentence(size):
    with pytest.raises(ValueError, match="give the scan of a page") as told:
        found_on(Image.new("RGB", size, "white"))
    assert "\n" not in str(told.value)


def test_very_large_and_broken_scans_are_reported_in_a_sentence(tmp_path):
    large, broken = tmp_path / "large.png", tmp_path / "broken.jpg"
    Image.new("1", (20_000, MAX_PIXELS // 20_000 + 1)).save(large)
    make_page(lines=2).picture.save(broken)
    broken.write_bytes(broken.read_bytes()[:3000])
    for path, words in ((large, "80 megapixels"), (broken, "damaged"), (tmp_path / "none.png", "no such file")):
        with pytest.raises(ValueError, match=words):
            read_scan(path)


@pytest.mark.parametrize("kind", ["png", "jpg", "tif", "webp", "jp2"])
def test_every_format_gives_the_same_glyphs(kind, tmp_path):
    page = make_page(lines=3)
    path = tmp_path / f"page.{kind}"
    page.picture.save(path, quality=95) if kind in ("jpg", "webp") else page.picture.save(path)
    layout = find_glyphs(read_scan(path))
    assert agreement(boxes(layout), page.boxes) == (1.0, 1.0)


def test_a_scan_of_16_bits_and_one_larger_than_needed_keep_their_boxes(tmp_path):
    page = make_page(lines=3)
    deep, large = tmp_path / "deep.png", tmp_path / "large.png"
    Image.fromarray((np.asarray(page.picture.convert("L")).astype(np.uint16)) * 200).save(deep)
    wide = Image.new("RGB", (6000, 5000), "white")
    wide.paste(page.picture.resize((3 * page.picture.width, 3 * page.picture.height)))
    wide.save(large, compress_level=1)
    assert agreement(boxes(find_glyphs(read_scan(deep))), page.boxes)[0] >= 0.97
    scan = read_scan(large)
    assert scan.factor == 2
    assert agreement(boxes(find_glyphs(scan)), 3 * page.boxes)[0] >= 0.97
