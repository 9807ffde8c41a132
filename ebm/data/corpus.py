"""What every source of glyphs gives: three splits of images and labels, and how they were made."""

import hashlib
from dataclasses import dataclass, field

import torch
from torch import Tensor

SIZE = 56  # side of a glyph in pixels
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Corpus:
    """A corpus of glyphs in three splits.

    Args:
        images: split -> uint8 (N, 56, 56), ink = 255; `load` maps it to [-1, 1].
        labels: split -> int64 (N,), index into `sorts`.
        sorts: the name of each class.
        source: one sentence on where the images come from, copied into checkpoint cards.
        preprocessing: how `ebm.to_glyph` turns other pictures into glyphs like these:
            "pen" (crop to the ink, centre, scale) or "glyphs" (scale the shorter side, crop the centre).
        strangers: name -> uint8 (N, 56, 56), out-of-distribution sets that came with the corpus.
    """

    images: dict[str, Tensor]
    labels: dict[str, Tensor]
    sorts: list[str]
    source: str
    preprocessing: str
    strangers: dict[str, Tensor] = field(default_factory=dict)

    def digest(self) -> str:
        """SHA-256 over every split's images and labels, in order (64 hex digits)."""
        sha = hashlib.sha256()
        for split in SPLITS:
            sha.update(self.images[split].contiguous().numpy().tobytes())
            sha.update(self.labels[split].contiguous().numpy().tobytes())
        return sha.hexdigest()


def to_model_space(images: Tensor) -> Tensor:
    """Maps uint8 images (N, 56, 56), ink = 255, to float32 (N, 1, 56, 56) in [-1, 1], ink = +1."""
    return images.to(torch.float32).div(127.5).sub(1.0).unsqueeze(1)


def to_bytes(x: Tensor) -> Tensor:
    """Maps glyphs (N, 1, 56, 56) in [-1, 1] to uint8 (N, 56, 56): the inverse of `to_model_space`."""
    return x.squeeze(1).add(1.0).mul(127.5).round().clamp(0, 255).to(torch.uint8)
