"""Glyphs of known sorts from another source than the corpus: whether they are read, and whether they count as known."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from ebm.checkpoint.card import Card
from ebm.evaluation.calibration import predictive
from ebm.model.energy import EnergyNet, in_batches
from ebm.scoring.rates import detection
from ebm.scoring.scores import score


def measure_known(model: EnergyNet, card: Card, x: Tensor, labels: Tensor) -> dict[str, Any]:
    """Measures a model on glyphs of its own sorts from another source than its corpus.

    Args:
        model: as `ebm.load` returns it.
        card: as `ebm.load` returns it.
        x: glyphs (N, 1, 56, 56) in [-1, 1].
        labels: their classes (N,).

    Returns:
        accuracy, the mean of the sorts' own accuracies, and the calibration error before and after the card's
        temperature, all absent for an EBM; and the share called strangers, None where the card has no threshold.
    """
    report: dict[str, Any] = {}
    if model.outputs > 1:
        logits = in_batches(model, model.get_logits, x)
        right = (logits.argmax(1) == labels).double()
        by_sort = [float(right[labels == label].mean()) for label in labels.unique()]
        report = {
            "accuracy": round(float(right.mean()), 5),
            "macro_accuracy": round(sum(by_sort) / len(by_sort), 5),
            "raw_ece": predictive(logits, labels)["ece"],
            "ece": predictive(logits, labels, card.temperature)["ece"],
        }
    return report | {"called_strangers": called_strangers(model, card, x)}


def called_strangers(model: EnergyNet, card: Card, x: Tensor) -> float | None:
    """The share of glyphs above the card's threshold.

    Args:
        model: as `ebm.load` returns it.
        card: as `ebm.load` returns it.
        x: glyphs (N, 1, 56, 56) in [-1, 1].

    Returns:
        the share, in [0, 1]; None where the card has no threshold.
    """
    if card.threshold is None:
        return None
    return round(float((score(model, x) > card.threshold).double().mean()), 5)


def measure_unseen_founts(
    model: EnergyNet, card: Card, x: Tensor, labels: Tensor, known: Mapping[str, np.ndarray], resamples: int = 100
) -> dict[str, Any]:
    """Measures a model on glyphs in founts that no split has.

    Args:
        model: as `ebm.load` returns it.
        card: as `ebm.load` returns it.
        x: the glyphs (N, 1, 56, 56) in [-1, 1].
        labels: their classes (N,).
        known: score name -> values (M,) of the test split.
        resamples: of the bootstrap.

    Returns:
        "unseen_founts" of `report.json`: the figures of `measure_known`, and under "ood" how well each score
        separates them from the test split. They are not strangers, so an AUROC near 0.5 is good.
    """
    ood = {name: detection(found, values(model, x, name), resamples) for name, found in known.items()}
    return {"n": len(x)} | measure_known(model, card, x, labels) | {"ood": ood}


def values(model: EnergyNet, x: Tensor, name: str) -> np.ndarray:
    """One score of glyphs as an array.

    Args:
        model: as `ebm.load` returns it.
        x: glyphs (N, 1, 56, 56) in [-1, 1].
        name: of the score.

    Returns:
        float64 (N,), higher = stranger.
    """
    return score(model, x, name).double().numpy()
