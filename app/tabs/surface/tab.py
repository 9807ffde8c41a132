"""The tab Surface: the energy on the way between two glyphs, and over the plane through three."""

import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import torch

from app.models.library import Models
from app.models.loaded import LoadedModel
from app.parts.drawing import message
from app.parts.player import Reel, player
from app.tabs.panel import QUIET, WORKING, Panel, Wishes
from app.tabs.print.run import band
from app.tabs.surface import landscape
from app.tabs.surface.landscape import choices, cut, way
from app.tabs.surface.walker import walker, walking
from app.visitors.uploads import refusals
from ebm.data.corpus import to_bytes
from ebm.data.picture.grid import to_image
from ebm.surface.paths import barrier

VIEWS = {"map": "a map", "relief": "a relief (WebGL)"}
_INTRO = (
    "A picture has 3,136 pixels, so the energy is a surface over 3,136 dimensions. Here are two cuts through it: along "
    "a line, and over a plane. Only differences on one model's surface mean something."
)


def build(models: Models, model: gr.Dropdown, page: gr.Blocks, tab: gr.Tab) -> Panel:
    """Puts the tab's components into the page being built; arguments as in `read_tab.build`."""

    def look(key: str, first: Any, second: Any, third: Any, view: str) -> tuple[Any, ...]:
        from ebm.figures import surface as surface_figures  # plotly's figures: not before someone looks at one

        try:
            loaded = models.get(key)
            found = way(loaded, first, second)
            plane = cut(loaded, (first, second, third))
        except ValueError as error:
            return message(str(error), "problem"), *[gr.skip()] * 4
        names = _name(loaded, first), _name(loaded, second), _name(loaded, third)
        threshold = loaded.card.threshold
        lines = surface_figures.path_figure(found.line_energy, found.path_energy, threshold, names[:2])
        relief = surface_figures.plane_figure(plane.axis, plane.energy, threshold, names, relief=view == "relief")
        figures = gr.Plot(lines, visible=True), gr.Plot(relief, visible=True)
        return message(found.words()), figures[0], _reel(loaded, found), figures[1], walking(loaded, plane, names)

    def first_visit(seen: bool, *wishes: Any) -> tuple[Any, ...]:
        return (True, *([gr.skip()] * 5 if seen else look(*wishes)))

    def again(opened: str, key: str, seen: bool, *wishes: Any) -> tuple[Any, ...]:
        if not seen and opened != "surface":
            return (gr.skip(),) * 6
        return (True, *look(key, *wishes))

    def path(
        first: str, second: str, images: int = 24, relax: int = 100, model: str = ""
    ) -> Iterator[tuple[dict[str, Any], str]]:
        """Energies along the straight line and along the lowest path found between two glyphs, and both as a PNG."""
        with refusals():
            found = way(models.get(model), first, second, images, relax)
        report = {
            "straight": found.line_energy.tolist(), "lowest": found.path_energy.tolist(),
            "straight_barrier": barrier(found.line_energy), "lowest_barrier": barrier(found.path_energy),
        }  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "path.png"
            to_image(torch.cat([found.line, found.path]), columns=images).save(file)
            yield report, str(file)

    def plane(first: str, second: str, third: str, size: int = 41, model: str = "") -> dict[str, Any]:
        """Energies over the plane through three glyphs: axis, and energy[v][u]; they lie at (0, 0), (1, 0), (0, 1)."""
        with refusals():
            found = cut(models.get(model), (first, second, third), size)
        return {"axis": found.axis.tolist(), "energy": found.energy.tolist()}

    def show(loaded: LoadedModel, wishes: Wishes) -> list[Any]:
        return [type(c)(**given) for c, given in zip(controls, _view(loaded, wishes), strict=True)]

    start = iter(_view(models.first, {}))
    gr.HTML(f'<p class="fineprint">{_INTRO}</p>', js_on_load=None)
    with gr.Row(elem_id="surface", elem_classes="areas"):
        with gr.Column(elem_classes="area-a", min_width=0):
            first = gr.Dropdown(**next(start), label="From", elem_id="first", info="typical glyphs, and strangers")
            second = gr.Dropdown(**next(start), label="To", elem_id="second")
            third = gr.Dropdown(**next(start), label="And a third, for the plane", elem_id="third")
            view = gr.Radio(
                [(words, name) for name, words in VIEWS.items()], **next(start), label="Show the plane as",
                elem_id="plane-view",
            )  # fmt: skip
        with gr.Column(elem_classes="area-b", min_width=0):
            said = gr.HTML(message("Walking the surface\u2026"), elem_id="surface-said", js_on_load=None)
            shown = player("path", "The glyphs on the way appear here.")
            lines = gr.Plot(show_label=False, elem_id="path-figure", visible=False)
        with gr.Column(elem_classes="area-c", min_width=0), gr.Row(elem_classes="areas plane"):
            with gr.Column(elem_classes="area-b", min_width=0):
                relief = gr.Plot(show_label=False, elem_id="plane", visible=False)
            with gr.Column(elem_classes="area-a", min_width=0):
                walk = walker()
    controls = [first, second, third, view]
    seen, outputs = gr.State(False), [said, lines, shown, relief, walk]
    using: dict[str, Any] = {"preprocess": False, **QUIET, **WORKING}
    tab.select(first_visit, [seen, model, *controls], [seen, *outputs], **using)
    changed = [first.input, second.input, third.input, view.input]
    gr.on(changed, look, [model, *controls], outputs, trigger_mode="always_last", **using)
    report, strip = gr.JSON(visible=False), gr.File(visible=False)
    asked: list[Any] = [
        gr.Textbox(value, visible=False, label=name) for name, value in (("first", "a"), ("second", "o"))
    ]
    asked += [gr.Number(value, visible=False, label=name) for name, value in (("images", 24), ("relax", 100))]
    asked += [gr.Textbox("", visible=False, label="model")]
    gr.Button(visible=False).click(path, asked, [report, strip], preprocess=False, api_name="path", **WORKING)
    gr.api(plane, api_name="plane")
    state = dict(zip(("first", "second", "third", "view"), controls, strict=True))
    return Panel("surface", controls, show, state, again, [seen, *controls], [seen, *outputs], WORKING)


def _view(loaded: LoadedModel, wishes: Wishes) -> list[dict[str, Any]]:
    """What the controls show, as their components' arguments."""
    found = choices(loaded)
    keys = [key for _, key in found]
    liked: list[str | None] = [*dict.fromkeys([*(key for key in ("a", "o", "e") if key in keys), *keys])]
    liked += [None] * 3
    given = []
    for name, default in zip(("first", "second", "third"), liked, strict=False):
        given.append({"choices": found, "value": wishes[name] if wishes.get(name) in keys else default})
    return [*given, {"value": wishes["view"] if wishes.get("view") in VIEWS else "map"}]


def _name(loaded: LoadedModel, key: Any) -> str:
    return loaded.text(str(key)) if key in loaded.card.sorts else str(key).removeprefix(landscape.EXAMPLE)


def _reel(loaded: LoadedModel, found: landscape.Way) -> dict[str, Any]:
    """Both ways side by side, image by image, for the player."""
    n = len(found.line)
    reel = Reel(uuid.uuid4().hex, n, band(loaded), x="image")
    for k in range(n):
        both = to_bytes(torch.stack([found.line[k], found.path[k]]))
        reel.add(k + 1, both, [float(found.line_energy[k]), float(found.path_energy[k])])
    return reel.value(done=True, at=n // 2)
