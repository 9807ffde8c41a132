"""How right a classifier's probabilities are, and the one number that mends them."""

import math

from scipy.optimize import minimize_scalar
from torch import Tensor
from torch.nn import functional as F
from torchmetrics.functional.classification import multiclass_calibration_error, multiclass_f1_score

BINS = 15  # of the calibration error
LOG_TEMPERATURES = (-5.0, 5.0)


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature T whose softmax(logits / T) has the smallest cross-entropy (Guo et al. 2017, Sec. 4.2).

    Args:
        logits: (N, C) of held-out glyphs; labels: their classes (N,).

    Returns:
        T > 0: above 1 where the classifier is too sure, below 1 where it is not sure enough.
    """
    logits = logits.double()

    def cross_entropy(log_temperature: float) -> float:
        return float(F.cross_entropy(logits / math.exp(log_temperature), labels))

    found = minimize_scalar(cross_entropy, bounds=LOG_TEMPERATURES, method="bounded", options={"xatol": 1e-6})
    return math.exp(found.x)


def predictive(logits: Tensor, labels: Tensor, temperature: float = 1.0) -> dict[str, float]:
    """Accuracy, macro F1, negative log-likelihood (nats) and expected calibration error (15 bins).

    Args:
        logits: (N, C); labels: (N,); temperature: what the logits are divided by. It changes the
            probabilities, so the last two figures, never which class is likeliest.
    """
    logits, classes = logits.double() / temperature, logits.shape[1]
    return {
        "accuracy": round(float((logits.argmax(1) == labels).double().mean()), 5),
        "macro_f1": round(float(multiclass_f1_score(logits, labels, classes)), 5),
        "nll": round(float(F.cross_entropy(logits, labels)), 5),
        "ece": round(float(multiclass_calibration_error(logits.softmax(1), labels, classes, BINS)), 5),
    }
