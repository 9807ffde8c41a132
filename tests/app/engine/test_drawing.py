"""Drawings become glyphs: what the ink looks like, and that the page and the server make the same of it."""

from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.drawings import drawn_letters, odd_drawings, text_of

import ebm
from app.engine import drawing
from app.engine.drawing import glyph_of, sheet_of, strokes_of
from ebm.system.places import DEFAULT_CHECKPOINT

MODULE = Path(drawing.__file__).with_suffix(".js")
IN_PAGE = """async ([source, call]) => {
    const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
    return eval(call)(await import(address));
}"""
TURN = np.radians(42)
NIB = 30 / 320  # of the pad


@pytest.fixture(scope="module")
def in_page(browser):
    """in_page(call): what a function of drawing.js's exports gives in a page."""
    page = browser.new_page()
    yield lambda call: page.evaluate(IN_PAGE, [MODULE.read_text(encoding="utf-8"), call])
    page.close()


def server_glyph(text: str) -> np.ndarray:
    return glyph_of(strokes_of(text))[0]


def shares(glyph: np.ndarray) -> np.ndarray:
    """How much of each pixel is ink."""
    return (glyph + 1) / 2


def test_the_page_makes_the_same_glyphs_as_the_server(in_page):
    texts = drawn_letters(42, "b")[0] + drawn_letters(42, "r")[0] + odd_drawings()
    assert len(texts) >= 100
    call = f"""(m) => {texts}.map((text) => {{
        const bytes = new Uint8Array(m.glyphOf(m.strokesOf(text)).buffer);
        return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
    }})"""
    made = np.stack([np.frombuffer(b64decode(glyph), "<f4").reshape(56, 56) for glyph in in_page(call)])
    wanted = np.stack([server_glyph(text) for text in texts])
    assert abs(made - wanted).max() == 0
    assert (wanted.min((1, 2)) == -1).all() and (wanted.max((1, 2)) == 1).all()


def test_a_point_beyond_the_pad_is_taken_to_its_edge_in_the_page_too(in_page):
    path = [[-0.4, 0.3], [0.6, 1.5], [0.9, 0.2]]
    made = in_page(f"(m) => Array.from(m.glyphOf([{{ pen: 'b', points: {path} }}]))")
    inside = in_page(f"(m) => Array.from(m.glyphOf([{{ pen: 'b', points: {np.clip(path, 0, 1).tolist()} }}]))")
    assert made == inside


def test_the_page_knows_when_there_is_nothing_to_read_and_when_to_ask_the_server(in_page):
    dot = "[{ pen: 'r', points: [[0.5, 0.5]] }]"
    asked = f"(m) => [m.glyphOf([]), m.strokesOf(''), m.strokesOf(null), m.glyphOf({dot}, 'glyphs')]"
    assert in_page(asked) == [None, [], [], None]
    assert in_page(f"(m) => m.glyphOf({dot}, 'pen').length") == 56 * 56


def test_a_straight_stroke_of_the_round_pen_is_a_bar_of_its_width():
    length, width = 0.6, NIB / 2
    glyph = shares(server_glyph(text_of("r", [(0.3, 0.2), (0.3, 0.2 + length)])))
    scale = 44 / (length + width)
    assert glyph[20:36].sum(1) == pytest.approx(width * scale, abs=0.13)
    assert glyph.sum() == pytest.approx((length * width + np.pi * width**2 / 4) * scale**2, rel=0.03)


@pytest.mark.parametrize(("drawn", "wanted"), [((0, 1), np.cos(TURN)), ((1, 0), np.sin(TURN))])
def test_a_straight_stroke_of_the_broad_nib_is_as_wide_as_the_nib_seen_from_there(drawn, wanted):
    thick = NIB * (wanted + 4 / 30 * np.sqrt(1 - wanted**2))
    rows = shares(server_glyph(text_of("b", [(0.2, 0.2), np.add((0.2, 0.2), np.multiply(drawn, 0.6))])))
    rows = rows if drawn[1] else rows.T
    other = NIB * (np.sqrt(1 - wanted**2) + 4 / 30 * wanted)
    assert rows[20:36].sum(1) == pytest.approx(thick * 44 / (0.6 + other), abs=0.13)


@pytest.mark.parametrize("text", drawn_letters(6, "b")[0] + [text_of("r", [(0.9, 0.9)]), text_of("b", [(0.02, 0.5)])])
def test_the_ink_is_44_pixels_large_and_in_the_middle(text):
    inked = server_glyph(text) > -0.9
    (top, *_, bottom), (left, *_, right) = (np.flatnonzero(inked.any(axis=axis)) for axis in (1, 0))
    assert max(bottom - top, right - left) + 1 == pytest.approx(44, abs=2)
    assert (top + bottom) / 2 == pytest.approx(27.5, abs=1) and (left + right) / 2 == pytest.approx(27.5, abs=1)


def test_the_broad_nib_is_wide_across_and_thin_along_its_edge():
    across = (0.5 - 0.2 * np.sin(TURN), 0.5 - 0.2 * np.cos(TURN)), (0.5 + 0.2 * np.sin(TURN), 0.5 + 0.2 * np.cos(TURN))
    along = (0.5 - 0.2 * np.cos(TURN), 0.5 + 0.2 * np.sin(TURN)), (0.5 + 0.2 * np.cos(TURN), 0.5 - 0.2 * np.sin(TURN))
    for pen, path, wide, long in (
        ("b", across, NIB, 0.4 + NIB * 4 / 30),
        ("b", along, NIB * 4 / 30, 0.4 + NIB),
        ("r", along, NIB / 2, 0.4 + NIB * np.pi / 8),
    ):
        share = (sheet_of(strokes_of(text_of(pen, path))) == 0).mean()
        assert share / long == pytest.approx(wide, rel=0.02), (pen, path)


def test_a_drawing_is_inked_where_it_was_drawn():
    texts = text_of("b", [(0.25, 0.2), (0.25, 0.8)]), text_of("r", [(0.75, 0.2), (0.75, 0.8)])
    sheet = sheet_of(strokes_of(".".join(texts)))
    assert sheet.shape == (448, 448)
    row = sheet[224]
    assert row[112] == 0 and row[336] == 0 and row[224] == 255
    assert (row[:224] == 0).sum() > 1.2 * (row[224:] == 0).sum()


@pytest.mark.parametrize(
    "text", ["b", "x" + "A" * 4, "bAAA", "b" + "A" * 5, "bAAAA.", "b" + "A" * 8000, "b!!!!", {"composite": 1}, 7]
)
def test_what_is_no_drawing_is_refused(text: object):
    with pytest.raises(ValueError, match="draw it again"):
        strokes_of(text)


def test_nothing_drawn_is_no_stroke_and_no_glyph():
    assert strokes_of("") == [] and strokes_of(None) == []
    with pytest.raises(ValueError, match="draw a letter"):
        glyph_of([])


@pytest.mark.parametrize(("pen", "floor", "ceiling"), [("b", 0.95, -0.6), ("r", 0.9, 0.4)])
def test_the_shipped_model_reads_drawn_letters(pen, floor, ceiling):
    model, card = ebm.load(DEFAULT_CHECKPOINT)
    texts, names = drawn_letters(84, pen, seed=1)
    x = torch.from_numpy(np.stack([server_glyph(text)[None] for text in texts]))
    read = [card.sorts[k] for k in model.get_logits(x).argmax(1)]
    assert np.mean([a == b for a, b in zip(read, names, strict=True)]) >= floor
    assert float(model.energy(x).mean()) <= ceiling
