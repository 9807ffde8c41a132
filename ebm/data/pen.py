"""A broad nib swept along a ductus: the strokes of a sort become a mask of ink.

The nib is a thin rectangle held at a fixed angle. Sweeping it along a segment covers a hexagon: the
nib at both ends and what its diagonal sweeps between; that alone gives diamonds and hairlines.
"""

import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from ebm.data.corpus import SIZE

OVERSAMPLE = 3
CANVAS = SIZE * OVERSAMPLE  # the mask is drawn three times finer than the glyph
EXTENT = 44  # the larger side of a glyph's ink, in pixels of the finished 56
STEPS_PER_SEGMENT = 3  # how finely a curved segment is followed

Stroke = np.ndarray  # (P, 2) points, x to the right, y upwards


@dataclass(frozen=True)
class Fount:
    """One variation of pen and proportions; lengths in nib widths, angles in degrees.

    Args:
        nib: width of the nib; `hairline`: its thickness. Equal values make a round pen.
        angle: of the nib's edge against the baseline.
        width: horizontal scale of the forms; `ascender`, `descender`: vertical scale above the
            x-height and below the baseline.
        slant: of the stems; `curvature`: 0 = broken strokes, 1 = smooth curves through the points.
        jitter: how far the fount's own forms stray from the ductus; `seed` decides which way.
    """

    nib: float = 1.0
    hairline: float = 0.14
    angle: float = 42.0
    width: float = 1.0
    ascender: float = 1.0
    descender: float = 1.0
    slant: float = 0.0
    curvature: float = 0.1
    jitter: float = 0.06
    seed: int = 0

    @property
    def is_round(self) -> bool:
        """Whether the nib is a disc rather than an edge."""
        return self.hairline >= self.nib


def textura_founts(n: int, seed: int = 0) -> list[Fount]:
    """Draws n founts of textura, each with its own pen and proportions."""
    founts = []
    for i in range(n):
        rng = np.random.default_rng([seed, 1, i])
        founts.append(
            Fount(
                nib=rng.uniform(0.86, 1.2),
                hairline=rng.uniform(0.12, 0.24),
                angle=rng.uniform(36, 48),
                width=rng.uniform(0.88, 1.2),
                ascender=rng.uniform(0.8, 1.15),
                descender=rng.uniform(0.8, 1.15),
                slant=rng.uniform(-2.5, 4.0),
                curvature=rng.uniform(0.0, 0.7),
                jitter=rng.uniform(0.03, 0.09),
                seed=int(rng.integers(2**31)),
            )
        )
    return founts


def round_founts(n: int, seed: int = 0) -> list[Fount]:
    """Draws n founts of a round pen, for the roman-like script of type A."""
    founts = []
    for i in range(n):
        rng = np.random.default_rng([seed, 2, i])
        nib = rng.uniform(0.6, 0.95)
        founts.append(
            Fount(
                nib=nib,
                hairline=nib,
                width=rng.uniform(0.9, 1.2),
                ascender=rng.uniform(0.85, 1.1),
                descender=rng.uniform(0.85, 1.1),
                slant=rng.uniform(-2.0, 10.0),
                curvature=0.2,
                jitter=rng.uniform(0.03, 0.08),
                seed=int(rng.integers(2**31)),
            )
        )
    return founts


def parse(ductus: str) -> list[tuple[Stroke, bool]]:
    """Reads a ductus into strokes.

    Returns:
        (points (P, 2), smooth) per stroke, in the notation that `sorts.py` describes.
    """
    strokes = []
    for text in ductus.split("/"):
        text = text.strip()
        points = [point.split(",") for point in text.lstrip("~").split()]
        strokes.append((np.array(points, dtype=np.float64), text.startswith("~")))
    return strokes


def write(ductus: str, fount: Fount, rng: np.random.Generator | None = None) -> list[Stroke]:
    """Writes a ductus in a fount: the paths of the nib's centre, curves resolved into points.

    Args:
        ductus: strokes in the notation of `sorts.py`.
        fount: whose proportions and forms to use; the same fount always gives the same form.
        rng: adds the small tremor of one writing; None writes the fount's form itself.
    """
    form = np.random.default_rng([fount.seed, zlib.crc32(ductus.encode())])
    paths = []
    for points, smooth in parse(ductus):
        points = points + form.normal(0, fount.jitter, points.shape)
        if rng is not None:
            points = points + rng.normal(0, 0.035, points.shape)
        x, y = points[:, 0] * fount.width, points[:, 1]
        y = np.where(y > 5, 5 + (y - 5) * fount.ascender, np.where(y < 0, y * fount.descender, y))
        x = x + np.tan(np.radians(fount.slant)) * y
        paths.append(_follow(np.stack([x, y], 1), 1.0 if smooth else fount.curvature))
    return paths


