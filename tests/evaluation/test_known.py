"""Known glyphs from elsewhere: read, called strangers, told from the test split."""

import pytest
import torch
from helpers.cards import make_card

from ebm.evaluation.known import measure_known, measure_unseen_founts
from ebm.model.energy import EnergyNet
from ebm.scoring.scores import SCORES, score


@pytest.fixture
def model():
    torch.manual_seed(0)
    return EnergyNet(4, 6)


@pytest.fixture
def card(model):
    return make_card(model)


def glyphs(n, seed):
    return torch.rand(n, 1, 56, 56, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_macro_accuracy_counts_every_sort_alike(model, card):
    """Nine glyphs called by the sort that the model reads, one by another sort."""
    x = torch.full((10, 1, 56, 56), -1.0)
    own = int(model.get_logits(x[:1]).argmax())
    report = measure_known(model, card, x, torch.tensor([own] * 9 + [(own + 1) % 6]))
    assert report["accuracy"] == pytest.approx(0.9) and report["macro_accuracy"] == pytest.approx(0.5)


def test_the_share_called_strangers_lies_above_the_threshold(model):
    x = glyphs(20, 0)
    middle = float(score(model, x).median())
    report = measure_known(model, make_card(model, threshold=middle), x, torch.zeros(20, dtype=torch.int64))
    assert report["called_strangers"] == pytest.approx(10 / 20, abs=0.051)
    uncalibrated = make_card(model, threshold=None, reference_energies=[])
    assert measure_known(model, uncalibrated, x, torch.zeros(20, dtype=torch.int64))["called_strangers"] is None


def test_glyphs_like_the_test_split_are_not_told_from_it_and_others_are(model, card):
    labels = torch.zeros(300, dtype=torch.int64)
    known = {name: score(model, glyphs(300, 1), name).double().numpy() for name in SCORES}
    alike = measure_unseen_founts(model, card, glyphs(300, 2), labels, known, resamples=20)
    assert alike["n"] == 300 and set(alike["ood"]) == set(SCORES)
    low, high = alike["ood"]["energy"]["interval"]["auroc"]
    assert alike["ood"]["energy"]["auroc"] == pytest.approx(0.5, abs=0.1) and low < 0.55 and high > 0.45
    other = measure_unseen_founts(model, card, 0.2 * glyphs(300, 2) - 0.8, labels, known, resamples=0)
    assert abs(other["ood"]["energy"]["auroc"] - 0.5) > 0.2
