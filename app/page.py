"""The page: header, three tabs, footer; and the options it is launched with."""

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from app import print_tab, read_tab, strangers_tab
from app.model import Explorer, load, load_siblings
from app.style import CSS, ON_LOAD, theme

_DAY = 24 * 60 * 60
# All use of the model shares one queue: a visitor who reads can overtake one who prints.
_PROCESSOR: dict[str, Any] = {"concurrency_id": "processor", "concurrency_limit": 2}
_QUEUE = 64


def build(checkpoint: str | Path) -> gr.Blocks:
    """Builds the page on a checkpoint, and one more page for each other checkpoint beside it.

    Raises:
        ValueError: one sentence on a checkpoint that cannot be used.
    """
    first, others = load(checkpoint), load_siblings(checkpoint)
    with gr.Blocks(
        title="Glyph EBM: read, print, spot strangers",
        analytics_enabled=False,
        delete_cache=(_DAY, _DAY),
        fill_width=True,
    ) as page:
        _compose(first, page, first.card.name if others else None)
    for explorer in others:
        with page.route(explorer.card.name, explorer.suffix.strip("_").replace("_", "-")):
            _compose(explorer, page, first.card.name)
    page.queue(max_size=_QUEUE, default_concurrency_limit=4)
    return page


def _compose(explorer: Explorer, page: gr.Blocks, home: str | None) -> None:
    """Everything that a model's page shows; home: the first page's name in the bar, None where there is one page."""
    gr.Navbar(visible=home is not None, main_page_name=home or False)
    gr.HTML(_header(explorer), elem_id="masthead", js_on_load=None)
    with gr.Tabs(elem_id="tabs"):
        with gr.Tab("Read", id="read"):
            read_tab.build(explorer, _PROCESSOR)
        with gr.Tab("Print", id="print") as printing:
            print_tab.build(explorer, _PROCESSOR, page, printing)
        with gr.Tab("Strangers", id="strangers"):
            strangers_tab.build(explorer)
    gr.HTML(_footer(explorer), elem_id="colophon", js_on_load=None)
    page.load(None, None, None, js=ON_LOAD, api_visibility="private")


def launch_options() -> dict[str, Any]:
    """What `launch` must be given: looks and limits."""
    return {
        "theme": theme(),
        "css_paths": [CSS],
        "ssr_mode": False,
        "allowed_paths": [],
        "max_file_size": "25mb",
        "footer_links": ["api"],
        "share": False,
        "show_error": False,
    }


# What a model learnt, for the line below the title; a checkpoint's mode says which it is.
_KINDS = {
    "jem": "a joint model: it learnt to read and, with the same numbers, to print",
    "conditional": "a conditional joint model: it learnt to print each sort by that sort's own energy",
    "ebm": "an energy-based model without classes: it learnt to print, and cannot read",
    "classifier": "a classifier: it learnt only to read. It is here to compare; what it prints is no letter",
}


def _header(explorer: Explorer) -> str:
    kind = _KINDS.get(explorer.card.mode, "")
    model = f'<p class="model">This model, <b>{escape(explorer.card.name)}</b>, is {kind}.</p>' if kind else ""
    return (
        '<header><h1><span class="versal">G</span>lyph EBM</h1>'
        "<p>An <b>energy</b> is a single number that a network gives to a picture: low for what looks like the early "
        "printed letters it was trained on, high for everything else. From this number and its slope alone it reads "
        f"a glyph, prints new ones out of noise and notices strangers.</p>{model}</header>"
    )


def _footer(explorer: Explorer) -> str:
    card = explorer.card
    weights = sum(p.numel() for p in explorer.model.parameters())
    facts = [f"Model <b>{escape(card.name)}</b> ({escape(card.mode)}, {weights:,} weights)"]
    accuracy = card.metrics.get("accuracy")
    if isinstance(accuracy, int | float):
        facts.append(f"test accuracy {accuracy:.2%}")
    facts.append(f"threshold: {escape(card.threshold_rule)}")
    source = card.data.get("source")
    data = f"<p>Trained on: {escape(str(source))}</p>" if source else ""
    line = " \u00b7 ".join(facts)
    return f"<footer><p>{line}</p>{data}</footer>"
