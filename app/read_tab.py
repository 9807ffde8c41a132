"""Tab 1: draw, upload or click a glyph, and read its energy, verdict and sorts."""

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import torch
from torch import Tensor

import ebm
from app.drawing import data_uri, energy_ruler, message, number, on_paper
from app.model import Explorer
from app.models import Models
from app.pad import drawing, pad
from app.panel import QUIET, Panel, Wishes
from ebm.data.corpus import SIZE, to_bytes, to_model_space

HINT = "Draw a letter, bring a picture, or click one of the examples: its energy appears here."
# On a phone the result lies below the drawing: bring it into view.
_CLICK = """element.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-index]');
    if (!button) return;
    trigger('click', { index: Number(button.dataset.index) });
    if (window.innerWidth <= 760) document.querySelector('#reading').scrollIntoView({ behavior: 'smooth' });
});"""


def build(models: Models, model: gr.Dropdown, page: gr.Blocks, tab: gr.Tab, processor: dict[str, Any]) -> Panel:
    """Puts the tab's components into the page being built.

    Args:
        models, model: what there is to choose from, and the choice.
        page, tab: where the components go.
        processor: the event options that all use of a model shares.
    """

    def read_drawing(key: str, value: Any) -> str:
        try:
            return report(models.get(key), drawing(value))
        except ValueError as error:
            return message(str(error), "problem")

    def read_picture(key: str, upload: Any) -> str:
        return report(models.get(key), path_of(upload))

    def read_example(key: str, event: gr.EventData) -> str:
        explorer = models.get(key)
        samples = explorer.samples_to_read()
        index = getattr(event, "index", None)
        if not isinstance(index, int) or not 0 <= index < len(samples):
            return message(HINT)
        return card_of(explorer, glyph_of(samples[index][1]))

    def score(picture: Any, model: str = "") -> dict[str, Any]:
        """Scores the picture of one glyph: its energy, whether it is a stranger, and the likeliest sorts."""
        try:
            path = path_of(picture)
            if path is None:
                raise ValueError("Send the picture of one glyph.")
            explorer = models.get(model)
            return as_json(explorer, explorer.verdict(to_glyph(explorer, path)))
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from None

    def show(explorer: Explorer, wishes: Wishes) -> list[Any]:
        samples = explorer.samples_to_read()
        return [_shelf(samples), card_of(explorer, glyph_of(samples[0][1]))]

    samples = models.first.samples_to_read()
    with gr.Row(elem_id="read", elem_classes="areas"):
        with gr.Column(elem_classes="area-d", min_width=0):
            examples = gr.HTML(_shelf(samples), label="Examples", elem_id="examples", js_on_load=_CLICK)
        with gr.Column(elem_classes="area-a", min_width=0):
            sketch = pad()
        with gr.Column(elem_classes="area-b", min_width=0):
            first = card_of(models.first, glyph_of(samples[0][1]))
            result = gr.HTML(first, label="What the model reads", elem_id="reading", js_on_load=None)
        with gr.Column(elem_classes="area-c", min_width=0):
            picture = gr.Image(
                label="Or bring a photo or scan of one letter",
                elem_id="upload",
                type="filepath",
                sources=["upload", "clipboard"],
                height=190,
                buttons=[],
            )
    answer = gr.JSON(visible=False)

    fast = {"preprocess": False, "trigger_mode": "always_last", **QUIET, **processor}
    sketch.change(read_drawing, [model, sketch], result, **fast)
    # preprocess=False: we decode uploads ourselves, so that every error is one sentence.
    gr.on(
        [picture.upload, picture.clear], read_picture, [model, picture], result, preprocess=False, **QUIET, **processor
    )
    examples.click(read_example, model, result, **fast)
    which = gr.Textbox("", visible=False, label="model")
    gr.Button(visible=False).click(score, [picture, which], answer, preprocess=False, api_name="score", **processor)
    return Panel("read", [examples, result], show)


def _shelf(samples: list[tuple[str, Tensor]]) -> str:
    """The examples as buttons."""
    buttons = "".join(
        f'<button type="button" data-index="{k}">'
        f'<img src="{data_uri(on_paper(picture))}" alt="" width="60" height="60">'
        f"<span>{escape(caption)}</span></button>"
        for k, (caption, picture) in enumerate(samples)
    )
    return f'<div class="shelf" role="group" aria-label="Examples to read">{buttons}</div>'


