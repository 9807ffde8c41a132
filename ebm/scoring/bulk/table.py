"""The table that scoring in bulk writes: a row a file, with the values of `ebm.verdict`."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ebm.checkpoint.card import Card
from ebm.scoring.scores import p_values

if TYPE_CHECKING:
    import pyarrow as pa

Outputs = tuple[Tensor, Tensor, Tensor]  # of n glyphs: energy, likeliest class, its probability; each (n,)
_NOT_FINITE = "the model gives this picture no finite energy"


class Table:
    """The columns of the result, with the values of `ebm.verdict`.

    Args:
        card: of the checkpoint; its name, threshold and preprocessing go into the file's metadata.
        digest: of the checkpoint, for the file's metadata.
    """

    def __init__(self, card: Card, digest: str):
        import pyarrow as pa

        self.card = card
        about = {
            "checkpoint": card.name, "digest": digest, "threshold": card.threshold,
            "preprocessing": card.preprocessing,
        }  # fmt: skip
        columns = {
            "file": pa.string(), "energy": pa.float32(), "p_value": pa.float64(), "is_stranger": pa.bool_(),
            "sort": pa.string(), "probability": pa.float32(), "error": pa.string(),
        }  # fmt: skip
        self.schema = pa.schema(columns, metadata={"glyph-ebm": json.dumps(about)})

    def _verdicts(self, energy: Tensor) -> tuple["pa.Array", "pa.Array"]:
        """p-values of energies (m,), and whether each is a stranger: nulls where the model is uncalibrated."""
        import pyarrow as pa

        if self.card.threshold is None:
            return pa.nulls(len(energy), pa.float64()), pa.nulls(len(energy), pa.bool_())
        return pa.array(p_values(self.card, energy).numpy()), pa.array(energy.double().numpy() > self.card.threshold)

    def rows(self, files: list[str], errors: list[str | None], outputs: Sequence[Outputs]) -> "pa.Table":
        """The rows of n files; the m files without an error have an energy, the others have nulls.

        Args:
            files: n names.
            errors: n reasons, None for a file that was read.
            outputs: what `Scorer.predict_step` returned, for m glyphs in all.

        Returns:
            n rows.
        """
        import pyarrow as pa

        energy, best, probability = (torch.cat(part).cpu() for part in zip(*outputs, strict=True))
        row = np.array([k for k, error in enumerate(errors) if error is None], dtype=int)  # (m,)
        finite = energy.isfinite()
        errors = list(errors)
        for k in row[~finite.numpy()]:
            errors[k] = _NOT_FINITE
        row, energy, best, probability = row[finite.numpy()], energy[finite], best[finite], probability[finite]
        classes = self.card.architecture["outputs"] > 1
        found = [
            pa.array(energy.numpy()),
            *self._verdicts(energy),
            pa.array([self.card.sorts[k] if classes else None for k in best.tolist()], pa.string()),
            pa.array(probability.numpy()) if classes else pa.nulls(len(row), pa.float32()),
        ]
        place = np.full(len(files), -1)
        place[row] = np.arange(len(row))
        spread = [column.take(pa.array(place, mask=place < 0)) for column in found]
        return pa.Table.from_arrays(
            [pa.array(files, pa.string()), *spread, pa.array(errors, pa.string())], schema=self.schema
        )
