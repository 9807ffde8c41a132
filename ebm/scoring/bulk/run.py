"""Any number of files, each to a row: resumable, in several processes and on several machines, in constant memory.

The list of files is read as it is made. Each process does the files whose digest falls to it, so it need not know what
the others see, and a resumed run may have another number of processes. Files that have a row already are left out.
"""

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from ebm.scoring.bulk.file_list import to_text
from ebm.scoring.bulk.work_folder import WorkFolder, digest

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")
STRATEGIES = ("auto", "ddp")


@dataclass(frozen=True)
class Processes:
    """The processes of a run.

    Args:
        workers: reading processes for each process; by default its share of this machine's cores.
        accelerator: Lightning's: "auto", "cpu" or "gpu".
        devices: processes on this machine.
        num_nodes: machines.
        strategy: "auto" or "ddp".
    """

    workers: int | None = None
    accelerator: str = "auto"
    devices: int = 1
    num_nodes: int = 1
    strategy: str = "auto"


class Job(Protocol):
    """What is done with files: `batch` of them are read at once, and `part` of them make one part."""

    batch: int
    part: int

    def read(self, names: list[bytes]) -> Any:
        """Reads some files, in a reading process."""

    def rows(self, names: list[str], read: Any, device: torch.device) -> "pa.Table":
        """A row for each of them, with the columns "file" and "error", in the process that writes it."""

    def finish(self, work: WorkFolder, rank: int, world: int) -> Path | None:
        """Makes the result of all parts, in the work folder; each process may do a share of it. None: of no use."""


class _Task(NamedTuple):
    place: int  # of the part's first file in the list
    is_last: bool  # of its part
    names: list[bytes]


class _Reader(Dataset):
    """What the loader's workers do: read the files of a task."""

    def __init__(self, job: Job):
        self.job = job

    def __getitem__(self, task: _Task) -> tuple[_Task, Any]:
        with warnings.catch_warnings():  # a million unusual pictures would cause a million warnings
            warnings.simplefilter("ignore")
            return task, self.job.read(task.names)


def run(
    job: Job, names: Iterable[bytes], work: WorkFolder, processes: Processes, quiet: bool = False
) -> tuple[int, int] | None:
    """Does a job on files; after an interruption the same call continues.

    Args:
        job: what is done with them.
        names: of the files.
        work: the folder of the run, open.
        processes: that share the work.
        quiet: whether it says nothing of its progress.

    Returns:
        the number of files, and the number of those with an error; None on every process but the first.

    Raises:
        ValueError: for processes that this machine cannot start.
        ConnectionError: when another process has ended early.
        ChildProcessError: when a reading process has ended early.
    """
    rank, world, device, wait = _join(processes)
    done = work.done(rank, world)
    loader: DataLoader = DataLoader(
        _Reader(job), sampler=_tasks(job, names, done, rank, world), batch_size=None, collate_fn=_as_is,
        num_workers=_workers(processes), pin_memory=device.type == "cuda",
    )  # fmt: skip
    try:
        _do(job, loader, work, device, rank, len(done), quiet)
    except KeyboardInterrupt:
        print("Stopped; the same command goes on from here.", file=sys.stderr)
        raise
    wait()
    result = job.finish(work, rank, world)
    wait()
    if rank > 0:
        return None
    counts = work.counts()
    work.publish(result)
    return counts


def attempt(read: Callable[[str], T], name: bytes) -> T | str:
    """What a function makes of a file, or in a sentence why it cannot be read."""
    try:
        return read(os.fsdecode(name))
    except (ValueError, OSError) as error:
        reason = f"{os.fsdecode(name)} is a folder that cannot be read" if os.path.isdir(name) else str(error)
    except Exception as error:  # no error in one picture may end a run over a million
        reason = f"cannot be read ({type(error).__name__}: {error})"
    return reason.encode("utf-8", "backslashreplace").decode()  # the reason may contain a name that is not UTF-8


def _do(
    job: Job, loader: DataLoader, work: WorkFolder, device: torch.device, rank: int, done: int, quiet: bool
) -> None:
    """Writes the parts, and says on standard error how many files of this process are done."""
    import pyarrow as pa
    from tqdm import tqdm

    parent, tables = os.getppid(), []
    pause = 0.1 if sys.stderr.isatty() else 5.0
    with tqdm(desc="Done", initial=done, unit=" files", mininterval=pause, disable=quiet or rank > 0) as bar:
        for task, read in _whole(loader):
            tables.append(job.rows(list(map(to_text, task.names)), read, device))
            bar.update(len(task.names))
            if task.is_last:
                if rank > 0 and os.getppid() != parent:
                    raise ConnectionError("The process that started this one is gone.")
                work.write(task.place, pa.concat_tables(tables))
                tables.clear()


def _whole(loader: DataLoader) -> Iterator[tuple[_Task, Any]]:
    reading = iter(loader)
    while True:
        try:
            read = next(reading)
        except StopIteration:
            return
        except OSError as error:  # for instance a full disk
            raise OSError(str(error).strip().splitlines()[-1]) from None
        except RuntimeError as error:  # `read` raises none
            raise ChildProcessError(
                "A reading process was killed, perhaps because memory ran out: "
                "the same command goes on, perhaps with fewer --workers."
            ) from error
        yield read


def _as_is(read: Any) -> Any:
    return read


def _tasks(job: Job, names: Iterable[bytes], done: np.ndarray, rank: int, world: int) -> Iterator[_Task]:
    """The files of one process that have no row yet."""

    def is_left(name: bytes) -> bool:
        number = digest(to_text(name))
        at = np.searchsorted(done, np.uint64(number))
        return number % world == rank and (at == len(done) or done[at] != number)

    left = ((place, name) for place, name in enumerate(names) if is_left(name))
    while part := list(islice(left, job.part)):
        for k in range(0, len(part), job.batch):
            yield _Task(part[0][0], k + job.batch >= len(part), [name for _, name in part[k : k + job.batch]])


def _workers(processes: Processes) -> int:
    """By default the cores that this process may use, divided by the number of processes; at least 1."""
    if processes.workers is not None:
        return processes.workers
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // processes.devices)


def _join(processes: Processes) -> tuple[int, int, torch.device, Callable[[], None]]:
    """Starts the other processes: rank of this one, their number, its device, and how it waits for the others."""
    if processes.strategy not in STRATEGIES:
        raise ValueError(f"The strategy is {' or '.join(STRATEGIES)}, not {processes.strategy!r}.")
    if processes.devices * processes.num_nodes == 1 and processes.accelerator in ("auto", "cpu"):
        found = None if processes.accelerator == "cpu" else torch.accelerator.current_accelerator(check_available=True)
        return 0, 1, found or torch.device("cpu"), lambda: None
    from lightning_fabric import Fabric  # takes seconds

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # hides lists of devices
    try:
        fabric = Fabric(
            accelerator=processes.accelerator, devices=processes.devices, num_nodes=processes.num_nodes,
            strategy=processes.strategy,
        )  # fmt: skip
    except (ValueError, RuntimeError) as error:  # no such accelerator, or too few devices
        raise ValueError(str(error).strip().splitlines()[0]) from None
    fabric.launch()
    if fabric.world_size == 1:
        return 0, 1, fabric.device, lambda: None
    # One process may finish hours before another.
    group: Any = torch.distributed.new_group(backend="gloo", timeout=timedelta(days=1000))

    def wait() -> None:
        try:
            torch.distributed.barrier(group)
        except RuntimeError:
            raise ConnectionError("Another process ended early: the same command again goes on.") from None

    return fabric.global_rank, fabric.world_size, fabric.device, wait
