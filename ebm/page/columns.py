"""Which parts of a page's ink are letters, how tall they are, how the page leans, and where its columns stand."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ebm.page.ink import Ink

_STEEPEST = 5.0  # degrees that lines may fall or rise
_GAP = 0.6  # of the letters' height: the narrowest white between columns of several lines
_WIDE_GAP = 3.5  # the same between blocks of one to three lines, whose words stand apart as well
_BREAK = 2.5  # of the letters' height: white between lines that parts a column
_OVERHANG = 0.04  # share of a column's height that may reach into the white beside it
_SOLID = 0.1  # of the squared height of letters: ink of a part that is no speck, so that specks fill no gap
_FEWEST = 4  # parts of a column
_DEEPEST = 8  # cuts, one within the other


@dataclass(frozen=True)
class Plan:
    """The letters of a page in columns.

    Args:
        height: of a typical letter, in pixels.
        angle: by which lines fall to the right, in degrees.
        columns: row numbers of the parts in each column, in reading order.
    """

    height: float
    angle: float
    columns: list[np.ndarray]


@dataclass(frozen=True)
class _Block:
    """All parts of a page: left and right (n, 2), top and bottom (n, 2), whether more than a speck (n,), height."""

    across: np.ndarray
    down: np.ndarray
    solid: np.ndarray
    height: float


def find_columns(ink: Ink) -> Plan:
    """Finds letters, lean and columns.

    Raises:
        ValueError: nothing on the page has the size of letters.
    """
    letters, height = _letters(ink)
    angle = find_angle(ink, letters)
    across, down = straight(ink.boxes, angle)
    solid = ink.areas >= _SOLID * height**2
    columns = list(_cut(letters, _Block(across, down, solid, height), _DEEPEST))
    shape = ink.labels.shape
    most = max(map(len, columns))
    columns = [
        some
        for some in columns
        if len(some) >= min(_FEWEST, most / 5) and not _is_sliver(ink.boxes[some], shape, height)
    ]
    if not columns:
        raise ValueError("no lines of letters stand out")
    return Plan(height, angle, columns)


def straight(boxes: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Left and right (n, 2), and top and bottom (n, 2), of boxes (n, 4) as if the lines were level."""
    slope = np.tan(np.radians(angle))
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    return boxes[:, [0, 2]] + slope * middle[:, 1:], boxes[:, [1, 3]] - slope * middle[:, :1]


def _letters(ink: Ink) -> tuple[np.ndarray, float]:
    """Row numbers of the parts that may be letters or their points, and the letters' typical height."""
    width, height = (ink.boxes[:, 2] - ink.boxes[:, 0]), (ink.boxes[:, 3] - ink.boxes[:, 1])
    page = ink.labels.shape
    sized = (height >= 6) & (width >= 3) & (height < max(0.12 * page[0], min(page[0], 90)))
    sized &= (ink.areas > 0.05 * width * height) & (width < 40 * height) & (height < 12 * width)
    if not sized.any():
        raise ValueError("nothing of the size of a letter stands out")
    # Specks are many and small, so each part counts by its area; joined words no more than a letter or two.
    weight = np.minimum(ink.areas, 0.6 * height.astype(float) ** 2) * sized
    typical = _weighted_median(height, weight)
    kept = (height <= 4.0 * typical) & (np.maximum(width, height) >= 0.12 * typical) & (width < 25 * typical)
    kept &= ink.areas >= 0.012 * typical**2
    kept &= ~((height > 3.0 * typical) & (width < 0.3 * height))  # rules, edges of the paper
    kept &= ~((width > 4.0 * typical) & (height < 0.3 * typical))
    for k in np.flatnonzero((width > 8 * typical) & (height > 8 * typical) & (ink.areas > 0.06 * width * height)):
        left, top, right, bottom = ink.boxes[k]  # a picture: what stands in it is no text
        inside = (ink.boxes[:, 0] >= left) & (ink.boxes[:, 2] <= right)
        kept &= ~(inside & (ink.boxes[:, 1] >= top) & (ink.boxes[:, 3] <= bottom))
    if not kept.any():
        raise ValueError("nothing of the size of a letter stands out")
    return np.flatnonzero(kept), typical


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(below, below[-1] / 2)])


