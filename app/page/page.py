"""The page: header, model bar, tabs, footer, and what follows the choice of a model."""

import json
import uuid
from collections.abc import Mapping
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from app.models.library import Models
from app.models.loaded import LoadedModel
from app.page.style import ON_LOAD
from app.parts.drawing import message
from app.tabs.learn import tab as learn_tab
from app.tabs.panel import QUIET, Panel, keep_link
from app.tabs.print import tab as print_tab
from app.tabs.read import tab as read_tab
from app.tabs.strangers import tab as strangers_tab
from app.tabs.surface import tab as surface_tab
from app.tabs.train import tab as train_tab
from app.visitors.gate import Page
from app.visitors.uploads import path_of

_DAY = 24 * 60 * 60
_QUEUE = 64
_LOOKS = """<div id="looks"><button type="button" data-do="link" title="Copies the address: it brings back what you
see">Copy link</button><button type="button" data-do="theme">Light / dark</button></div>"""
_ON_LOOKS = """element.querySelector('[data-do=theme]').addEventListener('click', () => window.glyphTheme());
element.querySelector('[data-do=link]').addEventListener('click', async (event) => {
    const button = event.target, words = button.textContent;
    try { await navigator.clipboard.writeText(location.href); button.textContent = 'Copied'; }
    catch { button.textContent = 'Copy it from the address bar'; }
    setTimeout(() => { button.textContent = words; }, 2000);
});"""


def build(checkpoint: str | Path, training: bool = True) -> gr.Blocks:
    """Builds the page on a checkpoint; the others in its folder may be chosen on it.

    Args:
        checkpoint: the .safetensors file of the model shown first.
        training: whether visitors may train models of their own on this machine.

    Raises:
        ValueError: one sentence on a checkpoint that cannot be used.
    """
    models = Models(checkpoint)
    with Page(
        title="Glyph EBM: see an energy-based model at work",
        analytics_enabled=False,
        delete_cache=(_DAY, _DAY),
        fill_width=True,
    ) as page:
        gr.HTML(_header(), elem_id="masthead", js_on_load=_ON_LOOKS)
        with gr.Row(elem_id="bar"):
            model = gr.Dropdown(models.shipped(), value=models.home, label="Model", elem_id="model", min_width=200)
            kind = gr.HTML(_kind(models.first), elem_id="kind", js_on_load=None)
            bring = gr.UploadButton(
                "Bring your own", file_count="multiple", file_types=[".safetensors", ".json"], elem_id="bring",
                size="sm", min_width=120,
            )  # fmt: skip
        said = gr.HTML("", elem_id="model-said", js_on_load=None)
        with gr.Tabs(elem_id="tabs") as tabs:
            panels = _tabs(models, model, page, training)
        footer = gr.HTML(_footer(models.first), elem_id="colophon", js_on_load=None)
        _follow_model(models, panels, page, model, (said, kind, footer), bring, tabs)
        page.load(None, None, None, js=ON_LOAD, api_visibility="private")
    page.queue(max_size=_QUEUE, default_concurrency_limit=4)
    return page


def _tabs(models: Models, model: gr.Dropdown, page: gr.Blocks, training: bool) -> list[Panel]:
    """Builds every tab; what a tab does on its own is its own affair."""
    tabs = {
        "Read": read_tab, "Print": print_tab, "Strangers": strangers_tab, "Surface": surface_tab, "Train": train_tab,
        "Learn": learn_tab,
    }  # fmt: skip
    panels = []
    for title, module in tabs.items():
        if module is train_tab and not training:
            continue
        with gr.Tab(title, id=title.lower()) as tab:
            panel = module.build(models, model, page, tab)
        keep_link(panel)
        panels.append(panel)
    return panels


