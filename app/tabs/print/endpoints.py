"""What programs may ask of the tab Print: a sort, a combination, a word; and a diagnosis of chains."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from gradio import FileData

from app.models.library import Models
from app.models.loaded import LoadedModel
from app.parts.drawing import data_uri, tile_grid
from app.parts.pace import paced
from app.parts.panel import PRINTING
from app.tabs.print import run as printing
from app.tabs.print.controls import SEVERAL, first_sort
from app.tabs.print.diagnosis import figures_of
from app.tabs.print.run import PrintRequest
from app.tabs.print.saving import as_png, name_of
from app.tabs.print.typesetting import set_line
from app.visitors.endpoints import offer, sent
from app.visitors.uploads import refusals

FRAMES = 48  # of a program's run


def build(models: Models) -> None:
    """Adds /generate, /compose, /word and /judge to the page."""
    endpoints, recipe = Endpoints(models), models.first.card.sampler
    default = first_sort(models.first)

    # What programs are shown as defaults are the first model's own.
    def generate(
        sort: str = default, count: int = SEVERAL, steps: int = recipe.print_steps,
        step_size: float = recipe.step_size, noise: float = recipe.print_noise, seed: int = 0, model: str = "",
    ) -> Iterator[tuple[dict[str, Any], FileData | None]]:  # fmt: skip
        """Prints glyphs from noise: at most 24 frames a second (step, energies, picture); the last brings the grid.

        `energy` is E(x), as /score gives it; `aimed` is the energy that the chains go down, with their sort.
        `seconds` have passed since the run began.
        """
        yield from endpoints.generate(sort, count, steps, step_size, noise, seed, model)

    for function in (generate, endpoints.compose, endpoints.word, endpoints.judge):
        offer(function, **PRINTING)


@dataclass(frozen=True)
class Endpoints:
    """The tab's endpoints, on these models."""

    models: Models

    def generate(
        self, sort: str, count: int, steps: int, step_size: float, noise: float, seed: int, model: str
    ) -> Iterator[tuple[dict[str, Any], FileData | None]]:
        """Prints glyphs from noise."""
        with refusals():
            loaded = self.models.get(model)
            request = printing.check(loaded, sort, count, steps, step_size, noise, seed)
        yield from _stream(loaded, request)

    def compose(
        self, text: str = "u and v", count: int = 12, steps: int = 64, seed: int = 0, model: str = ""
    ) -> Iterator[tuple[dict[str, Any], FileData | None]]:
        """Prints a combination of sorts, such as "u and v" or "e but not c": frames, then the grid, as /generate."""
        with refusals():
            loaded = self.models.get(model)
            request = _by_recipe(loaded, count, steps, seed, way="combination", text=text)
        yield from _stream(loaded, request)

    def word(self, text: str = "gloria", steps: int = 64, seed: int = 0, model: str = "") -> Iterator[FileData]:
        """Prints a word letter by letter and sets it on a line: a PNG."""
        with refusals():
            loaded = self.models.get(model)
            request = _by_recipe(loaded, 1, steps, seed, way="word", text=text)
            *_, frame = printing.run(loaded, request)
            line = set_line(frame.ink, letters(loaded, request))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / name_of(request, "png")
            line.save(file)
            yield sent(file)

    def judge(
        self, sort: str = "a", count: int = 12, steps: int = 64, seed: int = 0, model: str = ""
    ) -> dict[str, Any]:
        """Prints glyphs and diagnoses the chains: temperature, Metropolis acceptance, R-hat, effective sample size."""
        with refusals():
            loaded = self.models.get(model)
            recipe = loaded.card.sampler
            request = printing.check(loaded, sort, count, steps, recipe.step_size, recipe.print_noise, seed)
            frames = list(printing.run(loaded, request))
            energies = torch.tensor([frame.aimed for frame in frames])
            return figures_of(loaded, request, frames[-1].x, energies)


def letters(loaded: LoadedModel, request: PrintRequest) -> list[str | None]:
    """The sorts of a word in order, None for the blanks between its words."""
    assert request.labels is not None
    names = iter(loaded.card.sorts[k] for k in request.labels.tolist())
    return [None if c.isspace() else next(names) for c in request.text]


def _by_recipe(loaded: LoadedModel, count: Any, steps: Any, seed: Any, **what: Any) -> PrintRequest:
    """A request with the trained step size and the noise of printing."""
    recipe = loaded.card.sampler
    size, noise = recipe.step_size, recipe.print_noise
    return printing.check(loaded, printing.ANY, count, steps, size, noise, seed, **what)


def _stream(loaded: LoadedModel, request: PrintRequest) -> Iterator[tuple[dict[str, Any], FileData | None]]:
    """Frames for a program, at a pace that eyes can follow, and the grid."""
    for frame in paced(printing.run(loaded, request, FRAMES)):
        report = {
            "step": frame.step,
            "steps": frame.of,
            "seconds": round(frame.seconds, 4),
            "energy": frame.energy,
            "aimed": frame.aimed,
            "picture": data_uri(tile_grid(frame.ink), "jpeg"),
        }
        if frame.step < frame.of:
            yield report, None
    read, sentence = printing.read_back(loaded, request, frame.x)
    report |= {
        "read_as": [text for text, _ in read],
        "is_stranger": [loaded.verdict(glyph).is_stranger for glyph in frame.x] if read else [],
        "note": sentence,
    }
    with tempfile.TemporaryDirectory() as folder:
        png = Path(folder) / name_of(request, "png")
        png.write_bytes(as_png(frame))
        yield report, sent(png)
