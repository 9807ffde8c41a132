"""Tab 2: print new glyphs from noise and watch the energy fall."""

import math
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from app import printing
from app.drawing import data_uri, message, tile_grid
from app.model import ANY, Explorer
from app.models import Models
from app.pace import paced
from app.panel import QUIET, Panel, Wishes, number_wish
from app.player import Reel, player, still
from app.printing import Frame, Order

_SEVERAL = 12
FRAMES_A_SECOND = 24  # of the stream; sampling itself is several times as fast


def build(models: Models, model: gr.Dropdown, page: gr.Blocks, tab: gr.Tab, processor: dict[str, Any]) -> Panel:
    """Puts the tab's components into the page being built; arguments as in `read_tab.build`."""
    stopped: set[str] = set()  # sessions whose visitor pressed Stop

    def start(session: gr.Request) -> tuple[Any, ...]:
        stopped.discard(str(session.session_hash))
        return gr.Button(interactive=False), gr.Button(interactive=True), message("Waiting for the press\u2026")

    def stop(session: gr.Request) -> None:
        stopped.add(str(session.session_hash))

    def leave(session: gr.Request) -> None:
        stopped.discard(str(session.session_hash))

    def press(session: gr.Request, key: str, *wishes: Any) -> Iterator[tuple[Any, ...]]:
        """Streams frames to the page; ends early, but in good order, when the visitor stops it."""
        who = str(session.session_hash)
        busy = (gr.Button(interactive=False), gr.Button(interactive=True))
        idle = (gr.Button(interactive=True), gr.Button(interactive=False))
        try:
            explorer = models.get(key)
            order = printing.check(explorer, *wishes)
        except ValueError as error:
            yield gr.skip(), message(str(error), "problem"), gr.skip(), gr.skip(), *idle
            return
        reel = Reel(uuid.uuid4().hex, order.steps, printing.band(explorer))
        frames: list[Frame] = []
        try:
            for frame in paced(printing.run(explorer, order), FRAMES_A_SECOND):
                frames.append(frame)
                reel.add(frame.step, frame.ink, frame.energy)
                line = message(f"Printing {_what(explorer, order)}\u2026")
                buttons = busy if frame.step == 0 else (gr.skip(), gr.skip())
                yield reel.value(), line, gr.skip(), gr.skip(), *buttons
                if who in stopped:
                    break
            letters, sentence = printing.read_back(explorer, order, frames[-1].x)
            if frames[-1].step < order.steps:
                sentence = f"Stopped after {frames[-1].step} of {order.steps} steps. {sentence}"
            done = reel.value(done=True, letters=letters), message(sentence)
            yield *done, *[gr.skip()] * 4  # the files take a moment longer, and Gradio drops a press during this one
            with tempfile.TemporaryDirectory() as folder:  # Gradio copies the files when it sends them
                png, film = _save(Path(folder), order, frames)
                files = (gr.DownloadButton(value=str(path), interactive=True) for path in (png, film))
                yield gr.skip(), gr.skip(), *files, *idle
        finally:
            stopped.discard(who)

    def generate(
        sort: str, count: int, steps: int, step_size: float, noise: float, seed: int, model: str = ""
    ) -> Iterator[tuple[Any, ...]]:
        """Prints glyphs from noise: a frame every few steps (step, energies, picture); the last brings the grid.

        `seconds` is what the sampler took so far, which does not wait for the frames.
        """
        try:
            explorer = models.get(model)
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

    def again(session: gr.Request, tab: str, key: str, *wishes: Any) -> Iterator[tuple[Any, ...]]:
        if tab != "print":
            yield (gr.skip(),) * 7
            return
        for update in press(session, key, *wishes):
            yield True, *update

    def show(explorer: Explorer, wishes: Wishes) -> list[Any]:
        fresh = [type(component)(**given) for component, given in zip(controls, _view(explorer, wishes), strict=True)]
        return [*fresh, _noise_only(explorer), message("Every glyph starts as noise. Press Print.")]

    first = iter(_view(models.first, {}))
    with gr.Row(elem_id="press", elem_classes="areas"):
        with gr.Column(elem_classes="area-a", min_width=0):
            sort = gr.Dropdown(**next(first), label="Sort to print", elem_id="sort")
            count = gr.Slider(*printing.COUNT, **next(first), step=1, label="Number of glyphs", elem_id="count")
            with gr.Row(elem_classes="buttons"):
                go = gr.Button("Print", variant="primary", elem_id="go", min_width=90)
                halt = gr.Button("Stop", elem_id="halt", interactive=False, min_width=90)
        with gr.Column(elem_classes="area-b", min_width=0):
            view = player("printed", "Press Print: every glyph starts as noise.")
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
                *printing.STEPS, **next(first), step=16, label="Steps", elem_id="steps",
                info="of Langevin dynamics: downhill in energy, plus a little noise",
            )  # fmt: skip
            step_size = gr.Slider(**next(first), label="Step size", elem_id="step-size")
            noise = gr.Slider(
                **next(first), step=0.001, label="Noise", elem_id="noise", info="how strongly each step is shaken"
            )
            seed = gr.Number(
                **next(first), label="Seed", precision=0, elem_id="seed", info="the same seed prints the same glyphs"
            )
    controls = [sort, count, steps, step_size, noise, seed]
    seen = gr.State(False)
    wishes = [model, *controls]
    outputs = [view, status, png, film, go, halt]
    ready = {"outputs": [go, halt, status], "queue": False, **QUIET}

    go.click(start, None, **ready).then(press, wishes, outputs, preprocess=False, **QUIET, **processor)
    tab.select(first_visit, [seen, *wishes], [seen, *outputs], preprocess=False, **QUIET, **processor)
    halt.click(stop, queue=False, **QUIET)
    report, grid = gr.JSON(visible=False), gr.File(visible=False)
    which = gr.Textbox("", visible=False, label="model")
    gr.Button(visible=False).click(
        generate, [*controls, which], [report, grid], preprocess=False, api_name="generate", **processor
    )
    page.unload(leave)
    state = dict(zip(("sort", "count", "steps", "step_size", "noise", "seed"), controls, strict=True))
    return Panel("print", [*controls, view, status], show, state, again, controls, [seen, *outputs])


