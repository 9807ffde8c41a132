"""The tab Strangers: how well the scores tell strangers from known glyphs, and at which threshold."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from app.models.loaded import LoadedModel
from app.parts.drawing import message
from app.parts.panel import QUIET, WORKING, Context, Panel, Shown, Values, Wishes, updates
from app.tabs.strangers import tables
from app.tabs.strangers.endpoints import Endpoints
from app.tabs.strangers.export import as_csv, as_page
from app.tabs.strangers.own_set import MOST, NAME, OwnSet, read, with_own
from app.tabs.strangers.own_table import own_csv, own_table, recalibrated, table_of
from app.tabs.strangers.settings import settings_of
from app.visitors.endpoints import offer
from app.visitors.uploads import paths_of
from ebm.checkpoint.files import save

# While the slider moves, so does the line in the histogram; the figure itself is redrawn on release.
_DRAG = """(threshold, score) => {
    const figure = document.querySelector('#histogram .js-plotly-plot');
    const axis = figure?._fullLayout?.xaxis, line = figure?.querySelector('.shapelayer path');
    if (axis?.l2p && line) {
        const x = axis._offset + axis.l2p(threshold);
        line.setAttribute('d', line.getAttribute('d').replace(/([ML])[^,]+,/g, `$1${x},`));
    }
    if (score !== 'energy') return;
    for (const example of document.querySelectorAll('#strips figure[class]')) {
        const odd = Number(example.dataset.energy) > threshold;
        example.classList.toggle('stranger', odd);
        example.classList.toggle('known', !odd);
    }
    const said = document.querySelector('#strips .hint b');
    if (said) said.textContent = threshold.toFixed(2).replace('-', '\u2212');
}"""
_SHOWN = ("said", "sets", "score", "threshold", "rates", "histogram", "roc", "auroc", "examples")
_TWIN = "twin"  # the classifier-only network that a joint model is compared with


def build(context: Context) -> Panel:
    """Puts the tab's components into the page being built."""
    strangers = lay_out(context)
    wire(strangers)
    state = {"sets": strangers.sets, "score": strangers.score, "threshold": strangers.threshold}
    chosen = [(strangers.made.change, strangers.made, "strangers")]
    return Panel("strangers", strangers.outputs, strangers.show, state, chosen=chosen)


