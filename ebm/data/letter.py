"""The letter in a picture of ink: where it is, and the picture without its neighbours."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from ebm.data.decode import shrink, shrink_factor

_LOOK_SIDE = 256  # longest side of the copy in which the letter is looked for
_FAINTEST = 0.01  # contrast of ink, black on white being 1: less is lost in the steps of 8 bits
_BLANK = "the picture is blank (no ink stands out from the paper): draw or show a glyph"
_SOFT = 1.2  # pixels of that copy: how softly a neighbour fades


class Box(NamedTuple):
    """A rectangle in pixels, right and bottom excluded."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def side(self) -> float:
        return max(self.right - self.left, self.bottom - self.top)


class _Parts(NamedTuple):
    """The connected parts of an ink mask (H, W); number 0 is all that is no ink.

    Args:
        labels: int (H, W), the part each pixel belongs to.
        areas: (n,), in pixels; 0 for number 0.
        central: (n,), the same with pixels near the left and right edge counting less.
        inner: (n,), the pixels that are not close to an edge of the picture.
        boxes: (n, 4), left, top, right, bottom, the latter two excluded.
    """

    labels: np.ndarray
    areas: np.ndarray
    central: np.ndarray
    inner: np.ndarray
    boxes: np.ndarray


def find_letter(ink: np.ndarray, paper: np.ndarray, fade_neighbours: bool) -> tuple[np.ndarray, Box | None]:
    """Finds the ink that is the letter, without specks, slivers and a scan's frame.

    Args:
        ink: float32 (H, W), 0 = paper, 1 = black.
        paper: float32 (H, W), its brightness.
        fade_neighbours: whether to take away the ink of the neighbours.

    Returns:
        the ink (H, W), without the neighbours if so wished, and the letter's box; None if no letter stands out.

    Raises:
        ValueError: the picture is blank.
    """
    factor = shrink_factor(ink.shape, _LOOK_SIDE)
    small = shrink(ink, factor)
    if np.ptp(small) < _FAINTEST:
        raise ValueError(_BLANK)
    threshold, level = _threshold(small)
    mask = small > threshold
    parts = _parts(mask)
    inked = mask if parts.areas.any() else small >= small.max()
    contrast = float(np.median(small[inked])) - level
    found = parts.areas.max() >= max(1e-4 * mask.size, 0.1 * parts.areas.sum(), 1)
    faint = contrast * float(np.median(shrink(paper, factor)[inked])) < _FAINTEST
    if faint or (not found and contrast < 0.1):
        raise ValueError(_BLANK)
    if not found:
        return ink, None
    main, foreign = _sort_out(parts, mask.shape)
    if fade_neighbours and foreign.any():
        ink = _fade(ink, foreign[parts.labels], mask, level)
    kept = ~foreign & (parts.areas >= 0.03 * parts.areas[main])
    return ink, _sharpen(ink > threshold, _around(parts.boxes[kept]), factor)


