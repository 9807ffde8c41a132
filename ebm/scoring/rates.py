"""Figures for one set of scores: AUROC, AUPR, FPR at 95 % TPR, and how sure they are."""

import numpy as np

BINS = 15  # of the calibration error
NAMES = ("auroc", "aupr", "fpr95")


def detection(known: np.ndarray, strangers: np.ndarray, resamples: int = 100, seed: int = 0) -> dict[str, object]:
    """AUROC, AUPR and FPR at 95 % TPR of a score, with 95 % bootstrap intervals.

    They are scikit-learn's `roc_auc_score` and `average_precision_score`, and the false positive rate at
    the first threshold that catches 95 % of the strangers. All resamples are ranked at once here: one
    call of scikit-learn for each took minutes a report.

    Args:
        known, strangers: scores (N,), (M,), higher = stranger; strangers are the positive class.
        resamples: of the bootstrap, drawn within each group; 0 leaves the intervals out.

    Returns:
        {"auroc", "aupr", "fpr95": float, "interval": {each: [low, high]}}.
    """
    levels, place = np.unique(np.concatenate([known, strangers]), return_inverse=True)
    place = len(levels) - 1 - place  # the highest score first
    groups = place[: len(known)], place[len(known) :]
    counts = [np.bincount(group, minlength=len(levels))[None] for group in groups]
    figures = _figures(*counts)
    result: dict[str, object] = {name: round(float(figures[name][0]), 5) for name in NAMES}
    if resamples:
        rng = np.random.default_rng(seed)
        drawn = _figures(*(_redrawn(rng, group, len(levels), resamples) for group in groups))
        result["interval"] = {
            name: [round(float(v), 5) for v in np.quantile(drawn[name], [0.025, 0.975])] for name in NAMES
        }
    return result


def _redrawn(rng: np.random.Generator, group: np.ndarray, levels: int, resamples: int) -> np.ndarray:
    """How many of each resample of a group lie at each level: (resamples, levels)."""
    picks = group[rng.integers(len(group), size=(resamples, len(group)))]
    rows = np.arange(resamples)[:, None] * levels
    return np.bincount((rows + picks).ravel(), minlength=resamples * levels).reshape(resamples, levels)


def _figures(known: np.ndarray, strangers: np.ndarray) -> dict[str, np.ndarray]:
    """The three figures (R,) from counts (R, levels) at each level of the score, the highest level first."""
    false, true = known.cumsum(1), strangers.cumsum(1)  # called strangers at each threshold: wrongly, rightly
    negatives, positives = false[:, -1:], true[:, -1:]
    caught = true / positives
    area = (known * (true - strangers / 2)).sum(1) / (negatives * positives)[:, 0]
    precision = true / np.maximum(false + true, 1)
    first = (caught >= 0.95).argmax(1)
    return {
        "auroc": area,
        "aupr": (strangers / positives * precision).sum(1),
        "fpr95": false[np.arange(len(false)), first] / negatives[:, 0],
    }
