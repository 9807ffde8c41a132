"""The lens: the glyph as the model sees it, with its slope laid over it, pixels to push and a mask to paint.

Its value is what it shows, and what the page holds of the glyph that is being read:
`ink` (3,136 bytes, ink = 255) and `mask` (1 = to be filled in) as base64; `slope` or `dot` (float32) where they are
wanted.
"""

import base64
import binascii
from typing import Any

import gradio as gr
import numpy as np
import torch
from torch import Tensor

from ebm.data.corpus import SIZE, to_bytes, to_model_space

OVERLAYS = {"none": "nothing", "slope": "its slope", "dot": "effect of one dot"}
TEMPLATE = """<div class="lens sheet"><div class="lens-view">
<canvas width="56" height="56" tabindex="0" role="application" aria-describedby="lens-words"
aria-label="The glyph as the model sees it, 56 by 56 pixels"></canvas></div>
<p class="lens-words" id="lens-words" aria-live="polite"></p>
<div class="lens-tools" role="group" aria-label="What a click does">
<label><input type="radio" name="lens-hand" value="look" checked> look</label>
<label class="by-engine-only"><input type="radio" name="lens-hand" value="move"> drag it</label>
<label><input type="radio" name="lens-hand" value="push"> push pixels</label>
<label><input type="radio" name="lens-hand" value="mask"> paint a mask</label></div>
<div class="lens-tools"><button type="button" data-do="left">Mask left half</button>
<button type="button" data-do="below">Mask lower half</button>
<button type="button" data-do="bare">No mask</button></div>
</div>"""

# What the page's engine reads it has in hand; the value follows, for what the server does with the glyph later.
_ON_LOAD = """const live = window.glyphImport('parts/places.js').then(({ partOf }) => partOf('reading'));
window.glyphImport('tabs/read/lens.js').then(async ({ mount }) => {
    const lens = mount(element, {
        changes: async (ink) => (await live).read(ink),
        drags: async (right, down) => (await live).shift({ right, down }),
        scales: async (by) => (await live).shift({ size: by }),
        dragged: async () => (await live).kept?.(),
        changed: async (value) => {
            props.value = value;
            if (!(await live).isHere()) trigger('input');
        },
    });
    const take = async () => { lens.take(props.value); (await live).read(lens.ink()); };
    watch('value', take);
    take();
    (await live).kept = () => { props.value = lens.value(); };
    window.glyphLens = async (overlay) => { if (!(await live).lay(overlay)) trigger('input'); };
});"""


def lens() -> gr.HTML:
    """The lens; its `input` event fires when the server has to read the glyph again."""
    return gr.HTML(
        None,
        label="The glyph as the model sees it",
        html_template=TEMPLATE,
        js_on_load=_ON_LOAD,
        apply_default_css=False,
        elem_id="lens",
    )


def showing(
    glyph: Tensor, *, mask: Tensor | None = None, slope: Tensor | None = None, dot: Tensor | None = None
) -> dict:
    """The value that shows a glyph.

    Args:
        glyph: (1, 56, 56) in [-1, 1].
        mask: bool (56, 56), True where it is to be filled in.
        slope: dE/dx (56, 56).
        dot: energy changes (2, 56, 56) of a dot of paper and of ink.
    """
    value: dict[str, Any] = {"ink": _text(to_bytes(glyph[None])[0].numpy())}
    value["mask"] = "" if mask is None or not mask.any() else _text(mask.to(torch.uint8).numpy())
    for name, numbers in (("slope", slope), ("dot", dot)):
        if numbers is not None:
            value[name] = _text(numbers.detach().cpu().to(torch.float32).contiguous().numpy())
    return value


def glyph_in(value: object) -> Tensor | None:
    """The glyph (1, 56, 56) in [-1, 1] that a lens shows; None where it shows none.

    Raises:
        ValueError: for what no lens sends.
    """
    ink = _bytes(value, "ink")
    return None if ink is None else to_model_space(ink[None])[0]


def mask_in(value: object) -> Tensor | None:
    """The mask, bool (56, 56), True where it is to be filled in; None where none is painted. Errors as `glyph_in`."""
    mask = _bytes(value, "mask")
    return None if mask is None or not mask.any() else mask > 0


def _text(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


def _bytes(value: object, name: str) -> Tensor | None:
    """One of the lens's pictures, uint8 (56, 56)."""
    text = value.get(name) if isinstance(value, dict) else None
    if not text:
        return None
    problem = ValueError("The glyph did not arrive in one piece: choose or draw it again.")
    if not isinstance(text, str) or len(text) > 2 * SIZE * SIZE:
        raise problem
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise problem from None
    if len(data) != SIZE * SIZE:
        raise problem
    return torch.frombuffer(bytearray(data), dtype=torch.uint8).reshape(SIZE, SIZE)
