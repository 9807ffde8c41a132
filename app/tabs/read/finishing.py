"""Finishing a glyph: Langevin dynamics from what is there, or into a mask."""

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from app.models.loaded import ANY, LoadedModel
from ebm.sampling.chains import chains
from ebm.sampling.langevin import Step
from ebm.sampling.starts import STARTS

STEPS = (4, 256)
AS_READ = "as read"  # the choice of the sort that the glyph is read as


@dataclass(frozen=True)
class Preset:
    """How a glyph is finished: share of the trained step size and noise, steps, and what that does in words."""

    share: float
    steps: int
    words: str


PRESETS = {
    "mend": Preset(0.25, 24, "a few small steps: worn ink is filled in, the form stays"),
    "finish": Preset(0.5, 48, "larger steps: what the drawing lacks is added, what disturbs goes"),
    "dream": Preset(1.0, 64, "as far as when printing from noise: the glyph becomes the model's own"),
}


def finish(
    loaded: LoadedModel, glyph: Tensor, mask: Tensor | None, *, sort: str, preset: str, steps: int, seed: int
) -> Iterator[Step]:
    """Runs one chain from a glyph; with a mask only the mask moves, from noise and at the trained step size.

    Args:
        glyph: (1, 56, 56) in [-1, 1].
        mask: bool (56, 56), True where it is filled in, or None.
        sort: which logit to climb: a sort, "as read" or "any" (the energy of the glyph alone).
        preset: of `PRESETS`.
        steps: how far.
        seed: of the noise.

    Raises:
        ValueError: for a value out of bounds.
    """
    if preset not in PRESETS:
        raise ValueError(f"The preset is one of {', '.join(PRESETS)}, not {str(preset)[:40]!r}.")
    if not STEPS[0] <= steps <= STEPS[1]:
        raise ValueError(f"The number of steps must be a whole number from {STEPS[0]} to {STEPS[1]}.")
    label = label_of(loaded, glyph, sort)
    share = 1.0 if mask is not None else PRESETS[preset].share
    trained = loaded.card.sampler
    sampler = dataclasses.replace(
        trained, step_size=share * trained.step_size, print_noise=share * trained.print_noise
    )  # fmt: skip
    x, free = glyph[None], None
    if mask is not None:
        free = mask[None, None]
        noise = STARTS[sampler.start](1, torch.Generator().manual_seed(seed))
        x = torch.where(free, noise, x)
    labels = None if label is None else torch.tensor([label])
    every = max(1, math.ceil(steps / 64))
    return chains(
        loaded.model, 1, sampler=sampler, steps=steps, labels=labels, x=x, free=free, seed=seed, every=every
    )  # fmt: skip


def checked(preset: Any, sort: Any, steps: Any, seed: Any) -> dict[str, Any]:
    """Settings of `finish` as it takes them; it checks the rest.

    Raises:
        ValueError: where steps or seed is no whole number.
    """
    try:
        return {"preset": str(preset), "sort": str(sort), "steps": int(steps), "seed": int(seed) % 2**31}
    except (TypeError, ValueError, OverflowError):
        raise ValueError("Steps and seed must be whole numbers.") from None


def label_of(loaded: LoadedModel, glyph: Tensor, sort: str) -> int | None:
    """The class that a chain climbs; None for the energy of the glyph alone.

    Raises:
        ValueError: for an unknown sort.
    """
    if not loaded.has_sorts or sort == ANY:
        return None
    if sort == AS_READ:
        with torch.no_grad():
            return int(loaded.model.get_logits(glyph[None]).argmax())
    return loaded.find_sort(sort)
