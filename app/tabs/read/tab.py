"""The tab Read: draw, bring or click a glyph; read its energy, see where it comes from, let the model finish it."""

from dataclasses import dataclass
from typing import Any

import gradio as gr
import torch
from gradio.components import Component

from app.engine.drawing import is_drawing
from app.models.loaded import LoadedModel
from app.models.samples import samples_to_read
from app.parts.by_engine import calls_page
from app.parts.drawing import message
from app.parts.packing import unpack
from app.parts.panel import PRINTING, QUIET, READING, Context, Panel, Shown, Values, Wishes, updates
from app.tabs.read import finish_panel
from app.tabs.read.crop import chosen_glyph, cropper, first_letter, showing_picture
from app.tabs.read.endpoints import Endpoints
from app.tabs.read.finish_panel import FinishPanel
from app.tabs.read.lens import OVERLAYS, glyph_in, lens, showing
from app.tabs.read.live import live_card
from app.tabs.read.network import network
from app.tabs.read.pad import glyph_of_drawing, pad
from app.tabs.read.reading import HINT, Reader
from app.tabs.read.real_print import on_real_print
from app.tabs.read.shelf import shelf_of
from app.tabs.read.verdict_card import card_of
from app.visitors.endpoints import offer
from app.visitors.uploads import glyph_of, path_of, to_glyph
from ebm.data.corpus import SIZE

# On a phone the result lies below the drawing: bring it into view.
_CLICK = """element.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-index]');
    if (!button) return;
    trigger('click', { index: Number(button.dataset.index) });
    if (window.innerWidth <= 760) document.querySelector('#reading').scrollIntoView({ behavior: 'smooth' });
});"""


def build(context: Context) -> Panel:
    """Puts the tab's components into the page being built."""
    read = lay_out(context)
    wire(read)
    state = {"example": read.caption, "draw": read.pad, "overlay": read.reader.overlay, **read.finish.state}
    asking, changed = read.reader.asking, read.reader.outputs
    return Panel("read", read.outputs, read.show, state, read.read_again, asking, changed)


@dataclass(frozen=True)
class Read:
    """The tab's components, and what happens to them.

    Args:
        context: what the tab is built into.
        reader: shows what was read.
        shelf: the examples.
        pad: the drawing pad.
        picture: where the visitor brings a picture.
        crop: the picture that was brought, of which a part may be chosen.
        trained: what the model was trained on, and how it does on real print.
        caption: of the example that is read, "" where it is none; for the link.
        finish: the panel below.
    """

    context: Context
    reader: Reader
    shelf: gr.HTML
    pad: gr.HTML
    picture: gr.Image
    crop: gr.HTML
    trained: gr.HTML
    caption: gr.Textbox
    finish: FinishPanel

    @property
    def outputs(self) -> list[Component]:
        """What changes with the model or a link."""
        return [
            self.shelf, self.trained, self.pad, self.caption, self.reader.overlay, self.reader.lens,
            *self.finish.state.values(),
        ]  # fmt: skip

    def read_drawing(self, values: Values) -> Shown:
        """Reads what is on the pad."""
        strokes = values[self.pad]
        if not strokes:
            return {self.reader.result: message(HINT)}
        return self.reader.read(values, lambda loaded: glyph_of_drawing(loaded, strokes)) | {self.caption: ""}

    def read_picture(self, values: Values) -> Shown:
        """Reads the picture that was brought."""
        path = path_of(values[self.picture])
        if path is None:
            return {self.crop: None}
        picture = first_letter(showing_picture(path))
        is_word = picture is not None and "chosen" in picture
        shown = self.reader.read(
            values, lambda loaded: chosen_glyph(loaded, path, picture) if is_word else to_glyph(loaded, path)
        )
        return shown | {self.caption: "", self.pad: "", self.crop: picture}

    def read_part(self, values: Values) -> Shown:
        """Reads the part that was chosen of the picture."""
        path = path_of(values[self.picture])
        if path is None:
            return gr.skip()
        return self.reader.read(values, lambda loaded: chosen_glyph(loaded, path, values[self.crop])) | {
            self.caption: "", self.pad: ""
        }  # fmt: skip

    def read_sent(self, values: Values) -> Shown:
        """Reads the glyph that another tab sent."""
        sent = values[self.context.sent]
        if sent is None:
            return gr.skip()
        return self.reader.read(values, lambda loaded: glyph_of(sent[1])) | {self.caption: "", self.pad: ""}

    def read_example(self, values: Values, event: gr.EventData) -> Shown:
        """Reads the example that was clicked."""
        samples = samples_to_read(self.context.models.get(values[self.context.model]))
        index = getattr(event, "index", None)
        if not isinstance(index, int) or not 0 <= index < len(samples):
            return {self.reader.result: message(HINT)}
        sample = samples[index]
        return self.reader.read(values, lambda loaded: glyph_of(sample.picture)) | {
            self.caption: sample.key, self.pad: ""
        }  # fmt: skip

    def read_again(self, values: Values) -> Shown:
        """Reads what is in the lens: by a new model, after a pixel was pushed, or under another overlay."""
        return self.reader.read(values, lambda loaded: glyph_in(values[self.reader.lens]), keep_mask=True)

    def show(self, loaded: LoadedModel, wishes: Wishes) -> Shown:
        """The tab for another model, and the drawing or the example that a link asks for."""
        samples, settings = samples_to_read(loaded), finish_panel.settings_of(loaded, wishes)
        shown: Shown = {self.shelf: shelf_of(samples), self.trained: on_real_print(loaded)}
        shown |= updates(self.finish.state, settings)
        if wishes.get("overlay") in OVERLAYS:
            shown[self.reader.overlay] = gr.Radio(value=wishes["overlay"])
        example = next((s.picture for s in samples if s.key == wishes.get("example")), None)
        glyph = None
        if is_drawing(wishes.get("draw")):
            glyph = glyph_of_drawing(loaded, wishes["draw"])
            shown |= {self.caption: "", self.pad: wishes["draw"]}
        elif example is not None:
            glyph = glyph_of(example)
            shown |= {self.caption: wishes["example"], self.pad: ""}
        if (ink := unpack(wishes.get("ink"), SIZE * SIZE)) is not None:  # a picture, or what was changed by hand
            glyph = glyph_of(torch.frombuffer(bytearray(ink), dtype=torch.uint8))
        if glyph is not None:
            mask = unpack(wishes.get("mask"), SIZE * SIZE)
            masked = None if mask is None else torch.frombuffer(bytearray(mask), dtype=torch.uint8).view(SIZE, SIZE) > 0
            shown[self.reader.lens] = showing(glyph, mask=masked)
        return shown


