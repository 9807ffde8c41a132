"""Chains judged: whether they agree, how many independent draws they are worth, whether Metropolis would accept."""

import math
from collections.abc import Callable
from copy import deepcopy

import torch
from torch import Tensor, nn

from ebm.model.gradient import gradient_of

FEWEST_STEPS = 4


def split_r_hat(trace: Tensor) -> float:
    """The rank-normalised split-R-hat: near 1 where chains, and their halves, agree; above 1.01 they do not.

    Source: Vehtari et al. 2021, by ArviZ.

    Args:
        trace: one number a state (steps, N), for instance energies, without the steps of warming up.

    Returns:
        R-hat, the larger of location's and scale's; nan where a number is not finite or all are the same.

    Raises:
        ValueError: for fewer than 4 steps or 2 chains.
    """
    _check(trace, 2)
    return _by_arviz(trace, "rhat", "rank")


def effective_sample_size(trace: Tensor) -> float:
    """How many independent draws the chains together are worth (bulk, rank-normalised).

    Source: Vehtari et al. 2021, by ArviZ.

    Args, Raises:
        as `split_r_hat`, but one chain is enough.

    Returns:
        the number, at most about steps * N * log10(steps * N); nan as in `split_r_hat`.
    """
    _check(trace, 1)
    return _by_arviz(trace, "ess", "bulk")


def _check(trace: Tensor, chains: int) -> None:
    if trace.dim() != 2 or trace.shape[0] < FEWEST_STEPS or trace.shape[1] < chains:
        least = f"at least {FEWEST_STEPS} steps and {chains} chains"
        raise ValueError(f"A trace is (steps, chains) with {least}, not {tuple(trace.shape)}.")


def _by_arviz(trace: Tensor, statistic: str, method: str) -> float:
    from arviz_stats.base import array_stats  # brings scipy.stats

    if not torch.isfinite(trace).all() or trace.max() == trace.min():
        return math.nan
    values = trace.detach().double().cpu().numpy()
    return float(getattr(array_stats, statistic)(values, chain_axis=1, draw_axis=0, method=method))


def temperature(step_size: float, noise: float) -> float:
    """noise^2 / (2 step_size): small plain steps of `ebm.sgld` draw from exp(-E / temperature).

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
    """How likely Metropolis-Hastings would be to accept one plain Langevin step from each of these states.

    The proposal is N(x - step_size dE/dx, noise^2), the law exp(-E / T) at the step's own `temperature`
    (MALA: Roberts & Tweedie 1996). Near 1, chains without the test follow nearly that law; near 0,
    they follow another. Chains are clamped to [-1, 1] besides, which the test leaves out.

    Args:
        model: as in `ebm.sgld`, a network is run in double precision; x: states (N, ...); y: labels (N,) or None.
        step_size, noise: of the step.
        generator: on x's device.

    Returns:
        the mean over the states of min(1, ratio), one proposal each.

    Raises:
        ValueError: for a step size or noise that is not above 0: without noise there is no law to follow.
    """
    if not noise > 0:
        raise ValueError(f"The noise must be above 0, not {noise}.")
    t, x = temperature(step_size, noise), x.detach()
    if isinstance(model, nn.Module):  # the trained temperatures are down to where single precision rounds energies
        model, x = deepcopy(model).double(), x.double()
    energy, extra = getattr(model, "energy", model), () if y is None else (y,)
    slope = gradient_of(model, x, y)
    white = torch.empty_like(x).normal_(generator=generator)
    before = slope(x)
    proposal = x - step_size * before + noise * white
    with torch.no_grad():
        rise = (energy(proposal, *extra) - energy(x, *extra)).double()
    # The way back is drawn as -white + drift, so that log q(back) - log q(there) = white . drift - |drift|^2 / 2.
    drift = (step_size / noise * (before + slope(proposal))).flatten(1).double()
    log_ratio = -rise / t + (drift * white.flatten(1)).sum(1) - drift.square().sum(1) / 2
    return float(log_ratio.clamp_max(0).exp().mean())
