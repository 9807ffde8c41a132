"""The parts of a line grouped into glyphs: points above joined, broken strokes mended, touching letters cut apart."""

from dataclasses import dataclass

import numpy as np

from ebm.page.ink import Ink
from ebm.page.layout import Box
from ebm.page.lines import Band

_WIDEST = 1.75  # of the height of small letters: the widest sort, m
_WIDEST_TALL = 2.05  # the same for letters that are taller: capitals
_TALL = 1.3  # of the height of small letters: what is taller may be a capital
_NARROWEST = 0.42  # the narrowest piece that is cut off
_BODY = 0.45  # share of the band's height that a part must cover to be a letter's body and not a point
_UNDER = 0.5  # share of a point's width that must stand over a body to belong to it
_SAME = 0.7  # the same for two bodies: more only where a stroke broke level
_DOT = 0.004  # of the squared height of small letters: the least ink of the dot of an i
_STEM = (0.15, 0.55)  # of the height of small letters: how wide a stem is that a dot may stand over
_FAR = 0.5  # of the band's height: the most white between a stem and its dot
_SPECK = 0.02  # of the squared height of small letters: the least ink of a glyph that stands alone
_BOTH_LINES = 0.6  # share of the bands of two lines that a part must cover to be letters of both that touch


@dataclass(frozen=True)
class Piece:
    """A glyph in the page's labels.

    Args:
        box: around its ink.
        numbers: of its parts, of which only what lies in the box counts.
        is_cut: whether it was cut from letters that touch.
    """

    box: Box
    numbers: tuple[int, ...]
    is_cut: bool


def find_pieces(ink: Ink, bands: list[Band], slope: float) -> list[list[Piece]]:
    """The glyphs of each line from left to right.

    Args:
        slope: by how many rows the lines fall for each column.
    """
    height = float(np.median([band.height for band in bands]))
    boxes = [_parts(ink, band.parts) for band in bands]
    _part_lines(ink, bands, boxes, slope)
    dots = _dots(ink, bands, slope, height)
    return [_line(ink, band, some, near, slope, height) for band, some, near in zip(bands, boxes, dots, strict=True)]


@dataclass(frozen=True)
class _Part:
    """A part of the page's ink within a line: its number in the labels, its box, whether lines were cut apart."""

    number: int
    box: Box
    is_cut: bool


def _parts(ink: Ink, rows: np.ndarray) -> list[_Part]:
    """The parts of some row numbers, whole."""
    return [_Part(int(k) + 1, Box(*ink.boxes[k].tolist()), False) for k in rows]


def _dots(ink: Ink, bands: list[Band], slope: float, height: float) -> list[list[_Part]]:
    """For each line, the parts just above it that are too small to be letters by themselves."""
    width, tall = ink.boxes[:, 2] - ink.boxes[:, 0], ink.boxes[:, 3] - ink.boxes[:, 1]
    small = (ink.areas >= _DOT * height**2) & (np.maximum(width, tall) < _BODY * height)
    small[np.concatenate([band.parts for band in bands])] = False
    numbers = np.flatnonzero(small)
    foot = ink.boxes[numbers, 3] - slope * (ink.boxes[numbers, 0] + ink.boxes[numbers, 2]) / 2
    near = [(foot > band.top - _FAR * band.height) & (foot < band.top + 0.2 * band.height) for band in bands]
    return [_parts(ink, numbers[some]) for some in near]


def _part_lines(ink: Ink, bands: list[Band], parts: list[list[_Part]], slope: float) -> None:
    """Cuts parts that are letters of two lines, one hanging down on the other, at their thinnest row; in place."""
    for k, (band, below) in enumerate(zip(bands, bands[1:], strict=False)):
        if band.column != below.column:
            continue
        for own, other in ((k, k + 1), (k + 1, k)):
            for part in list(parts[own]):
                shift = slope * (part.box.left + part.box.right) / 2
                top, bottom = part.box.top - shift, part.box.bottom - shift
                if top > band.bottom - _BOTH_LINES * band.height or bottom < below.top + _BOTH_LINES * below.height:
                    continue
                halves = _halves(ink, part, round(band.bottom + shift), round(below.top + shift))
                if halves is not None:
                    parts[own].remove(part)
                    parts[k].append(halves[0])
                    parts[other if own == k else own].append(halves[1])


def _halves(ink: Ink, part: _Part, first: int, last: int) -> tuple[_Part, _Part] | None:
    """Upper and lower half of a part, cut at its thinnest row between two rows."""
    mask = _mask(ink, part.box, (part.number,))
    first, last = max(first - part.box.top, 1), min(last - part.box.top, len(mask) - 1)
    if first >= last:
        return None
    row = first + int(np.argmin(mask[first:last].sum(1)))
    return _cropped(part, mask[:row], 0, 0), _cropped(part, mask[row:], 0, row)


def _mask(ink: Ink, box: Box, numbers: tuple[int, ...]) -> np.ndarray:
    labels = ink.labels[box.top : box.bottom, box.left : box.right]
    return np.isin(labels, numbers) if len(numbers) > 1 else labels == numbers[0]


