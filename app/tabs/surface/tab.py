"""The tab Surface: the energy on the way between two glyphs, and over the plane through three."""

import uuid
from dataclasses import dataclass
from typing import Any

import gradio as gr
import torch
from gradio.blocks import Block
from gradio.components import Component

from app.models.loaded import LoadedModel
from app.parts.by_engine import calls_page, shown_again
from app.parts.drawing import message
from app.parts.panel import QUIET, WORKING, Context, Panel, Settings, Shown, Values, Wishes, updates
from app.parts.player import Reel, player
from app.tabs.surface import landscape
from app.tabs.surface.by_engine import PLACE, surface_by_engine
from app.tabs.surface.endpoints import Endpoints
from app.tabs.surface.landscape import choices, cut, way
from app.tabs.surface.walker import walker, walking
from app.visitors.endpoints import offer
from ebm.data.corpus import to_bytes

_SERVER = "by-server-only"  # what is of no use where the page's own engine walks the surface
VIEWS = {"map": "a map", "relief": "a relief"}
INTRO = (
    "A picture has 3,136 pixels, so the energy is a surface over 3,136 dimensions. Here are two cuts through it: along "
    "a line, and over a plane. Only differences on one model's surface mean something."
)


def build(context: Context) -> Panel:
    """Puts the tab's components into the page being built."""
    surface = lay_out(context)
    wire(surface)
    controls = surface.controls
    return Panel(
        "surface", list(controls.values()), surface.show, controls, by_page=shown_again(PLACE, context, controls)
    )


@dataclass(frozen=True)
class Surface:
    """The tab's components, and what happens to them.

    Args:
        context: what the tab is built into.
        controls: first, second, third and view, by the names that they have in links.
        said: the sentence on the two barriers.
        lines: the figure of the energies along both ways.
        player: shows the glyphs on both ways.
        plane: the figure of the energies over the plane.
        walker: shows the glyph at a point of the plane.
        by_engine: where the page's own engine does all this, or asks for it.
    """

    context: Context
    controls: dict[str, Component]
    said: gr.HTML
    lines: gr.Plot
    player: gr.HTML
    plane: gr.Plot
    walker: gr.HTML
    by_engine: gr.HTML

    @property
    def outputs(self) -> list[Component]:
        """What a look changes."""
        return [self.said, self.lines, self.player, self.plane, self.walker]

    @property
    def asking(self) -> set[Block]:
        """What a look needs to know."""
        return {self.context.model, *self.controls.values()}

    def look(self, values: Values) -> Shown:
        """Computes and shows both ways and the plane."""
        from ebm.figures import surface as surface_figures  # plotly's figures: not before someone looks at one

        first, second, third, view = (values[control] for control in self.controls.values())
        try:
            loaded = self.context.models.get(values[self.context.model])
            found = way(loaded, first, second)
            plane = cut(loaded, (first, second, third))
        except ValueError as error:
            return {self.said: message(str(error), "problem")}
        names = _name(loaded, first), _name(loaded, second), _name(loaded, third)
        threshold = loaded.card.threshold
        lines = surface_figures.path_figure(found.line_energy, found.path_energy, threshold, names[:2])
        relief = surface_figures.plane_figure(plane.axis, plane.energy, threshold, names, relief=view == "relief")
        return {
            self.said: message(found.words()),
            self.lines: gr.Plot(lines, visible=True),
            self.player: _reel(loaded, found),
            self.plane: gr.Plot(relief, visible=True),
            self.walker: walking(loaded, plane, names),
        }

    def show(self, loaded: LoadedModel, wishes: Wishes) -> Shown:
        """The controls for a model."""
        return updates(self.controls, settings_of(loaded, wishes))


def lay_out(context: Context) -> Surface:
    """Makes the tab's components, left to right."""
    start = settings_of(context.models.first, {})
    gr.HTML(f'<p class="fineprint">{INTRO}</p>', js_on_load=None)
    with gr.Row(elem_id="surface", elem_classes="areas"):
        with gr.Column(elem_classes="area-a", min_width=0):
            first = gr.Dropdown(**start["first"], label="From", elem_id="first", info="typical glyphs, and strangers")
            second = gr.Dropdown(**start["second"], label="To", elem_id="second")
            third = gr.Dropdown(**start["third"], label="And a third, for the plane", elem_id="third")
            views = [(words, name) for name, words in VIEWS.items()]
            view = gr.Radio(views, **start["view"], label="Show the plane as", elem_id="plane-view")
        with gr.Column(elem_classes="area-b", min_width=0):
            tools = surface_by_engine(context.models)
            with gr.Column(elem_classes=_SERVER):
                said = gr.HTML(message("Walking the surface\u2026"), elem_id="surface-said", js_on_load=None)
                shown = player("path", "The glyphs on the way appear here.")
                lines = gr.Plot(show_label=False, elem_id="path-figure", visible=False)
        with gr.Column(elem_classes=["area-c", _SERVER], min_width=0), gr.Row(elem_classes="areas plane"):
            with gr.Column(elem_classes="area-b", min_width=0):
                plane = gr.Plot(show_label=False, elem_id="plane", visible=False)
            with gr.Column(elem_classes="area-a", min_width=0):
                walk = walker()
    controls: dict[str, Component] = {"first": first, "second": second, "third": third, "view": view}
    return Surface(context, controls, said, lines, shown, plane, walk, tools)


def wire(surface: Surface) -> None:
    """Says what happens when."""
    surface.by_engine.apply(
        surface.look, surface.asking, surface.outputs, preprocess=False, trigger_mode="always_last", **QUIET, **WORKING
    )
    changed = [getattr(control, "input") for control in surface.controls.values()]  # noqa: B009 (as in keep_link)
    calls_page(PLACE, [([surface.context.tab.select], "visit(values)"), (changed, "look(values)")], surface.controls)
    endpoints = Endpoints(surface.context.models)
    offer(endpoints.path, **WORKING)
    offer(endpoints.plane)


def settings_of(loaded: LoadedModel, wishes: Wishes) -> Settings:
    """What the controls show."""
    found = choices(loaded)
    keys = [key for _, key in found]
    liked: list[str | None] = [*dict.fromkeys([*(key for key in ("a", "o", "e") if key in keys), *keys])]
    liked += [None] * 3
    given: Settings = {}
    for name, default in zip(("first", "second", "third"), liked, strict=False):
        given[name] = {"choices": found, "value": wishes[name] if wishes.get(name) in keys else default}
    return given | {"view": {"value": wishes["view"] if wishes.get("view") in VIEWS else "map"}}


def _name(loaded: LoadedModel, key: Any) -> str:
    return loaded.text(str(key)) if key in loaded.card.sorts else str(key).removeprefix(landscape.EXAMPLE)


def _reel(loaded: LoadedModel, found: landscape.Way) -> dict[str, Any]:
    """Both ways side by side, image by image, for the player."""
    n = len(found.line)
    reel = Reel(uuid.uuid4().hex, n, loaded.band(), x="image")
    for k in range(n):
        both = to_bytes(torch.stack([found.line[k], found.path[k]]))
        reel.add(k + 1, both, [float(found.line_energy[k]), float(found.path_energy[k])])
    return reel.value(done=True, at=n // 2)
