"""The folder of an unfinished scoring run, next to its output: what is to be done, and what is already done.

It has the list of files, which is made once, and a small Parquet file for every finished chunk of the list.
`about.json` is written as soon as the list is complete. After a kill at any moment, nothing incomplete is used.
"""

import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ebm.scoring.bulk.file_list import FileList, check_inputs, find_files
from ebm.system.whole_file import whole_file

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_A_GROUP = 1 << 17  # row groups of the finished file
_OURS = re.compile(r"lock|names|ends|about\.json|merged|chunk-\d+\.parquet|.*\.tmp")


class WorkFolder:
    """The work folder of one output.

    Args:
        out: the finished file, or the folder of one file a process.
    """

    def __init__(self, out: Path):
        self.out = out
        self.path = out.with_name(out.name + ".parts")
        self.files = FileList(self.path)
        self.about_path = self.path / "about.json"
        self.chunk_size = 0  # files a chunk; known after `open` or `join`

    def open(self, job: dict[str, Any], chunk_size: int) -> None:
        """Starts a run, or continues the one in the folder. Only the first process calls this; the others `join`.

        Args:
            job: "inputs" as given, the working "folder" and the "checkpoint". If one of them differs, the folder
                belongs to another run.
            chunk_size: files a chunk, for a new run.

        Raises:
            ValueError: the output already exists, the folder belongs to another run, another process is
                at work in it, an input does not exist, or there are no files.
        """
        if os.path.lexists(self.out):
            raise ValueError(f"{self.out} is there already: move it away or choose another --out.")
        check_inputs(job["inputs"])
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock()
        if self.about_path.is_file():
            self._check(job)
        else:
            self._begin(job, chunk_size)
        self.join()

    def join(self) -> None:
        """Joins a run that another process has opened."""
        self.chunk_size = json.loads(self.about_path.read_text(encoding="utf-8"))["chunk_size"]

    def _begin(self, job: dict[str, Any], chunk_size: int) -> None:
        """Lists the files. about.json is written last and makes the list valid."""
        self._clear()
        if not self.files.write(find_files(job["inputs"], self.path)):
            shutil.rmtree(self.path)
            raise ValueError(f"There are no files in {', '.join(job['inputs'])}.")
        begun = self.path / "about.tmp"
        begun.write_text(json.dumps(job | {"chunk_size": chunk_size}), encoding="utf-8")
        begun.replace(self.about_path)

    def _check(self, job: dict[str, Any]) -> None:
        """Raises a ValueError if the folder belongs to another run."""
        saved = json.loads(self.about_path.read_text(encoding="utf-8"))
        begun = {
            "inputs": f"with other files ({' '.join(saved['inputs'])})",
            "folder": f"in the folder {saved['folder']}",
            "checkpoint": "with another checkpoint",
        }
        for key, how in begun.items():
            if saved[key] != job[key]:
                raise ValueError(
                    f"{self.path} holds an unfinished run that was begun {how}: "
                    "go on with that command, delete the folder, or choose another --out."
                )

    def _clear(self) -> None:
        """Removes the files of a run that did not finish its list, or that was killed while it removed its folder."""
        left = [path for path in self.path.iterdir() if path.name != "lock"]
        for path in left:
            if not _OURS.fullmatch(path.name):
                raise ValueError(f"{self.path} holds {path.name}, which no scoring run has made: choose another --out.")
        for path in left:
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _lock(self) -> None:
        """Keeps a second run out. The lock ends with this process, in whatever way it ends."""
        try:
            import fcntl
        except ImportError:  # Windows
            return
        self.lock = (self.path / "lock").open("w")
        try:
            fcntl.lockf(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise ValueError(f"Another run is at work in {self.path}: wait for it, or choose another --out.") from None
        except OSError:
            pass  # this file system has no locks

    def chunks(self, rank: int, world: int) -> range:
        """The chunks of one process.

        Args:
            rank: number of the process, from 0.
            world: number of processes.

        Returns:
            numbers of chunks.
        """
        return range(rank, -(-len(self.files) // self.chunk_size), world)

    def unfinished(self, rank: int, world: int) -> list[int]:
        """The chunks of one process that are not done yet.

        Args:
            rank: number of the process, from 0.
            world: number of processes.

        Returns:
            numbers of chunks.
        """
        done = {path.name for path in self.path.glob("chunk-*.parquet")}
        return [k for k in self.chunks(rank, world) if self._chunk_path(k).name not in done]

    def span(self, chunk: int) -> range:
        """The files of a chunk, as numbers in the list."""
        start = chunk * self.chunk_size
        return range(start, min(start + self.chunk_size, len(self.files)))

    def _chunk_path(self, chunk: int) -> Path:
        return self.path / f"chunk-{chunk:010}.parquet"

    def write_chunk(self, chunk: int, rows: "pa.Table") -> None:
        """Writes a finished chunk, complete or not at all.

        Args:
            chunk: its number.
            rows: its table.
        """
        import pyarrow.parquet as pq

        with whole_file(self._chunk_path(chunk), several_writers=True) as file:
            pq.write_table(rows, file)

    def merge(self, rank: int, world: int, schema: "pa.Schema") -> None:
        """Writes the rows of all chunks of a process, in order, into one file.

        Args:
            rank: number of the process, from 0.
            world: number of processes.
            schema: of the rows.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        chunks, step = self.chunks(rank, world), max(1, ROWS_A_GROUP // self.chunk_size)
        path = self.path / "merged" / f"part-{rank:05}-of-{world:05}.parquet"
        path.parent.mkdir(exist_ok=True)
        with pq.ParquetWriter(path, schema) as writer:
            for first in range(0, len(chunks), step):
                paths = map(self._chunk_path, chunks[first : first + step])
                # without partitioning, because a folder named a=b must not become a column
                tables = [pq.read_table(path, schema=schema, partitioning=None) for path in paths]
                writer.write_table(pa.concat_tables(tables))

    def publish(self, world: int) -> tuple[int, int]:
        """Moves the merged file, or the folder of several, to the output and removes the work folder.

        Args:
            world: number of processes.

        Returns:
            the number of rows, and the number of those with an error.
        """
        import pyarrow.parquet as pq

        merged = self.path / "merged"
        parts = [merged / f"part-{rank:05}-of-{world:05}.parquet" for rank in range(world)]
        for path in set(merged.iterdir()) - set(parts):
            path.unlink()  # left by a run with another number of processes that was killed during its merge
        footers = [pq.read_metadata(path) for path in parts]
        groups = [footer.row_group(k) for footer in footers for k in range(footer.num_row_groups)]
        rows = sum(group.num_rows for group in groups)
        error = footers[0].schema.names.index("error")
        sound = sum(group.column(error).statistics.null_count for group in groups)
        (parts[0] if world == 1 else merged).replace(self.out)
        self.about_path.unlink()  # first, because without it the rest is not used
        shutil.rmtree(self.path)
        return rows, rows - sound
