"""Diagnostics of chains: R-hat, effective sample size, temperature and Metropolis acceptance."""

import math
from collections.abc import Callable
from copy import deepcopy

import torch
from torch import Tensor, nn

from ebm.model.gradient import gradient_of

FEWEST_STEPS = 4


def split_r_hat(trace: Tensor) -> float:
    """The rank-normalised split-R-hat: near 1 where chains and their halves agree, above 1.01 where they do not.

    Source: Vehtari et al. 2021, computed by ArviZ.

    Args:
        trace: one number a state (steps, N), for instance energies, without the warm-up.

    Returns:
        R-hat, the larger one of location and scale; nan where a number is not finite or all are the same.

    Raises:
        ValueError: for fewer than 4 steps or 2 chains.
    """
    _check(trace, 2)
    return _by_arviz(trace, "rhat", "rank")


def effective_sample_size(trace: Tensor) -> float:
    """The effective sample size of all chains together (bulk, rank-normalised).

    Source: Vehtari et al. 2021, computed by ArviZ.

    Args:
        trace: as in `split_r_hat`.

    Returns:
        the number of independent draws, at most about steps * N * log10(steps * N); nan as in `split_r_hat`.

    Raises:
        ValueError: for fewer than 4 steps or no chain.
    """
    _check(trace, 1)
    return _by_arviz(trace, "ess", "bulk")


def _check(trace: Tensor, chains: int) -> None:
    if trace.dim() != 2 or trace.shape[0] < FEWEST_STEPS or trace.shape[1] < chains:
        least = f"at least {FEWEST_STEPS} steps and {chains} chains"
        raise ValueError(f"A trace is (steps, chains) with {least}, not {tuple(trace.shape)}.")


def _by_arviz(trace: Tensor, statistic: str, method: str) -> float:
    from arviz_stats.base import array_stats  # here, because it imports scipy.stats

    if not torch.isfinite(trace).all() or trace.max() == trace.min():
        return math.nan
    values = trace.detach().double().cpu().numpy()
    return float(getattr(array_stats, statistic)(values, chain_axis=1, draw_axis=0, method=method))


def temperature(step_size: float, noise: float) -> float:
    """noise^2 / (2 step_size): small plain steps of `ebm.sgld` sample from exp(-E / temperature).

    Args:
        step_size: factor of the gradient, above 0.
        noise: standard deviation of the noise a step.

    Returns:
        the temperature.

    Raises:
        ValueError: for a step size that is not above 0.
    """
    if not step_size > 0:
        raise ValueError(f"The step size must be above 0, not {step_size}.")
    return noise**2 / (2 * step_size)


def metropolis_acceptance(
    model: nn.Module | Callable[..., Tensor], x: Tensor, *, step_size: float, noise: float, y: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> float:  # fmt: skip
    """The probability that Metropolis-Hastings accepts one plain Langevin step from each of these states.

    The proposal is N(x - step_size dE/dx, noise^2). The target distribution is exp(-E / T) at the step's own
    `temperature`. Near 1, chains without the acceptance test nearly sample from that distribution. Near 0, they sample
    from another one. In practice chains are also clamped to [-1, 1], which is left out here.

    Source: MALA (Roberts & Tweedie 1996).

    Args:
        model: as in `ebm.sgld`; a network runs in double precision.
        x: states (N, ...).
        step_size: of the step, above 0.
        noise: standard deviation of the step's noise, above 0.
        y: class labels (N,) int64, or None.
        generator: of the noise, on x's device.

    Returns:
        the mean over the states of min(1, ratio), with one proposal each.

    Raises:
        ValueError: for a step size or noise that is not above 0: without noise there is no such distribution.
    """
    if not noise > 0:
        raise ValueError(f"The noise must be above 0, not {noise}.")
    t, x = temperature(step_size, noise), x.detach()
    if isinstance(model, nn.Module):  # at the trained temperatures the rounding of single precision would matter
        model, x = deepcopy(model).double(), x.double()
    energy, extra = getattr(model, "energy", model), () if y is None else (y,)
    slope = gradient_of(model, x, y)
    white = torch.empty_like(x).normal_(generator=generator)
    before = slope(x)
    proposal = x - step_size * before + noise * white
    with torch.no_grad():
        rise = (energy(proposal, *extra) - energy(x, *extra)).double()
    # The noise of the way back would be -white + drift, so log q(back) - log q(there) = white . drift - |drift|^2 / 2.
    drift = (step_size / noise * (before + slope(proposal))).flatten(1).double()
    log_ratio = -rise / t + (drift * white.flatten(1)).sum(1) - drift.square().sum(1) / 2
    return float(log_ratio.clamp_max(0).exp().mean())