@dataclass(frozen=True)
class Strangers:
    """The tab's components, and what happens to them.

    Args:
        context: what the tab is built into.
        said: why there is nothing to see, where there is nothing.
        sets: that are shown; in links `sets`.
        score: that is shown; in links `score`.
        threshold: above which a glyph is a stranger; in links `threshold`.
        rates: the table of rates at the threshold.
        histogram: of the scores.
        roc: the ROC curves.
        auroc: the table of AUROC.
        examples: pictures of the sets.
        files: where the visitor brings pictures.
        folder: where the visitor brings a folder of them.
        own: the visitor's own set (`OwnSet`), or None.
        own_said: what became of the pictures, in words.
        own_rows: the pictures one by one.
        known: the button that makes the pictures the model's known glyphs.
        made: the key of that model.
        made_files: its files.
        export_button: the button that exports.
        saved: the exported files.
    """

    context: Context
    said: gr.HTML
    sets: gr.CheckboxGroup
    score: gr.Dropdown
    threshold: gr.Slider
    rates: gr.HTML
    histogram: gr.Plot
    roc: gr.Plot
    auroc: gr.HTML
    examples: gr.HTML
    files: gr.File
    folder: gr.UploadButton
    own: gr.State
    own_said: gr.HTML
    own_rows: gr.HTML
    known: gr.Button
    made: gr.State
    made_files: gr.File
    export_button: gr.Button
    saved: gr.File

    @property
    def outputs(self) -> list[Component]:
        """What changes with the model."""
        return [self.own, self.own_said, self.own_rows, self.known, *self._shown().values()]

    @property
    def asking(self) -> set[Block]:
        """What every figure depends on."""
        return {self.context.model, self.own, self.sets, self.score, self.threshold}

    def look(self, values: Values) -> Shown:
        """Shows the chosen sets."""
        return self._figures(*self._asked(values))

    def change_score(self, values: Values) -> Shown:
        """Shows the chosen sets by another score, at that score's own threshold."""
        loaded, chosen, score, _ = self._asked(values)
        span = tables.span(loaded, score)
        return {self.threshold: gr.Slider(**span)} | self._figures(loaded, chosen, score, span["value"])

    def move_threshold(self, values: Values) -> Shown:
        """Counts again while the threshold moves."""
        return {self.rates: tables.rates_table(*self._asked(values))}

    def release_threshold(self, values: Values) -> Shown:
        """Draws the threshold where it was left."""
        asked = self._asked(values)
        return {self.histogram: tables.histogram(*asked), self.roc: tables.roc(*asked)}

    def bring(self, key: str, files: Any) -> Shown:
        """Adds the visitor's own pictures as a set, or takes them away where there are none."""
        loaded, own = self.context.models.get(key), None
        try:
            own = read(paths_of(files), loaded.card.preprocessing) if files else None
        except ValueError as error:
            return {self.own_said: message(str(error), "problem")}
        twin = _twin_of(self.context, loaded, own)
        settings = settings_of(with_own(loaded, own), {"sets": NAME} if own else {}, twin)
        return self._own(loaded, own) | updates(self._shown(), settings)

    def recalibrate(self, values: Values) -> Iterator[Shown]:
        """Makes the visitor's pictures the known glyphs of a model that is kept for that visitor; offers its files."""
        try:
            loaded = recalibrated(self.context.models.get(values[self.context.model]), values[self.own])
        except ValueError as error:
            yield {self.own_said: message(str(error), "problem"), self.made: ""}
            return
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{loaded.card.name}.safetensors"
            save(path, loaded.model, loaded.card)
            files = [str(path), str(path.with_suffix(".json"))]
            yield {self.made: self.context.models.add(loaded), self.made_files: gr.File(value=files, visible=True)}

    def export(self, values: Values) -> Iterator[Shown]:
        """Writes what is shown as files."""
        loaded, chosen, score, threshold = self._asked(values)
        with tempfile.TemporaryDirectory() as folder:
            csv, html = Path(folder) / "strangers.csv", Path(folder) / "strangers.html"
            csv.write_text(as_csv(loaded, values[self.own], chosen), encoding="utf-8")
            html.write_text(as_page(loaded, chosen, score, threshold), encoding="utf-8")
            files = [csv, html]
            if values[self.own] is not None:
                files.append(Path(folder) / "yours.csv")
                files[-1].write_text(own_csv(loaded, values[self.own]), encoding="utf-8")
            yield {self.saved: gr.File(value=[str(file) for file in files], visible=True)}

    def show(self, loaded: LoadedModel, wishes: Wishes) -> Shown:
        """The tab for another model, without the visitor's own pictures."""
        twin = _twin_of(self.context, loaded, None)
        return self._own(loaded, None) | updates(self._shown(), settings_of(loaded, wishes, twin))

    def _own(self, loaded: LoadedModel, own: OwnSet | None) -> Shown:
        """What is shown of the visitor's own pictures."""
        return {
            self.own: own, self.own_said: message(own.words()) if own else "",
            self.own_rows: table_of(loaded, own), self.known: gr.Button(visible=own is not None),
        }  # fmt: skip

    def _asked(self, values: Values) -> tuple[LoadedModel, list[str], str, float]:
        """What the visitor chose: the model with the own set, the chosen sets, the score and the threshold."""
        loaded = with_own(self.context.models.get(values[self.context.model]), values[self.own])
        return loaded, values[self.sets], values[self.score], values[self.threshold]

    def _figures(self, loaded: LoadedModel, chosen: list[str], score: str, threshold: float) -> Shown:
        return {
            self.rates: tables.rates_table(loaded, chosen, score, threshold),
            self.histogram: tables.histogram(loaded, chosen, score, threshold),
            self.roc: tables.roc(loaded, chosen, score, threshold),
            self.examples: tables.examples(loaded, chosen, score, threshold),
        }

    def _shown(self) -> dict[str, Component]:
        """What depends on the model, by the names of `settings_of`."""
        return {name: getattr(self, name) for name in _SHOWN}


