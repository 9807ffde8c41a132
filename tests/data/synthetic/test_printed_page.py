"""A page printed by code: its words, its boxes, what cannot be printed."""

import numpy as np
import pytest
from helpers.made_page import agreement

from ebm.data.synthetic.founts import textura_founts
from ebm.data.synthetic.printed_page import print_page
from ebm.page import find_glyphs
from ebm.page.scan import Scan

(FOUNT,) = textura_founts(1, seed=11)
TEXT = "Beatus uir qui nō abiit in cōſilio impiorum et in uia peccatorum nō ſtetit"


def test_the_letters_stand_where_it_says() -> None:
    page = print_page(TEXT.split(), FOUNT, columns=1, width=90, seed=1)
    assert "".join(glyph.name[0] for glyph in page.glyphs[:6]) == "Beatus"
    assert len(page.glyphs) == len(TEXT.replace(" ", "")) and not any(glyph.is_strange for glyph in page.glyphs)
    layout = find_glyphs(Scan("made", np.asarray(page.picture), 1))
    found = np.array([[g.box.left, g.box.top, g.box.right, g.box.bottom] for g in layout.glyphs], dtype=float)
    recall, precision = agreement(found, np.array([glyph.box for glyph in page.glyphs]))
    assert recall > 0.97 and precision > 0.97


def test_the_same_arguments_print_the_same_page_and_strange_forms_are_marked() -> None:
    one, two, other = (print_page(["et", "[theta]a"], FOUNT, width=60, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.picture, two.picture) and one.glyphs == two.glyphs
    assert not np.array_equal(one.picture, other.picture)
    assert [(glyph.name, glyph.is_strange) for glyph in one.glyphs[2:]] == [("theta", True), ("a", False)]


@pytest.mark.parametrize(("word", "said"), [("w", "no 'w'"), ("[nothing]", "no strange form 'nothing'")])
def test_what_is_in_no_case_is_named(word: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        print_page([word], FOUNT)