def _view(explorer: Explorer, wishes: Wishes) -> list[dict[str, Any]]:
    """What sort, count, steps, step size, noise and seed show at first, as their components' arguments."""
    recipe = explorer.card.sampler
    choices = [(f"{ANY} \u2013 the model chooses", ANY)]
    if explorer.has_sorts:
        choices += [(explorer.title(sort), sort) for sort in explorer.card.sorts]
    asked = wishes.get("sort", "")
    sort = asked if asked in [key for _, key in choices] else _first_sort(explorer)
    grain = float(f"{recipe['step_size'] / 6:.1g}")  # one digit: 0.02, or 2
    widest = min(24 * grain, printing.STEP_SIZE[1])
    loud = min(max(0.1, 4 * recipe["noise"]), printing.NOISE[1])
    info = "how far a step changes a pixel, on average (ink and paper are 2 apart)"
    return [
        {"choices": choices, "value": sort},
        {"value": number_wish(wishes, "count", _SEVERAL, *printing.COUNT)},
        {"value": number_wish(wishes, "steps", int(recipe["print_steps"]), *printing.STEPS)},
        {
            "minimum": grain, "maximum": widest, "step": grain,
            "value": number_wish(wishes, "step_size", float(recipe["step_size"]), grain, widest),
            "info": info if recipe["normalize"] else "how far downhill a step goes",
        },
        {"minimum": 0, "maximum": loud, "value": number_wish(wishes, "noise", float(recipe["noise"]), 0, loud)},
        {"value": number_wish(wishes, "seed", 0, *printing.SEED)},
    ]  # fmt: skip


def _noise_only(explorer: Explorer) -> dict[str, Any]:
    """What the press begins with, for the player."""
    recipe = explorer.card.sampler
    blank = Order(ANY, None, _SEVERAL, recipe["print_steps"], recipe["step_size"], recipe["noise"], 0)
    frame = next(printing.run(explorer, blank))
    return still(frame.ink, frame.energy, run=uuid.uuid4().hex)


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
