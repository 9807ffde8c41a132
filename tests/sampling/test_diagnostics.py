"""Statistics of chains against processes whose values are known, and Metropolis against integrals."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm

from ebm import EnergyNet, sgld
from ebm.sampling.diagnostics import effective_sample_size, metropolis_acceptance, split_r_hat, temperature


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def ar1(rho, steps, chains):
    """Stationary AR(1) chains (steps, chains) of unit variance."""
    white = torch.randn(steps, chains, generator=seeded())
    x = [white[0]]
    for step in white[1:]:
        x.append(rho * x[-1] + math.sqrt(1 - rho**2) * step)
    return torch.stack(x)


def test_independent_draws_agree_and_count_fully():
    trace = torch.randn(1000, 4, generator=seeded())
    assert split_r_hat(trace) == pytest.approx(1, abs=0.005)
    assert effective_sample_size(trace) == pytest.approx(4000, rel=0.1)


@pytest.mark.parametrize("rho", [0.5, 0.9, -0.3])
def test_an_autoregressive_chain_counts_as_known(rho):
    trace = ar1(rho, 5000, 4)
    assert effective_sample_size(trace) == pytest.approx(20000 * (1 - rho) / (1 + rho), rel=0.15)


def test_chains_apart_chains_of_other_widths_and_chains_that_drift_do_not_agree():
    trace = torch.randn(500, 4, generator=seeded())
    assert split_r_hat(trace + torch.tensor([0.0, 0.0, 0.0, 3.0])) > 1.2
    assert split_r_hat(trace * torch.tensor([1.0, 1.0, 1.0, 9.0])) > 1.1
    assert split_r_hat(trace + torch.linspace(0, 5, 500)[:, None]) > 1.2


def test_what_has_no_answer_is_nan_and_what_is_no_trace_is_refused():
    bad = torch.randn(10, 2)
    bad[3, 1] = math.inf
    for trace in (torch.ones(10, 2), bad):
        assert math.isnan(split_r_hat(trace)) and math.isnan(effective_sample_size(trace))
    for trace in (torch.randn(3, 2), torch.randn(10), torch.randn(10, 1)):
        with pytest.raises(ValueError, match="trace"):
            split_r_hat(trace)
    assert effective_sample_size(torch.randn(100, 1)) > 10


def quadratic(stiffness):
    return lambda x: stiffness * x.flatten(1).square().sum(1) / 2


def test_small_steps_draw_at_the_stated_temperature():
    step_size, noise = 0.02, 0.1
    (last,) = sgld(
        quadratic(2.0), torch.zeros(40000, 1), steps=300, step_size=step_size, noise=noise, clamp=None,
        generator=seeded(), every=300,
    )  # fmt: skip
    assert float(last.x.var()) == pytest.approx(temperature(step_size, noise) / 2.0, rel=0.05)


@pytest.mark.parametrize(
    ("start", "step_size", "noise"), [(0.7, 0.4, 0.9), (2.5, 1.2, 0.5), (0.0, 1.9, 1.0), (1.0, 0.1, 2.0)]
)
def test_the_acceptance_is_that_of_a_numerical_integral(start, step_size, noise):
    """E = x^2 / 2 from one point: the integral of proposal density times min(1, ratio), both written out."""
    t = noise**2 / (2 * step_size)

    def integrand(to):
        there, back = norm.pdf(to, start * (1 - step_size), noise), norm.pdf(start, to * (1 - step_size), noise)
        return min(there, math.exp(-(to**2 - start**2) / (2 * t)) * back)

    middle = start * (1 - step_size)
    expected = quad(integrand, middle - 10 * noise, middle + 10 * noise, points=[start, -start, 0], limit=500)[0]
    x = torch.full((400_000, 1), start)
    found = metropolis_acceptance(quadratic(1.0), x, step_size=step_size, noise=noise, generator=seeded())
    assert found == pytest.approx(expected, abs=0.003)


def test_the_smaller_the_step_the_surer_the_acceptance():
    x = torch.randn(500, 1, 8, 8, generator=seeded())  # draws of exp(-E) in 64 dimensions
    found = []
    for step_size in (1.0, 0.3, 0.1, 0.01):
        noise = math.sqrt(2 * step_size)
        found.append(metropolis_acceptance(quadratic(1.0), x, step_size=step_size, noise=noise, generator=seeded(1)))
    assert found == sorted(found) and found[0] < 0.1 and found[-1] > 0.995


def test_for_stationary_draws_the_acceptance_is_the_overlap_of_the_flows_there_and_back():
    x = torch.randn(200_000, 1, generator=seeded())  # stationary at T = 1 for noise^2 = 2 step_size
    step_size, noise = 0.8, math.sqrt(1.6)
    grid = np.linspace(-8, 8, 801)
    there = norm.pdf(grid[None, :], grid[:, None] * (1 - step_size), noise)
    flow = norm.pdf(grid)[:, None] * there
    expected = np.minimum(flow, flow.T).sum() * (grid[1] - grid[0]) ** 2
    found = metropolis_acceptance(quadratic(1.0), x, step_size=step_size, noise=noise, generator=seeded(1))
    assert found == pytest.approx(expected, abs=0.004)


def test_a_network_with_labels_gives_a_probability_and_follows_its_seed():
    torch.manual_seed(0)
    net, x, y = EnergyNet(4, 3), torch.rand(4, 1, 56, 56), torch.arange(4) % 3
    settings = {"step_size": 0.1, "noise": 0.3, "y": y}
    one, two = (metropolis_acceptance(net, x, generator=seeded(), **settings) for _ in range(2))
    bare = metropolis_acceptance(SimpleNamespace(energy=net.energy), x, generator=seeded(), **settings)
    assert one == two == pytest.approx(bare, abs=1e-4) and 0 < one <= 1


@pytest.mark.parametrize("settings", [{"step_size": 0.0, "noise": 1.0}, {"step_size": 1.0, "noise": 0.0}])
def test_steps_without_a_temperature_are_refused(settings):
    with pytest.raises(ValueError, match="above 0"):
        metropolis_acceptance(quadratic(1.0), torch.zeros(1, 1), **settings)
