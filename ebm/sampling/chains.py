"""Chains with a model's own settings: Langevin dynamics from noise, or from given glyphs."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from ebm.data.corpus import SIZE
from ebm.model.energy import check_glyphs
from ebm.sampling.langevin import Step, sgld
from ebm.sampling.native import fits, library
from ebm.sampling.native.stream import Stream
from ebm.sampling.sampler import Sampler
from ebm.sampling.starts import STARTS

DEFAULT = Sampler()
ENGINES = ("torch", "native")


def chains(
    model: nn.Module, n: int, *, sampler: Sampler = DEFAULT, steps: int | None = None, labels: Tensor | None = None,
    x: Tensor | None = None, free: Tensor | None = None, seed: int = 0, every: int = 1,
    engine: str = "torch", done: int = 0,
) -> Iterator[Step]:  # fmt: skip
    """Runs n chains, fresh ones unless x is given, and yields their states; step 0 is the start.

    Args:
        model: has `energy`, and parameters; the chains run on their device.
        n: number of chains, at least 1.
        sampler: its step_size, print_noise, grad_clip and start are used.
        steps: SGLD steps, at least 1; by default the sampler's print_steps.
        labels: classes (n,) that steer the chains; None runs them on the unconditional energy.
        x: glyphs (n, 1, 56, 56), or one (1, 1, 56, 56) for all chains, to start from instead of noise.
        free: mask (n or 1, 1, 56, 56), True where pixels may move; None = everywhere. Free pixels also start from x,
            if it is given. To generate them again, put noise there.
        seed: of the starts and the noise.
        every: steps between two yields.
        engine: where the random numbers come from. "torch" takes torch's generator. "native" counts them in the
            compiled library, as the explorer's page does, so that a seed gives the same glyphs in both.
        done: with "native", steps that chains from x have already run, so that they go on with new noise.

    Yields:
        `Step`, as `ebm.sgld` does.

    Raises:
        ValueError: for n or steps below 1, an x or free of a wrong shape, an unknown engine, or where the compiled
            library cannot be had, or cannot run this model.
    """
    steps = sampler.print_steps if steps is None else steps
    if n < 1 or steps < 1:
        raise ValueError(f"At least one glyph and one step are needed, not {n} and {steps}.")
    device = next(model.parameters()).device
    generator = _generator(model, sampler, seed, engine, done)
    if x is None:
        x = generator.uniform(n) if isinstance(generator, Stream) else STARTS[sampler.start](n, generator)
    else:
        check_glyphs(x)
        if len(x) not in (1, n):
            raise ValueError(f"{n} chains start from {n} glyphs or from one, not from {len(x)}.")
        x = x.detach().to(device).expand(n, *x.shape[1:])
    y = None if labels is None else labels.to(device)
    energy: Any = model.energy
    with torch.no_grad():
        first = energy(x) if y is None else energy(x, y)
    yield Step(x, first, 0)  # outside, because the caller's thread would go on without gradients
    yield from sgld(
        model, x, steps=steps, step_size=sampler.step_size, noise=sampler.print_noise, grad_clip=sampler.grad_clip,
        y=y, free=free, generator=generator, every=every,
    )  # fmt: skip


def _generator(model: nn.Module, sampler: Sampler, seed: int, engine: str, done: int) -> torch.Generator | Stream:
    """Where the random numbers come from; raises a ValueError where the engine cannot be used."""
    device = next(model.parameters()).device
    if engine == "torch":
        return torch.Generator(device).manual_seed(seed)
    if engine != "native":
        raise ValueError(f"The engine is one of {', '.join(ENGINES)}, not {str(engine)[:40]!r}.")
    held = library().wait()
    if held.code is None:
        raise ValueError(f"The native engine cannot be used: {held.reason}")
    if sampler.start != "uniform" or not fits(model, torch.empty((0, 1, SIZE, SIZE), device=device)):
        raise ValueError("The native engine runs an EnergyNet in float32 on a CPU, and chains from uniform noise.")
    return Stream(held.code, seed, done)


def last_of(states: Iterator[Step]) -> Tensor:
    """The glyphs (n, 1, 56, 56) after the last step of chains."""
    *_, last = states
    return last.x
