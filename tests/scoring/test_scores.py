"""Scores, thresholds and verdicts on networks whose answers are known."""

import math

import pytest
import torch
from helpers.cards import make_card

from ebm import EnergyNet, score, threshold, verdict
from ebm.scoring.rates import detection


@pytest.fixture
def net():
    """Logits (0, log 3, log 4) for every picture: probabilities 1/8, 3/8, 1/2 and f = log 8."""
    net = EnergyNet(2, 3)
    torch.nn.init.zeros_(net.classifier[-1].weight)
    net.classifier[-1].bias.data = torch.tensor([0.0, math.log(3.0), math.log(4.0)])
    return net


def test_every_score_of_a_known_network(net):
    x = torch.zeros(2, 1, 56, 56)
    assert score(net, x, "energy").tolist() == pytest.approx([-math.log(8)] * 2)
    assert score(net, x, "conditional_energy").tolist() == pytest.approx([-math.log(4)] * 2)
    assert score(net, x, "msp").tolist() == pytest.approx([0.5] * 2)
    assert score(net, x, "mass").tolist() == pytest.approx([0.0] * 2)


def test_the_mass_is_the_norm_of_the_gradient_of_log_q():
    net, x = EnergyNet(3, 4), torch.rand(2, 1, 56, 56)
    at = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(torch.logsumexp(net.get_logits(at), 1).sum(), at)
    assert torch.allclose(score(net, x, "mass"), gradient.flatten(1).norm(dim=1))


def test_an_ebm_has_no_class_scores():
    with pytest.raises(ValueError, match="energy, mass"):
        score(EnergyNet(2, 1), torch.zeros(1, 1, 56, 56), "msp")


def test_thresholds_by_quantile_and_by_the_sheets_upper_bound():
    energies = torch.arange(101.0)
    assert threshold(energies) == pytest.approx(95.0)
    assert threshold(energies, 0.5) == pytest.approx(50.0)
    assert threshold(energies, rule="max") == 100.0
    with pytest.raises(ValueError):
        threshold(torch.tensor([]))
    with pytest.raises(ValueError):
        threshold(energies, rule="guess")


def test_a_verdict_of_a_known_network(net):
    e = -math.log(8)
    card = make_card(net, threshold=e - 1, reference_energies=[e - 2, e - 1, e + 1, e + 2])
    v = verdict(net, card, torch.zeros(1, 56, 56))
    assert v.energy == pytest.approx(e) and v.is_stranger and v.p_value == 3 / 5
    assert verdict(net, make_card(net, threshold=e - 1, reference_energies=[e - 1]), torch.zeros(1, 56, 56)).p_value > 0
    assert [name for name, _ in v.top] == ["c", "b", "a"]
    assert [p for _, p in v.top] == pytest.approx([0.5, 0.375, 0.125])
    assert not verdict(net, make_card(net, threshold=e + 1), torch.zeros(1, 1, 56, 56)).is_stranger
    with pytest.raises(ValueError, match="one glyph"):
        verdict(net, card, torch.zeros(2, 1, 56, 56))


def test_detection_rates_against_values_counted_by_hand():
    import numpy as np

    known, strangers = np.array([0.0, 1.0, 2.0, 3.0]), np.array([2.5, 4.0])
    found = detection(known, strangers, resamples=20)
    assert found["auroc"] == pytest.approx(7 / 8)  # of 8 pairs only (3.0, 2.5) is in the wrong order
    assert found["fpr95"] == pytest.approx(1 / 4)  # to catch both, the glyph at 3.0 is called a stranger too
    assert found["aupr"] == pytest.approx((1 / 1 + 2 / 3) / 2, abs=1e-5)
    low, high = found["interval"]["auroc"]
    assert low <= found["auroc"] <= high
