"""The lower part of the tab Read: a chain finishes the glyph in the lens, live."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import gradio as gr
from gradio.components import Component
from torch import Tensor

from app.models.loaded import ANY, LoadedModel
from app.parts.drawing import message, number
from app.parts.pace import paced
from app.parts.panel import PRINTING, QUIET, READING, Context, Settings, Shown, Values, Wishes, by_name, number_wish
from app.parts.player import Reel, player
from app.tabs.read.finishing import AS_READ, PRESETS, STEPS, checked, finish
from app.tabs.read.lens import glyph_in, mask_in, showing
from app.tabs.read.reading import Reader
from ebm.data.corpus import to_bytes

_SHARES = escape(json.dumps({name: preset.share for name, preset in PRESETS.items()}))
_TEMPLATE = f"""<div class="finish-by-engine by-engine-only" data-steps="{json.dumps(STEPS)}" data-shares="{_SHARES}">
<p class="said hint" role="status"></p>
<button type="button" data-do="use" disabled>Read the result</button></div>"""
# Where the page cannot finish the glyph, a submit has the server do it.
_ON_LOAD = """window.glyphImport('tabs/read/finish.js').then(({ mount }) => {
    window.glyphFinish = mount(element, () => trigger('submit'));
});"""
_SEED = (0, 2**31 - 1)


@dataclass(frozen=True)
class FinishPanel:
    """The panel's components, and what happens to them.

    Args:
        context: what the tab is built into.
        reader: shows the glyph that is finished, and reads the result.
        preset: how it is finished, by name.
        sort: that it is finished as.
        steps: of SGLD.
        seed: of the chain.
        go: the button that starts.
        use: the button that reads the result.
        by_engine: the page's own engine finishes the glyph there, where it can; else it asks the server.
        player: shows the chain.
        said: what became of the glyph, in words.
        made: the result, as a lens holds it, or None.
    """

    context: Context
    reader: Reader
    preset: gr.Radio
    sort: gr.Dropdown
    steps: gr.Slider
    seed: gr.Number
    go: gr.Button
    use: gr.Button
    by_engine: gr.HTML
    player: gr.HTML
    said: gr.HTML
    made: gr.State

    @property
    def state(self) -> dict[str, Component]:
        """The settings, by the names that they have in links."""
        return {"preset": self.preset, "towards": self.sort, "far": self.steps, "finish_seed": self.seed}

    def start(self, values: Values) -> Iterator[Shown]:
        """Runs one chain from the glyph in the lens, and shows it."""
        try:
            loaded = self.context.models.get(values[self.context.model])
            held = values[self.reader.lens]
            glyph, mask = glyph_in(held), mask_in(held)
            settings = checked(values[self.preset], values[self.sort], values[self.steps], values[self.seed])
            if glyph is None:
                raise ValueError("There is no glyph to finish: draw one, bring one, or click an example.")
            steps = finish(loaded, glyph, mask, **settings)
            reel = Reel(uuid.uuid4().hex, settings["steps"], loaded.band())
            first = last = next(steps)
            reel.add(0, to_bytes(first.x), loaded.model.energy(first.x).tolist())
            words = message("The chain is running\u2026")
            yield {self.player: reel.value(), self.said: words, self.made: None, self.use: gr.Button(interactive=False)}
            for last in paced(steps):
                reel.add(last.index, to_bytes(last.x), loaded.model.energy(last.x).tolist())
                yield {self.player: reel.value()}
        except ValueError as error:
            yield {self.said: message(str(error), "problem")}
            return
        yield {
            self.player: reel.value(done=True),
            self.said: message(_outcome(loaded, glyph, last.x[0], mask is not None)),
            self.made: showing(last.x[0]),
            self.use: gr.Button(interactive=True),
        }

    def read_result(self, values: Values) -> Shown:
        """Reads the result as the tab reads any glyph."""
        return self.reader.read(values, lambda loaded: glyph_in(values[self.made]))

    def show_steps(self, preset: str) -> Shown:
        """Sets the number of steps that goes with a preset."""
        return {self.steps: PRESETS[preset].steps} if preset in PRESETS else gr.skip()


def lay_out(context: Context, reader: Reader) -> FinishPanel:
    """Makes the panel's components, left to right."""
    start = settings_of(context.models.first, {})
    with gr.Accordion("Let the model finish it", open=True, elem_id="finish"), gr.Row(elem_classes="areas two"):
        with gr.Column(elem_classes="area-a", min_width=0):
            preset = gr.Radio(
                list(PRESETS), **start["preset"], label="How", elem_id="finish-preset",
                info="; ".join(f"{name}: {how.words}" for name, how in PRESETS.items()),
            )  # fmt: skip
            sort = gr.Dropdown(
                **start["towards"], label="Towards which sort", elem_id="finish-sort",
                info="say what the letter is, where much of it is masked",
            )  # fmt: skip
            steps = gr.Slider(
                *STEPS, **start["far"], step=4, label="How far", elem_id="finish-steps", info="steps down the energy"
            )
            seed = gr.Number(
                **start["finish_seed"], label="Seed", precision=0, elem_id="finish-seed", info="of the noise"
            )
            with gr.Row(elem_classes="buttons"):
                go = gr.Button("Let the model finish it", variant="primary", elem_id="finish-go", min_width=160)
                use = gr.Button(
                    "Read the result", elem_id="finish-use", elem_classes="by-server-only", interactive=False,
                    min_width=120,
                )  # fmt: skip
        with gr.Column(elem_classes="area-b", min_width=0):
            shown = player(
                "finished",
                "The chain starts from the glyph in the lens and goes downhill in energy. Paint a mask in the lens, "
                "and it fills in only that.",
            )
            by_engine = gr.HTML(
                None, elem_id="finish-by-engine", html_template=_TEMPLATE, js_on_load=_ON_LOAD, apply_default_css=False
            )
            said = gr.HTML("", elem_id="finish-said", elem_classes="by-server-only", js_on_load=None)
    return FinishPanel(context, reader, preset, sort, steps, seed, go, use, by_engine, shown, said, gr.State(None))