def find_angle(ink: Ink, letters: np.ndarray) -> float:
    """By how many degrees the lines fall to the right: the turn that makes the rows' sums differ most."""
    factor = max(1, max(ink.labels.shape) // 1200)
    kept = np.zeros(len(ink.boxes) + 1, dtype=bool)
    kept[letters + 1] = True
    rows, columns = np.nonzero(kept[ink.labels[::factor, ::factor]])
    if len(rows) < 50 or np.ptp(columns) < 2 * np.ptp(ink.boxes[letters][:, [1, 3]], axis=1).mean() / factor:
        return 0.0
    best = 0.0
    for reach, step in ((_STEEPEST, 0.5), (0.5, 0.1), (0.1, 0.02)):
        angles = best + np.arange(-reach, reach + step / 2, step)
        best = float(angles[int(np.argmax([_sharpness(rows, columns, angle) for angle in angles]))])
    return best


def _sharpness(rows: np.ndarray, columns: np.ndarray, angle: float) -> float:
    """How much the sums of rows differ from one to the next, the page being turned level by an angle."""
    level = rows - np.tan(np.radians(angle)) * columns
    sums = np.bincount((level - level.min()).astype(int)).astype(float)
    return float(np.square(np.diff(sums)).sum())


def _cut(letters: np.ndarray, block: "_Block", deepest: int) -> Iterator[np.ndarray]:
    """Cuts a block along white, first between columns, then between lines far apart, and each piece again."""
    solid = letters[block.solid[letters]]
    if deepest and len(solid) > 1:
        tall = float(np.ptp(block.down[solid]))
        gap = _GAP if tall > 8 * block.height else _WIDE_GAP
        for spans, weights, widest, most in (
            (block.across, block.down, gap, _OVERHANG * tall),
            (block.down, block.across, _BREAK, 0.0),
        ):
            place = _white(spans[solid], np.ptp(weights[solid], axis=1), widest * block.height, most)
            if place is not None:
                first = spans[letters].mean(1) < place
                for some in (letters[first], letters[~first]):
                    yield from _cut(some, block, deepest - 1)
                return
    yield letters


def _white(spans: np.ndarray, weights: np.ndarray, widest: float, most: float) -> float | None:
    """The middle of the widest gap that spans (n, 2) leave between them, all but `most` of their weight."""
    low = int(np.floor(spans.min()))
    size = int(np.ceil(spans.max())) - low + 2
    starts, ends = (np.clip(np.round(side).astype(int) - low, 0, size - 1) for side in spans.T)
    covered = np.cumsum(np.bincount(starts, weights, size) - np.bincount(ends, weights, size))
    white, count = ndimage.label(covered <= most + 1e-6)
    if count == 0:
        return None
    gaps = [part[0] for part in ndimage.find_objects(white)]
    gaps = [gap for gap in gaps if gap.stop - gap.start >= widest and gap.start > 0 and gap.stop < size - 1]
    places = [low + (gap.start + gap.stop) / 2 for gap in sorted(gaps, key=lambda gap: gap.start - gap.stop)]
    middle = spans.mean(1)
    return next((place for place in places if (middle < place).any() and (middle >= place).any()), None)


def _is_sliver(boxes: np.ndarray, shape: tuple[int, int], height: float) -> bool:
    """Whether a column is no more than the edge of the facing page, or dirt there."""
    if len(boxes) == 0:
        return True
    left, right = boxes[:, 0].min(), boxes[:, 2].max()
    tall = boxes[:, 3].max() - boxes[:, 1].min()
    beside = left < 0.03 * shape[1] or right > 0.97 * shape[1]
    return bool(beside and right - left < 4 * height and (tall > 3 * height or shape[1] > 20 * height))
