"""The tab Book: a page with its boxes, the case of its sorts, and a model that is taught its fount."""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from app.models.loaded import LoadedModel
from app.parts.drawing import message
from app.parts.panel import QUIET, TRAINING, WORKING, Context, Panel, Shown, Wishes
from app.tabs.book import reading, school
from app.tabs.book.endpoints import Endpoints
from app.tabs.book.page_view import page_view
from app.tabs.book.pages import Pages
from app.tabs.book.reading import Reading
from app.tabs.book.school import School
from app.visitors.endpoints import offer

_INTRO = (
    "Bring a page of a printed book. Its letters are found and read one by one, and sorted into a case. Show the model "
    "a few of them, and it learns the fount. What stays orange then does not belong to it: a broken letter, a "
    "ligature, a letter of another fount."
)


def build(context: Context) -> Panel:
    """Puts the tab's components into the page being built."""
    book = lay_out(context)
    wire(book)
    asking, changed = book.reading.asking, book.reading.outputs
    return Panel(
        "book", book.outputs, book.show, again=book.reading.read_again, again_inputs=asking, again_outputs=changed,
        queue=WORKING, chosen=[] if book.school is None else book.school.chosen,
    )  # fmt: skip


@dataclass(frozen=True)
class Book:
    """The tab's components, and what happens to them.

    Args:
        reading: the page that is read.
        school: what is taught; None where visitors may not train.
    """

    reading: Reading
    school: School | None

    @property
    def outputs(self) -> list[Component]:
        """What changes with the model."""
        return [self.reading.by]

    def show(self, loaded: LoadedModel, wishes: Wishes) -> Shown:
        """By another model the page is read again, and no longer by one that was taught."""
        return {self.reading.by: ""}


def lay_out(context: Context) -> Book:
    """Makes the tab's components, from top to bottom."""
    gr.HTML(f'<p class="fineprint">{_INTRO}</p>', js_on_load=None)
    with gr.Row(elem_id="book", elem_classes="areas two"):
        with gr.Column(elem_classes="area-a", min_width=0):
            file = gr.File(
                label="A page, a column or a line: photo or scan", elem_id="book-file", height=130,
                file_types=["image", ".jp2", ".tif", ".tiff"],
            )  # fmt: skip
            example = gr.Button("Read the built-in page", elem_id="book-example")
        with gr.Column(elem_classes="area-b", min_width=0):
            said = gr.HTML(message(reading.HINT), elem_id="book-said", js_on_load=None)
            turn = gr.Button("Turn it and read it", visible=False, elem_id="book-turn")
    scan = gr.HTML("", elem_id="scan", js_on_load=None)
    view = page_view()
    page = Reading(
        context, Pages(), file, example, said, turn, scan, view, gr.State(""), gr.State(""), gr.State(0),
        gr.Button("Download case and table", visible=False, size="sm", elem_id="book-save"),
        gr.File(visible=False, label="Case and table", elem_id="book-saved", interactive=False),
    )  # fmt: skip
    return Book(page, school.lay_out(page) if context.places is not None else None)


def wire(book: Book) -> None:
    """Says what happens when."""
    page, using = book.reading, {"preprocess": False, **QUIET}
    inputs: set[Block] = page.asking
    work: dict[str, Any] = {**using, **WORKING}
    page.file.upload(page.read_file, {*inputs, page.file}, page.outputs, **work)
    page.example.click(page.read_example, inputs, page.outputs, **work)
    page.turn.click(page.read_turned, {*inputs, page.file, page.degrees}, page.outputs, **work)
    page.view.select(page.send, inputs, [page.context.sent, page.said], **using)
    page.save.click(page.write, {*inputs, page.view}, [page.saved, page.said], **work)
    if book.school is not None:
        school.wire(book.school)
    endpoints = Endpoints(page.context.models, page.context.places)
    offer(endpoints.page, **WORKING)
    if page.context.places is not None:
        offer(endpoints.adapt, **TRAINING)