def wire(panel: FinishPanel) -> None:
    """Says what happens when."""
    model, reader = panel.context.model, panel.reader
    panel.preset.input(panel.show_steps, panel.preset, panel.steps, queue=False, preprocess=False, **QUIET)
    js = f"(...given) => {{ window.glyphFinish?.start({by_name(panel.state)}); }}"
    panel.go.click(None, list(panel.state.values()), None, js=js, queue=False, **QUIET)
    panel.by_engine.submit(
        panel.start, {model, reader.lens, *panel.state.values()}, [panel.player, panel.said, panel.made, panel.use],
        preprocess=False, **QUIET, **PRINTING,
    )  # fmt: skip
    panel.use.click(
        panel.read_result, {*reader.asking, panel.made}, reader.outputs, preprocess=False, **QUIET, **READING
    )


def settings_of(loaded: LoadedModel, wishes: Wishes) -> Settings:
    """What the panel's settings show."""
    preset = wishes.get("preset", "mend") if wishes.get("preset") in PRESETS else "mend"
    choices = [(AS_READ, AS_READ), ("no sort: downhill for the glyph alone", ANY)]
    choices = choices + [(loaded.title(s), s) for s in loaded.card.sorts] if loaded.has_sorts else choices[1:]
    wanted = wishes.get("towards", "")
    sort = wanted if wanted in [key for _, key in choices] else choices[0][1]
    return {
        "preset": {"value": preset},
        "towards": {"choices": choices, "value": sort},
        "far": {"value": number_wish(wishes, "far", PRESETS[preset].steps, *STEPS)},
        "finish_seed": {"value": number_wish(wishes, "finish_seed", 0, *_SEED)},
    }


def _outcome(loaded: LoadedModel, before: Tensor, after: Tensor, masked: bool) -> str:
    """What became of the glyph, in a sentence."""
    was, now = loaded.verdict(before), loaded.verdict(after)
    text = f"Energy {number(was.energy)} before, {number(now.energy)} after"
    if now.top:
        text += f"; read as {loaded.title(was.top[0][0])} before, as {loaded.title(now.top[0][0])} after"
    return text + ("; only masked pixels changed." if masked else ".")
