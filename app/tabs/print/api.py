"""The endpoints that print: a sort, a combination, a word; and one that judges chains."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import torch

from app.models.library import Models
from app.models.loaded import LoadedModel
from app.parts.drawing import data_uri, tile_grid
from app.parts.pace import paced
from app.tabs.panel import PRINTING
from app.tabs.print import run as printing
from app.tabs.print.diagnosis import figures_of
from app.tabs.print.run import Order
from app.tabs.print.saving import as_png, name_of
from app.tabs.print.typesetting import set_line
from app.visitors.uploads import refusals

FRAMES_A_SECOND = 24
FRAMES = 48  # of a program's run


def build(models: Models, controls: list[Any]) -> None:
    """Adds /generate, /compose, /word and /judge to the page; controls: sort, count, steps, step size, noise, seed."""

    def generate(
        sort: str, count: int, steps: int, step_size: float, noise: float, seed: int, model: str = ""
    ) -> Iterator[tuple[Any, ...]]:
        """Prints glyphs from noise: 24 frames a second (step, energies, picture); the last brings the grid.

        `seconds` is what the sampler took so far, which does not wait for the frames.
        """
        with refusals():
            loaded = models.get(model)
            order = printing.check(loaded, sort, count, steps, step_size, noise, seed)
        yield from _stream(loaded, order)

    def compose(
        text: str, count: int = 12, steps: int = 64, seed: int = 0, model: str = ""
    ) -> Iterator[tuple[Any, ...]]:
        """Prints a combination of sorts, such as "u and v" or "e but not c": frames, then the grid, as /generate."""
        with refusals():
            loaded = models.get(model)
            order = _by_recipe(loaded, count, steps, seed, way="combination", text=text)
        yield from _stream(loaded, order)

    def word(text: str, steps: int = 64, seed: int = 0, model: str = "") -> Iterator[str]:
        """Prints a word letter by letter and sets it on a line: a PNG."""
        with refusals():
            loaded = models.get(model)
            order = _by_recipe(loaded, 1, steps, seed, way="word", text=text)
            *_, frame = printing.run(loaded, order)
            line = set_line(frame.ink, letters(loaded, order))
        with tempfile.TemporaryDirectory() as folder:
            line.save(Path(folder) / name_of(order, "png"))
            yield str(Path(folder) / name_of(order, "png"))

    def judge(sort: str, count: int = 12, steps: int = 64, seed: int = 0, model: str = "") -> dict[str, Any]:
        """Prints glyphs and judges the chains: temperature, Metropolis acceptance, R-hat, effective sample size."""
        with refusals():
            loaded = models.get(model)
            recipe = loaded.card.sampler
            order = printing.check(loaded, sort, count, steps, recipe["step_size"], recipe["noise"], seed)
            frames = list(printing.run(loaded, order))
            energies = torch.tensor([frame.energy for frame in frames])
            return figures_of(loaded, order, frames[-1].x, energies)

    report, grid, line = gr.JSON(visible=False), gr.File(visible=False), gr.File(visible=False)
    which = gr.Textbox("", visible=False, label="model")
    text = gr.Textbox("u and v", visible=False, label="text")
    count, steps, seed = (
        gr.Number(value, visible=False, label=label) for value, label in ((12, "count"), (64, "steps"), (0, "seed"))
    )
    for function, inputs, outputs in (
        (generate, [*controls, which], [report, grid]),
        (compose, [text, count, steps, seed, which], [report, grid]),
        (word, [text, steps, seed, which], [line]),
        (judge, [controls[0], count, steps, seed, which], [report]),
    ):
        gr.Button(visible=False).click(
            function, inputs, outputs, preprocess=False, api_name=function.__name__, **PRINTING
        )


def letters(loaded: LoadedModel, order: Order) -> list[str | None]:
    """The sorts of a word in order, None for the blanks between its words."""
    assert order.labels is not None
    names = iter(loaded.card.sorts[k] for k in order.labels.tolist())
    return [None if c.isspace() else next(names) for c in order.text]


def _by_recipe(loaded: LoadedModel, count: Any, steps: Any, seed: Any, **what: Any) -> Order:
    """An order with the trained step size and the noise of printing."""
    recipe = loaded.card.sampler
    size, noise = recipe["step_size"], recipe["print_noise"]
    return printing.check(loaded, printing.ANY, count, steps, size, noise, seed, **what)


def _stream(loaded: LoadedModel, order: Order) -> Iterator[tuple[Any, ...]]:
    """Frames for a program: sampling runs ahead, and drawing them at a pace leaves it the processor."""
    for frame in paced(printing.run(loaded, order, FRAMES), FRAMES_A_SECOND):
        report = {
            "step": frame.step,
            "steps": frame.of,
            "seconds": round(frame.seconds, 4),
            "energy": frame.energy,
            "picture": data_uri(tile_grid(frame.ink), "jpeg"),
        }
        if frame.step < frame.of:
            yield report, None
    read, sentence = printing.read_back(loaded, order, frame.x)
    report |= {
        "read_as": [text for text, _ in read],
        "is_stranger": [None if known is None else not known for _, known in read],
        "note": sentence,
    }
    with tempfile.TemporaryDirectory() as folder:
        png = Path(folder) / name_of(order, "png")
        png.write_bytes(as_png(frame))
        yield report, str(png)
