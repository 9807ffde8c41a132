"""The matching loss: targets, a closed form, and a finite difference of its gradient."""

import pytest
import torch
from torch import Tensor, nn

from ebm import EnergyNet
from ebm.training.matching import FADE, matching_loss, on_line


def glyphs(n: int, seed: int = 0) -> Tensor:
    return torch.rand((n, 1, 56, 56), generator=torch.Generator().manual_seed(seed)) * 2 - 1


class Bowl(nn.Module):
    """f(x)[y] = -|x - centre_y|^2 / (2 scale): from every point the slope times scale leads straight to the centre."""

    def __init__(self, centres: Tensor, scale: float):
        super().__init__()
        self.centres, self.scale = nn.Parameter(centres), scale

    def get_logits(self, x: Tensor) -> Tensor:
        return -(x[:, None] - self.centres[None]).square().flatten(2).sum(2) / (2 * self.scale)


def test_points_lie_on_the_line_and_targets_fade_towards_the_glyph():
    x, noise = glyphs(3), glyphs(3, 1)
    points, target = on_line(x, noise, torch.tensor([0.0, FADE / 2, 1.0]))
    torch.testing.assert_close(points[0], x[0])
    torch.testing.assert_close(points[1], x[1] + FADE / 2 * (noise[1] - x[1]))
    torch.testing.assert_close(points[2], noise[2])
    assert torch.equal(target[0], torch.zeros_like(target[0]))
    torch.testing.assert_close(target[1:], (x - noise)[1:] * torch.tensor([0.5, 1.0]).view(2, 1, 1, 1))


def test_a_bowl_around_the_glyph_has_the_loss_that_the_lines_say():
    """scale * slope is x - point = share (x - noise): against (x - noise) the loss is (1 - share)^2 |x - noise|^2."""
    x, noise, share = glyphs(1).expand(4, 1, 56, 56), glyphs(4, 1), torch.tensor([0.3, 0.5, 0.8, 1.0])
    net = Bowl(x[:1], 30.0)
    matched = matching_loss(net, x, noise, share, scale=30.0)
    expected = ((1 - share).view(4, 1, 1, 1) * (x - noise)).square().mean()
    assert float(matched.loss.detach()) == pytest.approx(float(expected), rel=1e-4)
    assert matched.logits.shape == (4, 1) and torch.equal(matched.share, share)


def test_the_first_half_of_a_batch_is_matched_by_its_own_logit_and_the_rest_by_the_logsumexp():
    """Two bowls far apart: the logit of a wrong class leads elsewhere, the logsumexp to the nearer centre."""
    near, far = glyphs(1), glyphs(1, 5)
    net, x, noise = Bowl(torch.cat([near, far]), 30.0), near.expand(2, 1, 56, 56), glyphs(2, 1)
    share = torch.full((2,), 0.5)

    def loss(y: list[int]) -> float:
        return float(matching_loss(net, x, noise, share, scale=30.0, y=torch.tensor(y)).loss.detach())

    assert loss([0, 1]) == pytest.approx(loss([0, 0]), rel=1e-5)
    assert loss([1, 0]) > 1.2 * loss([0, 0])


def test_the_gradient_in_the_weights_agrees_with_finite_differences():
    torch.manual_seed(0)
    net = EnergyNet(4, 3).double()
    x, noise, share, y = glyphs(4).double(), glyphs(4, 1).double(), torch.rand(4).double(), torch.tensor([0, 1, 2, 0])

    def loss() -> Tensor:
        return matching_loss(net, x, noise, share, scale=30.0, y=y).loss

    weight = net.features[2].weight
    (gradient,) = torch.autograd.grad(loss(), weight)
    direction, step = torch.randn_like(weight), 1e-5
    values = []
    for sign in (1, -1):
        with torch.no_grad():
            weight += sign * step * direction
        values.append(float(loss().detach()))
        with torch.no_grad():
            weight -= sign * step * direction
    slope = (values[0] - values[1]) / (2 * step)
    assert float((gradient * direction).sum()) == pytest.approx(slope, rel=1e-4)
