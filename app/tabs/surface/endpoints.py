"""What programs may ask about the surface: the way between two glyphs, the plane through three."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from gradio import FileData

from app.models.library import Models
from app.tabs.surface.landscape import cut, way
from app.visitors.endpoints import sent
from app.visitors.uploads import refusals
from ebm.data.picture.grid import to_image
from ebm.surface.paths import barrier


@dataclass(frozen=True)
class Endpoints:
    """The tab's endpoints, on these models."""

    models: Models

    def path(
        self, first: str = "a", second: str = "o", images: int = 24, relax: int = 100, model: str = ""
    ) -> Iterator[tuple[dict[str, Any], FileData]]:
        """Energies along the straight line and along the lowest path found between two glyphs, and both as a PNG."""
        with refusals():
            found = way(self.models.get(model), first, second, images, relax)
        report = {
            "straight": found.line_energy.tolist(), "lowest": found.path_energy.tolist(),
            "straight_barrier": barrier(found.line_energy), "lowest_barrier": barrier(found.path_energy),
        }  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "path.png"
            to_image(torch.cat([found.line, found.path]), columns=images).save(file)
            yield report, sent(file)

    def plane(self, first: str, second: str, third: str, size: int = 41, model: str = "") -> dict[str, Any]:
        """Energies over the plane through three glyphs: axis, and energy[v][u]; they lie at (0, 0), (1, 0), (0, 1)."""
        with refusals():
            found = cut(self.models.get(model), (first, second, third), size)
        return {"axis": found.axis.tolist(), "energy": found.energy.tolist()}
