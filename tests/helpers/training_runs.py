"""Training runs as processes: their quick recipe, how they start, their folders, their states."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import torch
from helpers.forked import Forked, end_once_there_is
from helpers.training_process import STATE, main
from pytorch_lightning.utilities import rank_zero_only

QUICK = {
    "width": 4, "batch_size": 4, "match_steps": 56, "contrast_steps": 44, "steps": 3, "print_steps": 4,
    "buffer_per_class": 9, "ema": 0.9,
}  # fmt: skip
SCRIPT = Path(__file__).with_name("training_process.py")


class Process(Protocol):
    """A training run that has been started: a `subprocess.Popen` or a `Forked`, with the file that it writes to."""

    pid: int
    log: Path

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int | None: ...


def run_job(job: Path, ended_by: int | None, place: dict[str, str] | None = None) -> None:
    """What `training_process.py` does with a job.

    Args:
        job, ended_by: as in `fork_job`; place: of this process among those of a run, as a launcher names it.
    """
    if place is not None:
        os.environ.update(place)
        rank_zero_only.rank = int(place["LOCAL_RANK"])  # which Lightning looked up before the fork
    if ended_by is not None:
        end_once_there_is(job.parent, STATE, ended_by)
    main(json.loads(job.read_text()), job.parent)


def fork_job(job: Path, ended_by: int | None = None) -> Process:
    """Starts a run of one process.

    Args:
        job: its file; ended_by: the signal that the run gets when it has kept a state.
    """
    return Forked(run_job, job, ended_by, log=job.with_suffix(".log"))


def fork_both(job: Path) -> list[Process]:
    """Starts a run of two processes as a cluster's launcher does: both are there before Lightning is."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(probe.getsockname()[1]), "WORLD_SIZE": "2"}
    places = [where | {"LOCAL_RANK": str(rank), "NODE_RANK": "0"} for rank in range(2)]
    return [Forked(run_job, job, None, place, log=job.with_suffix(f".{k}.log")) for k, place in enumerate(places)]


def command_job(job: Path) -> Process:
    """Starts a run by a command, with which Lightning starts its other processes."""
    log = job.with_suffix(".log")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, SCRIPT.parents[1:3]))}
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, SCRIPT, job],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    process.log = log
    return process


def finish(process: Process) -> None:
    assert process.wait(timeout=600) == 0, process.log.read_text()[-3000:]


def run_folder(folder: Path) -> Path:
    (run,) = (folder / "runs").iterdir()
    return run


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