def lay_out(context: Context) -> Read:
    """Makes the tab's components, left to right."""
    samples = samples_to_read(context.models.first)
    glyph = glyph_of(samples[0].picture)
    with gr.Row(elem_id="read", elem_classes="areas"):
        with gr.Column(elem_classes="area-d", min_width=0):
            shelf = gr.HTML(shelf_of(samples), label="Examples", elem_id="examples", js_on_load=_CLICK)
        with gr.Column(elem_classes="area-a", min_width=0):
            sketch = pad()
            picture = gr.Image(
                label="Or bring a photo or scan of one letter", elem_id="upload", type="filepath",
                sources=["upload", "webcam", "clipboard"], height=180, buttons=[],
                webcam_options=gr.WebcamOptions(mirror=False),
            )  # fmt: skip
            trained = gr.HTML(on_real_print(context.models.first), elem_id="on-real-print", js_on_load=None)
        with gr.Column(elem_classes="area-e", min_width=0):
            part = cropper()
        with gr.Column(elem_classes="area-c", min_width=0):
            view = lens()
            overlay = gr.Radio(
                [(words, name) for name, words in OVERLAYS.items()], value="none", label="Lay over the glyph",
                elem_id="overlay", info="where its energy comes from, pixel by pixel",
            )  # fmt: skip
        with gr.Column(elem_classes="area-b", min_width=0):
            card = card_of(context.models.first, glyph)
            result = gr.HTML(card, label="What the model reads", elem_id="reading", js_on_load=None)
            live_card()
    network(context.models)
    view.value = showing(glyph)
    caption = gr.Textbox(samples[0].key, visible="hidden", elem_id="example", label="example")
    reader = Reader(context, result, view, overlay)
    return Read(context, reader, shelf, sketch, picture, part, trained, caption, finish_panel.lay_out(context, reader))


def wire(read: Read) -> None:
    """Says what happens when."""
    # preprocess=False: we decode uploads ourselves, so that every error is one sentence.
    fast: dict[str, Any] = {"preprocess": False, "trigger_mode": "always_last", **QUIET, **READING}
    asking, changed = read.reader.asking, [*read.reader.outputs, read.caption]
    read.pad.submit(read.read_drawing, {*asking, read.pad}, changed, **fast)
    read.pad.input(None, None, read.caption, js="() => ''", queue=False, **QUIET)  # it is no example any more
    sent, shown = read.context.sent, [*changed, read.pad]
    sent.change(read.read_sent, {*asking, sent}, shown, **fast)
    brought = [read.picture.upload, read.picture.clear]
    gr.on(brought, read.read_picture, {*asking, read.picture}, [*changed, read.pad, read.crop], **fast)
    read.crop.submit(read.read_part, {*asking, read.picture, read.crop}, [*changed, read.pad], **fast)
    read.shelf.click(read.read_example, asking, [*changed, read.pad], **fast)
    read.reader.lens.input(read.read_again, asking, read.reader.outputs, **fast)
    lay = "(overlay) => { window.glyphLens?.(overlay); }"
    read.reader.overlay.input(None, read.reader.overlay, None, js=lay, queue=False, **QUIET)
    # An overlay that a link has set is kept up by the page too.
    calls_page("reading", [([read.reader.overlay.change], "lay(values.overlay)")], {"overlay": read.reader.overlay})
    finish_panel.wire(read.finish)
    endpoints = Endpoints(read.context.models)
    offer(endpoints.score, **READING)
    offer(endpoints.influence, **READING)
    offer(endpoints.restore, **PRINTING)
