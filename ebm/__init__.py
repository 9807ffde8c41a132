"""Glyph EBM: a glyph goes in, an energy comes out."""

from importlib import import_module

from ebm import data
from ebm.checkpoint.files import Card, load
from ebm.data.picture.to_glyph import to_glyph
from ebm.model.energy import EnergyNet
from ebm.sampling.langevin import ReplayBuffer, Step, sgld
from ebm.scoring.scores import Verdict, score, threshold, verdict

_LAZY = {"sample": "ebm.generation.sample", "JEM": "ebm.training.jem"}  # the latter brings Lightning and torchmetrics
__all__ = [
    "Card", "EnergyNet", "ReplayBuffer", "Step", "Verdict", "data", "load",
    "score", "sgld", "threshold", "to_glyph", "verdict", *_LAZY,
]  # fmt: skip


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
