"""Where a checkpoint comes from: versions, date and git commit."""

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch


def _git(*arguments: str) -> str:
    """What git says of the folder of this package."""
    run = subprocess.run(["git", *arguments], capture_output=True, text=True, cwd=Path(__file__).parents[1], check=True)
    return run.stdout.strip()


def provenance() -> dict[str, Any]:
    """Versions, date and git commit of this moment."""
    try:
        commit = _git("rev-parse", "HEAD") + ("-dirty" if _git("status", "--porcelain", "--", ".") else "")
    except (OSError, subprocess.CalledProcessError):
        commit = "unknown"
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "git_commit": commit,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "pytorch_lightning": version("pytorch-lightning"),
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
    }
