"""What one step of SGLD does with the gradient, on any device."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class StepSettings:
    """What a step does with the gradient. A recorded step cannot change it afterwards.

    Args:
        step_size: factor of the gradient.
        noise: standard deviation of the noise; 0 adds none.
        limit: largest size of each component of dE/dx; infinity = unclipped.
        low: least value of a pixel.
        high: largest value of a pixel.
    """

    step_size: float
    noise: float
    limit: float = math.inf
    low: float = -1.0
    high: float = 1.0


def moved(x: Tensor, gradient: Tensor, white: Tensor | None, settings: StepSettings) -> Tensor:
    """x after a step of Eq. 5.

    Args:
        x: states (N, ...).
        gradient: dE/dx, of x's shape.
        white: standard normal noise of x's shape, or None.
        settings: of the step.

    Returns:
        the new states.
    """
    if settings.limit < math.inf:
        gradient = gradient.clamp(-settings.limit, settings.limit)
    after = torch.add(x, gradient, alpha=-settings.step_size)
    if white is not None:
        after = torch.add(after, white, alpha=settings.noise)
    return after.clamp_(settings.low, settings.high)
