"""A broad nib swept along a ductus: the strokes of a sort become a mask of ink.

The nib is a thin rectangle held at a fixed angle. Its sweep along a segment covers a hexagon: the nib at
both ends, and the area that its diagonal covers between them. This gives diamonds and hairlines.
"""

import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from ebm.data.corpus import SIZE
from ebm.data.synthetic.founts import Fount

OVERSAMPLE = 3
CANVAS = SIZE * OVERSAMPLE  # the mask is drawn three times finer than the glyph
EXTENT = 44  # the larger side of a glyph's ink, in pixels of the finished 56
STEPS_PER_SEGMENT = 3  # how finely a curved segment is followed
_CORNER = 0.42  # width of the nib's corner as a share of the nib
_DIAMOND = 0.26  # how far a nib of width 1 moves for a diamond, each way from its middle


class Move(NamedTuple):
    """One stroke in the notation of a ductus.

    Args:
        points: (P, 2).
        smooth: whether it is a curve through the points, mark "~".
        corner: whether the corner of the nib writes it, mark "^".
        diamond: whether it is a diamond at its one point, mark "*".
    """

    points: np.ndarray
    smooth: bool
    corner: bool
    diamond: bool


class Stroke(NamedTuple):
    """One stroke as it is written.

    Args:
        points: (P, 2), x to the right, y upwards, in fifths of the x-height.
        share: share of the nib's width that writes it, in [0, 1].
    """

    points: np.ndarray
    share: float


@lru_cache(maxsize=1024)
def parse(ductus: str) -> tuple[Move, ...]:
    """Reads a ductus into strokes, in the notation that `sorts.py` describes."""
    moves = []
    for text in ductus.split("/"):
        body = text.strip().lstrip("~^*")
        marks = text.strip()[: -len(body)]
        points = np.array([point.split(",") for point in body.split()], dtype=np.float64)
        moves.append(Move(points, "~" in marks, "^" in marks, "*" in marks))
    return tuple(moves)


def write(ductus: str, fount: Fount, rng: np.random.Generator | None = None) -> list[Stroke]:
    """Writes a ductus in a fount: the paths of the nib's centre, curves resolved into points.

    Args:
        ductus: strokes in the notation of `sorts.py`.
        fount: whose proportions and forms to use; the same fount always gives the same form.
        rng: adds the small tremor of one writing; None writes the fount's exact form.

    Returns:
        the strokes, in order.
    """
    form = np.random.default_rng([fount.seed, zlib.crc32(ductus.encode())])
    lean = np.tan(np.radians(fount.slant))
    strokes = []
    for move in parse(ductus):
        points = move.points + form.normal(0, fount.jitter * (0.4 if move.diamond else 1.0), move.points.shape)
        if rng is not None:
            points = points + rng.normal(0, 0.04, points.shape)
        if move.diamond and fount.foot < 0.1:
            continue
        x, y = points[:, 0] * fount.width, points[:, 1]
        y = np.where(y > 5, 5 + (y - 5) * fount.ascender, np.where(y < 0, y * fount.descender, y))
        points = np.stack([x + lean * y, y], 1)
        if move.diamond:
            points = points + fount.nib * fount.foot * _DIAMOND * np.array([[-1.0, 1.0], [1.0, -1.0]])
        path = _follow(points, 1.0 if move.smooth else fount.curvature)
        strokes.append(Stroke(path, _CORNER if move.corner else 1.0))
    return strokes


def turned(strokes: list[Stroke], degrees: float) -> list[Stroke]:
    """Strokes turned about the origin, counter-clockwise, by an angle in degrees."""
    turn = np.radians(degrees)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return [Stroke(points @ matrix, share) for points, share in strokes]


def _follow(points: np.ndarray, curvature: float) -> np.ndarray:
    """Points along a stroke, between straight segments (0) and a Catmull-Rom spline (1)."""
    if curvature == 0 or len(points) < 3:
        return points
    p = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, STEPS_PER_SEGMENT, endpoint=False)[None, :, None]
    p0, p1, p2, p3 = (p[k : len(p) - 3 + k, None] for k in range(4))
    spline = p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    path = (1 - curvature) * (p1 + t * (p2 - p1)) + curvature * spline
    return np.concatenate([path.reshape(-1, 2), points[-1:]])


def nib_corners(fount: Fount) -> np.ndarray:
    """The four corners of the nib around its centre, (4, 2), in fifths of the x-height."""
    a = np.radians(fount.angle)
    along = 0.5 * fount.nib * np.array([np.cos(a), np.sin(a)])
    across = 0.5 * fount.hairline * np.array([-np.sin(a), np.cos(a)])
    return np.stack([along + across, along - across, -along - across, -along + across])


