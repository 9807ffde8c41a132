"""What programs may ask of the tab Read: a glyph's score, its slope, its restoration."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gradio import FileData
from PIL import Image
from torch import Tensor

from app.models.library import Models
from app.models.loaded import LoadedModel
from app.tabs.read.finishing import AS_READ, checked, finish
from app.tabs.read.verdict_card import as_json
from app.visitors.endpoints import sent
from app.visitors.uploads import path_of, refusals, to_glyph
from ebm.data.corpus import SIZE
from ebm.data.picture.decode import read_grey
from ebm.data.picture.grid import to_image
from ebm.surface.influence import gradient


@dataclass(frozen=True)
class Endpoints:
    """The tab's endpoints, on these models."""

    models: Models

    def score(self, picture: FileData, model: str = "") -> dict[str, Any]:
        """Scores the picture of one glyph: its energy, whether it is a stranger, and the likeliest sorts."""
        with refusals():
            loaded = self.models.get(model)
            return as_json(loaded, loaded.verdict(_glyph(loaded, picture)))

    def influence(self, picture: FileData, model: str = "") -> dict[str, Any]:
        """Where a glyph's energy comes from: its slope dE/dx, 56 rows of 56, and the energy itself."""
        with refusals():
            loaded = self.models.get(model)
            glyph = _glyph(loaded, picture)
            slope = gradient(loaded.model, glyph[None])[0, 0]
            return {"energy": loaded.verdict(glyph).energy, "slope": slope.tolist()}

    def restore(
        self, picture: FileData, mask: FileData | None = None, sort: str = AS_READ, preset: str = "mend",
        steps: int = 24, seed: int = 0, model: str = "",
    ) -> Iterator[tuple[dict[str, Any], FileData]]:  # fmt: skip
        """Restores the picture of a glyph.

        Args:
            picture: of one glyph.
            mask: a picture whose light parts are to be filled in, or nothing.
            sort: a sort, "as read" or "any".
            preset: how it is finished, by name.
            steps: of SGLD.
            seed: of the chain.
            model: the name of a model of the page; "" is the first.

        Yields:
            a report with the energies before and after, and a PNG of 56 x 56.
        """
        with refusals():
            loaded, covered = self.models.get(model), path_of(mask)
            glyph = _glyph(loaded, picture)
            free = None if covered is None else _mask(covered)
            *_, last = finish(loaded, glyph, free, **checked(preset, sort, steps, seed))
        before, after = loaded.verdict(glyph), loaded.verdict(last.x[0])
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "restored.png"
            to_image(last.x, gap=0).save(file)
            yield {"before": before.energy, "after": after.energy, "threshold": after.threshold}, sent(file)


def _glyph(loaded: LoadedModel, picture: Any) -> Tensor:
    """The glyph of an uploaded picture."""
    path = path_of(picture)
    if path is None:
        raise ValueError("Send the picture of one glyph.")
    return to_glyph(loaded, path)


def _mask(path: str) -> Tensor:
    """A mask picture of any size as bool (56, 56): True where it is light."""
    try:
        grey = read_grey(path)
    except ValueError as error:
        raise ValueError(str(error).replace(path, Path(path).name).rstrip(".") + ".") from None
    scaled = Image.fromarray((255 * (grey / max(float(grey.max()), 1e-9))).astype(np.uint8)).resize((SIZE, SIZE))
    return torch.from_numpy(np.array(scaled) > 127)
