"""Annealed importance sampling where Z is known: Gaussians well inside the box, and a flat energy."""

import math

import pytest
import torch

from ebm.evaluation.likelihood import anneal, bits_per_dimension, ladder

SIDE, DEVIATION = 8, 0.1  # the walls are ten deviations away


def gaussian(x):
    """f = -|x|^2 / (2 s^2) and its gradient: log Z = d/2 log(2 pi s^2)."""
    flat = x.flatten(1)
    return -flat.square().sum(1) / (2 * DEVIATION**2), -x / DEVIATION**2


def known_log_z(beta: float = 1.0) -> float:
    return SIDE / 2 * math.log(2 * math.pi * DEVIATION**2 / beta)


def runs(betas, chains: int = 400, seed: int = 0):
    """(forward, reverse) with step sizes that a pilot run found; the reverse one from exact draws."""
    generator = torch.Generator().manual_seed(seed)

    def uniform():
        return torch.rand(chains, SIDE, generator=generator) * 2 - 1

    sizes = anneal(gaussian, uniform(), betas, 0.1, generator=generator).step_sizes
    forward = anneal(gaussian, uniform(), betas, sizes, generator=generator)
    exact = DEVIATION * torch.randn(chains, SIDE, generator=generator)
    return forward, anneal(gaussian, exact, betas, sizes, generator=generator, reverse=True)


def test_forward_and_reverse_meet_at_the_known_log_z():
    forward, reverse = runs(ladder(1.0, 400, lowest=0.001))
    assert float(forward.log_z[-1]) == pytest.approx(known_log_z(), abs=0.15)
    assert float(reverse.log_z[-1]) == pytest.approx(known_log_z(), abs=0.15)
    assert 0.4 < float(forward.accepted[10:].mean()) < 0.9


def test_too_short_a_ladder_leaves_a_bracket_around_the_known_log_z():
    forward, reverse = runs(ladder(1.0, 3, lowest=0.02), chains=20)
    assert float(forward.log_z[-1]) < known_log_z() < float(reverse.log_z[-1])


def test_every_rung_has_its_own_log_z():
    betas = ladder(1.0, 400, lowest=0.001)
    forward, _ = runs(betas)
    middle = int((betas - 0.5).abs().argmin())  # the deviation there is s / sqrt(beta), still far from the walls
    assert float(forward.log_z[middle]) == pytest.approx(known_log_z(float(betas[middle])), abs=0.15)


def test_a_flat_energy_has_the_volume_of_the_box_and_the_bits_of_uniform_greys():
    def flat(x):
        return torch.zeros(len(x)), torch.zeros_like(x)

    generator = torch.Generator().manual_seed(0)
    run = anneal(flat, torch.rand(4, 10, generator=generator) * 2 - 1, ladder(1.0, 5), 0.1, generator=generator)
    assert float(run.log_z[-1]) == pytest.approx(10 * math.log(2))
    assert bits_per_dimension(torch.zeros(3), 1.0, float(run.log_z[-1]), 10) == pytest.approx(math.log2(255))


def test_chains_stay_in_the_box():
    seen = []

    def steep(x):
        seen.append(float(x.abs().max()))
        return 50 * x.flatten(1).sum(1), torch.full_like(x, 50.0)

    generator = torch.Generator().manual_seed(0)
    anneal(steep, torch.rand(8, 4, generator=generator) * 2 - 1, ladder(1.0, 10), 0.5, generator=generator)
    assert max(seen) <= 1 + 1e-6
