"""What is drawn on the pad, inked and made a glyph: here for the server, in drawing.js for the page, with one result.

A drawing is a list of strokes, each a pen and the points it went through. Points are in sides of the pad, from its
upper left corner; one beyond the pad counts as the nearest one on its edge. Both sides do the following.

1. *Ink.* The broad nib is a rectangle, 30/320 of the pad wide and 4/320 thick, held at 42 degrees. The round pen is a
   disc, 15/320 wide. The ink is all that the pen covers on its way from point to point, also where it hangs over the
   pad's edge.
2. *Window.* Of the ink's box the larger side becomes 44 of the glyph's 56 pixels, and the middle that of the glyph.
3. *Samples.* The window has 448 x 448 samples, 8 x 8 for each pixel. A sample is ink if its centre is.
4. *Pixels.* A pixel is the sum of the 16 x 16 samples around its centre, weighted along each axis by a tent: 1, 3, 5,
   up to 15 and down to 1 again.
5. *Stretch.* The darkest pixel becomes +1, paper becomes -1.

How the samples of a row are found: what a rectangle covers on a straight way is the set of all c + a u + b v + t w with
a, b and t in [-1, 1]. Here c is the middle of the way, u and v are half the sides of the rectangle, and w is half the
way. This set is where three stripes overlap, one along each of u, v and w. The stripe along g holds the points p for
which |g x (p - c)| is at most |g x u| + |g x v| + |g x w|, where x is the cross product. In a row each stripe is an
interval, and so is their overlap. What a disc covers is a disc at each point and, between two of them, such a set
whose u is the radius at right angles to the way and whose v is zero.

Both sides compute the intervals with the same operations in the same order, in 64-bit floats. From step 3 on they count
in whole numbers. So their results are the same to the last bit.
"""

import re
from functools import cache
from typing import NamedTuple

import numpy as np

from ebm.data.corpus import SIZE
from ebm.data.picture.to_glyph import INK_SIDE

LONGEST = 6000  # characters of a drawing's text; the page simplifies what is longer
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_GRID = 64 * 64 - 1  # the text's points lie on a grid this wide
_SHAPE = re.compile(r"[br](?:[A-Za-z0-9_-]{4})+(?:\.[br](?:[A-Za-z0-9_-]{4})+)*")
_FINE = 8  # samples along the side of a pixel
_SAMPLES = SIZE * _FINE  # along the side of the window
_COS, _SIN = 0.7431448254773942, 0.6691306063588582  # of 42 degrees, as drawing.js has them
_NIB = np.array([[_COS * 15 / 320, -_SIN * 15 / 320], [_SIN * 2 / 320, _COS * 2 / 320]])  # half its sides
_RADIUS = 7.5 / 320
_WEIGHTS = np.concatenate([np.arange(1, 2 * _FINE, 2), np.arange(2 * _FINE - 1, 0, -2)])  # of 16 samples


class Stroke(NamedTuple):
    """One stroke of a drawing.

    Args:
        pen: "b" for the broad nib, "r" for the round pen.
        points: float64 (P, 2), x and y in sides of the pad, y downwards.
    """

    pen: str
    points: np.ndarray


class Window(NamedTuple):
    """The square of the pad that is sampled: its corner and its side, in sides of the pad."""

    left: float
    top: float
    side: float


def is_drawing(text: object) -> bool:
    """Whether a text holds strokes in the pad's form."""
    return isinstance(text, str) and len(text) <= LONGEST and _SHAPE.fullmatch(text) is not None


def strokes_of(text: object) -> list[Stroke]:
    """The strokes in the pad's text, which is also what a link to a drawing holds.

    Args:
        text: for each stroke its pen, then four characters a point, two for x and two for y, in the digits of
            base64url; strokes are parted by ".".

    Returns:
        the strokes; none where the text is empty or None.

    Raises:
        ValueError: for anything else.
    """
    if not text:
        return []
    if not is_drawing(text):
        raise ValueError("The drawing did not arrive in one piece: draw it again.")
    strokes = []
    for stroke in str(text).split("."):
        digits = np.array([_DIGITS.index(c) for c in stroke[1:]]).reshape(-1, 2, 2)
        strokes.append(Stroke(stroke[0], (digits[..., 0] * 64 + digits[..., 1]) / _GRID))
    return strokes


def glyph_of(strokes: list[Stroke]) -> np.ndarray:
    """A drawing as a glyph like those of the pen data.

    Args:
        strokes: as `strokes_of` gives them.

    Returns:
        float32 (1, 56, 56) in [-1, 1], ink = +1.

    Raises:
        ValueError: nothing is drawn.
    """
    if not strokes:
        raise ValueError("Nothing is drawn: draw a letter.")
    tents = _tents()  # float32 holds these whole numbers exactly
    pixels = (tents @ ink(strokes, _window(strokes)).astype(np.float32) @ tents.T).astype(np.float64)
    return (2 * pixels / max(pixels.max(), 1) - 1).astype(np.float32)[None]


def sheet_of(strokes: list[Stroke]) -> np.ndarray:
    """The whole pad as a picture: uint8 (448, 448), ink 0 and paper 255."""
    return np.where(ink(strokes, Window(0.0, 0.0, 1.0)), 0, 255).astype(np.uint8)