def path_of(upload: Any) -> str | None:
    """Where Gradio put an uploaded file (it has checked that the path is an upload's); None where there is none."""
    path = upload.get("path") if isinstance(upload, dict) else getattr(upload, "path", None)
    return path if isinstance(path, str) and path else None


def to_glyph(explorer: Explorer, picture: str | np.ndarray) -> Tensor:
    """Any picture as a glyph (1, 56, 56).

    Raises:
        ValueError: one sentence without any of the server's paths.
    """
    try:
        return ebm.to_glyph(picture, preprocessing=explorer.card.preprocessing)
    except ValueError as error:
        text = str(error).rstrip(".") + "."
        if isinstance(picture, str) and picture in text:
            raise ValueError(text.replace(picture, Path(picture).name)) from None
        raise ValueError(text[:1].upper() + text[1:]) from None


def report(explorer: Explorer, picture: str | np.ndarray | None) -> str:
    """The result for a picture as HTML; a hint where there is none, a sentence where it cannot be read."""
    if picture is None:
        return message(HINT)
    try:
        return card_of(explorer, to_glyph(explorer, picture))
    except ValueError as error:
        return message(str(error), "problem")


def glyph_of(picture: Tensor) -> Tensor:
    """An example (56, 56) uint8 as a glyph (1, 56, 56)."""
    return to_model_space(picture.reshape(1, SIZE, SIZE))[0]


def as_json(explorer: Explorer, verdict: ebm.Verdict) -> dict[str, Any]:
    """A verdict for programs."""
    top = [{"sort": sort, "text": explorer.text(sort), "probability": p} for sort, p in verdict.top]
    return {
        "energy": verdict.energy,
        "threshold": verdict.threshold,
        "p_value": verdict.p_value,
        "is_stranger": verdict.is_stranger,
        "top": top,
    }


def sentence(verdict: ebm.Verdict, reference: int) -> str:
    """The verdict in words."""
    side = "above" if verdict.is_stranger else "below"
    start = f"Its energy lies {side} the threshold of {number(verdict.threshold)}"
    if reference == 0:
        return f"{start}."
    if verdict.p_value == 0:
        return f"{start}; not one of {reference:,} known glyphs has an energy as high (p < {1 / reference:.2g})."
    share = f"{verdict.p_value:.1%} of the known glyphs have an energy as high or higher"
    return f"{start}; {share} (p = {verdict.p_value:.2g})."


def card_of(explorer: Explorer, glyph: Tensor) -> str:
    """The result for a glyph (1, 56, 56) as HTML."""
    with torch.no_grad():
        verdict = explorer.verdict(glyph)
    seen = data_uri(on_paper(to_bytes(glyph[None])[0]))
    kind, word = ("stranger", "Stranger") if verdict.is_stranger else ("known", "Known glyph")
    reference = explorer.card.reference_energies
    return (
        '<section class="reading" role="status" aria-live="polite"><div class="top">'
        f'<figure class="seen"><img src="{seen}" alt="The picture as the model sees it" width="168" height="168">'
        f"<figcaption>as the model sees it,<br>{SIZE} \u00d7 {SIZE}</figcaption></figure>"
        f'<div class="verdict"><span class="word">energy</span><span class="energy">{number(verdict.energy)}</span>'
        f'<span class="badge {kind}">{word}</span>'
        f"<p>{sentence(verdict, len(reference))}</p></div></div>"
        f"{energy_ruler(reference, verdict.threshold, verdict.energy)}{_sorts(explorer, verdict)}</section>"
    )


def _sorts(explorer: Explorer, verdict: ebm.Verdict) -> str:
    """The likeliest sorts as bars."""
    if not verdict.top:
        return '<p class="hint small">This model has one output: it gives an energy, but reads no sorts.</p>'
    rows = "".join(
        f'<li><span class="letter">{escape(explorer.text(sort))}</span>'
        f'<span class="name">{_name(explorer, sort)}</span>'
        f'<span class="track"><i style="width:{100 * p:.1f}%"></i></span><span class="share">{p:.1%}</span></li>'
        for sort, p in verdict.top
    )
    doubt = ' class="doubt"' if verdict.is_stranger else ""
    note = " <small>(forced to choose: for a stranger this means little)</small>" if verdict.is_stranger else ""
    return f"<h3>Read as{note}</h3><ol{doubt}>{rows}</ol>"


def _name(explorer: Explorer, sort: str) -> str:
    """A sort's name where its character does not say it all."""
    return "" if explorer.text(sort) == sort else escape(sort)
