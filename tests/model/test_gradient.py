"""The gradient by hand is autograd's."""

import pytest
import torch

import ebm
from ebm.model.gradient import InputGradient


@pytest.mark.parametrize("head", ["flat", "pool"])
@pytest.mark.parametrize(("width", "outputs"), [(4, 1), (4, 7), (8, 42)])
@pytest.mark.parametrize("steered", [False, True])
def test_energy_and_gradient_are_those_of_autograd(head, width, outputs, steered):
    torch.manual_seed(0)
    net = ebm.EnergyNet(width, outputs, head)
    for parameter in net.parameters():  # away from the small initial values, where SiLU is nearly linear
        parameter.data.mul_(3)
    x = (torch.rand(5, 1, 56, 56) * 2 - 1).requires_grad_()
    labels = (torch.arange(5) % outputs,) if steered else ()
    energy = net.energy(x, *labels)
    (expected,) = torch.autograd.grad(energy.sum(), x)
    value, gradient = InputGradient(net)(x.detach(), *labels)
    torch.testing.assert_close(value, energy.detach(), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(gradient, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))


def test_sgld_goes_the_same_way_with_a_network_as_with_its_bare_energy_function():
    torch.manual_seed(0)
    net = ebm.EnergyNet(4, 3)
    x, y = torch.rand(6, 1, 56, 56) * 2 - 1, torch.arange(6) % 3
    settings = {"steps": 10, "step_size": 5.0, "noise": 0.01, "y": y, "every": 10}
    (by_hand,) = ebm.sgld(net, x, generator=torch.Generator().manual_seed(1), **settings)
    bare = ebm.sgld(lambda x, y: net.energy(x, y), x, generator=torch.Generator().manual_seed(1), **settings)
    (by_autograd,) = bare
    torch.testing.assert_close(by_hand.x, by_autograd.x, rtol=0, atol=1e-4)


def test_a_network_that_has_learnt_since_is_seen_as_it_is_now():
    net = ebm.EnergyNet(4, 3)
    x = torch.rand(2, 1, 56, 56)
    settings = {"steps": 1, "step_size": 1.0, "noise": 0.0}
    (before,) = ebm.sgld(net, x, **settings)
    net.features[0].weight.data.mul_(2)
    (after,) = ebm.sgld(net, x, **settings)
    assert not torch.equal(before.x, after.x)


def test_glyphs_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="shape"):
        InputGradient(ebm.EnergyNet(4, 3))(torch.rand(1, 1, 20, 20))
