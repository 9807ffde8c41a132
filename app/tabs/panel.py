"""What a tab tells the page: which components follow the model, and which make up the link to what is seen."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.components import Component

from app.models.loaded import LoadedModel

Wishes = Mapping[str, str]  # what a link or a lesson asks for: name -> value as text
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
# Three queues, so that who reads waits neither for who prints nor for long sums.
READING: dict[str, Any] = {"concurrency_id": "reading", "concurrency_limit": 2}
PRINTING: dict[str, Any] = {"concurrency_id": "printing", "concurrency_limit": 8}
WORKING: dict[str, Any] = {"concurrency_id": "working", "concurrency_limit": 2}


@dataclass(frozen=True)
class Panel:
    """One tab, as the page sees it.

    Args:
        name: of the tab in links; its gr.Tab's id.
        outputs: the components that change when another model is chosen or a link is followed.
        show: loaded and wishes -> their new values, in order. A wish that is unknown or cannot be met is left
            out in silence: a link may be old.
        state: name in the link -> component, of everything that decides what the tab shows.
        again: called after `show`, as again(tab, model, *values of `again_inputs`) -> values of `again_outputs`:
            shows the same thing by the new model, or starts what a link asked for (tab: the tab that a link opens,
            "" when the visitor chose a model). May be a generator. queue: where it waits.
        doors: buttons that open a tab in a state, and that state as wishes; "tab" and "model" among them.
        chosen: a button, and the state that holds the key of the model which it makes the page's model.
    """

    name: str
    outputs: Sequence[Component] = field(default_factory=list)
    show: Callable[[LoadedModel, Wishes], list[Any]] = lambda loaded, wishes: []
    state: Mapping[str, Component] = field(default_factory=dict)
    again: Callable[..., Any] | None = None
    again_inputs: Sequence[Component] = field(default_factory=list)
    again_outputs: Sequence[Component] = field(default_factory=list)
    queue: Mapping[str, Any] = field(default_factory=lambda: READING)
    doors: Sequence[tuple[gr.Button, Wishes]] = ()
    chosen: tuple[gr.Button, gr.State] | None = None


def keep_link(panel: Panel) -> None:
    """Has the browser write the tab's state into the address whenever it changes; no request is sent."""
    if not panel.state:
        return
    names, components = json.dumps(list(panel.state)), list(panel.state.values())
    js = (
        f"(...values) => window.glyphLink.set({json.dumps(panel.name)}, "
        f"Object.fromEntries({names}.map((name, k) => [name, values[k]])))"
    )
    gr.on(
        [getattr(c, "change") for c in components],  # noqa: B009 (every input component has it, Component says not)
        None,
        components,
        js=js,
        queue=False,
        **QUIET,
    )


def number_wish(wishes: Wishes, name: str, default: float, low: float, high: float) -> float:
    """A number from a link, where it is one and within bounds; else the default. Whole where the default is."""
    try:
        value = float(wishes[name])
    except (KeyError, ValueError):
        return default
    if not low <= value <= high:
        return default
    return int(value) if isinstance(default, int) else value
