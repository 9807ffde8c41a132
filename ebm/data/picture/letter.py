"""The letter in a picture of ink: where it is, and the picture without its neighbours."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image

from ebm.data.picture.decode import shrink, shrink_factor

_LOOK_SIDE = 256  # longest side of the copy in which the letter is searched
_FAINTEST = 0.01  # least contrast of ink, where black on white is 1: 8 bits cannot hold less
_BLANK = "the picture is blank (no ink stands out from the paper): draw or show a glyph"
_SOLID = 0.7  # darkness of solid ink; the bridges between letters that barely touch are lighter
_SOFT = 1.2  # pixels of that copy: how softly a neighbour fades
_STEPS = np.arange(256.0)  # of darkness, in the histogram


class Box(NamedTuple):
    """A rectangle in pixels, right and bottom excluded."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y) in pixels."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def side(self) -> float:
        """The longer side, in pixels."""
        return max(self.right - self.left, self.bottom - self.top)


class _Tones(NamedTuple):
    """Darkness of the paper, of solid ink, and the threshold above which a pixel is ink and not noise of the paper."""

    paper: float
    solid: float
    threshold: float


class _Parts(NamedTuple):
    """The connected parts of an ink mask (H, W); number 0 is everything that is not ink.

    Args:
        labels: int (H, W), the part that each pixel belongs to.
        areas: (n,), in pixels; 0 for number 0.
        central: (n,), areas in which pixels near the left and right edge count less.
        inner: (n,), number of pixels that are not close to an edge of the picture.
        boxes: (n, 4), left, top, right, bottom; right and bottom are excluded.
    """

    labels: np.ndarray
    areas: np.ndarray
    central: np.ndarray
    inner: np.ndarray
    boxes: np.ndarray


