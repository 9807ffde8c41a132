"""The drawing pad: strokes with a broad nib or a round pen, inked by the pen that wrote the corpus.

Gradio's Sketchpad has a round brush only and sends each stroke in a dozen uploads. This one's value is a short text,
the strokes themselves (see `strokes_of`), which is also what a link to a drawing holds.
"""

import gradio as gr
import torch
from torch import Tensor

from app.engine.drawing import glyph_of, sheet_of, strokes_of
from app.models.loaded import LoadedModel
from app.visitors.uploads import to_glyph

TEMPLATE = """<div class="pad"><div class="pad-head"><span class="pad-title">Draw a letter</span>
<span role="radiogroup" aria-label="Pen"><label><input type="radio" name="pen" value="b" checked> broad nib</label>
<label><input type="radio" name="pen" value="r"> round pen</label></span></div>
<div class="pad-sheet">
<canvas width="320" height="320" role="img" aria-label="Drawing area: draw one letter"></canvas>
<i style="top:25%"></i><i style="top:72%"></i>
<p class="pad-hint">Write here with finger, pen or mouse:<br>it is read as you write.</p></div>
<div class="pad-tools"><button type="button" data-do="undo">Undo</button>
<button type="button" data-do="clear">Clear</button></div>
</div>"""

# In the page a drawing is read where it is drawn; else by the server, which a submit asks. Each stroke is an input.
_ON_LOAD = """const live = window.glyphImport('parts/places.js').then(({ partOf }) => partOf('reading'));
window.glyphImport('tabs/read/pad.js').then(async ({ mount }) => {
    const pad = mount(element, {
        draws: async (strokes) => (await live).draws(strokes),
        drawn: async (text) => {
            props.value = text;
            trigger('input');
            if (!(await live).drawn(text)) trigger('submit');
        },
    });
    watch('value', () => pad.take(props.value));
    pad.take(props.value);
});"""


def pad() -> gr.HTML:
    """The pad; its `input` event fires after each stroke, `submit` where the server is to read it, and its value is ""
    when it is blank."""
    return gr.HTML(
        "",
        label="Draw a letter",
        html_template=TEMPLATE,
        js_on_load=_ON_LOAD,
        apply_default_css=False,
        elem_id="sketch",
    )


def glyph_of_drawing(loaded: LoadedModel, text: object) -> Tensor:
    """The pad's value as a glyph (1, 56, 56) for a model.

    Args:
        loaded: a model of pen data reads what `glyph_of` makes; any other reads the whole pad as a picture.
        text: strokes.

    Raises:
        ValueError: for anything that is not strokes, and where nothing is drawn.
    """
    strokes = strokes_of(text)
    if loaded.card.preprocessing != "pen":
        return to_glyph(loaded, sheet_of(strokes))
    return torch.from_numpy(glyph_of(strokes))
