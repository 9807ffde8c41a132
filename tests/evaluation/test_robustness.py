"""The attack on a linear classifier, whose worst case is known exactly."""

import pytest
import torch
from torch import nn

from ebm.evaluation.robustness import RADII, pgd, robust_accuracy


class Linear(nn.Module):
    """Two classes; the first one's margin at x is w . x."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight)

    def get_logits(self, x):
        score = x.flatten(1) @ self.weight
        return torch.stack([score, torch.zeros_like(score)], 1)


@pytest.mark.parametrize(("norm", "dual"), [("linf", 1), ("l2", 2)])
@pytest.mark.parametrize("radius", [0.1, 0.3])
def test_the_margin_falls_by_the_radius_times_the_dual_norm(norm, dual, radius):
    generator = torch.Generator().manual_seed(0)
    model = Linear(torch.randn(16, generator=generator))
    x = torch.rand(8, 1, 4, 4, generator=generator) - 0.5  # far from the walls at -1 and 1
    attacked = pgd(model, x, torch.zeros(8, dtype=torch.long), radius, norm, generator=generator, steps=60)
    fall = model.get_logits(x)[:, 0] - model.get_logits(attacked)[:, 0]
    expected = radius * float(model.weight.detach().norm(p=dual))
    torch.testing.assert_close(fall.detach(), torch.full((8,), expected), rtol=0.01, atol=0)


@pytest.mark.parametrize("norm", RADII)
def test_attacked_glyphs_stay_in_the_ball_and_in_range(norm):
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(6, 1, 4, 4, generator=generator) * 2 - 1
    attacked = pgd(Linear(torch.ones(16)), x, torch.zeros(6, dtype=torch.long), 0.5, norm, generator=generator)
    shift = (attacked - x).flatten(1)
    size = shift.abs().amax(1) if norm == "linf" else shift.norm(dim=1)
    assert float(size.max()) <= 0.5 + 1e-5 and float(attacked.abs().max()) <= 1


def test_accuracy_falls_to_nothing_where_every_margin_is_smaller_than_the_attack():
    """Margins of 1.5 on unit weights: an L2 attack of 1 cannot cross them, one of 2 always does."""
    weight = torch.full((16,), 0.25)
    x = torch.full((5, 1, 4, 4), 1.5 * 0.25)
    found = robust_accuracy(Linear(weight), x, torch.zeros(5, dtype=torch.long))
    assert found["l2"]["1.000"] == 1.0 and found["l2"]["2.000"] == 0.0


def test_an_unknown_norm_is_refused():
    with pytest.raises(ValueError, match="linf, l2"):
        pgd(
            Linear(torch.ones(16)),
            torch.zeros(1, 1, 4, 4),
            torch.zeros(1).long(),
            1.0,
            "l1",
            generator=torch.Generator(),
        )
