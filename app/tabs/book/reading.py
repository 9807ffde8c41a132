"""The page that a visitor reads on the tab Book: brought, turned, read, read again, written as files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from app.middleware import LARGEST_FILE
from app.models.loaded import LoadedModel
from app.parts.drawing import message
from app.parts.panel import Context, Shown, Values, sending
from app.tabs.book.example_page import example_page, example_path
from app.tabs.book.files import write_files
from app.tabs.book.page_view import picture_of, viewing
from app.tabs.book.pages import Pages, bring, corrected, named_in, read_by
from app.visitors.uploads import path_of, to_glyph
from ebm.data.corpus import to_bytes

if TYPE_CHECKING:
    from ebm.page.read import ReadPage

HINT = (
    f"Nothing is read yet. Bring a page of at most {LARGEST_FILE // 2**20} MiB (as a JPEG, if the scan is larger), or "
    "read the built-in one: it was printed by code, and a dozen of its glyphs are strange ones."
)


@dataclass(frozen=True)
class Reading:
    """The components around the page, and what happens to them.

    Args:
        context: what the tab is built into.
        pages: of all visitors.
        file: where a page is brought.
        example: the button that reads the built-in page.
        said: how it stands, in words.
        turn: the button that turns a page which lies wrong; hidden until there is one.
        scan: the picture of the page, for the view.
        view: shows the page and its case.
        key: of the page in `pages`, "" before there is one.
        by: key of a model that was taught and reads the page, "" where the page's own model does.
        degrees: by which `turn` turns.
        save: the button that writes the files.
        saved: the files.
    """

    context: Context
    pages: Pages
    file: gr.File
    example: gr.Button
    said: gr.HTML
    turn: gr.Button
    scan: gr.HTML
    view: gr.HTML
    key: gr.State
    by: gr.State
    degrees: gr.State
    save: gr.Button
    saved: gr.File

    @property
    def asking(self) -> set[Block]:
        """What a reading needs to know."""
        return {self.context.model, self.key, self.by}

    @property
    def outputs(self) -> list[Component]:
        """What a reading changes."""
        return [
            self.said, self.turn, self.scan, self.view, self.key, self.by, self.degrees, self.save, self.saved,
        ]  # fmt: skip

    def loaded(self, values: Values) -> LoadedModel:
        """The model that reads the page."""
        return self.context.models.get(values[self.by] or values[self.context.model])

    def read_file(self, values: Values) -> Iterator[Shown]:
        """Reads the page that was brought."""
        yield from self._read(values, path_of(values[self.file]))

    def read_turned(self, values: Values) -> Iterator[Shown]:
        """Reads the page that was brought, turned."""
        yield from self._read(values, path_of(values[self.file]), int(values[self.degrees] or 0))

    def read_example(self, values: Values) -> Iterator[Shown]:
        """Reads the built-in page."""
        yield {self.said: message("Printing the page\u2026")}
        yield from self._read(values, str(example_path()), 0)

    def read_again(self, values: Values) -> Shown:
        """Reads the page by the model that was chosen."""
        if not values[self.key]:
            return gr.skip()
        try:
            loaded, page = self.loaded(values), self.pages.get(values[self.key])
        except ValueError as error:
            return {self.said: message(str(error), "problem")}
        page = read_by(loaded, page)
        self.pages.put(values[self.key], page)
        return {self.said: message(words(page, loaded)), self.view: viewing(values[self.key], page, loaded, {})}

    def send(self, values: Values, event: gr.EventData) -> Shown:
        """Sends a glyph of the page to the tab Read."""
        index = getattr(event, "index", None)
        try:
            page, loaded = self.pages.get(values[self.key]), self.loaded(values)
        except ValueError as error:
            return {self.said: message(str(error), "problem")}
        if not isinstance(index, int) or not 0 <= index < len(page.glyphs):
            return gr.skip()
        glyph = to_glyph(loaded, page.glyphs[index].crop)
        return {self.context.sent: sending(to_bytes(glyph[None])[0])}

    def write(self, values: Values) -> Iterator[Shown]:
        """Writes the case and the table, with the visitor's own readings."""
        try:
            page = self.pages.get(values[self.key])
            named = named_in(values[self.view], page)
        except ValueError as error:
            yield {self.said: message(str(error), "problem")}
            return
        with TemporaryDirectory() as folder:
            files = write_files(Path(folder), corrected(page, named))
            yield {self.saved: gr.File(value=[str(file) for file in files], visible=True)}

    def _read(self, values: Values, path: str | None, turn: int | None = None) -> Iterator[Shown]:
        from ebm.page.read import WrongWayUp  # scikit-image: not before someone brings a page

        if path is None:
            yield {self.said: message("Bring the file once more: it is no longer here.", "problem")}
            return
        yield {self.said: message("Finding the letters and reading them\u2026"), self.turn: gr.Button(visible=False)}
        try:
            loaded = self.context.models.get(values[self.context.model])
            page = bring(loaded, path, turn)
        except WrongWayUp as error:
            sentence = f"The page seems to lie {error.lies}. What was read before is still below."
            label = f"Turn it by {error.turn} degrees and read it"
            yield {
                self.said: message(sentence, "problem"), self.turn: gr.Button(label, visible=True),
                self.degrees: error.turn,
            }  # fmt: skip
            return
        except ValueError as error:
            yield {self.said: message(str(error), "problem")}
            return
        key = self.pages.add(page)
        yield {
            self.said: message(words(page, loaded)), self.scan: picture_of(key, page), self.key: key, self.by: "",
            self.view: viewing(key, page, loaded, {}), self.save: gr.Button(visible=True),
            self.saved: gr.File(visible=False),
        }  # fmt: skip


def words(page: "ReadPage", loaded: LoadedModel) -> str:
    """What was found on a page, in a sentence or two."""
    layout, glyphs = page.layout, page.glyphs
    lines = "one line" if len(layout.lines) == 1 else f"{len(layout.lines)} lines"
    text = f"{len(glyphs):,} glyphs in {lines}"
    threshold = loaded.card.threshold
    if threshold is not None:
        text += f"; {len(page.strangers(threshold)):,} of them are strangers to {loaded.card.name}"
    if layout.page == example_path().stem:
        known = sum(not glyph.is_strange for glyph in example_page().glyphs)
        text += f". On this page {known:,} known and {len(example_page().glyphs) - known} strange glyphs were printed"
    elif page.is_mostly_strange(threshold):
        text += ". Either this is no page of print, or its fount is new to the model: teach it below"
    return text + "."
