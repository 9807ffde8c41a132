"""SGLD: Langevin dynamics on the energy surface, as a generator of states."""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from ebm.model.energy import EnergyNet, check_glyphs
from ebm.model.gradient import gradient_of
from ebm.sampling.native import Library, NativeStep, fits, library
from ebm.sampling.native.stream import Stream
from ebm.sampling.recorded_step import RecordedSteps
from ebm.sampling.step import StepSettings, moved

LEAST_FOR_A_HELPER = 2**17  # numbers of a step's noise, some forty glyphs; with fewer it does not pay


@dataclass(frozen=True)
class Step:
    """One state of the chains, or of a path.

    Args:
        x: the state (N, 1, 56, 56).
        energy: its energies (N,).
        index: number of steps so far.
    """

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
    generator: torch.Generator | Stream | None = None,
    every: int = 1,
    compiled: Library | None = None,
    recorded: RecordedSteps | None = None,
) -> Iterator[Step]:
    """Langevin dynamics on the energy surface: x <- x - step_size * clip(dE/dx) + noise * N(0, 1).

    Eq. 5 of the sheet (Welling & Teh 2011) is step_size = eta / 2 and noise = sqrt(eta). In practice the two
    are set separately. This gives a temperature, noise^2 / (2 step_size), which is far below 1 in every trained
    recipe here. Small unclipped steps would sample from exp(-E / temperature).

    Args:
        model: has `energy(x)` and, with labels, `energy(x, y)`; a plain callable must return E.
        x: the chains' starts (N, ...); never changed in place.
        steps: number of steps.
        step_size: factor of the gradient.
        noise: standard deviation of the noise a step; 0 adds none.
        grad_clip: largest size of each component of dE/dx; None = unclipped.
        clamp: range that the state is kept in; None = the whole space.
        y: class labels (N,) int64 that steer every chain to its class, for an `EnergyNet` below 0 for a chain without
            one; or None.
        free: mask that can be broadcast to x, True or 1 where pixels may move; None = everywhere. All other pixels
            keep the values of the start, even outside `clamp` (for inpainting: the known pixels).
        generator: on x's device, or a stream by counting; makes the noise reproducible.
        every: yields the state after each `every` steps, and always the last one. The chains are then one step ahead,
            and the noise of the step after that is drawn.
        compiled: holds the compiled step that is used as soon as it is ready; None = the one of this process.
        recorded: keeps steps as CUDA graphs between calls, for one run at a time. On a GPU they are several times as
            fast for an `EnergyNet`. None = Python starts every kernel.

    Yields:
        `Step`, detached. Between yields, after an exception, and if the generator is abandoned, the model's
        parameters have the same flags and gradients as before.

    Raises:
        ValueError: for a mask that does not fit x.
    """
    energy = getattr(model, "energy", model)
    extra = () if y is None else (y,)
    start = x = x.detach()
    moving = None if free is None else _mask(free, x)
    take_step = _step(model, x, extra, step_size, noise, grad_clip, clamp, compiled, recorded)

    def state(index: int, known: Tensor | None) -> Step:
        if known is not None:
            return Step(x, known, index)
        with torch.no_grad():
            return Step(x, energy(x, *extra), index)

    white = _white(x, generator, 1) if noise and steps else None
    with _helper(x, noise) as helper:
        for index in range(1, steps + 1):
            draw = partial(_white, x, generator, index + 1) if noise and index < steps else None
            coming = helper.submit(draw).result if helper and draw else draw
            # A compiled or recorded step gives the energies of the state that it leaves. So a state is yielded after
            # the next step.
            left, after = take_step(x, white)
            white = coming() if coming else None
            if index > 1 and (index - 1) % every == 0:
                yield state(index - 1, left)
            x = after if moving is None else torch.where(moving, after, start)
    if steps:
        yield state(steps, None)


def _helper(x: Tensor, noise: float) -> AbstractContextManager[Executor | None]:
    """A thread that draws the noise of the next step meanwhile, where it pays: torch draws on one thread alone."""
    pays = noise and x.device.type == "cpu" and x.numel() >= LEAST_FOR_A_HELPER and torch.get_num_threads() > 1
    return ThreadPoolExecutor(1, "sgld-noise") if pays else nullcontext()


def _white(x: Tensor, generator: torch.Generator | Stream | None, index: int) -> Tensor:
    """Standard normal noise of x's shape for a step."""
    if isinstance(generator, Stream):
        return generator.normal(len(x), index)
    return torch.empty_like(x).normal_(generator=generator)


def _mask(free: Tensor, x: Tensor) -> Tensor:
    """The mask as booleans on x's device, after a check that it can be broadcast to x."""
    try:
        torch.broadcast_to(free, x.shape)
    except RuntimeError:
        raise ValueError(f"The mask {tuple(free.shape)} does not fit chains {tuple(x.shape)}.") from None
    return free.to(x.device).bool()


def _step(
    model: nn.Module | Callable[..., Tensor], x: Tensor, extra: tuple[Tensor, ...], step_size: float, noise: float,
    clip: float | None, clamp: tuple[float, float] | None, compiled: Library | None, recorded: RecordedSteps | None,
) -> Callable[[Tensor, Tensor | None], tuple[Tensor | None, Tensor]]:  # fmt: skip
    """One step as a function of x and of standard normal noise, or None for no noise.

    It gives the energies of x, or None where only a compiled or recorded step knows them, and x after the step. On a
    CPU the compiled step is used as soon as it is ready, even in the middle of a run.
    """
    slope: Callable[[Tensor], Tensor] | None = None
    native: NativeStep | None = None
    native_fits = fits(model, x)
    low, high = clamp if clamp is not None else (-math.inf, math.inf)
    limit = clip if clip is not None else math.inf
    settings = StepSettings(step_size, noise, limit, low, high)
    if recorded is not None and recorded.fits(model, x):
        assert isinstance(model, EnergyNet)
        check_glyphs(x)
        return recorded.step(model, x, extra[0] if extra else None, settings)

    def take_step(x: Tensor, white: Tensor | None) -> tuple[Tensor | None, Tensor]:
        nonlocal slope, native
        if native is None and native_fits and (code := (compiled or library()).code) is not None:
            assert isinstance(model, EnergyNet)
            check_glyphs(x)
            native = NativeStep(code, model, torch.get_num_threads())
        if native is not None:
            return native(x, extra[0] if extra else None, settings, white)
        slope = slope or gradient_of(model, x, *extra)
        return None, moved(x, slope(x), white, settings)

    return take_step
