"""Influence on energies whose gradient and finite changes are known."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ebm import EnergyNet
from ebm.surface.influence import INK, PAPER, dot_effect, gradient


class Quadratic(nn.Module):
    """E = a . x + b x^2 / 2, pixel by pixel; with labels y times that."""

    def __init__(self, b):
        super().__init__()
        self.a = nn.Parameter(torch.randn(1, 56, 56, generator=torch.Generator().manual_seed(0)))
        self.b = b

    def energy(self, x, y=None):
        energy = (self.a * x + self.b * x.square() / 2).flatten(1).sum(1)
        return energy if y is None else y * energy


@pytest.fixture
def x():
    return torch.rand(1, 56, 56, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_the_gradient_is_the_known_one_and_leaves_nothing_behind(x):
    model = Quadratic(3.0)
    slope = gradient(model, x[None], torch.tensor([2]))
    torch.testing.assert_close(slope[0], 2 * (model.a.detach() + 3 * x))
    assert not slope.requires_grad and model.a.requires_grad and model.a.grad is None


@pytest.mark.parametrize("y", [None, 2])
def test_the_gradient_of_a_network_is_that_of_finite_differences(x, y):
    torch.manual_seed(0)
    net = EnergyNet(4, 3).double()
    for parameter in net.parameters():
        parameter.data.mul_(3)
    x, labels = x[None].double(), None if y is None else torch.tensor([y])
    slope, step = gradient(net, x, labels), 1e-4
    for row, column in ((0, 0), (20, 31), (55, 17)):
        shift = torch.zeros_like(x)
        shift[..., row, column] = step
        difference = float((net.energy(x + shift, labels) - net.energy(x - shift, labels)).detach()) / (2 * step)
        assert float(slope[0, 0, row, column]) == pytest.approx(difference, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("b", [0.0, 2.0])
def test_dabs_change_a_sum_over_pixels_by_the_sum_of_their_changes(x, size, b):
    model = Quadratic(b)
    a = model.a.detach()
    found = dot_effect(model, x, size, y=3)
    for value, effect in zip((PAPER, INK), found, strict=True):
        pixel = 3 * (a * (value - x) + b * (value**2 - x.square()) / 2)
        expected = F.avg_pool2d(pixel, size, stride=1, padding=size // 2, divisor_override=1)[0]
        torch.testing.assert_close(effect, expected, rtol=1e-3, atol=5e-3)


def test_where_there_is_ink_already_more_ink_changes_nothing():
    x = torch.full((1, 56, 56), INK)
    effect = dot_effect(EnergyNet(4, 3), x, 3)
    assert float(effect[1].abs().max()) < 1e-5 < 1e-4 < float(effect[0].abs().max())


@pytest.mark.parametrize(("shape", "size"), [((1, 1, 56, 56), 1), ((56, 56), 1), ((1, 56, 56), 2), ((1, 56, 56), -1)])
def test_what_cannot_be_dabbed_is_refused(shape, size):
    with pytest.raises(ValueError):
        dot_effect(Quadratic(1.0), torch.zeros(shape), size)
