"""The drawing pad: a square canvas with a broad nib, whose value is a PNG as a data URI.

Gradio's Sketchpad has a round brush only and sends each stroke in a dozen uploads, which takes over a
second where the browser draws without a GPU; this one sends a few kilobytes once, and its nib is the pen data's.
"""

import base64
import binascii
import io
from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image

_PREFIX = "data:image/png;base64,"
_LONGEST, _SIDE = 600_000, 1024  # of the text and of the picture
_TEMPLATE = """<div class="pad"><div class="pad-head"><span class="pad-title">Draw a letter</span>
<span role="radiogroup" aria-label="Pen"><label><input type="radio" name="pen" value="broad" checked> broad nib</label>
<label><input type="radio" name="pen" value="round"> round pen</label></span></div>
<div class="pad-sheet">
<canvas width="320" height="320" role="img" aria-label="Drawing area: draw one letter"></canvas>
<i style="top:25%"></i><i style="top:72%"></i>
<p class="pad-hint">Write here with finger, pen or mouse:<br>it is read when you lift the pen.</p></div>
<div class="pad-tools"><button type="button" data-do="undo">Undo</button>
<button type="button" data-do="clear">Clear</button></div>
</div>"""


def pad() -> gr.HTML:
    """The pad; its `change` event fires after each stroke, and its value is "" when it is blank."""
    return gr.HTML(
        "",
        label="Draw a letter",
        html_template=_TEMPLATE,
        js_on_load=Path(__file__).with_name("pad.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id="sketch",
    )


def drawing(value: object) -> np.ndarray | None:
    """The pad's value as grey (H, W); None when nothing is drawn.

    Raises:
        ValueError: for anything that is not a small PNG.
    """
    if not value:
        return None
    problem = ValueError("The drawing did not arrive in one piece: draw it again.")
    if not isinstance(value, str) or not value.startswith(_PREFIX) or len(value) > _LONGEST:
        raise problem
    try:
        image = Image.open(io.BytesIO(base64.b64decode(value[len(_PREFIX) :], validate=True)), formats=["PNG"])
        if max(image.size) > _SIDE:
            raise problem
        flat = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    except (binascii.Error, OSError, SyntaxError, Image.DecompressionBombError):
        raise problem from None
    grey = np.asarray(flat.convert("L"))
    return None if grey.min() == grey.max() else grey
