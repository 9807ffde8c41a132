"""Scores any number of pictures into Parquet: a row a file, with the values of `ebm.verdict`.

The result is made of the parts when every file has a row. One process writes one file, with its rows in the order of
the list. Several write a file each, in one folder, which pandas, DuckDB and pyarrow read as one table.

A file that was scored keeps its row, even if it changes or goes away before the end. One that goes away after it was
listed is a row with an error. A file that the list names twice may have two rows.

Memory holds the names of one folder at a time, some batches of glyphs, and 8 bytes for each file that was done before
this call.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from pyarrow import parquet
from torch import Tensor

from ebm.checkpoint.card import Card
from ebm.checkpoint.files import load
from ebm.data.corpus import SIZE
from ebm.data.picture.to_glyph import to_glyph
from ebm.model.energy import EnergyNet
from ebm.scoring.bulk.run import attempt, run
from ebm.scoring.bulk.work_folder import WorkFolder, write_table
from ebm.scoring.scores import Verdict, verdicts
from ebm.system.file_list import check_inputs, find_files
from ebm.system.processes import Processes

SCHEMA = pa.schema({
    "file": pa.string(), "energy": pa.float32(), "p_value": pa.float64(), "is_stranger": pa.bool_(),
    "sort": pa.string(), "probability": pa.float32(), "error": pa.string(),
})  # fmt: skip


def score_files(
    inputs: Sequence[str], out: Path, checkpoint: Path, processes: Processes | None = None, batch_size: int = 256
) -> tuple[int, int] | None:
    """Scores files into a table with a row each; after an interruption the same call continues.

    Args:
        inputs: files, folders and @lists, as in `ebm.system.file_list.find_files`.
        out: NAME.parquet to write; with several processes a folder of that name.
        checkpoint: a .safetensors file.
        processes: that share the work; by default this one.
        batch_size: glyphs that the network gets at once.

    Returns:
        the number of files, and the number of those with an error; None on every process but the first.

    Raises:
        ValueError: for wrong options or inputs, or a work folder that belongs to another run.
        ConnectionError, ChildProcessError: as in `run`.
    """
    if out.suffix != ".parquet":
        raise ValueError(f"--out must end in .parquet, and {out.name!r} does not.")
    model, card = load(checkpoint)
    work = WorkFolder(out)
    check_inputs(inputs)
    if next(find_files(inputs, work.path), None) is None:
        raise ValueError(f"There are no files in {', '.join(inputs)}.")
    about = {"checkpoint": checkpoint_digest(checkpoint, card), "threshold": card.threshold}
    work.open(inputs, about | {"model": card.name, "preprocessing": card.preprocessing})
    return run(ScoreFiles(model, card, batch_size), find_files(inputs, work.path), work, processes or Processes())


def checkpoint_digest(checkpoint: Path, card: Card) -> str:
    """SHA-256 over the parts of a checkpoint that decide a row, so that new figures may be added to its card."""
    decisive = (card.preprocessing, card.sorts, card.threshold, card.temperature, card.reference_energies)
    return hashlib.sha256(checkpoint.read_bytes() + json.dumps(decisive).encode()).hexdigest()


@dataclass
class ScoreFiles:
    """The job of scoring pictures of single glyphs, `batch` of them at once, with what `ebm.load` gives."""

    model: EnergyNet
    card: Card
    batch: int
    part: int = 8

    def read(self, names: list[bytes]) -> tuple[list[str | None], Tensor]:
        """The reason why each of n files is no glyph, or None, and the others as glyphs (m, 1, 56, 56)."""
        read = [attempt(partial(to_glyph, preprocessing=self.card.preprocessing), name) for name in names]
        glyphs = [glyph for glyph in read if isinstance(glyph, Tensor)]
        x = torch.stack(glyphs) if glyphs else torch.empty(0, 1, SIZE, SIZE)
        return [None if isinstance(glyph, Tensor) else glyph for glyph in read], x

    def rows(self, names: list[str], read: tuple[list[str | None], Tensor], device: torch.device) -> pa.Table:
        """The rows of n files; those with an error have nulls."""
        errors, x = read
        found = iter(verdicts(self.model.to(device), self.card, x))
        rows = [_row(name, error or next(found)) for name, error in zip(names, errors, strict=True)]
        return pa.Table.from_pylist(rows, SCHEMA)

    def finish(self, work: WorkFolder, rank: int, size: int) -> Path:
        """The rows of every `size`-th part in a file, so of all parts where there is one process."""
        parts, path = work.parts(), work.result / f"{rank:05}.parquet"
        path.parent.mkdir(exist_ok=True)
        tables = (parquet.ParquetFile(part).read() for part in parts[rank::size])
        write_table(path, parquet.read_schema(parts[0]), tables)
        return path if size == 1 else work.result


def _row(file: str, found: Verdict | str) -> dict[str, Any]:
    """The row of a file with a verdict, or with the reason why it has none; what it leaves out is null."""
    if isinstance(found, str):
        return {"file": file, "error": found}
    if not math.isfinite(found.energy):
        return {"file": file, "error": "the model gives this picture no finite energy"}
    sort, probability = found.top[0] if found.top else (None, None)
    return vars(found) | {"file": file, "sort": sort, "probability": probability}
