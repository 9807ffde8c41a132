"""The tab Read: draw, bring or click a glyph; read its energy, see where it comes from, let the press finish it."""

from html import escape
from typing import Any

import gradio as gr
import numpy as np
from torch import Tensor

from app.models.library import Models
from app.models.loaded import LoadedModel
from app.parts.drawing import data_uri, message, on_paper
from app.tabs.panel import QUIET, READING, Panel, Wishes
from app.tabs.read import finish_panel
from app.tabs.read.lens import OVERLAYS, glyph_in, lens, mask_in, showing
from app.tabs.read.pad import drawing, is_drawing, pad
from app.tabs.read.verdict_card import as_json, card_of
from app.visitors.uploads import glyph_of, path_of, refusals, to_glyph
from ebm.surface.influence import dab_effect, gradient

HINT = "Draw a letter, bring a picture, or click one of the examples: its energy appears here."
# On a phone the result lies below the drawing: bring it into view.
_CLICK = """element.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-index]');
    if (!button) return;
    trigger('click', { index: Number(button.dataset.index) });
    if (window.innerWidth <= 760) document.querySelector('#reading').scrollIntoView({ behavior: 'smooth' });
});"""


def build(models: Models, model: gr.Dropdown, page: gr.Blocks, tab: gr.Tab) -> Panel:
    """Puts the tab's components into the page being built.

    Args:
        models, model: what there is to choose from, and the choice.
        page, tab: where the components go.
    """

    def read_drawing(key: str, value: Any, overlay: str, before: Any) -> tuple[Any, ...]:
        if not value:
            return message(HINT), gr.skip(), gr.skip()
        return (*_read(models, key, lambda e: to_glyph(e, _drawn(value)), overlay, before), "")

    def read_picture(key: str, upload: Any, overlay: str, before: Any) -> tuple[Any, ...]:
        path = path_of(upload)
        if path is None:
            return gr.skip(), gr.skip(), gr.skip()
        return (*_read(models, key, lambda e: to_glyph(e, path), overlay, before), "")

    def read_example(key: str, overlay: str, before: Any, event: gr.EventData) -> tuple[Any, ...]:
        samples = models.get(key).samples_to_read()
        index = getattr(event, "index", None)
        if not isinstance(index, int) or not 0 <= index < len(samples):
            return message(HINT), gr.skip(), gr.skip(), gr.skip()
        caption, picture = samples[index]
        return (*_read(models, key, lambda e: glyph_of(picture), overlay, before), caption, "")

    def read_again(key: str, overlay: str, held: Any) -> tuple[Any, ...]:
        return _read(models, key, lambda e: glyph_in(held), overlay, held, mask=held)

    def again(opened: str, key: str, overlay: str, held: Any) -> tuple[Any, ...]:
        return read_again(key, overlay, held)

    def score(picture: Any, model: str = "") -> dict[str, Any]:
        """Scores the picture of one glyph: its energy, whether it is a stranger, and the likeliest sorts."""
        with refusals():
            loaded = models.get(model)
            return as_json(loaded, loaded.verdict(to_glyph(loaded, _needed(picture))))

    def influence(picture: Any, model: str = "") -> dict[str, Any]:
        """Where a glyph's energy comes from: its slope dE/dx, 56 rows of 56, and the energy itself."""
        with refusals():
            loaded = models.get(model)
            glyph = to_glyph(loaded, _needed(picture))
            slope = gradient(loaded.model, glyph[None])[0, 0]
            return {"energy": loaded.verdict(glyph).energy, "slope": slope.tolist()}

    def show(loaded: LoadedModel, wishes: Wishes) -> list[Any]:
        samples = loaded.samples_to_read()
        overlay = gr.Radio(value=wishes["overlay"]) if wishes.get("overlay") in OVERLAYS else gr.skip()
        held, caption, strokes = gr.skip(), gr.skip(), gr.skip()
        example = dict(samples).get(wishes.get("example", ""))
        if is_drawing(wishes.get("draw")):
            held = showing(to_glyph(loaded, _drawn(wishes["draw"])))
            caption, strokes = "", wishes["draw"]
        elif example is not None:
            held, caption, strokes = showing(glyph_of(example)), wishes["example"], ""
        return [_shelf(samples), strokes, overlay, held, caption, *finish.show(loaded, wishes)]

    samples = models.first.samples_to_read()
    first = glyph_of(samples[0][1])
    with gr.Row(elem_id="read", elem_classes="areas"):
        with gr.Column(elem_classes="area-d", min_width=0):
            examples = gr.HTML(_shelf(samples), label="Examples", elem_id="examples", js_on_load=_CLICK)
        with gr.Column(elem_classes="area-a", min_width=0):
            sketch = pad()
            picture = gr.Image(
                label="Or bring a photo or scan of one letter", elem_id="upload", type="filepath",
                sources=["upload", "webcam", "clipboard"], height=180, buttons=[],
                webcam_options=gr.WebcamOptions(mirror=False),
            )  # fmt: skip
        with gr.Column(elem_classes="area-c", min_width=0):
            view = lens()
            overlay = gr.Radio(
                [(words, name) for name, words in OVERLAYS.items()], value="none", label="Lay over the glyph",
                elem_id="overlay", info="where its energy comes from, pixel by pixel",
            )  # fmt: skip
        with gr.Column(elem_classes="area-b", min_width=0):
            result = gr.HTML(
                card_of(models.first, first), label="What the model reads", elem_id="reading", js_on_load=None
            )
    view.value = showing(first)
    example = gr.Textbox(samples[0][0], visible="hidden", elem_id="example", label="example")
    finish = finish_panel.build(models, model, view, result, overlay, lambda *a: _read(models, *a))
    answer = gr.JSON(visible=False)

    fast = {"preprocess": False, "trigger_mode": "always_last", **QUIET, **READING}
    read = [result, view, example]
    sketch.input(read_drawing, [model, sketch, overlay, view], read, **fast)
    # preprocess=False: we decode uploads ourselves, so that every error is one sentence.
    gr.on([picture.upload, picture.clear], read_picture, [model, picture, overlay, view], read, **fast)
    examples.click(read_example, [model, overlay, view], [*read, sketch], **fast)
    gr.on([view.input, overlay.input], read_again, [model, overlay, view], [result, view], **fast)
    which = gr.Textbox("", visible=False, label="model")
    for function, name in ((score, "score"), (influence, "influence")):
        gr.Button(visible=False).click(function, [picture, which], answer, preprocess=False, api_name=name, **READING)
    return Panel(
        "read", [examples, sketch, overlay, view, example, *finish.outputs], show,
        {"example": example, "draw": sketch, "overlay": overlay, **finish.state},
        again, [overlay, view], [result, view],
    )  # fmt: skip


