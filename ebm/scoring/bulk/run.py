"""Does a job on any number of files: each process reads its share ahead, and writes its rows in parts.

The files are shared by a hash of their names, so no process needs to know what the others see, and a run may go on
with another number of processes.
"""

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

import joblib
import pyarrow as pa
import torch
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from ebm.scoring.bulk.work_folder import WorkFolder
from ebm.system.file_list import to_text
from ebm.system.processes import Processes, join

T = TypeVar("T")


class Job(Protocol):
    """What is done with files: `batch` of them are read at once, and `part` batches make a part."""

    batch: int
    part: int

    def read(self, names: list[bytes]) -> Any:
        """Reads some files, in a reading process."""

    def rows(self, names: list[str], read: Any, device: torch.device) -> pa.Table:
        """A row for each of them, with the columns "file" and "error", in the process that writes it."""

    def finish(self, work: WorkFolder, rank: int, size: int) -> Path | None:
        """Makes the result of all parts, in `work.result`; each process may do a share of it. None: of no use."""


def run(
    job: Job, names: Iterable[bytes], work: WorkFolder, processes: Processes, quiet: bool = False
) -> tuple[int, int] | None:
    """Does a job on files; after an interruption the same call continues.

    Args:
        job: what is done with each file.
        names: of the files.
        work: the folder of the run, open.
        processes: that share the work.
        quiet: whether they say nothing of their progress.

    Returns:
        the number of files, and the number of those with an error; None on every process but the first.

    Raises:
        ValueError: for processes that this machine cannot start.
        ConnectionError, ChildProcessError: another process, or one that reads, has ended early.
    """
    team, parent = join(processes), os.getppid()
    left = work.left(names, team.rank, team.size)
    batches = iter(lambda: list(islice(left, job.batch)), [])
    workers = max(1, joblib.cpu_count() // processes.devices) if processes.workers is None else processes.workers
    loader: DataLoader = DataLoader(_Reader(job), sampler=batches, batch_size=None, num_workers=workers)
    rows = ((place, job.rows(list(map(to_text, batch)), read, team.device)) for place, batch, read in _all_of(loader))
    try:
        with tqdm(desc="Done", initial=len(work.done), unit=" files", disable=quiet or team.rank > 0) as bar:
            while part := list(islice(rows, job.part)):
                if team.rank > 0 and os.getppid() != parent:  # so that no two runs write at once
                    raise ConnectionError("The process that started this one is gone.")
                table = pa.concat_tables(table for _, table in part)
                work.write(part[0][0], table)
                bar.update(len(table))
    except KeyboardInterrupt:
        print("Stopped; the same command goes on from here.", file=sys.stderr)
        raise
    team.wait()
    result = job.finish(work, team.rank, team.size)
    team.wait()
    return work.publish(result) if team.rank == 0 else None


@dataclass
class _Reader(Dataset):
    """What the reading processes do with a batch of files, which come with their places in the list."""

    job: Job

    def __getitem__(self, batch: list[tuple[int, bytes]]) -> tuple[int, list[bytes], Any]:
        names = [name for _, name in batch]
        with warnings.catch_warnings():  # a million unusual pictures would cause a million warnings
            warnings.simplefilter("ignore")
            return batch[0][0], names, self.job.read(names)


def _all_of(loader: DataLoader) -> Iterator[Any]:
    try:
        yield from loader
    except OSError as error:  # for instance a full disk; the lines before the last are the reader's traceback
        raise OSError(str(error).strip().splitlines()[-1]) from None
    except RuntimeError as error:  # `read` raises none
        raise ChildProcessError(
            "A reading process was killed, perhaps because memory ran out: "
            "the same command goes on, perhaps with fewer --workers."
        ) from error


def attempt(read: Callable[[str], T], name: bytes) -> T | str:
    """What a function makes of a file, or in a sentence why it cannot be read."""
    try:
        return read(os.fsdecode(name))
    except (ValueError, OSError) as error:
        reason = f"{os.fsdecode(name)} is a folder that cannot be read" if os.path.isdir(name) else str(error)
    except Exception as error:  # no error in one picture may end a run over a million
        reason = f"cannot be read ({type(error).__name__}: {error})"
    return reason.encode("utf-8", "backslashreplace").decode()  # the reason may contain a name that is not UTF-8
