"""Processes that start fast, and that end themselves at a moment which a test names."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# What a run needs, some of it not before it trains; imported once, and then forked.
IMPORTED = ["ebm.training.train", "ebm.evaluation.export", "torch.utils.tensorboard"]


def context() -> multiprocessing.context.ForkServerContext:
    """What starts processes that have imported everything; a worker has one server for all of them."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(IMPORTED)
    return server


class Forked:
    """A run in a process forked from one that has imported everything, which spares it some seconds.

    Args:
        run, arguments: what it does; log: where what it prints goes.
    """

    def __init__(self, run: Callable[..., None], *arguments: Any, log: Path):
        self.log = log
        self.process = context().Process(target=_alone, args=(log, run, *arguments))
        self.process.start()
        self.pid = self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        self.process.join(timeout)
        return self.process.exitcode


def _alone(log: Path, run: Callable[..., None], *arguments: Any) -> None:
    """Leads a group of its own, as a run that is started from a shell does, and writes to its log."""
    os.setsid()
    multiprocessing.set_start_method("fork", force=True)  # else a data loader has a fork server, which outlives a kill
    with log.open("w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    run(*arguments)


def end_once_there_is(folder: Path, pattern: str, number: int) -> None:
    """Sends this process a signal as soon as it has written a file.

    The process does it itself: a test that looked on from outside might come too late on a busy machine.

    Args:
        folder, pattern: of the files, one of which must be newer than this call; number: of the signal.
    """
    began = time.time_ns()

    def watch() -> None:
        while not any(path.stat().st_mtime_ns > began for path in folder.glob(pattern)):
            time.sleep(0.002)
        os.kill(os.getpid(), number)

    threading.Thread(target=watch, daemon=True).start()