def find_letter(ink: np.ndarray, paper: np.ndarray, fade_neighbours: bool) -> tuple[np.ndarray, Box | None]:
    """Finds the ink that is the letter, without specks, neighbours and a scan's frame.

    Args:
        ink: float32 (H, W), 0 = paper, 1 = black.
        paper: float32 (H, W), brightness of the paper.
        fade_neighbours: whether to remove the ink of the neighbours.

    Returns:
        the ink (H, W), without the neighbours if they are to fade, and the letter's box, or None if there is no letter.

    Raises:
        ValueError: the picture is blank.
    """
    factor = shrink_factor(ink.shape, _LOOK_SIDE)
    small = shrink(ink, factor)
    if small.max() - small.min() < _FAINTEST:
        raise ValueError(_BLANK)
    tones = _tones(small)
    mask = small > tones.threshold
    parts = _parts(mask)
    inked = mask if parts.areas.any() else small >= small.max()
    darkness = np.sort(small[inked])
    contrast = float(darkness[len(darkness) // 2]) - tones.paper
    found = parts.areas.max() >= max(1e-4 * mask.size, 0.1 * parts.areas.sum(), 1)
    faint = contrast * float(shrink(paper, factor)[inked].mean()) < _FAINTEST
    if faint or (not found and contrast < 0.1):
        raise ValueError(_BLANK)
    if not found:
        return ink, None
    main, foreign = _sort_out(parts)
    if fade_neighbours:
        ink = _fade(ink, foreign[parts.labels], mask, tones.paper, factor)
        touching = _touching(small, parts, main, tones)
        if touching is not None:
            faded = _fade(ink, *touching, tones.paper, factor)
            rest = _parts(shrink(faded, factor) > tones.threshold)
            if rest.areas.any():  # a letter of one or two pixels may be gone
                ink, parts = faded, rest
                main, foreign = _sort_out(parts)
    kept = ~foreign & (parts.areas >= 0.03 * parts.areas[main])
    return ink, _sharpen(ink > tones.threshold, _around(parts.boxes[kept]), factor)


def _tones(ink: np.ndarray) -> _Tones:
    """The tones that Otsu's method finds in 256 steps: the two sides of its threshold differ most."""
    low, high = float(ink.min()), float(ink.max())
    step = (high - low) / 255.0
    counts = np.bincount(((ink - low) * (1.0 / step) + 0.5).astype(np.uint8).ravel(), minlength=256)
    below = np.cumsum(counts)
    sums = np.cumsum(counts * _STEPS)
    gap = np.square(float(sums[-1]) * below[:-1] - float(ink.size) * sums[:-1]) / (below[:-1] * (ink.size - below[:-1]))
    cut = below[int(np.argmax(gap))]
    paper, solid = np.searchsorted(below, (cut // 2, (cut + ink.size) // 2), side="right").tolist()
    # The side lighter than paper holds no ink, so its spread is the paper's noise alone.
    lighter = counts[: paper + 1]
    noise = math.sqrt(float(lighter @ np.square(_STEPS[: paper + 1] - paper)) / max(int(lighter.sum()), 1))
    threshold = max(paper + 0.4 * (solid - paper), paper + 4.0 * noise)
    return _Tones(*(low + step * tone for tone in (paper, solid, threshold)))


def _parts(mask: np.ndarray) -> _Parts:
    """Labels the parts of an ink mask; pixels that touch at a corner are connected."""
    from scipy.ndimage import find_objects, label  # here, because the import takes a fifth of a second

    labels, count = label(mask, structure=np.ones((3, 3), dtype=bool))
    height, width = mask.shape
    edge = math.ceil(0.03 * min(mask.shape))
    inner = np.zeros_like(mask)
    inner[edge : height - edge, edge : width - edge] = True
    middle = 1.0 - np.abs((np.arange(width) + 0.5) * (2 / width) - 1)
    inked = np.flatnonzero(mask)
    numbers = labels.ravel()[inked].astype(np.intp)
    areas, central, inside = (
        np.bincount(numbers, weights, count + 1) for weights in (None, middle[inked % width], inner.ravel()[inked])
    )
    boxes = [(0, 0, 0, 0)] + [(x.start, y.start, x.stop, y.stop) for y, x in find_objects(labels)]
    return _Parts(labels, areas, central, inside, np.array(boxes))


def _sort_out(parts: _Parts) -> tuple[int, np.ndarray]:
    """Separates the parts of a letter from the parts of its neighbours.

    Returns:
        the number of the letter's main part, and whether each part (n,) belongs to a neighbour or a scan's frame.
    """
    height, width = parts.labels.shape
    frame = parts.inner == 0
    main = int(np.argmax(parts.central if frame.all() else parts.central * ~frame))
    left, top, right, bottom = parts.boxes.T
    across = np.minimum(right, right[main]) - np.maximum(left, left[main])  # shared with the main part
    down = np.minimum(bottom, bottom[main]) - np.maximum(top, top[main])
    above = (down < 0.3 * (bottom - top)) & (top < top[main])
    # Dots and bars are above their letter, and the strokes of capitals inside it. These may reach the edge of a tight
    # picture. A neighbour's sliver is narrow, even where the letter leans over it.
    own = (across > 0.5 * (right - left)) & (above | (right - left > 0.5 * width))
    beside = (left == 0) | (right == width)
    foreign = (beside & ~own) | ((bottom == height) & (down <= 0)) | frame
    foreign[[0, main]] = False
    return main, foreign


def _touching(small: np.ndarray, parts: _Parts, main: int, tones: _Tones) -> tuple[np.ndarray, np.ndarray] | None:
    """The ink of neighbours that touch the letter by a grey bridge: the parts that separate when only solid ink counts.

    Returns:
        masks (h, w) of the neighbours' ink and of all solid ink; None where nothing separates.
    """
    width = parts.labels.shape[1]
    if parts.boxes[main, 0] > 0 and parts.boxes[main, 2] < width:
        return None
    solid = small > max(tones.threshold, tones.paper + _SOLID * (tones.solid - tones.paper))
    cores = _parts(solid)
    left, _, right, _ = cores.boxes.T
    foreign = _sort_out(cores)[1] & ((left == 0) | (right == width)) & (right - left < 0.35 * width)
    return (foreign[cores.labels], solid) if foreign.any() else None


def _fade(ink: np.ndarray, foreign: np.ndarray, mask: np.ndarray, level: float, factor: int) -> np.ndarray:
    """Fades neighbours to paper: a pixel fades more, the nearer it is to a neighbour than to the letter.

    Args:
        ink: float32 (H, W).
        foreign: bool (h, w), the neighbours in a copy `factor` times smaller.
        mask: bool (h, w), all ink in that copy.
        level: the darkness of the paper.
        factor: by which that copy is smaller, a whole number.

    Returns:
        the ink (H, W) without the neighbours.
    """
    if not foreign.any():
        return ink
    ours = mask & ~foreign
    down, across = (_blur(side) for side in mask.shape)
    theirs_near, ours_near = (np.square(down @ part.astype(np.float32) @ across) for part in (foreign, ours))
    share = theirs_near / (theirs_near + ours_near + 4e-4)  # beyond three pixels almost nothing changes
    share[ours] = 0.0
    if share.shape != ink.shape:
        height, width = ink.shape
        covered = (0, 0, width / factor, height / factor)  # the last blocks may lie partly outside
        share = np.asarray(Image.fromarray(share).resize((width, height), Image.Resampling.BILINEAR, box=covered))
    return ink + share * np.minimum(level - ink, 0.0)


@lru_cache(maxsize=64)
def _blur(side: int) -> np.ndarray:
    """The matrix that blurs a row of `side` pixels with a Gaussian: float32 (side, side)."""
    apart = np.arange(side)[:, None] - np.arange(side)
    return (np.exp(-0.5 * np.square(apart / _SOFT)) / (_SOFT * math.sqrt(2 * math.pi))).astype(np.float32)


def _around(boxes: np.ndarray) -> Box:
    """The smallest box around some boxes (n, 4)."""
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