def _follow(points: Stroke, curvature: float) -> Stroke:
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
    """The four corners of the nib around its centre, (4, 2), in nib widths."""
    a = np.radians(fount.angle)
    along = 0.5 * fount.nib * np.array([np.cos(a), np.sin(a)])
    across = 0.5 * fount.hairline * np.array([-np.sin(a), np.cos(a)])
    return np.stack([along + across, along - across, -along - across, -along + across])


def ink_box(paths: list[Stroke], fount: Fount) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper corner of the ink that a nib leaves along paths, each (2,)."""
    points = np.concatenate(paths)
    reach = np.full(2, fount.nib / 2) if fount.is_round else np.abs(nib_corners(fount)).max(0)
    return points.min(0) - reach, points.max(0) + reach


def sweep(draw: ImageDraw.ImageDraw, paths: list[Stroke], fount: Fount, scale: float, origin: np.ndarray) -> None:
    """Inks the nib's sweep along paths onto an 8-bit image.

    Args:
        draw: on the image, y downwards.
        scale: pixels per nib width; origin: the pixel (2,) of the point (0, 0).
    """
    flip = np.array([scale, -scale])
    corners = nib_corners(fount) * flip
    for path in paths:
        points = path * flip + origin
        if fount.is_round:
            _sweep_disc(draw, points, fount.nib * scale / 2)
            continue
        for at in points:
            draw.polygon([tuple(c) for c in at + corners], fill=255)
        for start, end in zip(points[:-1], points[1:], strict=True):
            # The swept nib is widest across its diagonal that lies most athwart the movement; the
            # nib at both ends (inked above) covers the rest of the hexagon.
            move = end - start
            across = move[0] * corners[:2, 1] - move[1] * corners[:2, 0]
            a = corners[int(np.argmax(np.abs(across)))]
            draw.polygon([tuple(start + a), tuple(start - a), tuple(end - a), tuple(end + a)], fill=255)


def _sweep_disc(draw: ImageDraw.ImageDraw, points: np.ndarray, radius: float) -> None:
    draw.line([tuple(p) for p in points], fill=255, width=max(1, round(2 * radius)), joint="curve")
    for x, y in points:
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)


def coverage(
    ductus: str,
    fount: Fount,
    rng: np.random.Generator | None = None,
    *,
    extent: float = EXTENT,
    shift: tuple[float, float] = (0.0, 0.0),
    rotation: float = 0.0,
    neighbour: tuple[str, float] | None = None,
) -> np.ndarray:
    """The mask of ink of one sort in one fount, its box centred and scaled to `extent`.

    Args:
        ductus, fount, rng: as in `write`.
        extent: larger side of the ink's box in pixels of the finished 56x56 glyph.
        shift: of the box's centre from the middle, in those pixels, y downwards.
        rotation: of the whole type, in degrees, counter-clockwise.
        neighbour: another ductus and how many pixels of it reach in (right edge if positive,
            left if negative).

    Returns:
        float32 (168, 168) in [0, 1], 1 = ink.
    """
    turn = np.radians(rotation)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    paths = [path @ matrix for path in write(ductus, fount, rng)]
    low, high = ink_box(paths, fount)
    scale = extent * OVERSAMPLE / max(high - low)
    middle = CANVAS / 2 + OVERSAMPLE * np.array(shift)
    origin = middle - scale * np.array([1, -1]) * (low + high) / 2
    image = Image.new("L", (CANVAS, CANVAS))
    draw = ImageDraw.Draw(image)
    sweep(draw, paths, fount, scale, origin)
    if neighbour is not None:
        other, reach = neighbour
        beside = [path @ matrix for path in write(other, fount, rng)]
        left, right = (edge[0] for edge in ink_box(beside, fount))
        edge = CANVAS - reach * OVERSAMPLE - left * scale if reach > 0 else -reach * OVERSAMPLE - right * scale
        sweep(draw, beside, fount, scale, np.array([edge, origin[1]]))
    return np.asarray(image, dtype=np.float32) / 255.0
