"""The folder of an unfinished run, beside its output, with a Parquet file (a part) for every group of files done.

A part is complete, since it is written under another name first. Its name is the place of its first file in the list
and a hash of its file names, so two processes never write different rows to one name.
"""

import hashlib
import json
import os
import shutil
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ebm.system.whole_file import whole_file

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_A_GROUP = 1 << 16


def digest(text: str) -> int:
    """64 bits that stand for a file name in memory."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


class WorkFolder:
    """The work folder of one output.

    Args:
        out: the finished file or folder.
    """

    def __init__(self, out: Path):
        self.out = Path(os.path.abspath(out))
        self.path = self.out.with_name(self.out.name + ".parts")
        self.parts_path = self.path / "parts"

    def open(self, inputs: Sequence[str], about: dict[str, Any]) -> None:
        """Starts a run, or continues the one in the folder. Every process calls this, before any of them writes.

        Args:
            inputs: as in `find_files`; when a run goes on, they and the working folder must be the same.
            about: what else must be the same, named for a sentence: "another checkpoint".

        Raises:
            ValueError: the output already exists, or the folder belongs to another run or to somebody else.
        """
        if os.path.lexists(self.out) and not (self.out.is_dir() and not any(self.out.iterdir())):
            raise ValueError(f"{self.out} is there already: move it away or choose another --out.")
        about = about | {"other files": " ".join(inputs), "another folder to start in": os.getcwd()}
        self.parts_path.mkdir(parents=True, exist_ok=True)
        path = self.path / "about.json"
        if not path.is_file():
            others = [name for name in os.listdir(self.path) if name != "parts" and not name.startswith("about.json")]
            if others:
                raise ValueError(f"{self.path} holds {others[0]}, which no run has made: choose another --out.")
            with whole_file(path, several_writers=True) as file:
                file.write(json.dumps(about).encode())
        saved = json.loads(path.read_bytes())
        for what in about:
            if saved.get(what) != about[what]:
                raise ValueError(
                    f"{self.path} holds an unfinished run that was begun with {what} ({saved.get(what)}): "
                    "go on with that command, delete the folder, or choose another --out."
                )

    def parts(self) -> list[Path]:
        """The parts that are done, in the order of the list of files."""
        return sorted(self.parts_path.glob("*.parquet"))

    def done(self, rank: int, world: int) -> np.ndarray:
        """The digests, uint64 and sorted, of the files of process `rank` of `world` that have a row: 8 bytes a file."""
        import pyarrow.parquet as pq

        found = array("Q")
        for part in self.parts():
            for text in pq.ParquetFile(part).read(["file"])["file"].to_pylist():
                if (number := digest(text)) % world == rank:
                    found.append(number)
        return np.unique(np.array(found, np.uint64))

    def write(self, place: int, rows: "pa.Table") -> None:
        """Writes a part whose first file has a place in the list, complete or not at all."""
        import pyarrow.parquet as pq

        name = f"{place:012}-{digest(chr(0).join(rows['file'].to_pylist())):016x}.parquet"
        with whole_file(self.parts_path / name, several_writers=True) as file:
            pq.write_table(rows, file)

    def counts(self) -> tuple[int, int]:
        """The number of rows, and of those with an error."""
        import pyarrow.parquet as pq

        errors = [pq.ParquetFile(part).read(["error"])["error"] for part in self.parts()]
        return sum(map(len, errors)), sum(len(column) - column.null_count for column in errors)

    def publish(self, result: Path | None) -> None:
        """Moves a result, which lies in the folder, to the output and removes the folder."""
        if result is not None:
            if self.out.is_dir():  # and empty
                self.out.rmdir()
            result.replace(self.out)
        # The parts first, because any number of them is a run that can go on.
        shutil.rmtree(self.parts_path, ignore_errors=True)
        shutil.rmtree(self.path)


def write_table(path: Path, schema: "pa.Schema", tables: Iterable["pa.Table"]) -> None:
    """Writes any number of tables into one file, in row groups of a useful size.

    Args:
        path: of the file.
        schema: of all tables.
        tables: one after the other.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    waiting: list[pa.Table] = []
    with pq.ParquetWriter(path, schema) as writer:
        for table in tables:
            waiting.append(table)
            if sum(map(len, waiting)) >= ROWS_A_GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting.clear()
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
