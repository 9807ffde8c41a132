"""What programs may ask of the tab Train: a small model, and what is to be seen while it learns."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import gradio as gr
from gradio import FileData

from app.parts.panel import BUSY
from app.tabs.train.run import FIRST, RESAMPLES, STRANGERS, learn
from app.visitors.endpoints import all_sent
from app.visitors.uploads import refusals


@dataclass(frozen=True)
class Endpoints:
    """The tab's endpoints; free: the places for trainings, which programs share with the page."""

    free: BoundedSemaphore

    def train(
        self, sorts: list[str] = FIRST, mode: str = "jem", seconds: float = 60, seed: int = 0
    ) -> Iterator[tuple[dict[str, Any], list[FileData] | None]]:
        """Trains a small model of a few sorts: what is to be seen, twice a second; then its two files, to be kept."""
        if not self.free.acquire(blocking=False):
            raise gr.Error(BUSY, print_exception=False)
        try:
            with refusals():
                yield from _train(sorts, mode, seconds, seed)
        finally:
            self.free.release()


def _train(sorts: Any, mode: Any, seconds: Any, seed: Any) -> Iterator[tuple[dict[str, Any], list[FileData] | None]]:
    """The moments of a training without its pictures, then the checkpoint's files."""
    from ebm.evaluation.export import export  # Lightning: not before someone trains
    from ebm.training.trained import Trained

    if not isinstance(sorts, list):
        raise ValueError("Send a list of sorts.")
    for seen in learn(sorts, mode, seconds=seconds, seed=seed):
        if isinstance(seen, Trained):
            break
        yield {"step": seen.step, "seconds": seen.seconds, "stage": seen.stage, "losses": seen.losses}, None
    assert isinstance(seen, Trained)
    with tempfile.TemporaryDirectory() as folder:
        path = export(Path(folder) / "trained.safetensors", seen, n=STRANGERS, resamples=RESAMPLES)
        yield {name: seen.made[name] for name in ("steps", "seconds")}, all_sent([path, path.with_suffix(".json")])
