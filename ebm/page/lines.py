"""The lines of a column: bands where the ink of many letters lies, and the parts that belong to each."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.signal import find_peaks

from ebm.page.columns import Plan, straight
from ebm.page.ink import Ink

_SMOOTH = 0.12  # of the letters' height: how far rows are blurred before peaks are looked for
_APART = 0.9  # of the letters' height: the least distance of two lines
_FAINTEST = 0.05  # of the column's strongest lines' ink: the least that counts as a line
_EDGE = 0.5  # of a peak: where the band of letters without ascenders ends
_REACH = 1.3  # of the band's height: how far above or below it a point may stand


@dataclass(frozen=True)
class Band:
    """The rows in which a line's letters without ascenders and descenders lie, as if the page were level.

    Args:
        column: counts from 0.
        top: first row.
        bottom: last row.
        parts: row numbers, in the table of parts, of the parts that belong to it.
    """

    column: int
    top: float
    bottom: float
    parts: np.ndarray

    @property
    def height(self) -> float:
        """In rows."""
        return self.bottom - self.top


def find_bands(ink: Ink, plan: Plan) -> list[Band]:
    """The lines of all columns, from top to bottom, with their parts."""
    found = []
    for number, letters in enumerate(plan.columns):
        bands = _bands(*_rows(ink, letters, plan.angle), plan.height)
        if len(bands):
            found += _with_parts(ink, plan, number, letters, bands)
    return found


def _rows(ink: Ink, letters: np.ndarray, angle: float) -> tuple[np.ndarray, int]:
    """How much ink each row of a column holds, as if the page were level, and the number of the first row."""
    left, top = ink.boxes[letters, :2].min(0)
    right, bottom = ink.boxes[letters, 2:].max(0)
    kept = np.zeros(len(ink.boxes) + 1, dtype=bool)
    kept[letters + 1] = True
    rows, columns = np.nonzero(kept[ink.labels[top:bottom, left:right]])
    level = np.round(rows + top - np.tan(np.radians(angle)) * (columns + left)).astype(int)
    first = int(level.min())
    return np.bincount(level - first).astype(float), first


def _bands(sums: np.ndarray, first: int, height: float) -> np.ndarray:
    """Top and bottom of each line's band: (n, 2)."""
    pad = int(np.ceil(height))
    profile = ndimage.gaussian_filter1d(np.pad(sums, pad), max(1.0, _SMOOTH * height))
    coarse = ndimage.gaussian_filter1d(np.pad(sums, pad), max(1.0, 3 * _SMOOTH * height))
    strong = float(np.percentile(coarse, 95))
    peaks, _ = find_peaks(coarse, distance=max(1.0, _APART * height), prominence=_FAINTEST * strong)
    bands = []
    for k, peak in enumerate(peaks):
        low = (peaks[k - 1] + peak) // 2 if k else 0
        high = (peak + peaks[k + 1]) // 2 if k + 1 < len(peaks) else len(profile)
        level = _EDGE * float(np.median(np.sort(profile[low:high])[-max(3, round(0.3 * height)) :]))
        top = bottom = int(peak)
        while top > low and profile[top - 1] >= level:
            top -= 1
        while bottom < high and profile[bottom] >= level:
            bottom += 1
        bands.append((top - pad + first, bottom - pad + first))
    found = np.array(bands, dtype=float).reshape(-1, 2)
    if len(found) < 3:
        return found
    typical = np.median(found[:, 1] - found[:, 0])
    tall = found[:, 1] - found[:, 0]
    # A line of few letters has a ragged profile; it is as high as the others.
    middle = found.mean(1)
    odd = (tall < 0.6 * typical) | (tall > 1.6 * typical)
    found[odd] = np.stack([middle - typical / 2, middle + typical / 2], axis=1)[odd]
    return _with_short_lines(found)


def _with_short_lines(bands: np.ndarray) -> np.ndarray:
    """Bands also where a line of a word or two makes no peak; where there is none, the band stays empty."""
    steps = np.diff(bands[:, 0])
    filled = [bands[:1]]
    for k, count in enumerate(np.clip(np.round(steps / np.median(steps)), 1, 4).astype(int)):
        share = np.arange(1, count + 1)[:, None] / count
        filled.append(bands[k] + share * (bands[k + 1] - bands[k]))
    return np.concatenate(filled)


def _with_parts(ink: Ink, plan: Plan, column: int, letters: np.ndarray, bands: np.ndarray) -> list[Band]:
    """Deals the parts of a column out to its lines: each to the one it overlaps most, points to the nearest."""
    _, down = straight(ink.boxes[letters], plan.angle)
    overlap = np.minimum(down[:, 1:], bands[:, 1]) - np.maximum(down[:, :1], bands[:, 0])  # (parts, lines)
    line = overlap.argmax(1)
    tall = np.median(bands[:, 1] - bands[:, 0])
    near = overlap.max(1) > -_REACH * tall
    return [Band(column, float(band[0]), float(band[1]), letters[near & (line == k)]) for k, band in enumerate(bands)]
