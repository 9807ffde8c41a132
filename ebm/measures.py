"""Figures for one set of scores or predictions: rates, areas, calibration, intervals."""

from collections.abc import Callable

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

BINS = 15


def fpr_at_95_tpr(target: np.ndarray, score: np.ndarray) -> float:
    """The share of known glyphs called strangers when 95 % of the strangers are caught."""
    false_positive, true_positive, _ = roc_curve(target, score, drop_intermediate=False)
    return float(false_positive[np.searchsorted(true_positive, 0.95)])


DETECTION: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "auroc": roc_auc_score,
    "aupr": average_precision_score,
    "fpr95": fpr_at_95_tpr,
}


def detection(known: np.ndarray, strangers: np.ndarray, resamples: int = 100, seed: int = 0) -> dict[str, object]:
    """AUROC, AUPR and FPR at 95 % TPR of a score, with 95 % bootstrap intervals.

    Args:
        known, strangers: scores (N,), (M,), higher = stranger; strangers are the positive class.
        resamples: of the bootstrap, drawn within each group; 0 leaves the intervals out.

    Returns:
        {"auroc", "aupr", "fpr95": float, "interval": {each: [low, high]}}.
    """
    rng = np.random.default_rng(seed)
    target = np.concatenate([np.zeros(len(known), int), np.ones(len(strangers), int)])
    result: dict[str, object] = {
        name: round(float(measure(target, np.concatenate([known, strangers]))), 5)
        for name, measure in DETECTION.items()
    }
    drawn: dict[str, list[float]] = {name: [] for name in DETECTION}
    for _ in range(resamples):
        values = np.concatenate([rng.choice(known, len(known)), rng.choice(strangers, len(strangers))])
        for name, measure in DETECTION.items():
            drawn[name].append(float(measure(target, values)))
    if resamples:
        result["interval"] = {
            name: [round(float(v), 5) for v in np.quantile(drawn[name], [0.025, 0.975])] for name in DETECTION
        }
    return result
