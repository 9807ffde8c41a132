"""A page made by code, and how well boxes agree with it."""

import numpy as np

from ebm.data.synthetic.made_page import MadePage, make_page

__all__ = ["MadePage", "agreement", "make_page"]


def agreement(found: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """Recall and precision of boxes (n, 4): pairs with an IoU above a half, each box in one pair at most."""
    low = np.maximum(found[:, None, :2], true[None, :, :2])
    high = np.minimum(found[:, None, 2:], true[None, :, 2:])
    both = np.clip(high - low, 0, None).prod(2)
    area = [(some[:, 2:] - some[:, :2]).prod(1) for some in (found, true)]
    iou = both / (area[0][:, None] + area[1][None, :] - both)
    # Above a half, no box has two partners that don't overlap each other.
    pairs = min((iou > 0.5).any(0).sum(), (iou > 0.5).any(1).sum())
    return pairs / len(true), pairs / len(found)
