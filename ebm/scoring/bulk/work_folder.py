"""The folder of an unfinished scoring run, beside its output: what is to be done, and what is done already.

It holds the list of files, made once, `about.json` (there from the moment the list is whole), and a small
Parquet file for every finished chunk of the list. A kill at any moment leaves nothing half-done that counts.
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
        self.chunk_size = 0  # files a chunk; known once opened or joined

    def open(self, job: dict[str, Any], chunk_size: int) -> None:
        """Begins a run, or takes up the one that is there. For the first process only; the others `join`.

        Args:
            job: "inputs" as given, the working "folder" and the "checkpoint": all the same, or the work that is
                there is another run's.
            chunk_size: files a chunk, where the run is new.

        Raises:
            ValueError: the output is there already, the folder belongs to another run, another process is
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
        """Takes part in a run that another process has opened."""
        self.chunk_size = json.loads(self.about_path.read_text(encoding="utf-8"))["chunk_size"]

    def _begin(self, job: dict[str, Any], chunk_size: int) -> None:
        """Lists the files; last of all comes about.json, which makes the list count."""
        self._clear()
        if not self.files.write(find_files(job["inputs"], self.path)):
            shutil.rmtree(self.path)
            raise ValueError(f"There are no files in {', '.join(job['inputs'])}.")
        begun = self.path / "about.tmp"
        begun.write_text(json.dumps(job | {"chunk_size": chunk_size}), encoding="utf-8")
        begun.replace(self.about_path)

    def _check(self, job: dict[str, Any]) -> None:
        """Raises a ValueError where the run that is there is another one."""
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
        """Removes what a run left that got no further than its list, or was killed while it tidied up."""
        left = [path for path in self.path.iterdir() if path.name != "lock"]
        for path in left:
            if not _OURS.fullmatch(path.name):
                raise ValueError(f"{self.path} holds {path.name}, which no scoring run has made: choose another --out.")
        for path in left:
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _lock(self) -> None:
        """Keeps a second run out as long as this process lives; gone with it, however it ends."""
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
            pass  # a file system that has no locks

    def chunks(self, rank: int, world: int) -> range:
        """The chunks of process `rank` of `world`."""
        return range(rank, -(-len(self.files) // self.chunk_size), world)

    def unfinished(self, rank: int, world: int) -> list[int]:
        """Those of them that are still to do."""
        done = {path.name for path in self.path.glob("chunk-*.parquet")}
        return [k for k in self.chunks(rank, world) if self._chunk_path(k).name not in done]

    def span(self, chunk: int) -> range:
        """The files of a chunk, by their numbers in the list."""
        start = chunk * self.chunk_size
        return range(start, min(start + self.chunk_size, len(self.files)))

    def _chunk_path(self, chunk: int) -> Path:
        return self.path / f"chunk-{chunk:010}.parquet"

    def write_chunk(self, chunk: int, rows: "pa.Table") -> None:
        """Writes a finished chunk; it appears whole or not at all."""
        import pyarrow.parquet as pq

        with whole_file(self._chunk_path(chunk), several_writers=True) as file:
            pq.write_table(rows, file)

    def merge(self, rank: int, world: int, schema: "pa.Schema") -> None:
        """Writes the rows of all chunks of a process, in order, into one file."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        chunks, step = self.chunks(rank, world), max(1, ROWS_A_GROUP // self.chunk_size)
        path = self.path / "merged" / f"part-{rank:05}-of-{world:05}.parquet"
        path.parent.mkdir(exist_ok=True)
        with pq.ParquetWriter(path, schema) as writer:
            for first in range(0, len(chunks), step):
                paths = map(self._chunk_path, chunks[first : first + step])
                # partitioning: a folder named a=b is not to become a column
                tables = [pq.read_table(path, schema=schema, partitioning=None) for path in paths]
                writer.write_table(pa.concat_tables(tables))

    def publish(self, world: int) -> tuple[int, int]:
        """Puts the merged file, or the folder of several, in the output's place and removes the work folder.

        Returns:
            the number of rows, and how many of them have an error.
        """
        import pyarrow.parquet as pq

        merged = self.path / "merged"
        parts = [merged / f"part-{rank:05}-of-{world:05}.parquet" for rank in range(world)]
        for path in set(merged.iterdir()) - set(parts):
            path.unlink()  # of a run by another number of processes that was killed while it merged
        footers = [pq.read_metadata(path) for path in parts]
        groups = [footer.row_group(k) for footer in footers for k in range(footer.num_row_groups)]
        rows = sum(group.num_rows for group in groups)
        error = footers[0].schema.names.index("error")
        sound = sum(group.column(error).statistics.null_count for group in groups)
        (parts[0] if world == 1 else merged).replace(self.out)
        self.about_path.unlink()  # first: the rest is rubbish without it
        shutil.rmtree(self.path)
        return rows, rows - sound