def _threshold(ink: np.ndarray) -> tuple[float, float]:
    """The darkness above which a pixel is ink, clear of the paper's noise; and the paper's own."""
    values = np.sort(ink, axis=None)
    sums = np.cumsum(values, dtype=np.float64)
    below = np.arange(1, values.size)
    gap = (sums[-1] * below - values.size * sums[:-1]) ** 2 / (below * (values.size - below))
    cut = int(np.argmax(gap)) + 1  # Otsu's method: the two sides differ most
    paper, solid = float(values[cut // 2]), float(values[(cut + values.size) // 2])
    # The side lighter than paper holds no ink, so its spread is the paper's noise alone.
    noise = float(np.sqrt(np.mean(np.square(values[: cut // 2 + 1] - paper))))
    return max(paper + 0.4 * (solid - paper), paper + 4.0 * noise), paper


def _parts(mask: np.ndarray) -> _Parts:
    """Labels the parts of an ink mask; pixels that touch at a corner are connected."""
    from scipy.ndimage import find_objects, label  # here, for it takes a fifth of a second to import

    labels, count = label(mask, structure=np.ones((3, 3), dtype=bool))
    height, width = mask.shape
    edge = int(np.ceil(0.03 * min(mask.shape)))
    flat, inner = labels.ravel(), labels[edge : height - edge, edge : width - edge].ravel()
    middle = 1.0 - np.abs((np.arange(width) + 0.5) * (2 / width) - 1)
    counts = [
        np.bincount(flat, minlength=count + 1),
        np.bincount(flat, np.broadcast_to(middle, mask.shape).ravel(), count + 1),
        np.bincount(inner, minlength=count + 1),
    ]
    for each in counts:
        each[0] = 0
    boxes = [(0, 0, 0, 0)] + [(x.start, y.start, x.stop, y.stop) for y, x in find_objects(labels)]
    return _Parts(labels, *counts, np.array(boxes))


def _sort_out(parts: _Parts, shape: tuple[int, ...]) -> tuple[int, np.ndarray]:
    """Tells the parts of a letter from its neighbours'.

    Args:
        parts: of which one at least is no speck.
        shape: of the picture (H, W).

    Returns:
        the number of the letter's main part, and whether each part (n,) is foreign: a neighbour's, or a scan's frame.
    """
    frame = parts.inner == 0
    main = int(np.argmax(np.where(frame, 0.0, parts.central) if not frame.all() else parts.central))
    left, top, right, bottom = parts.boxes.T
    across = np.minimum(right, right[main]) - np.maximum(left, left[main])  # shared with the main part
    down = np.minimum(bottom, bottom[main]) - np.maximum(top, top[main])
    beside = (left == 0) | (right == shape[1])
    above = (down < 0.3 * (bottom - top)) & (top < top[main])
    # Dots and bars stand over their letter, and the strokes of capitals within it: these may reach the edge of a
    # tight picture. A neighbour's sliver is narrow even where the letter leans over it.
    over = across > 0.5 * (right - left)
    own = over & (above | (right - left > 0.5 * shape[1]))
    foreign = (beside & ~own) | ((bottom == shape[0]) & (down <= 0)) | frame
    foreign[[0, main]] = False
    return main, foreign


def _fade(ink: np.ndarray, foreign: np.ndarray, mask: np.ndarray, level: float) -> np.ndarray:
    """Fades the foreign parts of the mask to paper, each pixel by what is nearer to it, the letter or they."""
    theirs, ours = (
        np.asarray(Image.fromarray(np.uint8(255) * part).filter(ImageFilter.GaussianBlur(_SOFT)), dtype=np.float32)
        for part in (foreign, mask & ~foreign)
    )
    theirs, ours = np.square(theirs), np.square(ours)
    share = theirs / (theirs + ours + 25.0)  # 25: beyond three pixels nothing changes
    share[mask & ~foreign] = 0.0
    if share.shape != ink.shape:
        share = np.asarray(Image.fromarray(share).resize(ink.shape[::-1], Image.Resampling.BILINEAR))
    return ink + share * np.minimum(level - ink, 0.0)


def _around(boxes: np.ndarray) -> Box:
    """The box around some boxes (n, 4)."""
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = boxes[:, 2:].max(axis=0).tolist()
    return Box(left, top, right, bottom)


def _sharpen(mask: np.ndarray, box: Box, factor: int) -> Box:
    """The box of the full-size mask near a box found in a copy `factor` times smaller."""
    if factor == 1:
        return box
    left, top = max(0, int(box.left - 1) * factor), max(0, int(box.top - 1) * factor)
    near = mask[top : int(box.bottom + 1) * factor, left : int(box.right + 1) * factor]
    if not near.any():
        return Box(*(side * factor for side in box))
    rows, columns = (np.nonzero(near.any(axis=axis))[0].tolist() for axis in (1, 0))
    return Box(columns[0] + left, rows[0] + top, columns[-1] + 1 + left, rows[-1] + 1 + top)
