"""The page: header, model bar, tabs, footer, and what follows the choice of a model."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import gradio as gr

from app.engine.slot import WAYS, slot
from app.engine.slot import shown as shown_by_engine
from app.models.library import Models
from app.models.loaded import LoadedModel
from app.page.style import ON_LOAD
from app.parts.drawing import message
from app.parts.panel import AT_ONCE, QUIET, Context, Panel, Shown, keep_link
from app.tabs.book import tab as book_tab
from app.tabs.learn import tab as learn_tab
from app.tabs.learn.tour import START, tour
from app.tabs.print import tab as print_tab
from app.tabs.read import tab as read_tab
from app.tabs.strangers import tab as strangers_tab
from app.tabs.surface import tab as surface_tab
from app.tabs.train import tab as train_tab
from app.visitors.gradio_overrides import Page
from app.visitors.uploads import path_of
from ebm.model.mode import Mode

_DAY = 24 * 60 * 60
_QUEUE = 64
_LOOKS = """<div id="looks"><button type="button" data-do="link" title="Copies the address: it brings back what you
see">Copy link</button><button type="button" data-do="theme">Light / dark</button>
<button type="button" data-do="lecture" title="Shows only what is looked at, large; Space and the arrow keys play">
Lecture view</button><p role="status"></p></div>"""
_ON_LOOKS = """element.querySelector('[data-do=theme]').addEventListener('click', () => window.glyphTheme());
element.querySelector('[data-do=lecture]').addEventListener('click', () => window.glyphLecture());
const said = element.querySelector('[role=status]');
element.querySelector('[data-do=link]').addEventListener('click', async () => {
    const { url, missing } = await window.glyphLink.whole();
    const without = missing.length ? ` Not in it: ${missing.join('; ')}.` : '';
    try { await navigator.clipboard.writeText(url); said.textContent = `Copied.${without}`; }
    catch { history.replaceState(null, '', url); said.textContent = `Copy it from the address bar.${without}`; }
    setTimeout(() => { said.textContent = ''; }, 8000);
});"""


@dataclass(frozen=True)
class Bar:
    """The components around the tabs that follow the model.

    Args:
        model: names it; a visitor chooses another one here.
        kind: one line about it.
        bring: takes a visitor's own checkpoint.
        said: what became of that.
        turn: a new random text whenever a model is chosen or a link is followed; its change starts what follows.
        opened: as in `Context`.
        sent: as in `Context`.
        engine: tells the page's engine which model it runs.
    """

    model: gr.Dropdown
    kind: gr.HTML
    bring: gr.UploadButton
    said: gr.HTML
    tabs: gr.Tabs
    footer: gr.HTML
    opened: gr.Textbox
    turn: gr.State
    sent: gr.State
    engine: gr.HTML


def build(checkpoint: str | Path, training: bool = True, engine: str = "page") -> gr.Blocks:
    """Builds the page on a checkpoint; the others in its folder may be chosen on it.

    Args:
        checkpoint: the .safetensors file of the model shown first.
        training: whether visitors may train models of their own on this machine.
        engine: "page" where the visitor's browser reads and prints, if it can; "server" where it never does.

    Raises:
        ValueError: one sentence on a checkpoint that cannot be used, or an unknown engine.
    """
    if engine not in WAYS:
        raise ValueError(f"The engine is one of {', '.join(WAYS)}, not {engine[:40]!r}.")
    models = Models(checkpoint)
    with Page(
        title="Glyph EBM: see an energy-based model at work",
        analytics_enabled=False,
        delete_cache=(_DAY, _DAY),
        fill_width=True,
    ) as page:
        # A State stays on the server, and the page has to know which tab was opened.
        opened, turn, sent = gr.Textbox("", visible=False), gr.State(""), gr.State(None)
        gr.HTML(_header(), elem_id="masthead", js_on_load=_ON_LOOKS)
        with gr.Row(elem_id="bar"):
            model = gr.Dropdown(models.shipped(), value=models.home, label="Model", elem_id="model", min_width=200)
            kind = gr.HTML(_kind(models.first), elem_id="kind", js_on_load=None)
            bring = gr.UploadButton(
                "Bring your own", file_count="multiple", file_types=[".safetensors", ".json"], elem_id="bring",
                size="sm", min_width=120,
            )  # fmt: skip
        said = gr.HTML("", elem_id="model-said", js_on_load=None)
        engine_slot = slot(models, engine)
        tour()
        with gr.Tabs(elem_id="tabs") as tabs:
            places = BoundedSemaphore(AT_ONCE) if training else None
            panels = _tabs(partial(Context, models, model, opened, page, places=places, sent=sent), training)
        footer = gr.HTML(_footer(models.first), elem_id="colophon", js_on_load=None)
        bar = Bar(model, kind, bring, said, tabs, footer, opened, turn, sent, engine_slot)
        _wire(page, Following(models, bar, panels, engine))
    page.queue(max_size=_QUEUE, default_concurrency_limit=4)
    return page


def _tabs(context: Callable[..., Context], training: bool) -> list[Panel]:
    """Builds every tab; all that the page knows of a tab is its `Panel`."""
    tabs = {
        "Read": read_tab, "Print": print_tab, "Book": book_tab, "Strangers": strangers_tab, "Surface": surface_tab,
        "Train": train_tab, "Learn": learn_tab,
    }  # fmt: skip
    panels = []
    for title, module in tabs.items():
        if module is train_tab and not training:
            continue
        with gr.Tab(title, id=title.lower()) as tab:
            panels.append(module.build(context(tab=tab)))
        keep_link(panels[-1])
    return panels


@dataclass(frozen=True)
class Following:
    """What happens when a model is chosen or brought, or a link or a door is followed: every tab shows it."""

    models: Models
    bar: Bar
    panels: list[Panel]
    engine: str

    @property
    def outputs(self) -> list[Any]:
        """Everything that may change."""
        bar = self.bar
        around = [bar.model, bar.said, bar.kind, bar.footer, bar.tabs, bar.opened, bar.turn, bar.engine]
        return [*around, *(component for panel in self.panels for component in panel.outputs)]

    def turn_to(self, key: str, wishes: Mapping[str, str], tab: str = "") -> Shown:
        """Shows a model on every tab, and opens one where a tab is named."""
        bar = self.bar
        try:
            loaded = self.models.get(key)
        except ValueError as error:
            return {bar.model: gr.Dropdown(value=self.models.home), bar.said: message(str(error), "problem")}
        choices = [(self.models.title(key), key)] if "~" in key else []
        shown: Shown = {
            bar.model: gr.Dropdown([*self.models.shipped(), *choices], value=key),
            bar.said: "",
            bar.kind: _kind(loaded),
            bar.footer: _footer(loaded),
            bar.opened: tab,
            bar.turn: uuid.uuid4().hex,
            bar.engine: shown_by_engine(key, self.engine),
        }
        if tab:
            shown[bar.tabs] = gr.Tabs(selected=tab)
        for panel in self.panels:
            shown |= panel.show(loaded, wishes)
        return shown

    def choose(self, key: str) -> Shown:
        """Shows the model that the visitor chose."""
        return self.turn_to(str(key), {})

    def use(self, tab: str, key: str) -> Shown:
        """Shows a model that was made on a tab, and opens a tab; "" where none was made."""
        return self.turn_to(key, {}, tab) if key else gr.skip()

    def bring(self, files: Any) -> Shown:
        """Shows the model that the visitor uploaded."""
        try:
            return self.choose(self.models.bring([path for file in files or [] if (path := path_of(file))]))
        except ValueError as error:
            return {self.bar.said: message(str(error), "problem")}

    def follow(self, wishes: Mapping[str, str]) -> Shown:
        """Shows what a link or a door asks for."""
        tab = wishes.get("tab", "")
        tab = tab if tab in {panel.name for panel in self.panels} else ""
        if not tab and "model" not in wishes:
            return gr.skip()
        key = wishes.get("model", self.models.home)
        return self.turn_to(key if key in self.models.shipped() else self.models.home, wishes, tab)

    def arrive(self, request: gr.Request) -> Shown:
        """Shows what the address asks for that the page is opened with."""
        return self.follow(dict(request.query_params))


def _wire(page: gr.Blocks, following: Following) -> None:
    bar, outputs = following.bar, following.outputs
    used = f"(key) => window.glyphLink.use(key === {json.dumps(following.models.home)} ? '' : key)"
    bar.model.change(None, bar.model, None, js=used, queue=False, **QUIET)
    bar.model.input(following.choose, bar.model, outputs, preprocess=False, **QUIET)
    bar.bring.upload(following.bring, bar.bring, outputs, preprocess=False, **QUIET)
    bar.sent.change(lambda: gr.Tabs(selected="read"), None, bar.tabs, queue=False, **QUIET)
    page.load(following.arrive, None, outputs, **QUIET)
    page.load(None, None, None, js=ON_LOAD, api_visibility="private")
    for panel in following.panels:
        for button, wishes in panel.doors:
            followed = button.click(partial(following.follow, wishes), None, outputs, **QUIET)
            if "press" in wishes:  # a button of the tab that it opens
                pressed = f"() => document.getElementById({json.dumps(wishes['press'])}).click()"
                followed.then(None, js=pressed, queue=False, **QUIET)
            button.click(None, js="() => window.scrollTo(0, 0)", queue=False, **QUIET)
        for event, key_state, tab in panel.chosen:
            event(partial(following.use, tab), key_state, outputs, **QUIET)
            event(None, None, None, js="() => window.scrollTo(0, 0)", queue=False, **QUIET)
        if panel.by_page is not None:
            js, given = panel.by_page
            bar.turn.change(None, given, None, js=js, queue=False, **QUIET)
        if panel.again is not None:
            inputs, shown = panel.again_inputs, panel.again_outputs
            bar.turn.change(panel.again, inputs, shown, preprocess=False, **QUIET, **panel.queue)


_MANY = 200_000  # weights from which a model is felt to be slower
# What a model learnt, for the line below its name; a checkpoint's mode says which it is.
_KINDS = {
    Mode.JEM: "a joint model: it learnt to read and, with the same numbers, to print",
    Mode.CONDITIONAL: "a conditional joint model: it prints each sort by that sort's own energy",
    Mode.EBM: "an energy-based model without classes: it learnt to print, and cannot read",
    Mode.CLASSIFIER: "a classifier: it learnt only to read, to compare; what it prints is no letter",
}


def _kind(loaded: LoadedModel) -> str:
    kind = _KINDS.get(loaded.card.mode, "")
    if not kind:
        return ""
    weights = sum(p.numel() for p in loaded.model.parameters())
    wide = f" It is wider than usual ({weights:,} weights), so all it does takes longer." if weights > _MANY else ""
    return f"<p>{kind[:1].upper()}{kind[1:]}.{wide}</p>"


def _header() -> str:
    return (
        f'<header>{_LOOKS}<h1><span class="versal">G</span>lyph EBM</h1>'
        "<p>An <b>energy</b> is a single number that a network gives to a picture: low for what looks like the early "
        "printed letters it was trained on, high for everything else. <span>From this number and its slope alone it "
        f"reads a glyph, prints new ones out of noise and notices strangers.</span></p>{START}</header>"
    )


def _footer(loaded: LoadedModel) -> str:
    card = loaded.card
    weights = sum(p.numel() for p in loaded.model.parameters())
    facts = [f"Model <b>{escape(card.name)}</b> ({escape(card.mode)}, {weights:,} weights)"]
    accuracy = card.metrics.get("accuracy")
    if isinstance(accuracy, int | float):
        facts.append(f"test accuracy {accuracy:.2%}")
    facts.append(f"threshold: {escape(card.threshold_rule)}")
    source = card.data.get("source")
    data = f"<p>Trained on: {escape(str(source))}</p>" if source else ""
    line = " \u00b7 ".join(facts)
    return f"<footer><p>{line}</p>{data}</footer>"
