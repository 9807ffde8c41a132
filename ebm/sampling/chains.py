"""Fresh chains: Langevin dynamics from noise, or from given glyphs, with a model's own settings."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from ebm.model.energy import check_glyphs
from ebm.sampling.langevin import Step, sgld
from ebm.sampling.sampler import Sampler
from ebm.sampling.starts import STARTS

DEFAULT = Sampler()


def chains(
    model: nn.Module, n: int, *, sampler: Sampler = DEFAULT, steps: int | None = None, labels: Tensor | None = None,
    x: Tensor | None = None, free: Tensor | None = None, seed: int = 0, every: int = 1,
) -> Iterator[Step]:  # fmt: skip
    """Runs n chains, fresh ones unless x is given, and yields their states, the start included as step 0.

    Args:
        model: has `energy`, and parameters, on whose device the chains run.
        n: how many.
        sampler: its step_size, print_noise, grad_clip and start.
        steps: how long the chains are; by default the sampler's print_steps.
        labels: classes (n,) that steer the chains; None runs them on the unconditional energy.
        x: glyphs (n, 1, 56, 56), or one (1, 1, 56, 56) for all chains, to start from instead of noise.
        free: mask (n or 1, 1, 56, 56), True where pixels may move: from the given x or, where that is
            None, from noise. With x the free pixels start from x too; put noise there to have them made anew.
        seed: of the starts and the noise.
        every: steps between two yields.

    Yields:
        `Step`, as `sgld` does.

    Raises:
        ValueError: for n or steps below 1, or an x or free of a wrong shape.
    """
    steps = sampler.print_steps if steps is None else steps
    if n < 1 or steps < 1:
        raise ValueError(f"At least one glyph and one step are needed, not {n} and {steps}.")
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    if x is None:
        x = STARTS[sampler.start](n, generator)
    else:
        check_glyphs(x)
        if len(x) not in (1, n):
            raise ValueError(f"{n} chains start from {n} glyphs or from one, not from {len(x)}.")
        x = x.detach().to(device).expand(n, *x.shape[1:])
    y = None if labels is None else labels.to(device)
    energy: Any = model.energy
    with torch.no_grad():
        yield Step(x, energy(x) if y is None else energy(x, y), 0)
    yield from sgld(
        model, x, steps=steps, step_size=sampler.step_size, noise=sampler.print_noise, grad_clip=sampler.grad_clip,
        y=y, free=free, generator=generator, every=every,
    )  # fmt: skip


def last_of(states: Iterator[Step]) -> Tensor:
    """Where chains end: their glyphs (n, 1, 56, 56) after the last step."""
    *_, last = states
    return last.x
