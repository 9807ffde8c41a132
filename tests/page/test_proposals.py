"""What is proposed to be shown next: the surest glyph of each sort that lacks one."""

import pytest
import torch

from ebm.page import propose

# Rows are glyphs, columns are three sorts.
LOGITS = torch.tensor(
    [[5.0, 0.0, 0.0], [9.0, 0.0, 0.0], [0.0, 6.0, 0.0], [0.2, 0.0, 0.1], [7.0, 0.0, 1.0], [0.0, 4.0, 4.1]]
)


def test_the_surest_glyph_of_each_sort_comes_first():
    found = propose(LOGITS)
    assert [(p.index, p.sort) for p in found] == [(1, 0), (2, 1)]
    assert found[0].energy == pytest.approx(-float(LOGITS[1].logsumexp(0)))
    assert found[0].probability == pytest.approx(float(LOGITS[1].softmax(0)[0]))


def test_sorts_that_were_shown_are_left_out_and_a_second_glyph_can_be_asked_for():
    assert [p.index for p in propose(LOGITS, [0])] == [2]
    assert propose(LOGITS, torch.tensor([0, 1])) == []
    assert [p.index for p in propose(LOGITS, [0], each=2)] == [1, 2]
    assert [p.index for p in propose(LOGITS, [0, 0, 0], each=2)] == [2]
    assert [p.index for p in propose(LOGITS, each=3)] == [1, 4, 2, 0]


def test_glyphs_that_were_shown_or_refused_are_not_proposed_again():
    assert [p.index for p in propose(LOGITS, taken=[1])] == [4, 2]
    assert [p.index for p in propose(LOGITS, taken={1, 4, 0, 2})] == []


def test_the_threshold_of_sureness_keeps_doubtful_readings_back():
    assert [p.index for p in propose(LOGITS, sureness=0.5)] == [1, 2, 5]
    assert [p.index for p in propose(LOGITS, sureness=0.0, taken=[0, 1, 4])] == [2, 5, 3]
    assert [p.index for p in propose(LOGITS, temperature=2.0, sureness=0.9)] == [1, 2]
    assert [p.index for p in propose(LOGITS, temperature=2.0, sureness=0.95)] == [1]


def test_glyphs_above_an_energy_and_broken_ones_are_not_proposed():
    assert [p.index for p in propose(LOGITS, highest=-6.5)] == [1]
    broken = LOGITS.clone()
    broken[1] = float("nan")
    assert [p.index for p in propose(broken)] == [4, 2]


def test_nothing_read_proposes_nothing_and_bad_settings_are_one_sentence():
    assert propose(LOGITS[:0]) == []
    with pytest.raises(ValueError, match="two outputs or more"):
        propose(LOGITS[:, :1])
    with pytest.raises(ValueError, match="At least one glyph"):
        propose(LOGITS, each=0)
    with pytest.raises(ValueError, match="sureness in"):
        propose(LOGITS, sureness=2)
