"""Desks: the parts of a tab that work in the page itself. Gradio's events call them with the values of its controls."""

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from app.parts.panel import QUIET, Context, by_name


def calls_desk(place: str, calls: Sequence[tuple[Sequence[Any], str]], controls: Mapping[str, Component]) -> None:
    """Has events call a desk; no request is sent.

    Args:
        place: of the desk, as it is put in places.js.
        calls: Gradio's events, and the call of the desk that follows each; `values` are the controls' by name.
        controls: by name.
    """
    for events, call in calls:
        js = _calling(place, list(controls), call)
        gr.on(list(events), None, list(controls.values()), None, js=js, queue=False, **QUIET)


def shown_again(place: str, context: Context, controls: Mapping[str, Component]) -> tuple[str, list[Block]]:
    """What a desk does when another model is shown or a link is followed, as `Panel.by_page`: its `again`.

    Args:
        place: of the desk.
        context: of its tab.
        controls: by name.
    """
    js = _calling(place, ["opened", *controls], "again(values.opened, values)")
    return js, [context.opened, *controls.values()]


def _calling(place: str, names: list[str], call: str) -> str:
    """A JavaScript function of values with these names that calls the desk."""
    desk = f"await (await window.glyphImport('parts/places.js')).partOf('{place}')"
    return f"async (...given) => {{ const values = {by_name(names)}; ({desk}).{call}; }}"
