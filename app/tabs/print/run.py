"""Printing glyphs from noise: what may be asked for, and the frames of a run."""

import dataclasses
import math
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from app.models.loaded import ANY, LoadedModel
from ebm.data.corpus import to_bytes
from ebm.generation.composition import compose, guide, parse
from ebm.sampling.chains import chains

STEPS, COUNT = (16, 1024), (1, 100)
STEP_SIZE, NOISE = (0.01, 100.0), (0.0, 0.5)
GUIDANCE = (0.0, 8.0)
SEED = (0, 2**31 - 1)
FRAMES = 128  # up to so many steps are recorded each; of longer runs every second, third, ...
WORD = 16  # characters of the longest word
# What can be asked for, and what it means.
WAYS = {
    "sort": "one sort: every chain climbs that sort's own output",
    "combination": "several sorts in one glyph, such as: u and v; e but not c. A weighted sum of energies that are not "
    "normalised: a heuristic, not the distribution of both",
    "word": "one glyph for each letter, then set on a line",
    "straight": "downhill for the energy of the glyph alone, without a sort",
}


@dataclass(frozen=True)
class PrintRequest:
    """A checked request for glyphs.

    Args:
        way: of `WAYS`.
        sort: the name of the wanted sort, or "any".
        text: the combination or the word.
        labels: the class of every chain, or None.
        guidance: how much the class counts: 1 = as trained.
        begin: (glyphs (N, 1, 56, 56), steps run so far) where chains go on, or None to start from noise.
    """

    way: str
    sort: str
    text: str
    labels: Tensor | None
    count: int
    steps: int
    step_size: float
    noise: float
    seed: int
    guidance: float = 1.0
    begin: tuple[Tensor, int] | None = None


@dataclass(frozen=True)
class Frame:
    """The chains after some steps.

    Args:
        step: steps run so far.
        of: steps of the whole run.
        x: glyphs (N, 1, 56, 56).
        energy: E(x) of each, as the model reads them, comparable with those of known glyphs.
        aimed: the energies that the chains go down: with a sort, with guidance, or of a combination.
        seconds: since the sampler began.
    """

    step: int
    of: int
    x: Tensor
    energy: list[float]
    aimed: list[float]
    seconds: float = 0.0

    @property
    def ink(self) -> Tensor:
        """The glyphs as uint8 (N, 56, 56)."""
        return to_bytes(self.x)


def check(
    loaded: LoadedModel, sort: Any, count: Any, steps: Any, step_size: Any, noise: Any, seed: Any, *,
    way: Any = "sort", text: Any = "", guidance: Any = 1.0,
) -> PrintRequest:  # fmt: skip
    """Checks what a visitor or a program asks for.

    Raises:
        ValueError: one sentence for the first value out of bounds.
    """
    if way not in WAYS:
        raise ValueError(f"What is printed is one of {', '.join(WAYS)}, not {str(way)[:40]!r}.")
    number = int(_within("number of glyphs", count, COUNT, whole=True))
    whole = int(_within("seed", seed, SEED, whole=True))
    text = text if isinstance(text, str) else ""
    name, labels = ANY, None
    if way == "sort":
        label = loaded.find_sort(sort if isinstance(sort, str) else str(sort))
        name = ANY if label is None else loaded.card.sorts[label]
        labels = None if label is None else torch.full((number,), label)
    elif way == "combination":
        parse(text, loaded.card)
    elif way == "word":
        labels = letters_of(loaded, text)
        number = len(labels)
    return PrintRequest(
        way, name, text.strip(), labels, number,
        int(_within("number of steps", steps, STEPS, whole=True)),
        _within("step size", step_size, STEP_SIZE),
        _within("noise", noise, NOISE),
        whole,
        _within("guidance", guidance, GUIDANCE),
    )  # fmt: skip


def continued(request: PrintRequest, x: Tensor, done: int) -> PrintRequest:
    """The same request, going on from glyphs (N, 1, 56, 56) after `done` steps."""
    return dataclasses.replace(request, begin=(x, done))