def ink(strokes: list[Stroke], window: Window) -> np.ndarray:
    """The samples of a window that the pen covers.

    Args:
        strokes: of the drawing.
        window: where to look.

    Returns:
        bool (448, 448).
    """
    scale, corner = _SAMPLES / window.side, np.array([window.left, window.top])
    rows, wide = np.arange(_SAMPLES), _SAMPLES + 1
    starts, ends = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]  # of intervals of ink, counted through all rows
    for pen, points in strokes:
        path = (np.clip(points, 0.0, 1.0) - corner) * scale
        for low, high in _covered(pen, path, scale, rows + 0.5):
            start, end = np.ceil(low - 0.5), np.floor(high - 0.5) + 1  # first centre in the interval, first after it
            start, end = (np.clip(samples, 0, _SAMPLES).astype(np.int64) for samples in (start, end))
            interval, row = np.nonzero(start < end)
            starts.append(row * wide + start[interval, row])
            ends.append(row * wide + end[interval, row])
    began, ended = (np.bincount(np.concatenate(places), minlength=_SAMPLES * wide) for places in (starts, ends))
    # Every row has as many ends as beginnings, so the next one starts from none.
    return (np.cumsum(began - ended).reshape(_SAMPLES, wide) > 0)[:, :-1]


def _covered(pen: str, path: np.ndarray, scale: float, rows: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """What a pen covers on a path (P, 2), in samples: intervals of each row of centres (R,), as in `_bars`."""
    start, end = (path[:-1], path[1:]) if len(path) > 1 else (path, path)
    middle, way = (start + end) / 2, (end - start) / 2
    if pen == "b":
        nib = np.broadcast_to(_NIB * scale, (len(way), 2, 2))
        return [_bars(middle, np.concatenate([nib, way[:, None]], axis=1), rows)]
    radius = _RADIUS * scale
    length = np.sqrt(way[:, 0] * way[:, 0] + way[:, 1] * way[:, 1])
    moved = length > 0
    middle, way, length = middle[moved], way[moved], length[moved, None]
    perpendicular = np.stack([-way[:, 1], way[:, 0]], axis=1) * radius / length
    return [_discs(path, radius, rows), _bars(middle, np.stack([perpendicular, np.zeros_like(way), way], axis=1), rows)]


def _bars(middle: np.ndarray, sides: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where rows meet the sets of all c + a u + b v + t w.

    Args:
        middle: c, (N, 2).
        sides: u, v and w, (N, 3, 2).
        rows: the centres of the rows, (R,).

    Returns:
        the ends of the intervals, each (N, R); infinity to minus infinity where there is none.
    """
    x, y = sides[..., 0], sides[..., 1]  # (N, 3)
    across = np.abs(x[:, :, None] * y[:, None, :] - y[:, :, None] * x[:, None, :])  # (N, 3, 3), |g x u|, ...
    wide = across[..., 0] + across[..., 1] + across[..., 2]
    reach = np.abs(y[:, 0]) + np.abs(y[:, 1]) + np.abs(y[:, 2])
    level = y == 0  # such a stripe only says how far the set reaches up and down
    rise = np.where(level, np.inf, y)
    half = np.where(level, np.inf, wide / np.abs(rise))[..., None]
    down = rows - middle[:, 1:]  # (N, R)
    at = (x / rise)[..., None] * down[:, None, :]  # (N, 3, R)
    outside = np.abs(down) > reach[:, None]
    low = np.where(outside, np.inf, middle[:, :1] + (at - half).max(axis=1))
    high = np.where(outside, -np.inf, middle[:, :1] + (at + half).min(axis=1))
    return low, high


def _discs(centre: np.ndarray, radius: float, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where rows (R,) meet discs around centres (N, 2): the ends of the intervals, as in `_bars`."""
    down = rows - centre[:, 1:]
    square = radius * radius - down * down
    half = np.where(square < 0, -np.inf, np.sqrt(np.maximum(square, 0.0)))
    return centre[:, :1] - half, centre[:, :1] + half


def _window(strokes: list[Stroke]) -> Window:
    """The window in which the larger side of the ink is 44 of 56 pixels."""
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    for pen, points in strokes:
        points = np.clip(points, 0.0, 1.0)
        reach = np.abs(_NIB[0]) + np.abs(_NIB[1]) if pen == "b" else _RADIUS
        low, high = np.minimum(low, points.min(axis=0) - reach), np.maximum(high, points.max(axis=0) + reach)
    side = float((high - low).max()) * SIZE / INK_SIDE
    left, top = ((low + high) / 2 - side / 2).tolist()
    return Window(left, top, side)


@cache
def _tents() -> np.ndarray:
    """The weight of each sample in each pixel of a row: float32 (56, 448). The outermost pixels are always paper."""
    tents = np.zeros((SIZE, _SAMPLES), dtype=np.float32)
    for pixel in range(1, SIZE - 1):
        middle = pixel * _FINE + _FINE // 2
        tents[pixel, middle - _FINE : middle + _FINE] = _WEIGHTS
    return tents
