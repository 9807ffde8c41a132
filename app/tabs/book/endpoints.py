"""What programs may ask of the tab Book: the glyphs of a page, and a model that is taught a fount."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore
from typing import Any

import gradio as gr
import torch
from gradio import FileData
from torch import Tensor

from app.models.library import Models
from app.parts.panel import BUSY
from app.tabs.book.pages import bring
from app.tabs.book.teaching import GlyphsToLearn, Look, teach
from app.visitors.endpoints import all_sent
from app.visitors.uploads import path_of, refusals, to_glyph

MOST = 500  # glyphs of a lesson


@dataclass(frozen=True)
class Endpoints:
    """The tab's endpoints; places: for trainings, which programs share with the page."""

    models: Models
    places: BoundedSemaphore | None

    def page(self, picture: FileData, model: str = "", turn: int | None = None) -> dict[str, Any]:
        """Finds and reads the glyphs of a page: its lines, and for each glyph line, box, reading, energy, p-value.

        turn: 0, 90, 180 or 270 degrees clockwise; nothing also checks which way up the page lies.
        """
        with refusals():
            path = path_of(picture)
            if path is None:
                raise ValueError("Send the picture of a page.")
            read = bring(self.models.get(model), path, turn)
        glyphs = [
            {
                "line": g.at.line, "box": [g.at.box.left, g.at.box.top, g.at.box.right, g.at.box.bottom],
                "is_cut": g.at.is_cut, "sort": g.sort, "probability": g.probability, "energy": g.energy,
                "p_value": g.p_value, "is_sure": g.is_sure,
            }
            for g in read.glyphs
        ]  # fmt: skip
        lines = [[line.box.left, line.box.top, line.box.right, line.box.bottom] for line in read.layout.lines]
        return {"width": read.layout.width, "height": read.layout.height, "lines": lines, "glyphs": glyphs}

    def adapt(
        self, pictures: list[FileData], sorts: list[str], model: str = "", steps: int = 300, seed: int = 0,
        print_steps: int = 0,
    ) -> Iterator[tuple[dict[str, Any], list[FileData] | None]]:  # fmt: skip
        """Teaches a model a fount: from pictures of single glyphs and the sort of each, to the taught model's files.

        print_steps: of learning to print in the fount, after the steps of learning to read it.
        """
        if self.places is None or not self.places.acquire(blocking=False):
            raise gr.Error(BUSY, print_exception=False)
        try:
            with refusals():
                yield from self._adapt(pictures, sorts, model, steps, seed, print_steps)
        finally:
            self.places.release()

    def _adapt(
        self, pictures: Any, sorts: Any, model: str, steps: Any, seed: int, print_steps: Any
    ) -> Iterator[tuple[dict[str, Any], list[FileData] | None]]:
        loaded, paths = self.models.get(model), [path_of(picture) for picture in pictures or []]
        if not paths or not isinstance(sorts, list) or len(paths) != len(sorts) or len(paths) > MOST:
            raise ValueError(f"Send 1 to {MOST} pictures, and the name of a sort for each.")
        found: dict[str, list[Tensor]] = {}
        for path, sort in zip(paths, sorts, strict=True):
            if path is None or not isinstance(sort, str) or not 0 < len(sort) <= 40:
                raise ValueError("Each picture is a file that was sent, each sort a name of 1 to 40 characters.")
            found.setdefault(sort, []).append(to_glyph(loaded, path))
        lesson = GlyphsToLearn({sort: torch.stack(glyphs) for sort, glyphs in found.items()})
        watched = torch.cat(list(lesson.glyphs.values()))
        for seen in teach(loaded, lesson, watched, steps=steps, print_steps=print_steps, seed=int(seed) % 2**31):
            if isinstance(seen, Look):
                yield {"step": seen.step, "loss": seen.loss, "energy": float(seen.energies.mean())}, None
                continue
            with TemporaryDirectory() as folder:
                files = [Path(shutil.copy(file, folder)) for file in (seen, seen.with_suffix(".json"))]
                yield {"shown": len(watched)}, all_sent(files)
