"""Printed glyphs as files: a grid, one chain at chosen steps, an animation (exercise 3.5)."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from ebm.checkpoint.card import Card
from ebm.checkpoint.files import load
from ebm.data.picture.grid import save_animation, to_image
from ebm.generation.sample import class_of
from ebm.model.energy import EnergyNet
from ebm.sampling.chains import chains

ANIMATIONS = ("webp", "gif")
_FRAMES = 32  # of the animation


def print_files(
    checkpoint: str | Path, out: Path, *, sort: str | None = None, unconditional: bool = False,
    count: int | None = None, steps: int | None = None, at: Sequence[int] | None = None, start: str | None = None,
    seed: int = 0, animation: str = "webp",
) -> tuple[tuple[Path, Path, Path], list[int]]:  # fmt: skip
    """Prints glyphs with fresh chains and writes grid.png, strip.png and chain.webp into a folder.

    Args:
        checkpoint: a .safetensors file with its card; out: the folder, made where there is none.
        sort: name or character; None prints one glyph of each. unconditional: no wanted sort, chains on
            log q(x) itself.
        count: how many; by default 42, or 16 of one sort. steps: by default the card's. at: those of the strip.
        start: "uniform" or "gaussian", by default the card's; seed: of starts and noise; animation: "webp" or "gif".

    Returns:
        the three files, and the steps that the strip shows.

    Raises:
        ValueError: for an unknown sort, start or animation, or a checkpoint that cannot be used.
    """
    if animation not in ANIMATIONS:
        raise ValueError(f"The animation is webp or gif, not {animation!r}.")
    model, card = load(checkpoint)
    count = count or (42 if sort is None else 16)
    labels = _labels(model, card, count, sort, seed, unconditional)
    sampler = dataclasses.replace(card.sampler, start=start) if start else card.sampler
    steps = steps or sampler.print_steps
    shown = sorted({min(k, steps) for k in at or [steps * k // 8 for k in range(9)]})
    every = max(1, steps // _FRAMES)
    frames, moments = [], []
    for step in chains(model, count, steps=steps, labels=labels, seed=seed, sampler=sampler):
        if step.index % every == 0 or step.index == steps:
            frames.append(step.x)
        if step.index in shown:
            moments.append(step.x[:1])
    out.mkdir(parents=True, exist_ok=True)
    files = (out / "grid.png", out / "strip.png", out / f"chain.{animation}")
    columns = 14 if count > 16 else None
    to_image(frames[-1], columns, zoom=2).save(files[0])
    to_image(torch.cat(moments), len(moments), zoom=2).save(files[1])
    save_animation(files[2], frames, columns)
    return files, shown


def _labels(
    model: EnergyNet, card: Card, count: int, sort: str | None, seed: int, unconditional: bool
) -> Tensor | None:
    """The classes (count,) that steer the chains; None for chains on log q(x)."""
    if sort is not None:
        return torch.full((count,), class_of(model, sort, card))
    if unconditional:
        return None
    return torch.arange(count) % model.outputs if model.outputs > 1 else None
