"""SGLD: Langevin dynamics on the energy surface, as a generator of states."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ebm.model.energy import EnergyNet, check_glyphs
from ebm.model.gradient import gradient_of
from ebm.sampling.native import Move, NativeStep, fits, library


@dataclass(frozen=True)
class Step:
    """One state of the chains, or of a path: x (N, 1, 56, 56), its energy (N,), and how many steps led there."""

    x: Tensor
    energy: Tensor
    index: int


def sgld(
    model: nn.Module | Callable[..., Tensor],
    x: Tensor,
    *,
    steps: int,
    step_size: float,
    noise: float,
    grad_clip: float | None = None,
    clamp: tuple[float, float] | None = (-1.0, 1.0),
    y: Tensor | None = None,
    free: Tensor | None = None,
    generator: torch.Generator | None = None,
    every: int = 1,
) -> Iterator[Step]:
    """Langevin dynamics on the energy surface: x <- x - step_size * clip(dE/dx) + noise * N(0, 1).

    Eq. 5 of the sheet (Welling & Teh 2011) is step_size = eta / 2 and noise = sqrt(eta). In
    practice the two are set apart. Their ratio then is a temperature, noise^2 / (2 step_size), far
    below 1 in every trained recipe here: small unclipped steps would sample exp(-E / temperature).

    Args:
        model: has `energy(x)` and, with labels, `energy(x, y)`; a plain callable must return E.
        x: the chains' starts (N, ...); never changed in place.
        steps: how many steps; step_size: factor of the gradient; noise: standard deviation a step.
        grad_clip: largest size of each component of dE/dx; None = unclipped.
        clamp: range the state is kept in; None = the whole space.
        y: class labels (N,) int64 that steer every chain to its class.
        free: mask that can be broadcast to x, True or 1 where pixels may move. Elsewhere every state is
            exactly the start's, also outside `clamp` (inpainting: the known pixels).
        generator: on x's device, makes the noise reproducible.
        every: yields after each `every` steps, and always after the last.

    Yields:
        `Step`, detached. Between yields, and when abandoned or on an exception, the model's
        parameters have their flags and gradients as before.

    Raises:
        ValueError: for a mask that does not fit x.
    """
    energy = getattr(model, "energy", model)
    extra = () if y is None else (y,)
    start = x = x.detach()
    moving = None if free is None else _mask(free, x)
    take_step = _step(model, x, extra, step_size, noise, grad_clip, clamp)
    for index in range(1, steps + 1):
        white = torch.empty_like(x).normal_(generator=generator) if noise else None
        x = take_step(x, white)
        if moving is not None:
            x = torch.where(moving, x, start)
        if index % every == 0 or index == steps:
            with torch.no_grad():
                now = energy(x, *extra)
            yield Step(x, now, index)


def _mask(free: Tensor, x: Tensor) -> Tensor:
    """A mask as booleans on x's device that can be broadcast to x."""
    try:
        torch.broadcast_to(free, x.shape)
    except RuntimeError:
        raise ValueError(f"The mask {tuple(free.shape)} does not fit chains {tuple(x.shape)}.") from None
    return free.to(x.device).bool()


def _step(
    model: nn.Module | Callable[..., Tensor], x: Tensor, extra: tuple[Tensor, ...], step_size: float, noise: float,
    clip: float | None, clamp: tuple[float, float] | None,
) -> Callable[[Tensor, Tensor | None], Tensor]:  # fmt: skip
    """One step as a function of x and of standard normal noise or None.

    On a CPU the compiled step takes over as soon as it is there, be it in the middle of a run.
    """
    slope: Callable[[Tensor], Tensor] | None = None
    native: NativeStep | None = None
    native_fits = fits(model, x)
    low, high = clamp if clamp is not None else (-math.inf, math.inf)
    limit = clip if clip is not None else math.inf
    move = Move(step_size, noise, limit, low, high)

    def take_step(x: Tensor, white: Tensor | None) -> Tensor:
        nonlocal slope, native
        if native is None and native_fits and (code := library().code) is not None:
            assert isinstance(model, EnergyNet)
            check_glyphs(x)
            native = NativeStep(code, model, torch.get_num_threads())
        if native is not None:
            return native(x, extra[0] if extra else None, move, white)[1]
        slope = slope or gradient_of(model, x, *extra)
        x = x - step_size * slope(x).clamp(-limit, limit)
        if white is not None:
            x = x + noise * white
        return x.clamp_(low, high)

    return take_step
