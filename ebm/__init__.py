"""Glyph EBM: a glyph goes in, an energy comes out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ebm import data
    from ebm.checkpoint.card import Card
    from ebm.checkpoint.files import load
    from ebm.data.picture.to_glyph import to_glyph
    from ebm.generation.sample import sample
    from ebm.model.energy import EnergyNet
    from ebm.sampling.langevin import Step, sgld
    from ebm.sampling.replay_buffer import ReplayBuffer
    from ebm.scoring.scores import Verdict, score, threshold, verdict
    from ebm.training.jem import JEM

# Each name is imported when it is first asked for: torch takes seconds, and `python -m ebm --help` needs none of it.
_HOMES = {
    "Card": "ebm.checkpoint.card",
    "EnergyNet": "ebm.model.energy",
    "JEM": "ebm.training.jem",
    "ReplayBuffer": "ebm.sampling.replay_buffer",
    "Step": "ebm.sampling.langevin",
    "Verdict": "ebm.scoring.scores",
    "load": "ebm.checkpoint.files",
    "sample": "ebm.generation.sample",
    "score": "ebm.scoring.scores",
    "sgld": "ebm.sampling.langevin",
    "threshold": "ebm.scoring.scores",
    "to_glyph": "ebm.data.picture.to_glyph",
    "verdict": "ebm.scoring.scores",
}
__all__ = [
    "JEM", "Card", "EnergyNet", "ReplayBuffer", "Step", "Verdict", "data", "load", "sample", "score", "sgld",
    "threshold", "to_glyph", "verdict",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "data":
        return import_module("ebm.data")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
