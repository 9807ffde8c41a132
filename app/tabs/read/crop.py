"""The picture that was brought, with its letters boxed: the visitor chooses the part that is read, and turns it.

Its value is None, or what `showing_picture` gives; the page adds `chosen`: `box` (left, top, right, bottom as shares of
the sides) and `angle` (degrees).
"""

from collections.abc import Sequence
from typing import Any

import gradio as gr
from PIL import Image
from torch import Tensor

from app.models.loaded import LoadedModel
from app.parts.drawing import data_uri
from app.visitors.uploads import to_glyph
from ebm.data.picture.crop import crop, find_letters
from ebm.data.picture.decode import read_grey

_SIDE = 720  # of the picture on the page
_WORD = 3  # letters from which a picture is a word and no broken letter
_EDGE = 0.005  # of the picture's side: what is nearer to it may be cut
_AROUND = 0.12  # paper around a letter, in its sides
TEMPLATE = """<div class="crop sheet" hidden><p class="crop-said" role="status"></p>
<div class="crop-view"><div class="crop-stage"><img alt="The picture that was brought"><div class="crop-boxes"></div>
<i hidden></i></div></div>
<label class="crop-turn">Turn what is read by <input type="range" min="-45" max="45" step="0.5" value="0">
<output>0&#176;</output></label>
<div class="crop-tools"><button type="button" data-turn="-90">A quarter left</button>
<button type="button" data-turn="90">A quarter right</button>
<button type="button" class="crop-whole" hidden>Show the whole picture</button>
<button type="button" class="crop-book" hidden>Read all of it in Book</button></div></div>"""
_ON_LOAD = """window.glyphImport('tabs/read/crop.js').then(({ mount }) => {
    const view = mount(element, (chosen) => { props.value = { ...props.value, chosen }; trigger('submit'); });
    watch('value', () => view.take(props.value));
    view.take(props.value);
});"""


def cropper() -> gr.HTML:
    """The component; its `submit` event fires when a part was chosen."""
    return gr.HTML(
        None, label="The picture that was brought", elem_id="crop", html_template=TEMPLATE, js_on_load=_ON_LOAD,
        apply_default_css=False,
    )  # fmt: skip


def showing_picture(path: str) -> dict[str, Any] | None:
    """The value for a picture file; None for one that cannot be read, which the reading says."""
    try:
        grey = read_grey(path)
        letters = find_letters(grey)
    except ValueError:
        return None
    image = Image.fromarray((grey * 255).astype("uint8"))
    image.thumbnail((_SIDE, _SIDE))
    around = [_wider(box) for box in letters]
    boxes = [[round(v, 5) for v in box] for box in letters]
    return {"picture": data_uri(image, "jpeg"), "letters": boxes, "around": around}


def first_letter(value: dict[str, Any] | None) -> dict[str, Any] | None:
    """The same value with its first whole letter chosen, where there are several: a word is no glyph."""
    if value is None or len(value["letters"]) < _WORD:
        return value
    whole = (k for k, box in enumerate(value["letters"]) if min(box[:2]) > _EDGE and max(box[2:]) < 1 - _EDGE)
    return value | {"chosen": {"box": value["around"][next(whole, 0)], "angle": 0}}


def _wider(box: Sequence[float]) -> list[float]:
    """A letter's box with some paper around it."""
    left, top, right, bottom = box
    x, y = _AROUND * (right - left), _AROUND * (bottom - top)
    return [round(v, 5) for v in (max(0, left - x), max(0, top - y), min(1, right + x), min(1, bottom + y))]


def chosen_glyph(loaded: LoadedModel, path: str, value: Any) -> Tensor:
    """The part that was chosen, as a glyph (1, 56, 56).

    Raises:
        ValueError: one sentence.
    """
    try:
        chosen = value["chosen"]
        left, top, right, bottom = (float(v) for v in chosen["box"])
        angle = float(chosen["angle"])
    except (TypeError, KeyError, ValueError):
        raise ValueError("The part did not arrive in one piece: draw the box again.") from None
    return to_glyph(loaded, crop(path, (left, top, right, bottom), angle))
