"""How well scores tell strangers from known glyphs: AUROC, AUPR, rates at a threshold, ROC points.

Everywhere a higher score means stranger, and the stranger is the positive class.
"""

from collections.abc import Sequence

import numpy as np

Numbers = Sequence[float] | np.ndarray

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


def auroc(known: Numbers, strangers: Numbers) -> float:
    """The chance that a stranger scores higher than a known glyph; ties count one half.

    Raises:
        ValueError: when one of the two is empty.
    """
    known, strangers = scores_array(known), scores_array(strangers)
    ordered = np.sort(known)
    below = np.searchsorted(ordered, strangers, "left")
    upto = np.searchsorted(ordered, strangers, "right")
    return float((below + upto).mean() / (2 * len(ordered)))


def positive_rate(scores: Numbers, threshold: float) -> float:
    """The share of scores above the threshold: of strangers the true positive rate, of known glyphs the false one."""
    return float((scores_array(scores) > threshold).mean())


def roc_points(known: Numbers, strangers: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """False and true positive rates (K,) at every threshold, from (0, 0) to (1, 1)."""
    known, strangers = np.sort(scores_array(known)), np.sort(scores_array(strangers))
    cuts = np.unique(np.concatenate([known, strangers]))[::-1]
    false = 1 - np.searchsorted(known, cuts, "left") / len(known)
    true = 1 - np.searchsorted(strangers, cuts, "left") / len(strangers)
    return np.concatenate([[0.0], false]), np.concatenate([[0.0], true])


def scores_array(values: Numbers) -> np.ndarray:
    """Scores as an array (N,).

    Raises:
        ValueError: when there are none.
    """
    array = np.asarray(values, dtype=float)
    if array.size == 0:
        raise ValueError("At least one score is needed in every set.")
    return array
