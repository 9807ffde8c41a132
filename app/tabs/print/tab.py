"""The tab Print: print new glyphs from noise, watch them, go back and forth, and diagnose the chains."""

import json
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr
import torch
from gradio.blocks import Block
from gradio.components import Component
from torch import Tensor

from app.models.loaded import LoadedModel
from app.parts.by_engine import calls_page, shown_again
from app.parts.drawing import message
from app.parts.pace import paced
from app.parts.panel import PRINTING, QUIET, WORKING, Context, Panel, Shown, Values, Wishes, updates
from app.parts.player import Reel, player
from app.tabs.print import controls as print_controls
from app.tabs.print import endpoints as print_endpoints
from app.tabs.print import run as printing
from app.tabs.print.by_engine import PLACE, print_by_engine, run_told
from app.tabs.print.controls import Controls, Recipes, settings_of
from app.tabs.print.diagnosis import diagnose
from app.tabs.print.run import Frame, PrintRequest
from app.tabs.print.saving import save
from app.tabs.print.showing import line_of, noise_only, what_of
from ebm.data.corpus import to_model_space

_SERVER = "by-server-only"  # what is of no use where the page's own engine prints
_BEFORE = "Every glyph starts as noise. Press Print."


def build(context: Context) -> Panel:
    """Puts the tab's components into the page being built."""
    tab = lay_out(context)
    wire(tab)
    controls = tab.controls.by_name()
    recipe = [tab.recipes.preset, tab.recipes.words, tab.recipes.texts]
    outputs = [*controls.values(), *recipe, tab.player, tab.status, tab.line, tab.run]
    return Panel("print", outputs, tab.show, controls, by_page=shown_again(PLACE, context, controls))


@dataclass(frozen=True)
class Run:
    """A run that is over: its glyphs uint8 (N, 56, 56), its steps in all, the energies (frames, N) it went down."""

    request: PrintRequest
    ink: Tensor
    step: int
    energy: Tensor


