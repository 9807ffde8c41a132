"""Where files are on this machine: the shipped checkpoints, and the cache."""

from pathlib import Path

CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"
DEFAULT_CHECKPOINT = CHECKPOINTS / "jem.safetensors"


def cache_folder() -> Path:
    """The cache of corpora, judges and compiled code: in torch's cache folder, which `TORCH_HOME` moves."""
    from torch import hub  # here, because the path of the checkpoints should not wait for torch

    return Path(hub.get_dir()).parent / "glyph-ebm"
