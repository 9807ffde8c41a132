"""What a tab tells the page: which components follow the model, and which make up the link to what is seen."""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component
from torch import Tensor

from app.models.library import Models
from app.models.loaded import LoadedModel

Wishes = Mapping[str, str]  # what a link or a lesson asks for: name -> value as text
Values = Mapping[Any, Any]  # what a handler gets whose inputs are a set: component -> value
Shown = dict[Any, Any]  # what a handler returns: component -> new value or new arguments; gr.skip() changes nothing
Settings = dict[str, dict[str, Any]]  # name of a component -> arguments
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
# Three queues, so that who reads waits neither for who prints nor for long sums.
READING: dict[str, Any] = {"concurrency_id": "reading", "concurrency_limit": 2}
PRINTING: dict[str, Any] = {"concurrency_id": "printing", "concurrency_limit": 8}
WORKING: dict[str, Any] = {"concurrency_id": "working", "concurrency_limit": 2}
AT_ONCE = 1  # trainings in the whole process: each takes all the processor it gets
TRAINING: dict[str, Any] = {"concurrency_id": "training", "concurrency_limit": AT_ONCE + 1}  # one more, to be refused
BUSY = "Another training is under way on this machine: try again in a few minutes."


@dataclass(frozen=True)
class Context:
    """What a tab is built into.

    Args:
        models: what there is to choose from.
        model: the choice.
        opened: the tab that the last link opened, "" when the visitor chose a model.
        page: the page being built.
        tab: the tab's place on it.
        places: a training takes one of them while it runs; None where visitors may not train.
        sent: a glyph that a tab sends to Read, as `sending` gives it.
    """

    models: Models
    model: gr.Dropdown
    opened: gr.Textbox
    page: gr.Blocks
    tab: gr.Tab
    places: BoundedSemaphore | None
    sent: gr.State


@dataclass(frozen=True)
class Panel:
    """One tab, as the page sees it.

    Args:
        name: of the tab in links; its gr.Tab's id.
        outputs: the components that change when another model is chosen or a link is followed.
        show: (loaded model, wishes) -> what they show next. A wish that is unknown or cannot be met is left out in
            silence: a link may be old.
        state: name in the link -> component, of everything that decides what the tab shows.
        again: called after `show` with the values of `again_inputs`; changes `again_outputs`. Shows the same thing by
            the new model, or starts what a link asked for. May be a generator.
        again_inputs: its inputs, a set so that it gets them by component.
        again_outputs: what it may change.
        queue: where it waits.
        doors: buttons that open a tab in a state, and that state as wishes; "tab" and "model" among them.
        chosen: events, each with the state that holds the key of the model which it makes the page's model, and the
            tab that it opens.
        by_page: in place of `again`, for a tab that the page itself shows: the JavaScript that is called with the tab
            that was opened and the tab's state, and the inputs that give both.
    """

    name: str
    outputs: Sequence[Component] = field(default_factory=list)
    show: Callable[[LoadedModel, Wishes], Shown] = lambda loaded, wishes: {}
    state: Mapping[str, Component] = field(default_factory=dict)
    again: Callable[..., Any] | None = None
    again_inputs: set[Block] = field(default_factory=set)
    again_outputs: Sequence[Component] = field(default_factory=list)
    queue: Mapping[str, Any] = field(default_factory=lambda: READING)
    doors: Sequence[tuple[gr.Button, Wishes]] = ()
    chosen: Sequence[tuple[Callable[..., Any], gr.State, str]] = ()
    by_page: tuple[str, Sequence[Block]] | None = None


def sending(ink: Tensor) -> tuple[str, Tensor]:
    """What `Context.sent` holds for a glyph uint8 (56, 56), ink = 255; the same glyph may be sent twice."""
    return uuid.uuid4().hex, ink


def updates(components: Mapping[str, Component], settings: Settings) -> Shown:
    """Gives components new arguments.

    Args:
        components: by name.
        settings: the arguments of some of them, by the same names.
    """
    return {components[name]: type(components[name])(**given) for name, given in settings.items()}


def by_name(names: Iterable[str]) -> str:
    """JavaScript that makes an object of the values `given` by Gradio, in the order of their names."""
    return f"Object.fromEntries({json.dumps(list(names))}.map((name, k) => [name, given[k]]))"


def keep_link(panel: Panel) -> None:
    """Has the browser write the tab's state into the address whenever it changes; no request is sent."""
    if not panel.state:
        return
    components = list(panel.state.values())
    js = f"(...given) => window.glyphLink.set({json.dumps(panel.name)}, {by_name(panel.state)})"
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