@dataclass(frozen=True)
class Print:
    """The tab's components, and what happens to them.

    Args:
        context: what the tab is built into.
        controls: what is printed.
        recipes: how it is printed.
        go: the button that prints.
        on: the button that goes on with the last run.
        halt: the button that stops.
        player: shows the chains.
        status: how the run stands, in words.
        line: a word, set on a line.
        files: buttons that save the grid, the animation and the chains.
        diagnose: the button that diagnoses the last run.
        diagnosis: what it found.
        by_engine: the page's own engine prints there, where it can; else it asks the server.
        run: the last run (`Run`), or None.
        stopped: sessions whose visitor pressed Stop.
    """

    context: Context
    controls: Controls
    recipes: Recipes
    go: gr.Button
    on: gr.Button
    halt: gr.Button
    player: gr.HTML
    status: gr.HTML
    line: gr.HTML
    files: list[gr.DownloadButton]
    diagnose: gr.Button
    diagnosis: gr.HTML
    by_engine: gr.HTML
    run: gr.State
    stopped: set[str] = field(default_factory=set)

    @property
    def asking(self) -> set[Block]:
        """What a run needs to know."""
        return {self.context.model, self.run, *self.controls.by_name().values()}

    @property
    def outputs(self) -> list[Component]:
        """What a run changes."""
        return [self.player, self.status, self.line, *self.files, self.run, self.go, self.on, self.halt]

    def wait(self, session: gr.Request) -> Shown:
        """Says that the run was asked for; it may have to wait."""
        self.stopped.discard(str(session.session_hash))
        return self._buttons(halt=True) | {self.status: message("Waiting for a free place\u2026")}

    def stop(self, session: gr.Request) -> None:
        """Ends the visitor's run at its next frame."""
        self.stopped.add(str(session.session_hash))

    def leave(self, session: gr.Request) -> None:
        """Forgets a visitor."""
        self.stopped.discard(str(session.session_hash))

    def start(self, session: gr.Request, values: Values) -> Iterator[Shown]:
        """Prints what the controls ask for."""
        yield from self._print(str(session.session_hash), values, None)

    def go_on(self, session: gr.Request, values: Values) -> Iterator[Shown]:
        """Goes on with the last run."""
        yield from self._print(str(session.session_hash), values, values[self.run])

    def _print(self, who: str, values: Values, last: Any) -> Iterator[Shown]:
        """Prints, or goes on with the last run. Where the visitor stops it, it ends early and still saves its files."""
        try:
            loaded = self.context.models.get(values[self.context.model])
            request = printing.check(loaded, **self.controls.asked(values))
            request = request if last is None else _continued(request, last)
        except ValueError as error:
            yield {self.status: message(str(error), "problem")} | self._buttons(go=True)
            return
        reel = Reel(uuid.uuid4().hex, 0, loaded.band(), aim=printing.aim_of(request))
        frames: list[Frame] = []
        try:
            yield from self._stream(who, loaded, request, reel, frames)
            read, sentence = printing.read_back(loaded, request, frames[-1].x)
            if frames[-1].step < frames[-1].of:
                sentence = f"Stopped after {frames[-1].step} of {frames[-1].of} steps. {sentence}"
            energy = torch.tensor([frame.aimed for frame in frames])
            yield {  # the files take a moment longer, and Gradio ignores the buttons meanwhile: they stay as they are
                self.player: reel.value(done=True, letters=read),
                self.status: message(sentence),
                self.line: line_of(loaded, request, frames[-1].ink) if request.way == "word" else "",
                self.run: Run(request, frames[-1].ink, frames[-1].step, energy),
            }
            with tempfile.TemporaryDirectory() as folder:  # Gradio copies the files when it sends them
                saved = save(Path(folder), request, frames)
                files = [gr.DownloadButton(value=str(path), interactive=True) for path in saved]
                yield dict(zip(self.files, files, strict=True)) | self._buttons(go=True, on=True)
        finally:
            self.stopped.discard(who)

    def _stream(
        self, who: str, loaded: LoadedModel, request: PrintRequest, reel: Reel, frames: list[Frame]
    ) -> Iterator[Shown]:
        """Shows the frames of a run while they come, until the visitor stops it; reel and frames take them in."""
        words = message(f"Printing {what_of(loaded, request)}\u2026")
        for frame in paced(printing.run(loaded, request)):
            frames.append(frame)
            reel.about["of"] = frame.of
            reel.add(frame.step, frame.ink, frame.energy, frame.aimed)
            shown = {self.player: reel.value(), self.status: words, self.line: ""}
            yield shown | self._buttons(halt=True) if len(frames) == 1 else shown
            if who in self.stopped:
                break

    def _buttons(self, go: bool = False, on: bool = False, halt: bool = False) -> Shown:
        """Which of the three buttons can be pressed."""
        return {
            self.go: gr.Button(interactive=go),
            self.on: gr.Button(interactive=on),
            self.halt: gr.Button(interactive=halt),
        }

    def show_diagnosis(self, key: str, last: Any) -> Shown:
        """Diagnoses the chains of the last run."""
        try:
            if not isinstance(last, Run):
                raise ValueError("There is nothing to diagnose yet: print first.")
            x = to_model_space(last.ink)
            return {self.diagnosis: diagnose(self.context.models.get(key), last.request, x, last.energy, last.step)}
        except ValueError as error:
            return {self.diagnosis: message(str(error), "problem")}

    def diagnose_told(self, key: str, told: Any) -> Shown:
        """Diagnoses a run of the page's engine."""
        try:
            loaded = self.context.models.get(key)
            request, ink, step, energy = run_told(loaded, told)
            return {self.diagnosis: diagnose(loaded, request, to_model_space(ink), energy, step)}
        except ValueError as error:
            return {self.diagnosis: message(str(error), "problem")}

    def set_told(self, key: str, told: Any) -> Shown:
        """Sets a word that the page's engine has printed on a line."""
        try:
            loaded = self.context.models.get(key)
            request, ink, _, _ = run_told(loaded, told)
            return {self.line: line_of(loaded, request, ink) if request.way == "word" else ""}
        except ValueError as error:
            return {self.line: message(str(error), "problem")}

    def show(self, loaded: LoadedModel, wishes: Wishes) -> Shown:
        """The controls for a model, and noise in place of the last run."""
        empty = {self.player: noise_only(loaded), self.status: message(_BEFORE), self.line: "", self.run: None}
        settings = settings_of(loaded, wishes)
        how = [settings[name]["value"] for name in ("steps", "step_size", "noise")]
        empty[self.recipes.texts] = {"": settings["way"]["value"]}
        return updates(self.controls.by_name(), settings) | self.recipes.showing(loaded, *how) | empty


