"""The folder of an unfinished run, beside its output, with a Parquet file (a part) for every group of files done.

A part is written under another name first, so a half-written one does not count. Its name is the place of its first
file in the list and a hash of its file names: a list that has changed overwrites no part. Its metadata say which run
it belongs to, and another run refuses to go on with it. The same run goes on by leaving out the files that are named
in a part, so no row is lost and none is there twice.
"""

import json
import os
import shutil
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from ebm.system.file_list import digest, to_text
from ebm.system.whole_file import whole_file

ROWS_A_GROUP = 1 << 16
OURS = ("parts", "result", "pages")  # what the folder may hold; "pages" are the pictures that `ebm page` makes


class WorkFolder:
    """The work folder of one output: a file, or a folder that is new or empty."""

    def __init__(self, out: Path):
        self.out = Path(os.path.abspath(out))
        self.path = self.out.with_name(self.out.name + ".parts")
        self.parts_path, self.result, self.pages = (self.path / name for name in OURS)

    def open(self, inputs: Sequence[str], about: dict[str, Any]) -> None:
        """Starts a run, or continues the one in the folder. Every process calls this, before any of them writes.

        Args:
            inputs: as in `find_files`.
            about: what decides the rows. When a run goes on, this, the inputs and the working folder must be the same.

        Raises:
            ValueError: the output already exists, or the folder belongs to another run or to somebody else.
        """
        if os.path.lexists(self.out) and not (self.out.is_dir() and not any(self.out.iterdir())):
            raise ValueError(f"{self.out} is there already: move it away or choose another --out.")
        found = set(os.listdir(self.path)) if self.path.is_dir() else set()
        if others := sorted(found.difference(OURS)):  # the folder will be deleted
            raise ValueError(f"{self.path} holds {others[0]}, which no run has made: choose another --out.")
        self.parts_path.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.result, ignore_errors=True)  # of a run that was killed while it made it
        self.about = about | {"files": " ".join(inputs), "working folder": os.getcwd()}
        numbers = array("Q")
        for part in self.parts():
            rows = parquet.ParquetFile(part).read(["file"])
            saved = json.loads((rows.schema.metadata or {}).get(b"glyph-ebm", "{}"))
            if wrong := [what for what in self.about if saved.get(what) != self.about[what]]:
                raise ValueError(
                    f"{self.path} holds another unfinished run (its {wrong[0]}: {saved.get(wrong[0])}): "
                    "go on with that command, delete the folder, or choose another --out."
                )
            numbers.extend(map(digest, rows["file"].to_pylist()))
        self.done = np.unique(np.array(numbers, np.uint64))  # sorted

    def parts(self) -> list[Path]:
        """The parts that are done, in the order of the list of files."""
        return sorted(self.parts_path.glob("*.parquet"))

    def left(self, names: Iterable[bytes], rank: int, size: int) -> Iterator[tuple[int, bytes]]:
        """The files of process `rank` of `size` that have no row yet, with their places in the list."""
        for place, name in enumerate(names):
            number = np.uint64(digest(to_text(name)))
            at = self.done.searchsorted(number)
            if number % size == rank and number not in self.done[at : at + 1]:
                yield place, name

    def write(self, place: int, rows: pa.Table) -> None:
        """Writes a part whose first file has a place in the list, complete or not at all."""
        name = f"{place:012}-{digest(chr(0).join(rows['file'].to_pylist())):016x}.parquet"
        with whole_file(self.parts_path / name, several_writers=True) as file:
            parquet.write_table(rows.replace_schema_metadata({"glyph-ebm": json.dumps(self.about)}), file)

    def publish(self, result: Path | None) -> tuple[int, int]:
        """Moves a result, if there is one, to the output and removes the folder: the numbers of rows and of errors."""
        files = bad = 0
        for part in self.parts():
            errors = parquet.ParquetFile(part).read(["error"])["error"]
            files, bad = files + len(errors), bad + len(errors) - errors.null_count
        if result is not None:
            if self.out.is_dir():  # and empty
                self.out.rmdir()
            result.replace(self.out)
        shutil.rmtree(self.path)
        return files, bad


def write_table(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Writes any number of tables of one schema into one file, in row groups of a useful size."""
    waiting: list[pa.Table] = []
    with parquet.ParquetWriter(path, schema) as writer:
        for table in tables:
            waiting.append(table)
            if sum(map(len, waiting)) >= ROWS_A_GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting.clear()
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