def _cropped(part: _Part, mask: np.ndarray, left: int, top: int) -> _Part:
    """A piece of a part, its mask beginning at a column and a row of the part's box."""
    return _Part(part.number, _tight(mask, part.box.left + left, part.box.top + top), True)


def _tight(mask: np.ndarray, left: int, top: int) -> Box:
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return Box(left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]) + 1, top + int(rows[-1]) + 1)


def _line(ink: Ink, band: Band, parts: list[_Part], dots: list[_Part], slope: float, height: float) -> list[Piece]:
    """The glyphs of one line."""
    groups = _grouped(parts, band, slope)
    _give_dots(groups, dots, band, height)
    pieces = []
    for group in groups:
        box = _around([part.box for part in group])
        numbers = tuple(dict.fromkeys(part.number for part in group))
        mask = _mask(ink, box, numbers)
        if mask.sum() < _SPECK * height**2 or max(box.width, box.height) < 0.2 * height:
            continue
        piece = Piece(box, numbers, any(part.is_cut for part in group))
        pieces += _cut_apart(piece, mask, height, (band.top + slope * (box.left + box.right) / 2, band.height))
    return sorted(pieces, key=lambda piece: piece.box.left)


def _grouped(parts: list[_Part], band: Band, slope: float) -> list[list[_Part]]:
    """Parts that make one letter: a body with the points over it, or a stroke that broke."""
    parts = sorted(parts, key=lambda part: part.box.left)
    bodies: list[list[_Part]] = []
    points: list[_Part] = []
    for part in parts:
        shift = slope * (part.box.left + part.box.right) / 2
        covered = min(part.box.bottom - shift, band.bottom) - max(part.box.top - shift, band.top)
        if covered < _BODY * band.height:
            points.append(part)
        elif bodies and _shared(part.box, _around([p.box for p in bodies[-1]])) > _SAME:
            bodies[-1].append(part)
        else:
            bodies.append([part])
    loose: list[list[_Part]] = []
    for point in points:
        over = [_over(point.box, _around([p.box for p in body])) for body in bodies]
        if over and max(over) >= _UNDER:
            bodies[int(np.argmax(over))].append(point)
        elif loose and _shared(point.box, _around([p.box for p in loose[-1]])) > _UNDER:
            loose[-1].append(point)
        else:
            loose.append([point])
    return bodies + loose


def _give_dots(groups: list[list[_Part]], dots: list[_Part], band: Band, height: float) -> None:
    """Gives each dot to the bare stem that it stands over, in place; any other is a speck."""
    stems = [(group, _around([part.box for part in group])) for group in groups]
    stems = [
        (group, box)
        for group, box in stems
        if _STEM[0] * height <= box.width <= _STEM[1] * height and box.height <= _TALL * band.height
    ]
    for dot in dots:
        under = [
            (box.top - dot.box.bottom, group)
            for group, box in stems
            if _over(dot.box, box) >= _UNDER and -0.1 * band.height <= box.top - dot.box.bottom <= _FAR * band.height
        ]
        if under:
            min(under, key=lambda pair: pair[0])[1].append(dot)


def _over(point: Box, body: Box) -> float:
    """The share of a point's width that stands over a body."""
    return (min(point.right, body.right) - max(point.left, body.left)) / point.width


def _shared(one: Box, other: Box) -> float:
    """The share of the narrower box's width that both have."""
    return (min(one.right, other.right) - max(one.left, other.left)) / min(one.width, other.width)


def _around(boxes: list[Box]) -> Box:
    return Box(
        min(box.left for box in boxes), min(box.top for box in boxes),
        max(box.right for box in boxes), max(box.bottom for box in boxes),
    )  # fmt: skip


def _cut_apart(piece: Piece, mask: np.ndarray, height: float, band: tuple[float, float]) -> list[Piece]:
    """Cuts a piece that is wider than any sort at its thinnest column, and what is still too wide again."""
    margin = round(_NARROWEST * height)
    widest = _WIDEST_TALL if piece.box.height > _TALL * height else _WIDEST
    if piece.box.width <= max(widest * height, 2 * margin + 1):
        return [piece]
    top = max(0, round(band[0] - 0.15 * band[1]) - piece.box.top)
    bottom = max(top + 1, round(band[0] + 1.15 * band[1]) - piece.box.top)
    ink = mask[top:bottom].sum(0).astype(float)  # a point or an ascender that leans over hides no cut
    thin = np.minimum(np.minimum(ink[:-2], ink[1:-1]), ink[2:])
    thin = np.concatenate([[ink[0]], (thin + ink[1:-1]) / 2, [ink[-1]]])
    place = margin + int(np.argmin(thin[margin:-margin]))
    found = []
    for left, part in ((0, mask[:, :place]), (place, mask[:, place:])):
        if part.any():
            box = _tight(part, piece.box.left + left, piece.box.top)
            inner = part[box.top - piece.box.top :][: box.height, box.left - piece.box.left - left :][:, : box.width]
            found += _cut_apart(Piece(box, piece.numbers, True), inner, height, band)
    return found
