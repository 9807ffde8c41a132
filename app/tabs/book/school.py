"""The lower half of the tab Book: the model is shown glyphs of the page, learns, and reads the page again."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from app.models.library import KEPT
from app.models.loaded import LoadedModel, load
from app.parts.drawing import message, mirrored_histogram, number
from app.parts.panel import BUSY, QUIET, TRAINING, WORKING, Shown, Values
from app.tabs.book.page_view import viewing
from app.tabs.book.pages import glyphs_of, named_in, read_by
from app.tabs.book.reading import Reading, words
from app.tabs.book.teaching import EVERY, PRINT_STEPS, STEPS, GlyphsToLearn, Look, proposals, teach

_INTRO = (
    "Name a glyph or more of every sort: click its box, or have the surest of each sort proposed. Look at the "
    "proposals (blue) and put right what is wrong. A minute of teaching is enough to read the rest of the book."
)


@dataclass(frozen=True)
class School:
    """The components, and what happens to them.

    Args:
        reading: the page.
        ask: the button that proposes glyphs.
        go: the button that teaches.
        halt: the button that ends a lesson early.
        steps: of learning to read.
        print_steps: of learning to print after that.
        said: how the lesson stands, in words.
        view: what is to be seen of it.
        key: of the taught model, "" before there is one.
        prints: the button that prints with it.
        uses: the button that shows it on the other tabs.
        saved: its files.
        stopped: sessions whose visitor pressed Stop or left.
    """

    reading: Reading
    ask: gr.Button
    go: gr.Button
    halt: gr.Button
    steps: gr.Slider
    print_steps: gr.Slider
    said: gr.HTML
    view: gr.HTML
    key: gr.State
    prints: gr.Button
    uses: gr.Button
    saved: gr.File
    stopped: set[str] = field(default_factory=set)

    @property
    def chosen(self) -> list[tuple[Callable[..., Any], gr.State, str]]:
        """What makes the taught model the page's."""
        return [(self.prints.click, self.key, "print"), (self.uses.click, self.key, "read")]

    @property
    def outputs(self) -> list[Component]:
        """What a lesson changes."""
        page = self.reading
        return [
            self.said, self.view, self.go, self.halt, self.key, self.prints, self.uses, self.saved, page.view, page.by,
            page.said,
        ]  # fmt: skip

    def propose(self, values: Values) -> Shown:
        """Names the surest glyph of each sort that has none."""
        page = self.reading
        try:
            loaded, read = page.loaded(values), page.pages.get(values[page.key])
            named = named_in(values[page.view], read)
            found = proposals(loaded, read, named)
        except ValueError as error:
            return {self.said: message(str(error) if values[page.key] else "Bring a page first.", "problem")}
        text = f"{len(found)} glyphs are proposed, one of each sort that had none. Look at them in the case (blue)."
        if not found:
            text = "There is no sure reading of a sort that you have not named: name glyphs yourself."
        return {self.said: message(text), page.view: viewing(values[page.key], read, loaded, named | found)}

    def start(self, session: gr.Request, values: Values) -> Iterator[Shown]:
        """Teaches, where there is a place for one more training."""
        who, places = str(session.session_hash), self.reading.context.places
        assert places is not None, "the school is built only where visitors may train"
        self.stopped.discard(who)
        if not values[self.reading.key]:
            yield {self.said: message("Bring a page first.", "problem")}
            return
        if not places.acquire(blocking=False):
            yield {self.said: message(BUSY, "problem")}
            return
        try:
            words = "Fetching the glyphs that the model was trained on (the first time this takes a minute)\u2026"
            yield {
                self.said: message(words),
                self.go: gr.Button(interactive=False),
                self.halt: gr.Button(interactive=True),
            }
            yield from self._watch(who, values)
        except ValueError as error:
            yield {self.said: message(str(error), "problem")}
        finally:
            self.stopped.discard(who)
            places.release()
        yield {self.go: gr.Button(interactive=True), self.halt: gr.Button(interactive=False)}

    def _watch(self, who: str, values: Values) -> Iterator[Shown]:
        """A lesson, moment by moment; ends in the page read by the taught model."""
        page, models = self.reading, self.reading.context.models
        read = page.pages.get(values[page.key])
        named = named_in(values[page.view], read)
        loaded = models.get(values[page.context.model])
        lesson = GlyphsToLearn.of(read, named, loaded)
        first, steps, more = None, values[self.steps], values[self.print_steps]
        more -= more % EVERY
        last = steps + more
        name = f"{loaded.card.name.split('-taught')[0]}-taught"
        for seen in teach(
            loaded, lesson, glyphs_of(read, loaded), steps=steps, print_steps=more, name=name,
            is_stopped=lambda: who in self.stopped,
        ):  # fmt: skip
            if isinstance(seen, Look):
                first = first or seen
                does = "learning to read" if seen.step < steps or not more else "learning to print"
                yield {self.said: message(f"Step {seen.step} of {last}, {does}."), self.view: look(first, seen)}
                if seen.step == last or who in self.stopped:
                    yield {self.said: message("Measuring it and writing its card\u2026")}
                continue
            taught = load(seen)
            key = models.add(taught)
            again = read_by(taught, read)
            before, now = (  # by the model that read it, which another lesson may have taught
                len(seen_page.strangers(by.card.threshold) - set(named))
                for seen_page, by in ((read, page.loaded(values)), (again, taught))
            )
            page.pages.put(values[page.key], again)
            with TemporaryDirectory() as folder:
                yield {
                    **self._taught(key, taught, folder, seen), page.by: key, page.said: message(words(again, taught)),
                    page.view: viewing(values[page.key], again, taught, named),
                    self.said: message(
                        f"Taught by {len(named)} glyphs of {len(lesson.glyphs)} sorts. The page is read again. Of the "
                        f"glyphs that you did not name, {before} were strangers before and {now} are now. Its "
                        f"threshold is {taught.card.threshold_rule}. "
                        f"It is kept here until {KEPT} others have come after it: download it to keep it."
                    ),
                }  # fmt: skip

    def _taught(self, key: str, taught: LoadedModel, folder: str, path: Path) -> Shown:
        files = [path, path.with_suffix(".json"), path.with_name(f"{path.stem}.examples.safetensors")]
        copies = [shutil.copy(file, folder) for file in files]
        return {
            self.key: key, self.prints: gr.Button(interactive=True), self.uses: gr.Button(interactive=True),
            self.saved: gr.File(value=copies, visible=True),
        }  # fmt: skip

    def stop(self, session: gr.Request) -> None:
        """Ends the visitor's lesson at its next moment."""
        self.stopped.add(str(session.session_hash))