def letters_of(loaded: LoadedModel, word: str) -> Tensor:
    """The classes (N,) of a word's letters; blanks have none.

    Raises:
        ValueError: for an empty or too long word, a letter that is not in the case, or a model without sorts.
    """
    if not loaded.has_sorts:
        raise ValueError("This model has no sorts, so it cannot be asked for letters.")
    letters = [c for c in unicodedata.normalize("NFC", word) if not c.isspace()]
    if not 0 < len(letters) <= WORD:
        raise ValueError(f"Type a word of 1 to {WORD} letters.")
    texts = [unicodedata.normalize("NFC", text) for text in loaded.card.texts]
    if missing := [c for c in letters if c not in texts]:
        raise ValueError(f"There is no {missing[0]!r} in the case; there are: {' '.join(texts)}.")
    return torch.tensor([texts.index(c) for c in letters])


def target(loaded: LoadedModel, request: PrintRequest) -> tuple[nn.Module, Tensor | None]:
    """The model whose energy the chains go down, and the labels that go with it."""
    model = loaded.model
    if request.way == "combination":
        return compose(model, parse(request.text, loaded.card)), None
    if request.labels is not None and request.guidance != 1.0:
        return guide(model, request.labels, request.guidance), None
    return model, request.labels


def run(loaded: LoadedModel, request: PrintRequest, frames: int = FRAMES) -> Iterator[Frame]:
    """The start and then every step of SGLD, or every few so that there are at most `frames`, the last one included."""
    model, labels = target(loaded, request)
    sampler = dataclasses.replace(loaded.card.sampler, step_size=request.step_size, print_noise=request.noise)
    every = math.ceil(request.steps / frames)
    x, done = request.begin or (None, 0)
    seed = request.seed + done  # other noise than that of the steps before
    steps = chains(
        model, request.count, steps=request.steps, labels=labels, x=x, seed=seed, every=every, sampler=sampler
    )
    is_plain = model is loaded.model and labels is None
    began = time.monotonic()
    for step in steps:
        aimed = step.energy.tolist()
        with torch.no_grad():
            energy = aimed if is_plain else loaded.model.energy(step.x).tolist()
        yield Frame(done + step.index, done + request.steps, step.x, energy, aimed, time.monotonic() - began)


def aim_of(request: PrintRequest) -> str:
    """The name of the energy that the chains go down; "" where it is E(x)."""
    if request.way == "combination":
        return "energy of the combination"
    if request.labels is None:
        return ""
    return "energy with their sorts" if request.way == "word" else "energy with its sort"


def read_back(loaded: LoadedModel, request: PrintRequest, x: Tensor) -> tuple[list[tuple[str, bool | None]], str]:
    """What the model reads its own glyphs as: (text, whether known) for each, and a sentence.

    Where the model is uncalibrated none is known or a stranger: None.
    """
    with torch.no_grad():
        logits = loaded.model.get_logits(x)
    cut, count = loaded.card.threshold, len(x)
    energy = -torch.logsumexp(logits, 1)
    known: list[bool | None] = [None] * count
    low = "The model is uncalibrated: no energy is called a stranger's"
    if cut is not None:
        least = min(loaded.card.reference_energies, default=-math.inf)
        known, below = ((energy <= cut) & (energy >= least)).tolist(), int((energy < least).sum())
        low = _energies(known, below)
    if not loaded.has_sorts:
        return [], f"{low}."
    labels = logits.argmax(1).tolist()
    texts = [loaded.text(loaded.card.sorts[k]) for k in labels]
    if request.sort == ANY:
        sentence = f"Read back: {' '.join(texts)}. {low}."
    else:
        right = sum(k == int(request.labels[0]) for k in labels) if request.labels is not None else 0
        sentence = f"Read back: {right} of {count} as {loaded.title(request.sort)}. {low}."
    return list(zip(texts, known, strict=True)), sentence


def _energies(known: list[bool | None], below: int) -> str:
    """How the energies of glyphs lie beside those of known ones; below: how many are lower than all of them."""
    if len(known) > 1:
        lower = f"; {below} lie below those of all known glyphs" if below else ""
        return f"{sum(map(bool, known))} of {len(known)} have an energy like a known glyph's{lower}"
    if known[0]:
        return "Its energy is like a known glyph's"
    return "Its energy is lower than that of any known glyph" if below else "Its energy is a stranger's"


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
