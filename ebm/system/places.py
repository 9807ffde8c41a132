"""Where things lie on this machine: the checkpoints that ship, and what is kept between runs."""

from pathlib import Path

CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"
DEFAULT_CHECKPOINT = CHECKPOINTS / "jem.safetensors"


def cache_folder() -> Path:
    """The folder of corpora, judges and compiled code: beside torch's own cache (`TORCH_HOME` moves it)."""
    from torch import hub  # not at the top: who only asks for the checkpoints need not wait for torch

    return Path(hub.get_dir()).parent / "glyph-ebm"
