"""The tab Print: print new glyphs from noise, watch them, go back and forth, and judge the chains."""

import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import torch

from app.models.library import Models
from app.models.loaded import ANY, LoadedModel
from app.parts.drawing import data_uri, message
from app.parts.pace import paced
from app.parts.player import Reel, player, still
from app.tabs.panel import PRINTING, QUIET, WORKING, Panel, Wishes, number_wish
from app.tabs.print import api as print_api
from app.tabs.print import run as printing
from app.tabs.print.api import FRAMES_A_SECOND, letters
from app.tabs.print.diagnosis import judge
from app.tabs.print.run import WAYS, Frame, Order
from app.tabs.print.saving import save
from app.tabs.print.typesetting import set_line
from ebm.data.corpus import to_bytes, to_model_space

_SEVERAL = 12
_SHOWN = 72  # updates of the page in a run of one recorded frame a step: about three seconds
# What each does to (steps, step size, noise) of the trained recipe, and what to look for.
PRESETS = {
    "trained recipe": (1, 1, 1, "as in training"),
    "too hot": (1, 1, 30, "thirty times the noise: chains cannot settle in a valley"),
    "frozen": (1, 1, 0, "no noise: straight down into the nearest valley"),
    "ten times longer": (10, 1, 1, "far beyond the length of printing: energies sink far below those of real glyphs"),
}


