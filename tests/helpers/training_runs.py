"""Training runs as processes: their quick recipe, their folders, their states."""

import subprocess
import time
from pathlib import Path

import torch

QUICK = {
    "width": 4, "batch_size": 4, "match_steps": 110, "contrast_steps": 82, "steps": 3, "buffer_per_class": 9,
    "ema": 0.9,
}  # fmt: skip
SCRIPT = Path(__file__).with_name("training_process.py")


def finish(process: subprocess.Popen) -> None:
    assert process.wait(timeout=200) == 0, process.log.read_text()[-3000:]


def run_folder(folder: Path) -> Path:
    (run,) = (folder / "runs").iterdir()
    return run


def wait_for_state(process: subprocess.Popen, folder: Path) -> Path:
    """The first state that a run keeps, in the middle of its first epoch."""
    for _ in range(2000):
        if states := list(folder.glob("runs/*/last.ckpt")):
            return states[0]
        assert process.poll() is None, process.log.read_text()[-3000:]
        time.sleep(0.05)
    raise AssertionError("no state was kept")


def state(run: Path) -> dict:
    return torch.load(run / "last.ckpt", weights_only=True)


def same(a, b, where="") -> list[str]:
    """The names of everything that differs, to the bit, between two nested states."""
    if isinstance(a, torch.Tensor):
        return [] if torch.equal(a, b) else [where]
    if isinstance(a, dict):
        return [d for key in a.keys() | b.keys() for d in same(a.get(key), b.get(key), f"{where}/{key}")]
    if isinstance(a, list | tuple):
        return [d for k, pair in enumerate(zip(a, b, strict=True)) for d in same(*pair, f"{where}/{k}")]
    return [] if a == b else [where]
