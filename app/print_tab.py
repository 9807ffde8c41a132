"""Tab 2: print new glyphs from noise and watch the energy fall."""

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from app import printing
from app.drawing import data_uri, message, tile_grid
from app.model import ANY, Explorer
from app.pace import paced
from app.printing import Frame, Order

_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_SEVERAL = 12
FRAMES_A_SECOND = 24  # of the stream; sampling itself is several times as fast


def build(explorer: Explorer, processor: dict[str, Any], page: gr.Blocks, tab: gr.Tab) -> None:
    """Puts the tab's components into the page being built.

    Args:
        processor: the event options that all use of the model shares.
        page: the whole page, which says when a visitor leaves.
        tab: printing starts by itself when a visitor first opens it.
    """
    stopped: set[str] = set()  # sessions whose visitor pressed Stop
    recipe = explorer.card.sampler

    def start(session: gr.Request) -> tuple[Any, ...]:
        stopped.discard(str(session.session_hash))
        return gr.Button(interactive=False), gr.Button(interactive=True), message("Waiting for the press\u2026")

    def stop(session: gr.Request) -> None:
        stopped.add(str(session.session_hash))

    def leave(session: gr.Request) -> None:
        stopped.discard(str(session.session_hash))

    def press(session: gr.Request, *wishes: Any) -> Iterator[tuple[Any, ...]]:
        """Streams frames to the page; ends early, but in good order, when the visitor stops it."""
        who = str(session.session_hash)
        busy = (gr.Button(interactive=False), gr.Button(interactive=True))
        idle = (gr.Button(interactive=True), gr.Button(interactive=False))
        try:
            order = printing.check(explorer, *wishes)
        except ValueError as error:
            yield gr.skip(), message(str(error), "problem"), gr.skip(), gr.skip(), *idle
            return
        frames: list[Frame] = []
        try:
            for frame in paced(printing.run(explorer, order), FRAMES_A_SECOND):
                frames.append(frame)
                line = message(f"Printing {_what(explorer, order)}\u2026")
                yield (
                    printing.picture_of(frames, explorer),
                    line,
                    gr.skip(),
                    gr.skip(),
                    *(busy if frame.step == 0 else (gr.skip(), gr.skip())),
                )
                if who in stopped:
                    break
            letters, sentence = printing.read_back(explorer, order, frames[-1].x)
            if frames[-1].step < order.steps:
                sentence = f"Stopped after {frames[-1].step} of {order.steps} steps. {sentence}"
            done = printing.picture_of(frames, explorer, letters), message(sentence)
            yield *done, *[gr.skip()] * 4  # the files take a moment longer, and Gradio drops a press during this one
            with tempfile.TemporaryDirectory() as folder:  # Gradio copies the files when it sends them
                png, film = _save(Path(folder), order, frames)
                files = (gr.DownloadButton(value=str(path), interactive=True) for path in (png, film))
                yield gr.skip(), gr.skip(), *files, *idle
        finally:
            stopped.discard(who)

    def generate(
        sort: str, count: int, steps: int, step_size: float, noise: float, seed: int
    ) -> Iterator[tuple[Any, ...]]:
        """Prints glyphs from noise: a frame every few steps (step, energies, picture); the last brings the grid.

        `seconds` is what the sampler took so far, which does not wait for the frames.
        """
        try:
            order = printing.check(explorer, sort, count, steps, step_size, noise, seed)
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from None
        for frame in paced(printing.run(explorer, order), math.inf):
            report = {
                "step": frame.step,
                "steps": frame.of,
                "seconds": round(frame.seconds, 4),
                "energy": frame.energy,
                "picture": data_uri(tile_grid(frame.ink), "jpeg"),
            }
            if frame.step < order.steps:
                yield report, None
        letters, sentence = printing.read_back(explorer, order, frame.x)
        report |= {
            "read_as": [text for text, _ in letters],
            "is_stranger": [not known for _, known in letters],
            "note": sentence,
        }
        with tempfile.TemporaryDirectory() as folder:
            png = Path(folder) / _name(order, "png")
            png.write_bytes(printing.as_png(frame))
            yield report, str(png)

    def first_visit(session: gr.Request, seen: bool, *wishes: Any) -> Iterator[tuple[Any, ...]]:
        if seen:
            yield True, *[gr.skip()] * 6
            return
        for update in press(session, *wishes):
            yield True, *update

    with gr.Row(elem_id="press", elem_classes="areas"):
        with gr.Column(elem_classes="area-a", min_width=0):
            choices = [(f"{ANY} \u2013 the model chooses", ANY)]
            if explorer.has_sorts:
                choices += [(explorer.title(sort), sort) for sort in explorer.card.sorts]
            sort = gr.Dropdown(choices, value=_first_sort(explorer), label="Sort to print", elem_id="sort")
            count = gr.Slider(*printing.COUNT, value=_SEVERAL, step=1, label="Number of glyphs", elem_id="count")
            with gr.Row(elem_classes="buttons"):
                go = gr.Button("Print", variant="primary", elem_id="go", min_width=90)
                halt = gr.Button("Stop", elem_id="halt", interactive=False, min_width=90)
        with gr.Column(elem_classes="area-b", min_width=0):
            blank = Order(ANY, None, _SEVERAL, recipe["print_steps"], recipe["step_size"], recipe["noise"], 0)
            noise_only = [next(printing.run(explorer, blank))]
            view = gr.HTML(
                printing.picture_of(noise_only, explorer), label="Printed glyphs", elem_id="printed", js_on_load=None
            )
            status = gr.HTML(
                message("Every glyph starts as noise. Press Print."), elem_id="print-status", js_on_load=None
            )
            with gr.Row(elem_classes="buttons"):
                png = gr.DownloadButton(
                    "Save the grid (PNG)", interactive=False, size="sm", elem_id="save-png", min_width=150
                )
                film = gr.DownloadButton(
                    "Save the animation (WebP)", interactive=False, size="sm", elem_id="save-film", min_width=150
                )
        with gr.Column(elem_classes="area-c", min_width=0), gr.Accordion("How it is printed", open=True):
            steps = gr.Slider(
                *printing.STEPS,
                value=recipe["print_steps"],
                step=16,
                label="Steps",
                elem_id="steps",
                info="of Langevin dynamics: downhill in energy, plus a little noise",
            )
            grain = float(f"{recipe['step_size'] / 6:.1g}")  # one digit: 0.02, or 2
            step_size = gr.Slider(
                grain,
                min(24 * grain, printing.STEP_SIZE[1]),
                value=recipe["step_size"],
                step=grain,
                label="Step size",
                elem_id="step-size",
                info="how far a step changes a pixel, on average (ink and paper are 2 apart)"
                if recipe["normalize"]
                else "how far downhill a step goes",
            )
            loud = min(max(0.1, 4 * recipe["noise"]), printing.NOISE[1])
            noise = gr.Slider(
                0,
                loud,
                value=recipe["noise"],
                step=0.001,
                label="Noise",
                elem_id="noise",
                info="how strongly each step is shaken",
            )
            seed = gr.Number(0, label="Seed", precision=0, elem_id="seed", info="the same seed prints the same glyphs")
    seen = gr.State(False)
    wishes = [sort, count, steps, step_size, noise, seed]
    outputs = [view, status, png, film, go, halt]
    ready = {"outputs": [go, halt, status], "queue": False, **_QUIET}

    go.click(start, None, **ready).then(press, wishes, outputs, preprocess=False, **_QUIET, **processor)
    tab.select(first_visit, [seen, *wishes], [seen, *outputs], **_QUIET, **processor)
    halt.click(stop, queue=False, **_QUIET)
    report, grid = gr.JSON(visible=False), gr.File(visible=False)
    gr.Button(visible=False).click(
        generate, wishes, [report, grid], preprocess=False, api_name="generate" + explorer.suffix, **processor
    )
    page.unload(leave)


def _what(explorer: Explorer, order: Order) -> str:
    glyphs = "one glyph" if order.count == 1 else f"{order.count} glyphs"
    return f"{glyphs} of any sort" if order.label is None else f"{glyphs} of {explorer.title(order.sort)}"


def _first_sort(explorer: Explorer) -> str:
    """What the page prints first: an a, which everyone knows, or any."""
    if not explorer.has_sorts:
        return ANY
    return "a" if "a" in explorer.card.sorts else explorer.card.sorts[0]


def _name(order: Order, kind: str) -> str:
    sort = "".join(c if c.isalnum() else "-" for c in order.sort)
    return f"glyphs-{sort}-seed{order.seed}.{kind}"


def _save(folder: Path, order: Order, frames: list[Frame]) -> tuple[Path, Path]:
    """Writes the last frame as a PNG and all of them as an animation."""
    png, film = folder / _name(order, "png"), folder / _name(order, "webp")
    png.write_bytes(printing.as_png(frames[-1]))
    film.write_bytes(printing.as_animation(frames))
    return png, film
