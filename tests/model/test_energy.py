"""The energy network: known values, signs, and gradients against finite differences."""

import math

import pytest
import torch

from ebm import EnergyNet


def net_with_logits(values):
    """A network whose logits are `values` for every picture."""
    net = EnergyNet(2, len(values))
    linear = net.classifier[-1]
    torch.nn.init.zeros_(linear.weight)
    linear.bias.data = torch.tensor(values)
    return net


@pytest.fixture
def x():
    return torch.rand((3, 1, 56, 56), generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_unconditional_f_is_the_logsumexp_computed_by_hand(x):
    net = net_with_logits([0.0, math.log(2.0), math.log(5.0)])
    assert torch.allclose(net(x), torch.full((3,), math.log(8.0)))


def test_conditional_f_is_the_wanted_logit_not_its_exponential(x):
    net = net_with_logits([0.5, -1.5, 3.0])
    assert torch.allclose(net(x, torch.tensor([2, 0, 1])), torch.tensor([3.0, 0.5, -1.5]))


def test_an_ebm_has_one_output_and_f_is_that_output(x):
    net = EnergyNet(4, 1)
    assert net.get_logits(x).shape == (3, 1)
    assert torch.allclose(net(x), net.get_logits(x)[:, 0])


def test_energy_is_minus_f_with_and_without_labels(x):
    net, y = EnergyNet(4, 5), torch.tensor([0, 4, 2])
    assert torch.equal(net.energy(x), -net(x))
    assert torch.equal(net.energy(x, y), -net(x, y))


@pytest.mark.parametrize("head", ["flat", "pool"])
def test_the_input_gradient_matches_finite_differences(x, head):
    torch.manual_seed(1)
    net, x = EnergyNet(4, 5, head).double(), x.double().requires_grad_()
    (gradient,) = torch.autograd.grad(net.energy(x).sum(), x)
    for seed in range(3):
        direction = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        h = 1e-5
        difference = (net.energy(x + h * direction) - net.energy(x - h * direction)).sum() / (2 * h)
        assert float((gradient * direction).sum()) == pytest.approx(float(difference.detach()), rel=1e-6)


def test_the_pool_head_averages_the_features_and_the_flat_head_keeps_their_place(x):
    assert EnergyNet(4, 5, "pool").classifier[-1].in_features == 16
    assert EnergyNet(4, 5, "flat").classifier[-1].in_features == 16 * 4


@pytest.mark.parametrize("arguments", [{"head": "round"}, {"width": 0}, {"outputs": 0}])
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(ValueError):
        EnergyNet(**arguments)


def test_a_glyph_of_another_size_is_refused_with_the_right_size():
    with pytest.raises(ValueError, match="56, 56"):
        EnergyNet(2, 3)(torch.zeros(1, 1, 28, 28))
