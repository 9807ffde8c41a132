"""What stands below the player: what the page's own engine needs beside Gradio's controls, and asks of the server."""

import base64
import binascii
import json
from html import escape
from typing import Any

import gradio as gr
import torch
from torch import Tensor

from app.models.loaded import LoadedModel
from app.tabs.print import run as printing
from app.tabs.print.run import PrintRequest
from ebm.data.corpus import SIZE

PLACE = "print by engine"  # in places.js
BOUNDS = {
    "count": printing.COUNT, "steps": printing.STEPS, "step_size": printing.STEP_SIZE, "noise": printing.NOISE,
    "seed": printing.SEED, "guidance": printing.GUIDANCE,
}  # fmt: skip
TEMPLATE = f"""<div class="print-by-engine" data-bounds="{escape(json.dumps(BOUNDS))}">
<div class="said by-engine-only"></div><p class="why hint small"></p>
<div class="run-tools by-engine-only" role="group" aria-label="The run">
<button type="button" data-do="on">Go on</button><button type="button" data-do="stop">Stop</button>
<label>Speed <select data-live="pace"><option value="1">1 step a second</option>
<option value="6">6 steps a second</option>
<option value="60" selected>60 steps a second</option><option value="0">as fast as it goes</option></select></label>
<span class="run-files"><button type="button" data-save="png">Save the grid (PNG)</button>
<button type="button" data-save="webp">Save the animation (WebP)</button>
<button type="button" data-save="npz">Save the chains (.npz)</button></span></div>
<p class="fineprint by-engine-only">Computed by this page, not by a server. Step size, noise, sort and
guidance act on the chains while they run.</p></div>"""
# Which event asks the server for what: it prints where the page cannot.
_ON_LOAD = """const events = { start: 'play', on: 'submit', diagnose: 'select', diagnoseServer: 'apply', line: 'edit' };
window.glyphImport('tabs/print/by_engine.js').then(({ mount }) => {
    mount(element, (kind, told) => {
        if (told) props.value = told;
        trigger(events[kind]);
    });
});"""


def print_by_engine() -> gr.HTML:
    """The component, whose events ask the server for something.

    They are play (print), submit (go on), select (diagnose the page's run), apply (diagnose the server's run) and edit
    (set the page's word on a line).
    """
    return gr.HTML(
        None, elem_id="print-by-engine", html_template=TEMPLATE, js_on_load=_ON_LOAD, apply_default_css=False
    )


def run_told(loaded: LoadedModel, told: Any) -> tuple[PrintRequest, Tensor, int, Tensor]:
    """A run of the page's engine, as the page tells of it.

    Args:
        loaded: the model that printed.
        told: what the page sent.

    Returns:
        the request, the last glyphs uint8 (N, 56, 56), the steps in all, the energies (frames, N) that the chains went
        down.

    Raises:
        ValueError: for anything but a run.
    """
    broken = ValueError("The run did not arrive in one piece: print again.")
    try:
        values, step = dict(told["values"]), int(told["step"])
        energy = torch.tensor(told["energy"], dtype=torch.float32)
        ink = torch.frombuffer(bytearray(base64.b64decode(told["ink"], validate=True)), dtype=torch.uint8)
        glyphs = ink.reshape(-1, SIZE, SIZE)
    except (TypeError, KeyError, ValueError, RuntimeError, binascii.Error):
        raise broken from None
    count = min(len(glyphs), printing.COUNT[1])
    request = printing.check(loaded, **{name: values.get(name) for name in _NAMES} | {"count": count})
    if energy.ndim != 2 or energy.shape[1] != len(glyphs) or request.count != count or len(energy) > _MOST:
        raise broken
    return request, glyphs[:count], step, energy[:, :count]


_NAMES = ("way", "sort", "text", "count", "steps", "step_size", "noise", "seed", "guidance")
_MOST = 2048  # recorded states
