"""The tab Surface by the page's own engine: it computes ways and plane on it, or asks the server to."""

import base64

import gradio as gr

from app.models.library import Models
from app.models.loaded import LoadedModel
from app.tabs.surface.landscape import choices, picture

PLACE = "surface by engine"  # in places.js

_CORNERS = "".join(
    '<figure data-corner><span class="glyph" data-glyph title="Open in Read"><canvas width="56" height="56" role="img" '
    'aria-label="the glyph at a corner"></canvas></span>'
    '<figcaption><span class="name"></span><button type="button">Take the glyph of Read</button></figcaption></figure>'
    for _ in range(3)
)
TEMPLATE = f"""<div class="surface-by-engine by-engine-only">
<p class="surface-words hint" role="status">Walking the surface\u2026</p>
<div class="surface-areas"><div class="terrain sheet"><div class="terrain-view">
<canvas role="img" aria-label="The energy over the plane through the three glyphs"></canvas>
<button type="button" class="end" data-end="0"></button><button type="button" class="end" data-end="1"></button></div>
<p class="terrain-scale">energy <span class="low"></span><i></i><span class="high"></span></p>
<p class="fineprint">Drag the two white ends over the map, or move them by the arrow keys: both ways follow. The white
line is the lowest path: its images leave the plane, and the line joins their nearest places on it. Dashed black is the
straight way, dashed orange the threshold. A relief is turned by dragging it.</p></div>
<div class="surface-side"><div class="probe sheet">
<button type="button" class="glyph" data-glyph title="Open in Read"><canvas width="56" height="56"></canvas></button>
<div><p class="probe-words">Move over the map: the glyph at each point appears here.</p>
<label>u <input type="range" data-axis="u"></label><label>v <input type="range" data-axis="v"></label></div></div>
<div class="corners sheet">{_CORNERS}</div></div></div>
<div class="ways sheet"><div class="way-top">
<canvas class="way-chart" role="img" aria-label="Energy on both ways"></canvas>
<div><canvas class="way-pair" data-sheet role="img"
aria-label="The glyphs on the straight line and on the lowest path"></canvas>
<p class="way-names"><span>straight line</span><span>lowest path</span></p></div></div>
<label class="way-at">Image <input type="range" min="0" max="23" step="1"><output></output></label>
<canvas class="way-strip" data-sheet role="img" aria-label="Twelve glyphs of each way"></canvas></div></div>"""
_ON_LOAD = """window.glyphImport('tabs/surface/by_engine.js').then(({ mount }) => {
    const outside = { askServer: () => trigger('apply'), glyphsOf: (key) => server.glyphs(key) };
    mount(element, outside);
});"""


def surface_by_engine(models: Models) -> gr.HTML:
    """The component, whose event `apply` asks the server to look.

    Args:
        models: the page's.
    """

    def glyphs(key: object) -> dict[str, str]:  # nothing for a model that is not, or no longer, here
        try:
            return glyphs_of(models.get(str(key)))
        except ValueError:
            return {}

    return gr.HTML(
        None, elem_id="surface-by-engine", html_template=TEMPLATE, js_on_load=_ON_LOAD, apply_default_css=False,
        server_functions=[glyphs],
    )  # fmt: skip


def glyphs_of(loaded: LoadedModel) -> dict[str, str]:
    """The glyphs that may be chosen, by key: 3,136 bytes of ink each, 255 = black, as base64."""
    return {
        key: base64.b64encode(picture(loaded, key).contiguous().numpy().tobytes()).decode()
        for _, key in choices(loaded)
    }
