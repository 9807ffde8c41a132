"""Printing glyphs from noise: what may be ordered, and the frames of a running order."""

import io
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from app.drawing import tile_grid
from app.model import ANY, Explorer
from ebm.data.corpus import to_bytes
from ebm.generate import any_sort, chains, sampler_of

STEPS, COUNT = (16, 512), (1, 36)
STEP_SIZE, NOISE = (0.01, 100.0), (0.0, 0.5)
SEED = (0, 2**31 - 1)
FRAMES = 48  # about as many pictures as one run shows


@dataclass(frozen=True)
class Order:
    """A checked order: label is the sort's class, None for any."""

    sort: str
    label: int | None
    count: int
    steps: int
    step_size: float
    noise: float
    seed: int


@dataclass(frozen=True)
class Frame:
    """The chains after `step` of `of` steps, `seconds` after the sampler began: x (N, 1, 56, 56), energy (N,)."""

    step: int
    of: int
    x: Tensor
    energy: list[float]
    seconds: float = 0.0

    @property
    def ink(self) -> Tensor:
        """The glyphs as uint8 (N, 56, 56)."""
        return to_bytes(self.x)


def check(explorer: Explorer, sort: Any, count: Any, steps: Any, step_size: Any, noise: Any, seed: Any) -> Order:
    """Makes an order of what a visitor or a program asks for.

    Raises:
        ValueError: one sentence for the first value out of bounds.
    """
    label = explorer.find_sort(sort if isinstance(sort, str) else str(sort))
    name = ANY if label is None else explorer.card.sorts[label]
    return Order(
        name,
        label,
        int(_within("number of glyphs", count, COUNT, whole=True)),
        int(_within("number of steps", steps, STEPS, whole=True)),
        _within("step size", step_size, STEP_SIZE),
        _within("noise", noise, NOISE),
        int(_within("seed", seed, SEED, whole=True)),
    )


def run(explorer: Explorer, order: Order) -> Iterator[Frame]:
    """The start and then every few steps of SGLD, the last one included."""
    card, model = explorer.card, explorer.model
    if order.label is None:
        labels = any_sort(model, order.count, order.seed, card)
    else:
        labels = torch.full((order.count,), order.label)
    asked = sampler_of(card) | {"step_size": order.step_size, "noise": order.noise}
    every = math.ceil(order.steps / FRAMES)
    steps = chains(model, order.count, steps=order.steps, labels=labels, seed=order.seed, every=every, **asked)
    began = time.monotonic()
    for step in steps:
        yield Frame(step.index, order.steps, step.x, step.energy.tolist(), time.monotonic() - began)


def band(explorer: Explorer) -> tuple[float, float]:
    """The energies between which nine in ten known glyphs lie."""
    reference = torch.tensor(explorer.card.reference_energies or [explorer.card.threshold])
    low, high = torch.quantile(reference, torch.tensor([0.05, 0.95])).tolist()
    return low, high


def read_back(explorer: Explorer, order: Order, x: Tensor) -> tuple[list[tuple[str, bool]], str]:
    """What the model reads its own glyphs as: (text, whether known) for each, and a sentence."""
    with torch.no_grad():
        logits = explorer.model.get_logits(x)
    known = (-torch.logsumexp(logits, 1) <= explorer.card.threshold).tolist()
    count = len(known)
    low = f"{sum(known)} of {count} have an energy like a known glyph's" if count > 1 else (
        "Its energy is like a known glyph's" if known[0] else "Its energy is a stranger's")  # fmt: skip
    if not explorer.has_sorts:
        return [], f"{low}."
    labels = logits.argmax(1).tolist()
    texts = [explorer.text(explorer.card.sorts[k]) for k in labels]
    if order.label is None:
        sentence = f"Read back: {' '.join(texts)}. {low}."
    else:
        right = sum(k == order.label for k in labels)
        sentence = f"Read back: {right} of {count} as {explorer.title(order.sort)}. {low}."
    return list(zip(texts, known, strict=True)), sentence


def as_png(frame: Frame) -> bytes:
    """The grid as a PNG, enlarged without smoothing."""
    buffer = io.BytesIO()
    tile_grid(frame.ink, 4).save(buffer, "PNG")
    return buffer.getvalue()


def as_animation(frames: list[Frame]) -> bytes:
    """All frames as an animated WebP that rests on the last one."""
    zoom = 4 if len(frames[0].x) <= 4 else 2 if len(frames[0].x) <= 16 else 1
    pictures = [tile_grid(frame.ink, zoom) for frame in frames]
    buffer = io.BytesIO()
    durations = [70] * (len(pictures) - 1) + [1800]
    pictures[0].save(
        buffer, "WEBP", save_all=True, append_images=pictures[1:], duration=durations, loop=0, quality=75, method=0
    )
    return buffer.getvalue()


def _within(name: str, value: Any, bounds: tuple[float, float], whole: bool = False) -> float:
    low, high = bounds
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not low <= number <= high or (whole and number != int(number)):
        kind = "a whole number" if whole else "a number"
        raise ValueError(f"The {name} must be {kind} from {low:g} to {high if whole else f'{high:g}'}.")
    return number
