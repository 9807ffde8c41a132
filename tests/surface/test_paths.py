"""Paths on landscapes whose lowest path is known, and on a network."""

import math

import numpy as np
import pytest
import torch

import ebm
from ebm import EnergyNet
from ebm.data.corpus import to_model_space
from ebm.data.synthetic.founts import textura_founts
from ebm.data.synthetic.pen_corpus import FOUNTS, print_glyph
from ebm.surface.paths import barrier, equally_spaced, lowest_energy, plane, straight
from ebm.system.places import DEFAULT_CHECKPOINT

TOY = {"smooth": False, "every": 10_000}


def last(*arguments, **settings):
    *_, end = lowest_energy(*arguments, **(TOY | settings))
    return end


def two_wells(x):
    """Wells at u = -1 and 1; the only pass between them is at (0, 0.8) and has energy 1."""
    u, v = x[:, 0], x[:, 1]
    return (u**2 - 1) ** 2 + 5 * (v - 0.8 * (1 - u**2)) ** 2


def test_the_path_between_two_wells_goes_over_the_pass():
    a, b = torch.tensor([-1.0, 0.0]), torch.tensor([1.0, 0.0])
    first, *_, end = lowest_energy(two_wells, a, b, 25, steps=400, step_size=0.1, **TOY)
    assert first.index == 0 and barrier(first.energy) == pytest.approx(1 + 5 * 0.8**2)
    assert barrier(end.energy) == pytest.approx(1, abs=0.01)
    assert end.x[12].tolist() == pytest.approx([0, 0.8], abs=0.02)


def test_on_a_ring_the_path_follows_the_ring_at_equal_angles():
    ring = lambda x: 10 * (x.square().sum(1) - 0.64) ** 2  # noqa: E731
    end = last(ring, torch.tensor([0.8, 0.0]), torch.tensor([0.0, 0.8]), 10, steps=300, step_size=0.05)
    angles = torch.atan2(end.x[:, 1], end.x[:, 0])
    torch.testing.assert_close(angles, torch.linspace(0, math.pi / 2, 10), rtol=0, atol=0.01)
    torch.testing.assert_close(end.x.norm(dim=1), torch.full((10,), 0.8), rtol=0, atol=0.01)


def test_through_the_bottom_of_a_bowl_the_straight_line_is_the_path():
    a = torch.rand(1, 4, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1
    bowl = lambda x: x.flatten(1).square().sum(1)  # noqa: E731
    end = last(bowl, a, -a, 12, steps=200)
    torch.testing.assert_close(end.x, straight(a, -a, 12), rtol=0, atol=1e-3)
    assert barrier(end.energy) == 0


def test_a_path_on_a_network_keeps_its_ends_its_spacing_and_its_range_and_goes_down():
    torch.manual_seed(0)
    net = EnergyNet(8, 4).requires_grad_(False)
    for parameter in net.parameters():
        parameter.mul_(2)
    a, b = (torch.rand(2, 1, 56, 56) * 2 - 1).unbind()
    for y in (None, 2):
        steps = list(lowest_energy(net, a, b, 8, steps=20, step_size=0.02, every=8, y=y))
        assert [s.index for s in steps] == [0, 8, 16, 20]
        end = steps[-1]
        assert torch.equal(end.x[0], a) and torch.equal(end.x[-1], b)
        assert end.x.min() >= -1 and end.x.max() <= 1
        assert float(end.energy[1:-1].mean()) < float(steps[0].energy[1:-1].mean())
        labels = () if y is None else (torch.full((8,), y),)
        torch.testing.assert_close(end.energy, net.energy(end.x, *labels))


def test_between_real_glyphs_the_shipped_model_has_a_much_lower_way_than_the_straight_line():
    model, card = ebm.load(DEFAULT_CHECKPOINT)
    founts, new = textura_founts(FOUNTS), 10**6  # numbers of glyphs that no corpus holds
    printed = np.stack([print_glyph(0, new + k, card.sorts.index(s), founts) for k, s in enumerate(("a", "o"))])
    a, o = to_model_space(torch.from_numpy(printed))
    line, *_, end = lowest_energy(model, a, o, 24, every=100)
    assert barrier(line.energy) > 0.5 and barrier(end.energy) < barrier(line.energy) / 3


def test_points_are_spaced_equally_along_a_bent_line_that_they_stay_on():
    bent = torch.tensor([[0.0, 0.0], [0.1, 0.0], [1.0, 0.0], [1.0, 1.0]])  # length 2
    expected = torch.tensor([[0, 0], [2 / 3, 0], [1, 1 / 3], [1, 1]])
    torch.testing.assert_close(equally_spaced(bent), expected)
    still = torch.ones(4, 2)
    assert torch.equal(equally_spaced(still), still)
    torch.testing.assert_close(
        equally_spaced(torch.tensor([[0.0], [0.0], [0.0], [3.0]])), torch.tensor([[0.0], [1], [2], [3]])
    )


def test_the_barrier_is_what_rises_above_the_higher_end():
    assert barrier(torch.tensor([0.0, 3.0, -1.0, 1.0])) == 2
    assert barrier(torch.tensor([0.0, -3.0, 1.0])) == 0


def test_the_plane_holds_its_three_glyphs_and_is_flat():
    a, b, c = torch.rand(3, 1, 56, 56).unbind()
    x, axis = plane(a, b, c, 5, margin=0.5)
    assert x.shape == (5, 5, 1, 56, 56) and axis.tolist() == [-0.5, 0, 0.5, 1, 1.5]
    for (v, u), corner in {(1, 1): a, (1, 3): b, (3, 1): c}.items():
        torch.testing.assert_close(x[v, u], corner)
    torch.testing.assert_close(x[3, 3], b + c - a)


def test_what_makes_no_path_or_plane_is_refused():
    a, small = torch.zeros(1, 56, 56), torch.zeros(1, 20, 20)
    for make in (
        lambda: straight(a, small, 5),
        lambda: straight(a, a, 1),
        lambda: plane(a, a, small, 5),
        lambda: plane(a, a, a, 1),
        lambda: plane(a, a, a, 5, -0.1),
        lambda: next(lowest_energy(EnergyNet(4, 1), a, small, 5)),
    ):
        with pytest.raises(ValueError):
            make()


def test_a_thread_that_takes_one_state_of_a_path_can_still_take_gradients():
    """A generator that stops inside `no_grad` would leave its caller without gradients."""
    ends = torch.tensor([-1.0, 0.0]), torch.tensor([1.0, 0.0])
    for _ in lowest_energy(two_wells, *ends, n=5, steps=3, smooth=False):
        assert torch.is_grad_enabled()