def lay_out(context: Context) -> Print:
    """Makes the tab's components, left to right."""
    start = settings_of(context.models.first, {})
    with gr.Row(elem_id="print", elem_classes="areas"):
        with gr.Column(elem_classes="area-a", min_width=0):
            what = print_controls.lay_out_what(start)
            with gr.Row(elem_classes="buttons"):
                go = gr.Button("Print", variant="primary", elem_id="go", min_width=80)
                on = gr.Button("Go on", elem_id="go-on", elem_classes=_SERVER, interactive=False, min_width=70)
                halt = gr.Button("Stop", elem_id="halt", elem_classes=_SERVER, interactive=False, min_width=70)
        with gr.Column(elem_classes="area-b", min_width=0):
            view = player("printed", "Press Print: every glyph starts as noise.")
            line = gr.HTML("", elem_id="word-line", js_on_load=None)
            status = gr.HTML(message(_BEFORE), elem_id="print-status", elem_classes=_SERVER, js_on_load=None)
            tools = print_by_engine()
            with gr.Row(elem_classes=["buttons", _SERVER]):
                files = [
                    gr.DownloadButton(label, interactive=False, size="sm", elem_id=name, min_width=140)
                    for label, name in (
                        ("Save the grid (PNG)", "save-png"), ("Save the animation (WebP)", "save-film"),
                        ("Save the chains (.npz)", "save-chains"),
                    )
                ]  # fmt: skip
            with gr.Accordion("Diagnose these chains", open=False, elem_id="diagnose"):
                diagnose_last = gr.Button("Diagnose the last run", size="sm", elem_id="diagnose-go")
                diagnosis = gr.HTML("", elem_id="diagnosis", js_on_load=None)
        with gr.Column(elem_classes="area-c", min_width=0), gr.Accordion("How it is printed", open=True):
            controls, recipes = print_controls.lay_out_how(start, context, what)
    return Print(
        context, controls, recipes, go, on, halt, view, status, line, files, diagnose_last, diagnosis,
        tools, gr.State(None),
    )  # fmt: skip


def wire(tab: Print) -> None:
    """Says what happens when."""
    # While all places are taken, Gradio writes the place in the queue over the status line.
    waiting = {"show_progress": "minimal", "show_progress_on": tab.status}
    using: dict[str, Any] = {"preprocess": False, **QUIET, **waiting, **PRINTING}
    ready: dict[str, Any] = {"queue": False, **QUIET}
    buttons = [tab.go, tab.on, tab.halt, tab.status]
    tab.by_engine.play(tab.wait, None, buttons, **ready).then(tab.start, tab.asking, tab.outputs, **using)
    tab.by_engine.submit(tab.wait, None, buttons, **ready).then(tab.go_on, tab.asking, tab.outputs, **using)
    asking: dict[str, Any] = {"preprocess": False, **QUIET, **WORKING}
    model, told = tab.context.model, tab.by_engine
    tab.by_engine.apply(tab.show_diagnosis, [model, tab.run], tab.diagnosis, **asking)
    tab.by_engine.select(tab.diagnose_told, [model, told], tab.diagnosis, **asking)
    tab.by_engine.edit(tab.set_told, [model, told], tab.line, **asking)
    tab.halt.click(tab.stop, queue=False, **QUIET)
    tab.context.page.unload(tab.leave)
    calls = [
        ([tab.go.click, tab.controls.text.submit], "ask('start', values)"), ([tab.on.click], "ask('on', values)"),
        ([tab.recipes.compare.click], f"compare(values, {json.dumps(print_controls.side_by_side())})"),
        ([tab.diagnose.click], "diagnose()"), ([tab.context.tab.select], "visit(values)"),
        ([getattr(c, "change") for c in tab.controls.by_name().values()], "change(values)"),  # noqa: B009 (as in keep_link)
    ]  # fmt: skip
    calls_page(PLACE, calls, tab.controls.by_name())
    print_controls.wire(tab.recipes)
    print_endpoints.build(tab.context.models)


def _continued(request: PrintRequest, last: Any) -> PrintRequest:
    """The request that goes on with a run.

    Raises:
        ValueError: where there is nothing to go on with.
    """
    if not isinstance(last, Run) or len(last.ink) != request.count:
        raise ValueError("Nothing like this was printed yet: press Print first.")
    if last.step + request.steps > 10 * printing.STEPS[1]:
        raise ValueError(f"These chains are {last.step} steps long: that is enough. Press Print for fresh ones.")
    return printing.continued(request, to_model_space(last.ink), last.step)