def lay_out(context: Context) -> Strangers:
    """Makes the tab's components, left to right."""
    start = settings_of(context.models.first, {}, _twin_of(context, context.models.first, None))
    said = gr.HTML(**start["said"], elem_id="no-strangers", js_on_load=None)
    with gr.Row(elem_id="strangers", elem_classes="areas"):
        with gr.Column(elem_classes="area-a", min_width=0):
            sets = gr.CheckboxGroup(**start["sets"], label="Stranger sets", elem_id="sets")
            with gr.Accordion("Your own pictures", open=False, elem_id="own"):
                files = gr.File(
                    file_count="multiple", label=f"Pictures of single letters, or a zip of them (at most {MOST})",
                    elem_id="own-files", height=120,
                )  # fmt: skip
                folder = gr.UploadButton("Choose a folder", file_count="directory", size="sm", elem_id="own-folder")
                own_said = gr.HTML("", elem_id="own-said", js_on_load=None)
                known = gr.Button(
                    "All are known: take the threshold from them", visible=False, size="sm", elem_id="own-known"
                )  # fmt: skip
                made_files = gr.File(
                    visible=False, label="The recalibrated model", elem_id="own-model", interactive=False
                )  # fmt: skip
            score = gr.Dropdown(
                **start["score"], label="Score", elem_id="score",
                info="every score is turned so that higher means stranger",
            )  # fmt: skip
            threshold = gr.Slider(
                **start["threshold"], label="Threshold", elem_id="threshold",
                info="what scores higher is called a stranger",
            )  # fmt: skip
            rates = gr.HTML(**start["rates"], elem_id="rates", js_on_load=None)
            export = gr.Button("Export what is shown (CSV, HTML)", size="sm", elem_id="export")
            saved = gr.File(visible=False, label="Files", elem_id="exported", interactive=False)
        with gr.Column(elem_classes="area-b", min_width=0):
            histogram = gr.Plot(**start["histogram"], show_label=False, elem_id="histogram")
            roc = gr.Plot(**start["roc"], show_label=False, elem_id="roc")
        with gr.Column(elem_classes="area-c", min_width=0):
            own_rows = own_table()
            auroc = gr.HTML(**start["auroc"], elem_id="auroc", js_on_load=None)
            examples = gr.HTML(**start["examples"], elem_id="strips", js_on_load=None)
    return Strangers(
        context, said, sets, score, threshold, rates, histogram, roc, auroc, examples, files, folder, gr.State(None),
        own_said, own_rows, known, gr.State(""), made_files, export, saved,
    )  # fmt: skip


def wire(tab: Strangers) -> None:
    """Says what happens when."""
    using: dict[str, Any] = {"preprocess": False, **QUIET}
    figures = [tab.rates, tab.histogram, tab.roc, tab.examples]
    # Not `change`: that also fires when a model is shown, and might then ask for the figures of the one before.
    tab.sets.input(tab.look, tab.asking, figures, **using)
    tab.score.input(tab.change_score, tab.asking, [tab.threshold, *figures], **using)
    tab.threshold.input(tab.move_threshold, tab.asking, tab.rates, trigger_mode="always_last", **using)
    tab.threshold.input(None, [tab.threshold, tab.score], None, js=_DRAG, queue=False, **QUIET)
    drawn = [tab.histogram, tab.roc]
    tab.threshold.release(tab.release_threshold, tab.asking, drawn, trigger_mode="always_last", **using)
    changed = [tab.files.upload, tab.files.clear]
    gr.on(changed, tab.bring, [tab.context.model, tab.files], tab.outputs, **using, **WORKING)
    tab.folder.upload(tab.bring, [tab.context.model, tab.folder], tab.outputs, **using, **WORKING)
    tab.known.click(tab.recalibrate, tab.asking, [tab.made, tab.own_said, tab.made_files], **using, **WORKING)
    tab.export_button.click(tab.export, tab.asking, tab.saved, **using)
    endpoints = Endpoints(tab.context.models)
    offer(endpoints.strangers)
    offer(endpoints.strangers_own, **WORKING)


def _twin_of(context: Context, loaded: LoadedModel, own: OwnSet | None) -> LoadedModel | None:
    """The classifier to compare a model with, where both ship, with the visitor's own set among its sets."""
    shipped, is_joint = context.models.shipped(), loaded.card.mode.has_chains
    return with_own(context.models.get(_TWIN), own) if is_joint and {_TWIN, loaded.card.name} <= set(shipped) else None
