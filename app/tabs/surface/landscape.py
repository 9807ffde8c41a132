"""The energy between glyphs: which glyphs may be chosen, and what is computed of them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from app.models.loaded import LoadedModel
from ebm.data.corpus import to_model_space
from ebm.model.energy import in_batches
from ebm.surface.paths import barrier, lowest_energy, plane, straight

IMAGES, RELAX = (3, 48), (1, 400)
GRID = (5, 61)  # points along each side of the plane
MARGIN = 0.25
EXAMPLE = "example: "
_BELOW = 0.05  # a path that dips further than this below both ends is worth a sentence


@dataclass(frozen=True)
class Way:
    """Two ways between two glyphs: images (n, 1, 56, 56) and energies (n,) of each."""

    line: Tensor
    line_energy: Tensor
    path: Tensor
    path_energy: Tensor

    def words(self) -> str:
        """What the two barriers are, in a sentence."""
        straight_up, lowest_up = barrier(self.line_energy), barrier(self.path_energy)
        lowest = f"{lowest_up:.2f}" if lowest_up > 0.005 else "not at all"
        said = f"The straight line climbs {straight_up:.2f} above its higher end, the lowest path found {lowest}. "
        first, last, low = (float(e) for e in (self.path_energy[0], self.path_energy[-1], self.path_energy.min()))
        if low < min(first, last) - _BELOW:
            said += (
                f"On its way it falls to {low:.2f} at image {int(self.path_energy.argmin()) + 1}, below both ends "
                f"({first:.2f} and {last:.2f}). The lowest places are not the glyphs of the corpus: look at that "
                "image. "
            )
        return said + (
            "Left below: the straight line, where halfway two letters lie over each other. Right: the path, which "
            "bends one into the other."
        )


@dataclass(frozen=True)
class Plane:
    """The plane through three glyphs (3, 1, 56, 56): axis (n,), energy (n, n), and the class read there (n, n)."""

    corners: Tensor
    axis: Tensor
    energy: Tensor
    read: Tensor | None


def choices(loaded: LoadedModel) -> list[tuple[str, str]]:
    """The glyphs that may be chosen: (label, key) of the typical ones and of the examples of every set."""
    found = []
    if len(loaded.typical):
        found += [(loaded.title(sort), sort) for sort in loaded.card.sorts]
    return found + [(EXAMPLE + name, EXAMPLE + name) for name in loaded.example_sets()]


def picture(loaded: LoadedModel, key: object) -> Tensor:
    """A glyph uint8 (56, 56), 255 = ink, by its key.

    Raises:
        ValueError: for a key that is not one of `choices`.
    """
    if isinstance(key, str) and key.startswith(EXAMPLE) and key.removeprefix(EXAMPLE) in loaded.example_sets():
        return loaded.examples[key.removeprefix(EXAMPLE)][0]
    if key in loaded.card.sorts and len(loaded.typical):
        return loaded.typical[loaded.card.sorts.index(str(key))]
    if not (known := ", ".join(key for _, key in choices(loaded))):
        raise ValueError(
            "This model came without pictures, so there are no glyphs to go between: "
            "`python -m ebm import --data` adds them."
        )
    raise ValueError(f"There is no glyph {str(key)[:40]!r}; there are: {known}.")


def glyph(loaded: LoadedModel, key: object) -> Tensor:
    """A glyph (1, 56, 56) in [-1, 1] by its key; raises as `picture` does."""
    return to_model_space(picture(loaded, key)[None])[0]


def way(loaded: LoadedModel, first: object, second: object, images: int = 24, relax: int = 100) -> Way:
    """The straight line and the lowest path between two glyphs.

    Raises:
        ValueError: for an unknown glyph, or a number out of bounds.
    """
    _check("number of images", images, IMAGES)
    _check("number of steps", relax, RELAX)
    a, b = glyph(loaded, first), glyph(loaded, second)
    if torch.equal(a, b):
        raise ValueError("Choose two different glyphs: between a glyph and itself there is no way to go.")
    line = straight(a, b, images)
    with torch.no_grad():
        energy = loaded.model.energy(line)
    *_, last = lowest_energy(loaded.model, a, b, images, steps=relax, every=relax)
    return Way(line, energy, last.x, last.energy)


def cut(loaded: LoadedModel, keys: tuple[object, object, object], size: int = 41) -> Plane:
    """The energies over the plane through three glyphs.

    Raises:
        ValueError: for an unknown glyph or a size out of bounds.
    """
    _check("number of points along a side", size, GRID)
    corners = torch.stack([glyph(loaded, key) for key in keys])
    if len({tuple(c.flatten().tolist()) for c in corners}) < 3:
        raise ValueError("Choose three different glyphs: two alike span no plane.")
    x, axis = plane(corners[0], corners[1], corners[2], size, MARGIN)
    model = loaded.model
    logits = in_batches(model, model.get_logits, x.flatten(0, 1)).reshape(size, size, -1)
    read = logits.argmax(2) if loaded.has_sorts else None
    return Plane(corners, axis, -torch.logsumexp(logits, 2), read)


def _check(name: str, value: object, bounds: tuple[int, int]) -> None:
    if not isinstance(value, int) or not bounds[0] <= value <= bounds[1]:
        raise ValueError(f"The {name} must be a whole number from {bounds[0]} to {bounds[1]}.")
