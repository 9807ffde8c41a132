"""The drawing pad: strokes with a broad nib or a round pen, inked by the pen that wrote the corpus.

Gradio's Sketchpad has a round brush only and sends each stroke in a dozen uploads. This one's value is a short text,
the strokes themselves, which is also what a link to a drawing holds: for each stroke `b` or `r` (broad, round), then
four characters a point, two for x and two for y, in the digits of base64url; strokes are parted by `.`.
"""

import re
from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image, ImageDraw

from ebm.data.synthetic.pen import Fount, Stroke, sweep

LONGEST = 6000  # characters; the page simplifies what is longer
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_GRID = 64 * 64 - 1  # points lie on a grid this wide
_SHAPE = re.compile(r"[br](?:[A-Za-z0-9_-]{4})+(?:\.[br](?:[A-Za-z0-9_-]{4})+)*")
_SIDE = 448  # pixels of the sheet that is inked: fine enough for its reduction to 56 to be smooth
_NIB = 30 / 320  # width of the nib, as a share of the pad's side; pad.js draws the same
_PENS = {"b": Fount(nib=1.0, hairline=4 / 30, angle=42.0), "r": Fount(nib=0.5, hairline=0.5)}
_TEMPLATE = """<div class="pad"><div class="pad-head"><span class="pad-title">Draw a letter</span>
<span role="radiogroup" aria-label="Pen"><label><input type="radio" name="pen" value="b" checked> broad nib</label>
<label><input type="radio" name="pen" value="r"> round pen</label></span></div>
<div class="pad-sheet">
<canvas width="320" height="320" role="img" aria-label="Drawing area: draw one letter"></canvas>
<i style="top:25%"></i><i style="top:72%"></i>
<p class="pad-hint">Write here with finger, pen or mouse:<br>it is read when you lift the pen.</p></div>
<div class="pad-tools"><button type="button" data-do="undo">Undo</button>
<button type="button" data-do="clear">Clear</button></div>
</div>"""


def pad() -> gr.HTML:
    """The pad; its `input` event fires after each stroke, and its value is "" when it is blank."""
    return gr.HTML(
        "",
        label="Draw a letter",
        html_template=_TEMPLATE,
        js_on_load=Path(__file__).with_name("pad.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id="sketch",
    )


def is_drawing(text: object) -> bool:
    """Whether a text holds strokes in the pad's form."""
    return isinstance(text, str) and len(text) <= LONGEST and _SHAPE.fullmatch(text) is not None


def drawing(value: object) -> np.ndarray | None:
    """The pad's value as grey (448, 448) uint8, dark on light; None when nothing is drawn.

    Raises:
        ValueError: for anything that is not strokes.
    """
    if not value:
        return None
    if not is_drawing(value):
        raise ValueError("The drawing did not arrive in one piece: draw it again.")
    sheet = Image.new("L", (_SIDE, _SIDE))
    draw = ImageDraw.Draw(sheet)
    for stroke in str(value).split("."):
        digits = np.array([_DIGITS.index(c) for c in stroke[1:]]).reshape(-1, 2, 2)
        points = (digits[..., 0] * 64 + digits[..., 1]) / _GRID  # (P, 2), in sides of the pad
        path = points * [1, -1] / _NIB  # in nib widths, y upwards
        sweep(draw, [Stroke(path, 1.0)], _PENS[stroke[0]], _NIB * _SIDE, np.zeros(2))
    return 255 - np.asarray(sheet)
