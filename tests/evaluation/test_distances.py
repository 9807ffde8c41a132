"""Distances between sets of features against closed forms and small cases by hand."""

import pytest
import torch

from ebm.evaluation.distances import density_coverage, frechet_distance, kernel_distance, nearest


def normal(n: int, shift: float = 0.0, scale: float = 1.0, seed: int = 0):
    return shift + scale * torch.randn(n, 4, generator=torch.Generator().manual_seed(seed))


def test_the_frechet_distance_of_two_gaussians_is_the_closed_form():
    """|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)): four dimensions, means 2 apart, deviations 1 and 3."""
    found = frechet_distance(normal(200_000), normal(200_000, 2.0, 3.0, seed=1))
    assert found == pytest.approx(4 * (2.0**2 + (3.0 - 1.0) ** 2), rel=0.01)
    assert frechet_distance(normal(100), normal(100)) == pytest.approx(0, abs=1e-6)


def test_the_kernel_distance_is_about_0_between_draws_of_one_distribution_and_grows_with_a_shift():
    same, spread = kernel_distance(normal(2000), normal(2000, seed=1))
    assert abs(same) < 3 * spread
    near, far = (kernel_distance(normal(2000), normal(2000, shift, seed=1))[0] for shift in (0.5, 1.0))
    assert 3 * spread < near < far


def test_the_kernel_distance_leaves_the_global_stream_alone_and_is_reproducible():
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    first = kernel_distance(normal(600), normal(600, seed=1), seed=5)
    assert torch.equal(torch.rand(3), expected)
    assert first == kernel_distance(normal(600), normal(600, seed=1), seed=5)


def test_density_and_coverage_by_hand():
    """On a line: real points 0, 1, 2, 10, so with k = 1 radii 1, 1, 1, 8; samples at 0.5, 1.5 and 30.

    0.5 lies in the balls of 0, 1 (and 9.5 from 10: not in its ball); 1.5 in those of 1 and 2; 30 in none.
    """
    real = torch.tensor([[0.0], [1.0], [2.0], [10.0]])
    density, coverage = density_coverage(real, torch.tensor([[0.5], [1.5], [30.0]]), k=1)
    assert density == pytest.approx(4 / 3) and coverage == pytest.approx(3 / 4)


def test_one_mode_of_two_covers_half():
    real = torch.cat([normal(300), normal(300, 50.0, seed=1)])
    density, coverage = density_coverage(real, normal(600, seed=2))
    assert coverage == pytest.approx(0.5, abs=0.02) and density == pytest.approx(1.0, abs=0.25)


def test_the_nearest_neighbours_distance_is_a_root_mean_square_a_pixel():
    known = torch.stack([torch.zeros(1, 4, 4), torch.ones(1, 4, 4)])
    assert nearest(known + 0.25, known).tolist() == pytest.approx([0.25, 0.25], abs=1e-5)
