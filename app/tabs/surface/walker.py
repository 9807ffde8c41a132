"""The walker: shows the glyph at a point of the plane, which the mouse, the sliders or the arrow keys choose."""

import base64
from typing import Any

import gradio as gr
import torch

from app.models.loaded import LoadedModel
from app.tabs.surface.landscape import Plane

_TEMPLATE = """<div class="walker sheet"><div class="walk-view">
<canvas width="56" height="56" role="img" aria-label="The glyph at the chosen point"></canvas></div>
<p class="walk-words" aria-live="polite">Move over the map: the glyph at each point appears here.</p>
<label>u <input type="range" data-axis="u" min="-0.25" max="1.25" step="0.01" value="0.33"></label>
<label>v <input type="range" data-axis="v" min="-0.25" max="1.25" step="0.01" value="0.33"></label>
<div class="corners"></div></div>"""
_ON_LOAD = """window.glyphImport('tabs/surface/walker.js').then(({ mount }) => {
    const walker = mount(element);
    watch('value', () => walker.take(props.value));
    walker.take(props.value);
});"""


def walker() -> gr.HTML:
    """The walker beside the figure with the id `plane`; its value is what `walking` gives."""
    return gr.HTML(
        None,
        label="The glyph at a point of the plane",
        html_template=_TEMPLATE,
        js_on_load=_ON_LOAD,
        apply_default_css=False,
        elem_id="walker",
    )


def walking(loaded: LoadedModel, plane: Plane, names: tuple[str, str, str]) -> dict[str, Any]:
    """The walker's value for a plane: the three glyphs, the energies of the grid, and what is read there."""
    corners = plane.corners.to(torch.float32).contiguous().numpy().tobytes()
    texts = [loaded.text(sort) for sort in loaded.card.sorts] if plane.read is not None else []
    return {
        "corners": base64.b64encode(corners).decode(), "names": names, "axis": plane.axis.tolist(),
        "energy": [[round(e, 3) for e in row] for row in plane.energy.tolist()],
        "read": [] if plane.read is None else plane.read.tolist(), "texts": texts,
        "threshold": loaded.card.threshold,
    }  # fmt: skip
