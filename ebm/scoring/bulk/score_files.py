"""Scores any number of pictures into Parquet: a row a file, with the values of `ebm.verdict`."""

import hashlib
import json
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ebm.checkpoint.card import Card
from ebm.checkpoint.files import load
from ebm.data.corpus import SIZE
from ebm.data.picture.to_glyph import to_glyph
from ebm.model.energy import EnergyNet
from ebm.scoring.bulk.file_list import check_inputs, find_files
from ebm.scoring.bulk.run import Processes, attempt, run
from ebm.scoring.bulk.work_folder import WorkFolder, write_table
from ebm.scoring.scores import p_values

if TYPE_CHECKING:
    import pyarrow as pa


def score_files(
    inputs: Sequence[str], out: Path, checkpoint: Path, processes: Processes | None = None, batch_size: int = 256
) -> tuple[int, int] | None:
    """Scores files into a table with a row each; after an interruption the same call continues.

    Args:
        inputs: files, folders and @lists, as in `ebm.scoring.bulk.file_list.find_files`.
        out: NAME.parquet to write; with several processes a folder of that name with many files.
        checkpoint: a .safetensors file.
        processes: that share the work; by default this one.
        batch_size: glyphs that the network gets at once.

    Returns:
        the number of files, and the number of those with an error; None on every process but the first.

    Raises:
        ValueError: for wrong options or inputs, or a work folder that belongs to another run.
        ConnectionError: when another process has ended early.
        ChildProcessError: when a decoding process has ended early.
    """
    if out.suffix != ".parquet":
        raise ValueError(f"--out must end in .parquet, and {out.name!r} does not.")
    if find_spec("pyarrow") is None:
        raise ValueError("Scoring in bulk writes Parquet, which needs pyarrow: pip install pyarrow.")
    model, card = load(checkpoint)
    work, hashed = WorkFolder(out), checkpoint_digest(checkpoint, card)
    check_inputs(inputs)
    if next(find_files(inputs, work.path), None) is None:
        raise ValueError(f"There are no files in {', '.join(inputs)}.")
    work.open(inputs, {"another checkpoint": hashed})
    job = ScoreFiles(model, card, hashed, batch_size)
    return run(job, find_files(inputs, work.path), work, processes or Processes())


def checkpoint_digest(checkpoint: Path, card: Card) -> str:
    """SHA-256 over the parts of a checkpoint that decide a row, so that new figures may be added to its card."""
    decisive = (card.preprocessing, card.sorts, card.threshold, card.temperature, card.reference_energies)
    return hashlib.sha256(checkpoint.read_bytes() + json.dumps(decisive).encode()).hexdigest()


class ScoreFiles:
    """The job of scoring pictures of single glyphs.

    Args:
        model, card: as `ebm.load` gives them.
        hashed: digest of the checkpoint, for the file's metadata, which also has the card's name, threshold and
            preprocessing.
        batch_size: glyphs that the network gets at once.
    """

    def __init__(self, model: EnergyNet, card: Card, hashed: str, batch_size: int):
        self.model, self.card, self.batch, self.part = model, card, batch_size, 16 * batch_size
        about = {"checkpoint": card.name, "digest": hashed, "threshold": card.threshold}
        self.about = {"glyph-ebm": json.dumps(about | {"preprocessing": card.preprocessing})}

    def read(self, names: list[bytes]) -> tuple[list[str | None], Tensor]:
        """The reason why each of n files is no glyph, or None, and the others as glyphs (m, 1, 56, 56)."""
        read = [attempt(partial(to_glyph, preprocessing=self.card.preprocessing), name) for name in names]
        glyphs = [glyph for glyph in read if isinstance(glyph, Tensor)]
        x = torch.stack(glyphs) if glyphs else torch.empty(0, 1, SIZE, SIZE)
        return [None if isinstance(glyph, Tensor) else glyph for glyph in read], x

    @torch.no_grad()
    def rows(self, names: list[str], read: tuple[list[str | None], Tensor], device: torch.device) -> "pa.Table":
        """The rows of n files; those with an error have nulls."""
        import pyarrow as pa

        errors, x = read
        logits = self.model.to(device).get_logits(x.to(device, non_blocking=True))
        energy = -torch.logsumexp(logits, 1).cpu()  # (m,)
        probability, best = (part.cpu() for part in (logits / self.card.temperature).softmax(1).max(1))
        read_at = np.flatnonzero([error is None for error in errors])  # (m,)
        finite = energy.isfinite().numpy()
        errors = [*errors]
        for k in read_at[~finite]:
            errors[k] = "the model gives this picture no finite energy"
        found = self._columns(energy[finite], best[finite], probability[finite])
        row = np.full(len(names), -1)
        row[read_at[finite]] = np.arange(finite.sum())
        rows = found.take(pa.array(row, mask=row < 0))  # a null takes a row of nulls
        rows = rows.add_column(0, "file", pa.array(names, pa.string()))
        return rows.append_column("error", pa.array(errors, pa.string())).replace_schema_metadata(self.about)

    def _columns(self, energy: Tensor, best: Tensor, probability: Tensor) -> "pa.Table":
        """The columns that a model has values for; nulls where it is uncalibrated or has no classes."""
        import pyarrow as pa

        card, m = self.card, len(energy)
        known, classes = card.threshold is not None, card.architecture["outputs"] > 1
        return pa.table({
            "energy": energy.numpy(),
            "p_value": p_values(card, energy).numpy() if known else pa.nulls(m, pa.float64()),
            "is_stranger": energy.double().numpy() > card.threshold if known else pa.nulls(m, pa.bool_()),
            "sort": pa.array([card.sorts[k] for k in best] if classes else [None] * m, pa.string()),
            "probability": probability.numpy() if classes else pa.nulls(m, pa.float32()),
        })  # fmt: skip

    def finish(self, work: WorkFolder, rank: int, world: int) -> Path:
        """One file where there is one process; else the parts as they are."""
        import pyarrow.parquet as pq

        if world > 1:
            return work.parts_path
        parts, path = work.parts(), work.path / "scores.parquet"
        write_table(path, pq.read_schema(parts[0]), (pq.ParquetFile(part).read() for part in parts))
        return path