def _read(models: Models, key: str, find: Any, overlay: str, before: Any, mask: Any = None) -> tuple[Any, Any]:
    """The reading and the lens for a glyph; where there is none, a sentence above what was read before.

    Args:
        find: loaded -> the glyph, or None; may raise a ValueError.
        before: the lens's value until now; mask: the lens's value whose mask stays.
    """
    try:
        loaded = models.get(key)
        glyph = find(loaded)
        if glyph is None:
            return message(HINT), gr.skip()
        held = mask_in(mask)
    except ValueError as error:
        return message(str(error), "problem") + _last(models, key, before), gr.skip()
    slope = gradient(loaded.model, glyph[None])[0, 0] if overlay == "slope" else None
    dot = dab_effect(loaded.model, glyph, 3) if overlay == "dot" else None
    return card_of(loaded, glyph), showing(glyph, mask=held, slope=slope, dot=dot)


def _last(models: Models, key: str, before: Any) -> str:
    """What was read before, which a bad picture does not take away."""
    try:
        glyph = glyph_in(before)
        return "" if glyph is None else card_of(models.get(key), glyph)
    except ValueError:
        return ""


def _drawn(value: Any) -> np.ndarray:
    picture = drawing(value)
    assert picture is not None  # only called with strokes
    return picture


def _needed(picture: Any) -> str:
    path = path_of(picture)
    if path is None:
        raise ValueError("Send the picture of one glyph.")
    return path


def _shelf(samples: list[tuple[str, Tensor]]) -> str:
    """The examples as buttons."""
    buttons = "".join(
        f'<button type="button" data-index="{k}">'
        f'<img src="{data_uri(on_paper(picture))}" alt="" width="60" height="60">'
        f"<span>{escape(caption)}</span></button>"
        for k, (caption, picture) in enumerate(samples)
    )
    return f'<div class="shelf" role="group" aria-label="Examples to read">{buttons}</div>'