def look(first: Look, now: Look) -> str:
    """The energies of the page before the lesson and now, as HTML."""
    facts = f"step {now.step}" + ("" if now.loss is None else f", loss {number(now.loss)}")
    medians = f"median energy of the page {number(float(first.energies.median()))} before"
    medians += f", {number(float(now.energies.median()))} now" if now.step else ""
    picture = mirrored_histogram(first.energies.tolist(), now.energies.tolist(), ("before", "now"))
    note = "A lesson moves all energies, and the threshold with them: what counts is how far strangers stand apart."
    return f'<section class="sheet"><p>{facts}; {medians}</p><p class="fineprint">{note}</p>{picture}</section>'


def lay_out(reading: Reading) -> School:
    """Makes the components, left to right."""
    gr.HTML(f'<h3>Teach it this fount</h3><p class="fineprint">{_INTRO}</p>', js_on_load=None)
    with gr.Row(elem_id="school", elem_classes="areas two"):
        with gr.Column(elem_classes="area-a", min_width=0):
            ask = gr.Button("Propose one of each sort", elem_id="book-propose")
            with gr.Row(elem_classes="buttons"):
                go = gr.Button("Teach it this fount", variant="primary", elem_id="book-teach", min_width=150)
                halt = gr.Button("Stop", elem_id="book-stop", interactive=False, min_width=70)
            steps = gr.Slider(
                *STEPS, value=300, step=25, label="Steps of learning to read", elem_id="book-steps",
                info="300 take about a minute on one core",
            )  # fmt: skip
            print_steps = gr.Slider(
                *PRINT_STEPS, value=0, step=25, label="Then steps of learning to print", elem_id="book-print-steps",
                info="with 0 it prints a mixture of its own forms and these; 1000 take about four minutes",
            )  # fmt: skip
            prints = gr.Button("Print in this fount", elem_id="book-print", interactive=False)
            uses = gr.Button("Use this model in the other tabs", elem_id="book-use", interactive=False)
        with gr.Column(elem_classes="area-b", min_width=0):
            said = gr.HTML(message("Nothing has been taught yet."), elem_id="school-said", js_on_load=None)
            view = gr.HTML("", elem_id="school-view", js_on_load=None)
            saved = gr.File(visible=False, label="The taught model", elem_id="book-model", interactive=False)
    return School(reading, ask, go, halt, steps, print_steps, said, view, gr.State(""), prints, uses, saved)


def wire(school: School) -> None:
    """Says what happens when."""
    page = school.reading
    inputs: set[Block] = {*page.asking, page.view}
    school.ask.click(school.propose, inputs, [school.said, page.view], preprocess=False, **WORKING, **QUIET)
    school.go.click(
        school.start, {*inputs, school.steps, school.print_steps}, school.outputs, preprocess=False, **TRAINING, **QUIET
    )  # fmt: skip
    school.halt.click(school.stop, queue=False, **QUIET)
    page.context.page.unload(school.stop)
