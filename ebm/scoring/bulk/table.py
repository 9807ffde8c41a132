"""The table that scoring in bulk writes: a row a file, with what `ebm.verdict` would say of it."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ebm.checkpoint.card import Card

if TYPE_CHECKING:
    import pyarrow as pa

Outputs = tuple[Tensor, Tensor, Tensor]  # of n glyphs: energy, likeliest class, its probability; each (n,)
_NOT_FINITE = "the model gives this picture no finite energy"


class Table:
    """The columns of the result, filled as `ebm.verdict` would.

    Args:
        card: of the checkpoint; digest: kept with its name, threshold and preprocessing in the file's metadata.
    """

    def __init__(self, card: Card, digest: str):
        import pyarrow as pa

        self.card = card
        self.reference = torch.tensor(card.reference_energies).sort().values
        about = {
            "checkpoint": card.name, "digest": digest, "threshold": card.threshold,
            "preprocessing": card.preprocessing,
        }  # fmt: skip
        columns = {
            "file": pa.string(), "energy": pa.float32(), "p_value": pa.float64(), "is_stranger": pa.bool_(),
            "sort": pa.string(), "probability": pa.float32(), "error": pa.string(),
        }  # fmt: skip
        self.schema = pa.schema(columns, metadata={"glyph-ebm": json.dumps(about)})

    def _judged(self, energy: Tensor) -> tuple["pa.Array", "pa.Array"]:
        """p-value and whether a stranger, of energies (m,): nulls where the model is uncalibrated."""
        import pyarrow as pa

        if self.card.threshold is None:
            return pa.nulls(len(energy), pa.float64()), pa.nulls(len(energy), pa.bool_())
        at_least = len(self.reference) - torch.searchsorted(self.reference, energy)
        p_value = at_least.double().numpy() / len(self.reference)
        return pa.array(p_value), pa.array(energy.double().numpy() > self.card.threshold)

    def rows(self, files: list[str], errors: list[str | None], outputs: Sequence[Outputs]) -> "pa.Table":
        """The rows of n files, m of them without an error: those have an energy, the others nulls.

        Args:
            files, errors: n each; outputs: what `Scorer.predict_step` gave, m in all.
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
            *self._judged(energy),
            pa.array([self.card.sorts[k] if classes else None for k in best.tolist()], pa.string()),
            pa.array(probability.numpy()) if classes else pa.nulls(len(row), pa.float32()),
        ]
        place = np.full(len(files), -1)
        place[row] = np.arange(len(row))
        spread = [column.take(pa.array(place, mask=place < 0)) for column in found]
        return pa.Table.from_arrays(
            [pa.array(files, pa.string()), *spread, pa.array(errors, pa.string())], schema=self.schema
        )
