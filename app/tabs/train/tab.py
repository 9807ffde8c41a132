"""The tab Train: a small model of a few sorts learns while you watch."""

import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from app.models.library import KEPT
from app.models.loaded import LoadedModel, load
from app.parts.drawing import message
from app.parts.panel import BUSY, QUIET, TRAINING, Context, Panel, Settings, Shown, Values, Wishes, number_wish, updates
from app.tabs.train.endpoints import Endpoints
from app.tabs.train.run import FIRST, RESAMPLES, SECONDS, STRANGERS, learn
from app.tabs.train.view import picture, report, without_pictures
from app.visitors.endpoints import offer
from ebm.data.synthetic.sorts import SORTS

_MODES = {"jem": "a joint model, sort by sort", "ebm": "an EBM without classes"}
_INTRO = (
    "Choose a few sorts and press Start: glyphs of them are written and printed, and a network learns to read them and "
    "to find the way to them from noise. Then Langevin chains start. The energies of their glyphs are pushed up, "
    "those of real glyphs pulled down, until the two cannot be told apart. The first letters appear in the "
    "replay buffer after half a minute to a minute."
)


def build(context: Context) -> Panel:
    """Puts the tab's components into the page being built."""
    train = lay_out(context)
    wire(train)
    chosen = [(train.use.click, train.key, "print")]
    return Panel("train", list(train.controls.values()), train.show, train.controls, chosen=chosen)


@dataclass(frozen=True)
class Train:
    """The tab's components, and what happens to them.

    Args:
        context: what the tab is built into.
        controls: the settings, by the names that they have in links.
        go: the button that starts.
        halt: the button that stops.
        use: the button that makes the trained model the page's.
        said: how the training stands, in words.
        view: what is to be seen of it.
        files: of the trained model.
        key: of the trained model among the page's models, "" before there is one.
        stopped: sessions whose visitor pressed Stop or left.
    """

    context: Context
    controls: dict[str, Component]
    go: gr.Button
    halt: gr.Button
    use: gr.Button
    said: gr.HTML
    view: gr.HTML
    files: gr.File
    key: gr.State
    stopped: set[str] = field(default_factory=set)

    @property
    def outputs(self) -> list[Component]:
        """What a training changes."""
        return [self.said, self.view, self.files, self.go, self.halt, self.key]

    def start(self, session: gr.Request, values: Values) -> Iterator[Shown]:
        """Trains and shows how it goes, where there is a place for one more training."""
        who = str(session.session_hash)
        self.stopped.discard(who)
        places = self.context.places
        assert places is not None, "the tab is built only where visitors may train"
        if not places.acquire(blocking=False):
            yield {self.said: message(BUSY, "problem"), **self._idle()}
            return
        try:
            yield {
                self.said: message("Writing and printing the glyphs\u2026"),
                self.files: gr.File(visible=False),
                self.go: gr.Button(interactive=False),
                self.halt: gr.Button(interactive=True),
            }
            yield from self._watch(who, {name: values[control] for name, control in self.controls.items()})
        finally:
            self.stopped.discard(who)
            places.release()

    def _watch(self, who: str, asked: dict[str, Any]) -> Iterator[Shown]:
        """A training, moment by moment; ends in a model that can be chosen."""
        from ebm.training.trained import Trained  # Lightning: not before someone trains

        moments: list[Any] = []
        settings = {"steps": asked["sgld"], "seed": asked["train_seed"], **{k: asked[k] for k in ("lr", "alpha")}}
        run = learn(
            asked["sorts"], asked["mode"], seconds=asked["seconds"], is_stopped=lambda: who in self.stopped, **settings
        )  # fmt: skip
        try:
            for seen in run:
                if isinstance(seen, Trained):
                    break
                moments = [*moments[:-1], *map(without_pictures, moments[-1:]), seen]
                learning = seen.stage == "matching"
                stage = "It learns the way from noise to glyphs" if learning else "The chains are running"
                words = f"{stage}: step {seen.step}, {seen.seconds:.0f} of {float(asked['seconds']):.0f} s."
                yield {self.said: message(words), self.view: picture(moments)}
        except ValueError as error:
            yield {self.said: message(str(error), "problem"), **self._idle()}
            return
        finally:
            run.close()
        yield {self.said: message("Measuring it and writing its card\u2026")}
        made = seen.made
        with tempfile.TemporaryDirectory() as folder:
            loaded, files = _measured(Path(folder), seen)
            words = (
                f"Trained for {made['steps']} steps in {made['seconds']} s. It is kept here until {KEPT} other models "
                "have come after it, or the server is started again: download it to keep it."
            )
            yield {
                self.said: message(words), self.view: picture(moments, report(loaded)),
                self.files: gr.File(value=[str(file) for file in files], visible=True),
                self.key: self.context.models.add(loaded), **self._idle(),
            }  # fmt: skip

    def _idle(self) -> Shown:
        return {self.go: gr.Button(interactive=True), self.halt: gr.Button(interactive=False)}

    def stop(self, session: gr.Request) -> None:
        """Ends the visitor's training at its next moment."""
        self.stopped.add(str(session.session_hash))

    def offer_model(self, key: str) -> Shown:
        """Lets the visitor use the model, once there is one."""
        return {self.use: gr.Button(interactive=bool(key))}

    def show(self, loaded: LoadedModel, wishes: Wishes) -> Shown:
        """The controls as a link wants them; the model does not matter."""
        return updates(self.controls, _settings(wishes))