def ink_box(strokes: list[Stroke], fount: Fount) -> tuple[np.ndarray, np.ndarray]:
    """The lower left and the upper right corner of the ink that a nib leaves along strokes, each (2,)."""
    reach = np.full(2, fount.nib / 2) if fount.is_round else np.abs(nib_corners(fount)).max(0)
    low = np.min([points.min(0) - share * reach for points, share in strokes], axis=0)
    high = np.max([points.max(0) + share * reach for points, share in strokes], axis=0)
    return low, high


def sweep(draw: ImageDraw.ImageDraw, strokes: list[Stroke], fount: Fount, scale: float, origin: np.ndarray) -> None:
    """Draws the ink of the nib's sweep along strokes on an 8-bit image.

    Args:
        draw: for the image, y downwards.
        strokes: as `write` returns them.
        fount: whose nib it is.
        scale: pixels per fifth of the x-height.
        origin: the pixel (2,) of the point (0, 0).
    """
    flip = np.array([scale, -scale])
    nib = nib_corners(fount) * flip
    for path, share in strokes:
        points = path * flip + origin
        if fount.is_round:
            _sweep_disc(draw, points, share * fount.nib * scale / 2)
            continue
        corners = nib * share
        for at in points:
            draw.polygon((at + corners).ravel().tolist(), fill=255)
        moves = np.diff(points, axis=0)
        # The sweep is as wide as the diagonal that is most perpendicular to the movement. The nib at both ends,
        # drawn above, covers the rest of the hexagon.
        widest = np.abs(moves[:, :1] * corners[:2, 1] - moves[:, 1:] * corners[:2, 0]).argmax(1)
        a = corners[widest]
        for quad in np.stack([points[:-1] + a, points[:-1] - a, points[1:] - a, points[1:] + a], 1):
            draw.polygon(quad.ravel().tolist(), fill=255)


def _sweep_disc(draw: ImageDraw.ImageDraw, points: np.ndarray, radius: float) -> None:
    draw.line([tuple(p) for p in points], fill=255, width=max(1, round(2 * radius)), joint="curve")
    for x, y in points:
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)


class Beside(NamedTuple):
    """A neighbour on the line, in pixels of the finished glyph.

    Args:
        item: a ductus, or a character of a font.
        side: -1 = left, 1 = right.
        gap: paper between the two inks; below 0 the neighbour is under an overhanging flag, or touches.
        shown: how far the crop goes beyond the glyph's ink; nothing is printed outside the crop.
    """

    item: str
    side: int
    gap: float
    shown: float


def coverage(
    ductus: str,
    fount: Fount,
    rng: np.random.Generator | None = None,
    *,
    extent: float = EXTENT,
    shift: tuple[float, float] = (0.0, 0.0),
    rotation: float = 0.0,
    beside: Sequence[Beside] = (),
) -> np.ndarray:
    """The mask of ink of one sort in one fount, its box centred and scaled to `extent`.

    Args:
        ductus: as in `write`.
        fount: as in `write`.
        rng: as in `write`.
        extent: larger side of the ink's box, in pixels of the finished 56x56 glyph.
        shift: (right, down) of the box's centre from the middle, in those pixels.
        rotation: of the whole type, in degrees, counter-clockwise.
        beside: the glyph's neighbours.

    Returns:
        float32 (168, 168) in [0, 1], 1 = ink.
    """
    strokes = turned(write(ductus, fount, rng), rotation)
    low, high = ink_box(strokes, fount)
    scale = extent * OVERSAMPLE / max(high - low)
    middle = CANVAS / 2 + OVERSAMPLE * np.array(shift)
    origin = middle - scale * np.array([1, -1]) * (low + high) / 2
    image = Image.new("L", (CANVAS, CANVAS))
    draw = ImageDraw.Draw(image)
    for item, side, gap, _ in beside:
        other = turned(write(item, fount, rng), rotation)
        near, far = ink_box(other, fount)
        step = high[0] - near[0] if side > 0 else low[0] - far[0]
        sweep(draw, other, fount, scale, origin + [step * scale + side * gap * OVERSAMPLE, 0])
    for _, side, _, shown in beside:
        edge = origin[0] + scale * (high if side > 0 else low)[0] + side * shown * OVERSAMPLE
        cut(image, side, edge)
    sweep(draw, strokes, fount, scale, origin)
    return np.asarray(image, dtype=np.float32) / 255.0


def cut(image: Image.Image, side: int, edge: float) -> None:
    """Blanks a mask beyond a column, in place.

    Args:
        image: the mask, 8-bit.
        side: 1 blanks what is right of the column, -1 what is left of it.
        edge: the column, in pixels.
    """
    at = min(max(round(edge), 0), image.width)
    box = (at, 0, image.width, image.height) if side > 0 else (0, 0, at, image.height)
    if box[2] > box[0]:
        image.paste(0, box)
