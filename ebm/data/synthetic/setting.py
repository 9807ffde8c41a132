"""One glyph as it is on a page: set between neighbours, printed, scanned, and cropped more or less well."""

from collections.abc import Callable, Sequence

import numpy as np

from ebm.data.synthetic.founts import Fount, choose_form
from ebm.data.synthetic.pen import EXTENT, OVERSAMPLE, Beside, coverage
from ebm.data.synthetic.press import develop, draw_impression, press
from ebm.data.synthetic.sorts import SORTS

BETWEEN = 0.9  # share of the glyphs that are between two neighbours
KERNED = 0.2  # share of those neighbours that are closer: under a flag, or touching
TIGHT = 0.7  # share that is cut close to the ink, as by the segmentation of a page
BADLY_CROPPED = 0.15  # share that is small, or not in the middle of its tile

_FREQUENCY = np.array([s.frequency for s in SORTS]) / sum(s.frequency for s in SORTS)

Form = Callable[..., np.ndarray]  # like `pen.coverage` without ductus and fount: keywords -> mask


def print_form(form: Form, rng: np.random.Generator, neighbours: Sequence[str] = ()) -> np.ndarray:
    """Prints one form with the accidents of setting (size, place, skew, neighbours) and of the press.

    Args:
        form: called with rng, extent, shift, rotation and beside, it returns the mask of ink.
        rng: decides every accident.
        neighbours: what may be left and right of the glyph.

    Returns:
        uint8 (56, 56), ink = 255.
    """
    sides = zip(neighbours, (-1, 1), strict=True) if neighbours and rng.random() < BETWEEN else ()
    nearest = -4 if rng.random() < KERNED else 0
    beside = [Beside(item, side, gap=rng.uniform(nearest, 4), shown=rng.uniform(0, 8)) for item, side in sides]
    badly_cropped = rng.random() < BADLY_CROPPED
    loose, small = (5.0, 0.7) if badly_cropped else (1.5, 0.95)
    mask = form(
        rng=rng,
        extent=EXTENT * rng.uniform(small, 1.05),
        shift=tuple(rng.uniform(-loose, loose, 2)),
        rotation=rng.normal(0, 1.5),
        beside=beside,
    ).copy()
    if badly_cropped:
        add_line_below(mask, rng)
    scan = press(mask, draw_impression(rng), rng)
    if rng.random() < TIGHT:
        trim(scan, mask, rng)
    return develop(scan, white=rng.uniform(1, 40))


def add_line_below(mask: np.ndarray, rng: np.random.Generator) -> None:
    """Adds the top of the line below to a mask, in place, as far as there is room.

    Args:
        mask: float (168, 168) in [0, 1], 1 = ink.
        rng: decides where the ink is.
    """
    inked = np.flatnonzero(mask.any(1))
    depth, gap = (int(rng.integers(1, 6 * OVERSAMPLE)) for _ in range(2))
    piece = mask[inked[0] : inked[0] + depth]
    below = mask[inked[-1] + 1 + gap :][: len(piece)]
    np.maximum(below, piece[: len(below)], out=below)


def trim(scan: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> None:
    """Cuts a scan close to its ink, in place: outside the crop everything gets the lightest tone of its paper.

    Args:
        scan: (56, 56), 1 = black.
        mask: of its ink, (168, 168), 1 = ink.
        rng: decides how close.
    """
    paper = np.percentile(scan, 2)
    for axis in (0, 1):
        inked = np.flatnonzero(mask.any(1 - axis)) / OVERSAMPLE
        first, last = (round(edge) for edge in (inked[0] - rng.uniform(0, 6), inked[-1] + 1 + rng.uniform(0, 6)))
        lines = scan if axis == 0 else scan.T
        lines[: max(first, 0)] = paper
        lines[last:] = paper


def print_ductus(ductus: str, fount: Fount, rng: np.random.Generator) -> np.ndarray:
    """Writes and prints one ductus, usually between two neighbours.

    Args:
        ductus: strokes in the notation of `sorts.py`.
        fount: the pen that writes it.
        rng: decides every accident.

    Returns:
        uint8 (56, 56), ink = 255.
    """

    def form(**setting) -> np.ndarray:
        return coverage(ductus, fount, **setting)

    neighbours = [choose_form(SORTS[k].forms, fount, rng) for k in rng.choice(len(SORTS), 2, p=_FREQUENCY)]
    return print_form(form, rng, neighbours)