def lay_out(context: Context) -> Train:
    """Makes the tab's components, left to right."""
    start = _settings({})
    gr.HTML(f'<p class="fineprint">{_INTRO}</p>', js_on_load=None)
    with gr.Row(elem_id="train", elem_classes="areas"):
        with gr.Column(elem_classes="area-a", min_width=0):
            names = [(s.name if s.text == s.name else f"{s.name} ({s.text})", s.name) for s in SORTS]
            sorts = gr.Dropdown(
                names, **start["sorts"], multiselect=True, max_choices=8, label="Sorts", elem_id="train-sorts",
                info="up to eight; fewer sorts train faster",
            )  # fmt: skip
            modes = [(words, name) for name, words in _MODES.items()]
            mode = gr.Radio(modes, **start["mode"], label="What learns", elem_id="train-mode")
            seconds = gr.Slider(
                *SECONDS, **start["seconds"], step=10, label="Seconds", elem_id="train-seconds",
                info="you can stop earlier",
            )  # fmt: skip
            with gr.Row(elem_classes="buttons"):
                go = gr.Button("Start", variant="primary", elem_id="train-go", min_width=90)
                halt = gr.Button("Stop", elem_id="train-stop", interactive=False, min_width=90)
            with gr.Accordion("Settings", open=False):
                fine = _fine_controls(start)
        with gr.Column(elem_classes="area-b", min_width=0):
            said = gr.HTML(message("Nothing has been trained yet: press Start."), elem_id="train-said", js_on_load=None)
            view = gr.HTML("", elem_id="train-view", js_on_load=None)
            files = gr.File(visible=False, label="The trained model", elem_id="train-files", interactive=False)
    key = gr.State("")
    use = gr.Button("Use this model in the other tabs", elem_id="train-use", interactive=False)
    controls: dict[str, Component] = {"sorts": sorts, "mode": mode, "seconds": seconds, **fine}
    return Train(context, controls, go, halt, use, said, view, files, key)


def _fine_controls(start: Settings) -> dict[str, Component]:
    """The settings of the second row, by the names that they have in links."""
    return {
        "lr": gr.Slider(
            1e-5, 5e-3, **start["lr"], step=1e-5, label="Learning rate", elem_id="train-lr",
            info="too large, and training has to be rolled back",
        ),
        "sgld": gr.Slider(
            1, 60, **start["sgld"], step=1, label="SGLD steps", elem_id="train-steps",
            info="that chains run before each update",
        ),
        "alpha": gr.Slider(
            0, 1, **start["alpha"], step=0.05, label="L2 of energies (alpha)", elem_id="train-alpha",
            info="keeps energies near zero; without it they drift",
        ),
        "train_seed": gr.Number(
            **start["train_seed"], label="Seed", precision=0, elem_id="train-seed", info="of everything"
        ),
    }  # fmt: skip


def wire(train: Train) -> None:
    """Says what happens when."""
    inputs: set[Block] = {*train.controls.values()}
    started = train.go.click(train.start, inputs, train.outputs, preprocess=False, **TRAINING, **QUIET)
    started.then(train.offer_model, train.key, train.use, queue=False, **QUIET)
    train.halt.click(train.stop, queue=False, **QUIET)
    train.context.page.unload(train.stop)
    assert train.context.places is not None
    offer(Endpoints(train.context.places).train, **TRAINING)


def _measured(folder: Path, trained: Any) -> tuple[LoadedModel, list[Path]]:
    """The trained network as a model that a visitor may choose, and its files."""
    from ebm.evaluation.export import export  # Lightning: not before someone trains

    path = export(folder / f"live-{uuid.uuid4().hex[:4]}.safetensors", trained, n=STRANGERS, resamples=RESAMPLES)
    return load(path), [path, path.with_suffix(".json")]


def _settings(wishes: Wishes) -> Settings:
    """What the controls show."""
    names = [sort.name for sort in SORTS]
    sorts = [name for name in wishes.get("sorts", "").split(",") if name in names][:8] or FIRST
    return {
        "sorts": {"value": sorts},
        "mode": {"value": wishes["mode"] if wishes.get("mode") in _MODES else "jem"},
        "seconds": {"value": number_wish(wishes, "seconds", 90, *SECONDS)},
        "lr": {"value": number_wish(wishes, "lr", 4e-4, 1e-5, 5e-3)},
        "sgld": {"value": number_wish(wishes, "sgld", 20, 1, 60)},
        "alpha": {"value": number_wish(wishes, "alpha", 0.1, 0, 1)},
        "train_seed": {"value": number_wish(wishes, "train_seed", 0, 0, 2**31 - 1)},
    }
