"""Printing new glyphs: fresh chains from noise (exercise 3.5)."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from ebm.checkpoint.files import Card
from ebm.model.energy import EnergyNet, check_glyphs
from ebm.sampling.langevin import STARTS, Step, sgld
from ebm.training.recipe import Recipe

PRINT_STEPS = Recipe().print_steps  # where neither the caller nor a card says otherwise


def for_printing(sampler: dict[str, Any]) -> dict[str, Any]:
    """A trained sampler, as the keyword arguments of `chains` and `sample`: with the noise of printing."""
    return {
        "step_size": sampler["step_size"],
        "noise": sampler["print_noise"],
        "grad_clip": sampler["grad_clip"],
        "start": sampler["start"],
    }


def sampler_of(card: Card) -> dict[str, Any]:
    """The trained sampler of a card, as the keyword arguments of `chains` and `sample`."""
    return for_printing(card.sampler)


DEFAULT_SAMPLER = for_printing(Recipe().sampler())  # the shipped recipe's


def chains(
    model: nn.Module, n: int, *, steps: int, labels: Tensor | None = None, x: Tensor | None = None,
    free: Tensor | None = None, seed: int = 0, every: int = 1, **sampler: Any,
) -> Iterator[Step]:  # fmt: skip
    """Runs n chains, fresh ones unless x is given, and yields their states, the start included as step 0.

    Args:
        model: has `energy`, and parameters, on whose device the chains run.
        n: how many; steps: how long; every: steps between two yields.
        labels: classes (n,) that steer the chains; None runs them on the unconditional energy.
        x: glyphs (n, 1, 56, 56), or one (1, 1, 56, 56) for all chains, to start from instead of noise.
        free: mask (n or 1, 1, 56, 56), True where pixels may move: from the given x or, where that is
            None, from noise. With x the free pixels start from x too; put noise there to have them made anew.
        seed: of the starts and the noise.
        sampler: step_size, noise, grad_clip, start where they differ from `DEFAULT_SAMPLER`.

    Raises:
        ValueError: for an unknown sampler argument or start, n or steps below 1, or an x or free of a wrong shape.
    """
    if n < 1 or steps < 1:
        raise ValueError(f"At least one glyph and one step are needed, not {n} and {steps}.")
    if unknown := sorted(sampler.keys() - DEFAULT_SAMPLER.keys()):
        raise ValueError(f"The sampler has no argument {unknown[0]!r}; it has: {', '.join(DEFAULT_SAMPLER)}.")
    settings = DEFAULT_SAMPLER | sampler
    start = settings.pop("start")
    if start not in STARTS:
        raise ValueError(f"A chain starts from {' or '.join(map(repr, STARTS))}, not {start!r}.")
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    if x is None:
        x = STARTS[start](n, generator)
    else:
        check_glyphs(x)
        if len(x) not in (1, n):
            raise ValueError(f"{n} chains start from {n} glyphs or from one, not from {len(x)}.")
        x = x.detach().to(device).expand(n, *x.shape[1:])
    y = None if labels is None else labels.to(device)
    energy: Any = model.energy
    with torch.no_grad():
        yield Step(x, energy(x) if y is None else energy(x, y), 0)
    yield from sgld(model, x, steps=steps, y=y, free=free, generator=generator, every=every, **settings)


def sample(
    model: EnergyNet, n: int, *, steps: int | None = None, sort: str | int | None = None,
    seed: int = 0, card: Card | None = None, **sampler: Any,
) -> Tensor:  # fmt: skip
    """Generates glyphs from noise, never from the replay buffer.

    Args:
        model: as `ebm.load` gives it; n: how many; seed: the same gives the same glyphs.
        steps: of SGLD; by default as many as the card says, without a card 64.
        sort: name, character or number of the wanted class; None runs the chains on log q(x) itself.
        card: whose trained sampler and sorts to use; without it the shipped recipe and the pen's sorts.
        sampler: step_size, noise, grad_clip, start to use instead.

    Returns:
        (n, 1, 56, 56) in [-1, 1] on the model's device.

    Raises:
        ValueError: for a sort the model does not know, or a wrong sampler argument.
    """
    trained = sampler_of(card) if card is not None else {}
    if steps is None:
        steps = int(card.sampler["print_steps"]) if card is not None else PRINT_STEPS
    labels = None if sort is None else torch.full((n,), class_of(model, sort, card))
    last = None
    for last in chains(model, n, steps=steps, labels=labels, seed=seed, every=steps, **(trained | sampler)):  # noqa: B007
        pass
    assert last is not None
    return last.x


def class_of(model: EnergyNet, sort: str | int, card: Card | None = None) -> int:
    """The class number of a sort given by name, character or number.

    Raises:
        ValueError: for an EBM, which has no classes, and for a sort it does not know.
    """
    from ebm.data.synthetic.sorts import SORTS

    if model.outputs == 1:
        raise ValueError("This model is an EBM without classes; it prints only 'any' sort.")
    names = card.sorts if card is not None else [s.name for s in SORTS]
    texts = card.texts if card is not None else [s.text for s in SORTS]
    if isinstance(sort, int) and 0 <= sort < model.outputs:
        return sort
    for known in (names, texts):
        if sort in known:
            return known.index(sort)
    short = sort[:40] if isinstance(sort, str) else sort
    raise ValueError(f"The model knows no sort {short!r}; it knows: {', '.join(names)}.")
