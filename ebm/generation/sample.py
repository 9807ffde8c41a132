"""Printing new glyphs: fresh chains from noise (exercise 3.5)."""

import torch
from torch import Tensor

from ebm.checkpoint.card import Card
from ebm.data.synthetic.sorts import SORTS
from ebm.model.energy import EnergyNet
from ebm.sampling.chains import chains, last_of
from ebm.sampling.sampler import Sampler


def sample(
    model: EnergyNet, n: int, *, steps: int | None = None, sort: str | int | None = None, seed: int = 0,
    card: Card | None = None, sampler: Sampler | None = None, engine: str = "torch",
) -> Tensor:  # fmt: skip
    """Generates glyphs from noise, never from the replay buffer.

    Args:
        model: as `ebm.load` returns it.
        n: number of glyphs, at least 1.
        steps: of SGLD, at least 1; by default the sampler's print_steps.
        sort: name, character or number of the wanted class; None runs the chains on log q(x).
        seed: of starts and noise; the same seed gives the same glyphs.
        card: its sampler and sorts are used; without it the default sampler and the pen's sorts.
        sampler: used instead of the card's.
        engine: "torch", or "native" for the glyphs that the explorer's page prints with this seed.

    Returns:
        (n, 1, 56, 56) in [-1, 1] on the model's device.

    Raises:
        ValueError: for a sort that the model does not know, n or steps below 1, or an engine that cannot be used.
    """
    sampler = sampler or (card.sampler if card is not None else Sampler())
    steps = sampler.print_steps if steps is None else steps
    labels = None if sort is None else torch.full((n,), class_of(model, sort, card))
    return last_of(chains(model, n, sampler=sampler, steps=steps, labels=labels, seed=seed, every=steps, engine=engine))


def class_of(model: EnergyNet, sort: str | int, card: Card | None = None) -> int:
    """The class number of a sort that is given by name, character or number.

    Args:
        model: as `ebm.load` returns it.
        sort: name, character or number.
        card: its sorts are known; without it the pen's sorts.

    Returns:
        the number, from 0.

    Raises:
        ValueError: for an EBM, which has no classes, and for a sort that the model does not know.
    """
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