def _follow_model(
    models: Models, panels: list[Panel], page: gr.Blocks, model: gr.Dropdown, words: tuple[gr.HTML, ...],
    bring: gr.UploadButton, tabs: gr.Tabs,
) -> None:  # fmt: skip
    """When a model is chosen or brought, or a link or a door is followed, every tab shows it.

    Args:
        words: where a problem is told, the kind of the model, and the footer.
    """
    wanted, turn = gr.State(""), gr.State("")  # the tab that a link opens; changes with every turn
    outputs = [model, *words, tabs, wanted, turn, *(c for panel in panels for c in panel.outputs)]
    nothing = [gr.skip()] * len(outputs)

    def turn_to(key: str, wishes: Mapping[str, str], tab: str = "") -> list[Any]:
        try:
            loaded = models.get(key)
        except ValueError as error:
            return [gr.Dropdown(value=models.home), message(str(error), "problem"), *nothing[2:]]
        shown = [value for panel in panels for value in panel.show(loaded, wishes)]
        choices = [(models.title(key), key)] if "~" in key else []
        dropdown = gr.Dropdown([*models.shipped(), *choices], value=key)
        chosen = gr.Tabs(selected=tab) if tab else gr.skip()
        return [dropdown, "", _kind(loaded), _footer(loaded), chosen, tab, uuid.uuid4().hex, *shown]

    def choose(key: str) -> list[Any]:
        return turn_to(str(key), {})

    def take(files: Any) -> list[Any]:
        try:
            return turn_to(models.bring([path for file in files or [] if (path := path_of(file))]), {})
        except ValueError as error:
            return [gr.skip(), message(str(error), "problem"), *nothing[2:]]

    def follow(asked: Mapping[str, str]) -> list[Any]:
        tab = asked.get("tab", "")
        tab = tab if tab in {panel.name for panel in panels} else ""
        if not tab and "model" not in asked:
            return nothing
        key = asked.get("model", models.home)
        return turn_to(key if key in models.shipped() else models.home, asked, tab)

    def arrive(request: gr.Request) -> list[Any]:
        return follow(dict(request.query_params))

    use = "(key) => window.glyphLink.use(key)"
    model.input(None, model, None, js=use, queue=False, **QUIET)
    model.input(choose, model, outputs, preprocess=False, **QUIET)
    bring.upload(take, bring, outputs, preprocess=False, **QUIET)
    page.load(arrive, None, outputs, **QUIET)
    for button, wishes in (door for panel in panels for door in panel.doors):
        key = json.dumps(wishes.get("model", ""))
        button.click(partial(follow, wishes), None, outputs, **QUIET)
        button.click(None, js=f"() => {{ window.glyphLink.use({key}); window.scrollTo(0, 0); }}", queue=False, **QUIET)
    for panel in panels:
        if panel.chosen is not None:
            button, key_state = panel.chosen
            button.click(lambda key: turn_to(key, {}, "print"), key_state, outputs, **QUIET)
        if panel.again is not None:
            inputs = [wanted, model, *panel.again_inputs]
            turn.change(panel.again, inputs, panel.again_outputs, preprocess=False, **QUIET, **panel.queue)


# What a model learnt, for the line below its name; a checkpoint's mode says which it is.
_KINDS = {
    "jem": "a joint model: it learnt to read and, with the same numbers, to print",
    "conditional": "a conditional joint model: it prints each sort by that sort's own energy",
    "ebm": "an energy-based model without classes: it learnt to print, and cannot read",
    "classifier": "a classifier: it learnt only to read, to compare; what it prints is no letter",
}


def _kind(loaded: LoadedModel) -> str:
    kind = _KINDS.get(loaded.card.mode, "")
    return f"<p>{kind[:1].upper()}{kind[1:]}.</p>" if kind else ""


def _header() -> str:
    return (
        f'<header>{_LOOKS}<h1><span class="versal">G</span>lyph EBM</h1>'
        "<p>An <b>energy</b> is a single number that a network gives to a picture: low for what looks like the early "
        "printed letters it was trained on, high for everything else. <span>From this number and its slope alone it "
        "reads a glyph, prints new ones out of noise and notices strangers.</span></p></header>"
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
