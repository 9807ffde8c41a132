"""The page that was read: its scan with boxes, the case beside it, the glyph that is pointed at; all in the browser.

Its value is what it shows: the page's glyphs as columns, and `named`, the visitor's own readings, which the browser
changes. The picture of the page is a component of its own, because it does not change when a page is read again.
"""

from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from app.models.loaded import LoadedModel
from app.parts.drawing import data_uri
from app.tabs.book.pages import Named

if TYPE_CHECKING:
    from ebm.page.read import ReadPage

_TEMPLATE = """<div class="book-page" hidden>
<div class="book-scan sheet"><canvas tabindex="0" role="application" aria-describedby="book-help"
aria-label="The page with a box around each glyph"></canvas>
<div class="book-zoom"><button type="button" data-zoom="1.4" aria-label="Larger">+</button>
<button type="button" data-zoom="0.714" aria-label="Smaller">&minus;</button>
<button type="button" data-zoom="0">Whole page</button></div></div>
<div class="book-side sheet">
<div class="book-glyph"><canvas width="168" height="168" role="img" aria-label="The glyph in its place"></canvas>
<p class="book-words" aria-live="polite">Point at a box, or click one.</p></div>
<div class="book-tools"><label>It is <input list="book-sorts" maxlength="40" autocomplete="off" disabled></label>
<datalist id="book-sorts"></datalist>
<button type="button" data-do="name" disabled>Name it</button>
<button type="button" data-do="forget" disabled>Undo</button>
<button type="button" data-do="read" disabled>Open in Read</button></div>
<div class="book-threshold">
<canvas width="280" height="56" role="img" aria-label="Histogram of the page's energies"></canvas>
<label>Threshold <input type="range" step="0.01"></label><p class="book-strangers" aria-live="polite"></p></div>
<p class="fineprint" id="book-help">A box is blue where the energy is low, grey near the threshold, orange above it;
filled with blue where the glyph has a name from you. Drag to move the page, turn the wheel or pinch to zoom. Arrow
keys go from glyph to glyph, Enter names one.</p></div>
<div class="book-case sheet"><p class="book-case-words"></p><div class="book-rows"></div></div>
</div>"""
_ON_LOAD = """window.glyphImport('tabs/book/page_view.js').then(({ mount }) => {
    const view = mount(element, {
        named: (value) => { props.value = value; trigger('input'); },
        opens: (index) => trigger('select', { index }),
    });
    watch('value', () => view.take(props.value));
    view.take(props.value);
});"""


def page_view() -> gr.HTML:
    """The view; `input` fires when the visitor names a glyph, `select` with its index when one goes to Read."""
    return gr.HTML(
        None,
        label="The page and its case",
        html_template=_TEMPLATE,
        js_on_load=_ON_LOAD,
        apply_default_css=False,
        elem_id="page-view",
    )


def picture_of(key: str, page: "ReadPage") -> str:
    """The picture of a page for the view, as HTML."""
    uri = data_uri(Image.fromarray(page.layout.picture), "jpeg")
    return f'<img src="{uri}" data-page="{key}" alt="" hidden>'


def viewing(key: str, page: "ReadPage", loaded: LoadedModel, named: Named) -> dict[str, Any]:
    """The value that shows a page.

    Args:
        key: of the page.
        page: as `loaded` reads it.
        loaded: the model.
        named: the visitor's own readings.
    """
    from ebm.page.overlay import energy_range  # scikit-image: not before someone brings a page

    glyphs, layout = page.glyphs, page.layout
    sorts = list(dict.fromkeys([*loaded.card.sorts, *named.values()]))
    places = {sort: k for k, sort in enumerate(sorts)}
    low, high = energy_range(page)
    return {
        "id": key, "width": layout.width, "height": layout.height,
        "box": [[g.at.box.left, g.at.box.top, g.at.box.right, g.at.box.bottom] for g in glyphs],
        "line": [g.at.line for g in glyphs],
        "sort": [-1 if g.sort is None else places[g.sort] for g in glyphs],
        "share": [None if g.probability is None else round(g.probability, 3) for g in glyphs],
        "energy": [round(g.energy, 5) for g in glyphs],
        "p": [None if g.p_value is None else round(g.p_value, 4) for g in glyphs],
        "sure": [k for k, g in enumerate(glyphs) if g.is_sure],
        "cut": [k for k, g in enumerate(glyphs) if g.at.is_cut],
        "sorts": sorts, "texts": [loaded.text(sort) for sort in sorts], "range": [low, high],
        "threshold": loaded.card.threshold, "named": {str(k): sort for k, sort in named.items()},
    }  # fmt: skip
