"""Calibration: hand-computed figures, and a temperature that undoes a known one."""

import math

import pytest
import torch

from ebm.evaluation.calibration import fit_temperature, predictive


def labelled(n: int, seed: int):
    """Logits (n, 4) and labels drawn from exactly their probabilities: perfectly calibrated."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(n, 4, generator=generator)
    return logits, torch.multinomial(logits.softmax(1), 1, generator=generator).squeeze(1)


@pytest.mark.parametrize("factor", [0.2, 1.0, 3.0])
def test_the_temperature_undoes_the_factor_that_calibrated_logits_were_multiplied_by(factor):
    logits, labels = labelled(20_000, 0)
    assert fit_temperature(factor * logits, labels) == pytest.approx(factor, rel=0.05)


def test_a_fitted_temperature_improves_the_calibration_of_other_glyphs_and_changes_no_prediction():
    logits, labels = labelled(20_000, 1)
    others, theirs = labelled(20_000, 2)
    before = predictive(4 * others, theirs)
    after = predictive(4 * others, theirs, fit_temperature(4 * logits, labels))
    assert before["ece"] > 0.1 > 0.02 > after["ece"] and after["nll"] < before["nll"]
    assert after["accuracy"] == before["accuracy"] and after["macro_f1"] == before["macro_f1"]


def test_figures_by_hand():
    """Three glyphs, two classes, p = 0.9, 0.8 and 0.6 for the likelier one, the last one wrong."""
    p = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    found = predictive(p.log(), torch.tensor([0, 1, 1]))
    assert found["accuracy"] == pytest.approx(2 / 3, abs=1e-5)
    assert found["nll"] == pytest.approx(-(math.log(0.9) + math.log(0.8) + math.log(0.4)) / 3, abs=1e-5)
    assert found["ece"] == pytest.approx((0.1 + 0.2 + 0.6) / 3, abs=1e-5)  # each in a bin of its own
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3) / 2, abs=1e-5)
