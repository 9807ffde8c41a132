"""Glyph EBM: a glyph goes in, an energy comes out."""

from importlib import import_module

from ebm import data
from ebm.checkpoint.card import Card
from ebm.checkpoint.files import load
from ebm.data.picture.to_glyph import to_glyph
from ebm.model.energy import EnergyNet
from ebm.sampling.langevin import Step, sgld
from ebm.sampling.replay_buffer import ReplayBuffer
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
