"""Parts of a tab that work in the page itself, by its engine. Gradio's events call them with its controls' values."""

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from app.parts.panel import QUIET, Context, by_name


def calls_page(place: str, calls: Sequence[tuple[Sequence[Any], str]], controls: Mapping[str, Component]) -> None:
    """Has events call such a part; no request is sent.

    Args:
        place: of the part, as it is put in places.js.
        calls: Gradio's events, and the call of the part that follows each; `values` are the controls' by name.
        controls: by name.
    """
    for events, call in calls:
        js = _calling(place, list(controls), call)
        gr.on(list(events), None, list(controls.values()), None, js=js, queue=False, **QUIET)


def shown_again(place: str, context: Context, controls: Mapping[str, Component]) -> tuple[str, list[Block]]:
    """What such a part does when another model is shown or a link is followed, as `Panel.by_page`: its `again`.

    Args:
        place: of the part.
        context: of its tab.
        controls: by name.
    """
    js = _calling(place, ["opened", *controls], "again(values.opened, values)")
    return js, [context.opened, *controls.values()]


def _calling(place: str, names: list[str], call: str) -> str:
    """A JavaScript function of values with these names that calls the part."""
    part = f"await (await window.glyphImport('parts/places.js')).partOf('{place}')"
    return f"async (...given) => {{ const values = {by_name(names)}; ({part}).{call}; }}"