def build(models: Models, model: gr.Dropdown, page: gr.Blocks, tab: gr.Tab) -> Panel:
    """Puts the tab's components into the page being built; arguments as in `read_tab.build`."""
    stopped: set[str] = set()  # sessions whose visitor pressed Stop

    def start(session: gr.Request) -> tuple[Any, ...]:
        stopped.discard(str(session.session_hash))
        return *[gr.Button(interactive=False)] * 2, gr.Button(interactive=True), message("Waiting for the press\u2026")

    def stop(session: gr.Request) -> None:
        stopped.add(str(session.session_hash))

    def leave(session: gr.Request) -> None:
        stopped.discard(str(session.session_hash))

    def press(session: gr.Request, key: str, *wishes: Any) -> Iterator[tuple[Any, ...]]:
        yield from _press(str(session.session_hash), key, wishes, None)

    def go_on(session: gr.Request, key: str, held: Any, *wishes: Any) -> Iterator[tuple[Any, ...]]:
        yield from _press(str(session.session_hash), key, wishes, held)

    def _press(who: str, key: str, wishes: tuple[Any, ...], held: Any) -> Iterator[tuple[Any, ...]]:
        """Streams frames to the page; ends early, but in good order, when the visitor stops it."""
        keep, busy, idle = [gr.skip()] * 3, _buttons(False, False, True), _buttons(True, True, False)
        try:
            loaded = models.get(key)
            order = _order(loaded, wishes, held)
        except ValueError as error:
            yield gr.skip(), message(str(error), "problem"), gr.skip(), *keep, gr.skip(), *_buttons(True, False, False)
            return
        reel = Reel(uuid.uuid4().hex, 0, None if order.way == "combination" else printing.band(loaded))
        frames: list[Frame] = []
        try:
            together = -(-min(order.steps, printing.FRAMES) // _SHOWN)
            for frame in paced(printing.run(loaded, order), FRAMES_A_SECOND * together):
                frames.append(frame)
                reel.about["of"] = frame.of
                reel.add(frame.step, frame.ink, frame.energy)
                if len(frames) % together == 0 or len(frames) == 1:
                    line = message(f"Printing {_what(loaded, order)}\u2026")
                    yield reel.value(), line, "", *keep, gr.skip(), *(busy if len(frames) == 1 else keep)
                if who in stopped:
                    break
            read, sentence = printing.read_back(loaded, order, frames[-1].x)
            if frames[-1].step < frames[-1].of:
                sentence = f"Stopped after {frames[-1].step} of {frames[-1].of} steps. {sentence}"
            set_as = _line(loaded, order, frames[-1]) if order.way == "word" else ""
            done = reel.value(done=True, letters=read), message(sentence), set_as
            run = {"order": order, "ink": frames[-1].ink, "step": frames[-1].step,
                   "energy": torch.tensor([frame.energy for frame in frames])}  # fmt: skip
            yield *done, *keep, run, *keep  # the files take a moment longer, and Gradio drops a press during this one
            with tempfile.TemporaryDirectory() as folder:  # Gradio copies the files when it sends them
                files = [gr.DownloadButton(value=str(p), interactive=True) for p in save(Path(folder), order, frames)]
                yield *[gr.skip()] * 3, *files, gr.skip(), *idle
        finally:
            stopped.discard(who)

    def first_visit(session: gr.Request, seen: bool, key: str, *wishes: Any) -> Iterator[tuple[Any, ...]]:
        if seen:
            yield True, *[gr.skip()] * len(outputs)
            return
        for update in _press(str(session.session_hash), key, wishes, None):
            yield True, *update

    def again(session: gr.Request, opened: str, key: str, *wishes: Any) -> Iterator[tuple[Any, ...]]:
        if opened != "print":
            yield (gr.skip(),) * (1 + len(outputs))
            return
        yield from first_visit(session, False, key, *wishes)

    def judged(key: str, held: Any) -> str:
        try:
            if not isinstance(held, dict):
                raise ValueError("There is nothing to judge yet: print first.")
            x = to_model_space(held["ink"])
            return judge(models.get(key), held["order"], x, held["energy"], held["step"])
        except ValueError as error:
            return message(str(error), "problem")

    def preset(key: str, name: str) -> tuple[Any, ...]:
        recipe = models.get(key).card.sampler
        steps, size, noise, words = PRESETS.get(name, (1, 1, 1, ""))
        longest = min(int(recipe["print_steps"]) * steps, printing.STEPS[1])
        hot = min(recipe["print_noise"] * noise, printing.NOISE[1])
        return longest, recipe["step_size"] * size, gr.Slider(value=hot, maximum=max(0.1, hot)), words

    def show(loaded: LoadedModel, wishes: Wishes) -> list[Any]:
        fresh = [type(component)(**given) for component, given in zip(controls, _view(loaded, wishes), strict=True)]
        return [*fresh, _noise_only(loaded), message("Every glyph starts as noise. Press Print."), "", None]

    first = iter(_view(models.first, {}))
    with gr.Row(elem_id="press", elem_classes="areas"):
        with gr.Column(elem_classes="area-a", min_width=0):
            way = gr.Radio(
                [("one sort", "sort"), ("a combination", "combination"), ("a word", "word"), ("no sort", "straight")],
                **next(first), label="What to print", elem_id="way",
            )  # fmt: skip
            sort = gr.Dropdown(**next(first), label="Sort to print", elem_id="sort")
            text = gr.Textbox(**next(first), elem_id="text", max_lines=1, submit_btn=False)
            count = gr.Slider(*printing.COUNT, **next(first), step=1, label="Number of glyphs", elem_id="count")
            with gr.Row(elem_classes="buttons"):
                go = gr.Button("Print", variant="primary", elem_id="go", min_width=80)
                on = gr.Button("Go on", elem_id="go-on", interactive=False, min_width=70)
                halt = gr.Button("Stop", elem_id="halt", interactive=False, min_width=70)
        with gr.Column(elem_classes="area-b", min_width=0):
            view = player("printed", "Press Print: every glyph starts as noise.")
            line = gr.HTML("", elem_id="word-line", js_on_load=None)
            status = gr.HTML(
                message("Every glyph starts as noise. Press Print."), elem_id="print-status", js_on_load=None
            )
            with gr.Row(elem_classes="buttons"):
                files = [
                    gr.DownloadButton(label, interactive=False, size="sm", elem_id=name, min_width=140)
                    for label, name in (
                        ("Save the grid (PNG)", "save-png"), ("Save the animation (WebP)", "save-film"),
                        ("Save the chains (.npz)", "save-chains"),
                    )
                ]  # fmt: skip
            with gr.Accordion("Judge these chains", open=False, elem_id="judge"):
                ask = gr.Button("Judge the last run", size="sm", elem_id="judge-go")
                verdict = gr.HTML("", elem_id="judged", js_on_load=None)
        with gr.Column(elem_classes="area-c", min_width=0), gr.Accordion("How it is printed", open=True):
            recipe = gr.Radio(list(PRESETS), value="trained recipe", label="Recipe", elem_id="recipe")
            told = gr.HTML("", elem_id="recipe-told", js_on_load=None)
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
            guidance = gr.Slider(
                *printing.GUIDANCE, **next(first), step=0.5, label="Guidance", elem_id="guidance",
                info="how much the sort counts: 1 as trained, 0 not at all, more is plainer and less varied",
            )  # fmt: skip
    controls = [way, sort, text, count, steps, step_size, noise, seed, guidance]
    seen, run = gr.State(False), gr.State(None)
    wishes = [model, *controls]
    outputs = [view, status, line, *files, run, go, on, halt]
    ready = {"outputs": [go, on, halt, status], "queue": False, **QUIET}
    # While all presses are busy, Gradio writes the place in the queue over the status line.
    waiting = {"show_progress": "minimal", "show_progress_on": status}
    using: dict[str, Any] = {"preprocess": False, **QUIET, **waiting, **PRINTING}

    gr.on([go.click, text.submit], start, None, **ready).then(press, wishes, outputs, **using)
    on.click(start, None, **ready).then(go_on, [model, run, *controls], outputs, **using)
    tab.select(first_visit, [seen, *wishes], [seen, *outputs], **using)
    halt.click(stop, queue=False, **QUIET)
    recipe.input(preset, [model, recipe], [steps, step_size, noise, told], preprocess=False, queue=False, **QUIET)
    asked = [sort, text, count, guidance]
    way.input(
        lambda chosen: [type(c)(**given) for c, given in zip(asked, _asks(chosen), strict=True)], way, asked,
        preprocess=False, queue=False, **QUIET,
    )  # fmt: skip
    ask.click(judged, [model, run], verdict, preprocess=False, **QUIET, **WORKING)
    print_api.build(models, [sort, count, steps, step_size, noise, seed])
    page.unload(leave)
    names = ("way", "sort", "text", "count", "steps", "step_size", "noise", "seed", "guidance")
    state = dict(zip(names, controls, strict=True))
    return Panel(
        "print", [*controls, view, status, line, run], show, state, again, controls, [seen, *outputs], PRINTING
    )


def _buttons(*usable: bool) -> tuple[gr.Button, ...]:
    return tuple(gr.Button(interactive=can) for can in usable)


def _asks(way: str) -> list[dict[str, Any]]:
    """How the controls look that not every way of printing needs: sort, text, count, guidance."""
    text = {"label": "Word" if way == "word" else "Combination", "info": WAYS.get(way, "")}
    return [
        {"visible": way == "sort"}, {"visible": way in ("combination", "word"), **text}, {"visible": way != "word"},
        {"visible": way in ("sort", "word")},
    ]  # fmt: skip


def _order(loaded: LoadedModel, wishes: tuple[Any, ...], held: Any) -> Order:
    """The order that the page's controls make, or how the run that is held goes on.

    Raises:
        ValueError: for a value out of bounds, or where there is nothing to go on with.
    """
    way, sort, text, count, steps, step_size, noise, seed, guidance = wishes
    order = printing.check(
        loaded, sort, count, steps, step_size, noise, seed, way=way, text=text, guidance=guidance
    )  # fmt: skip
    if held is None:
        return order
    if not isinstance(held, dict) or len(held["ink"]) != order.count:
        raise ValueError("Nothing like this was printed yet: press Print first.")
    if held["step"] + order.steps > 10 * printing.STEPS[1]:
        raise ValueError(f"These chains are {held['step']} steps long: that is enough. Press Print for fresh ones.")
    return printing.continued(order, to_model_space(held["ink"]), held["step"])


def _line(loaded: LoadedModel, order: Order, frame: Frame) -> str:
    """A word as it is set, as HTML; a sentence where the sorts' places on the line are not known."""
    try:
        picture = set_line(frame.ink, letters(loaded, order))
    except ValueError as error:
        return message(str(error))
    return f'<figure class="line"><img src="{data_uri(picture)}" alt="{len(frame.ink)} letters set on a line"></figure>'


def _view(loaded: LoadedModel, wishes: Wishes) -> list[dict[str, Any]]:
    """What the controls show, in their order, as their components' arguments."""
    recipe = loaded.card.sampler
    choices = [(f"{ANY} \u2013 the model chooses", ANY)]
    if loaded.has_sorts:
        choices += [(loaded.title(sort), sort) for sort in loaded.card.sorts]
    asked = wishes.get("sort", "")
    sort = asked if asked in [key for _, key in choices] else _first_sort(loaded)
    way = wishes.get("way", "sort") if wishes.get("way") in WAYS else "sort"
    asks = _asks(way)
    grain = float(f"{recipe['step_size'] / 6:.1g}")  # one digit: 0.02, or 2
    widest = min(round(24 * grain, 4), printing.STEP_SIZE[1])
    hot = number_wish(wishes, "noise", float(recipe["print_noise"]), *printing.NOISE)
    return [
        {"value": way},
        {"choices": choices, "value": sort, **asks[0]},
        {"value": wishes.get("text", "u and v")[:200], **asks[1]},
        {"value": number_wish(wishes, "count", _SEVERAL, *printing.COUNT), **asks[2]},
        {"value": number_wish(wishes, "steps", int(recipe["print_steps"]), *printing.STEPS)},
        {
            "minimum": grain, "maximum": widest, "step": grain,
            "value": number_wish(wishes, "step_size", float(recipe["step_size"]), grain, widest),
            "info": "how far downhill a step goes",
        },
        {"minimum": 0, "maximum": max(0.1, 4 * recipe["print_noise"], hot), "value": hot},
        {"value": number_wish(wishes, "seed", 0, *printing.SEED)},
        {"value": number_wish(wishes, "guidance", 1.0, *printing.GUIDANCE), **asks[3]},
    ]  # fmt: skip


def _noise_only(loaded: LoadedModel) -> dict[str, Any]:
    """What the press begins with, for the player."""
    recipe = loaded.card.sampler
    blank = printing.check(
        loaded, ANY, _SEVERAL, printing.STEPS[0], recipe["step_size"], recipe["print_noise"], 0
    )  # fmt: skip
    frame = next(printing.run(loaded, blank))
    return still(to_bytes(frame.x), frame.energy, run=uuid.uuid4().hex)


def _what(loaded: LoadedModel, order: Order) -> str:
    glyphs = "one glyph" if order.count == 1 else f"{order.count} glyphs"
    if order.text:
        return f"{glyphs}: {order.text}"
    return f"{glyphs} of any sort" if order.sort == ANY else f"{glyphs} of {loaded.title(order.sort)}"


def _first_sort(loaded: LoadedModel) -> str:
    """What the page prints first: an a, which everyone knows, or any."""
    if not loaded.has_sorts:
        return ANY
    return "a" if "a" in loaded.card.sorts else loaded.card.sorts[0]
