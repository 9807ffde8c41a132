"""What is found on a page: boxes, lines, glyphs."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels, right and bottom excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top

    def times(self, factor: int) -> "Box":
        """The same rectangle in a picture so many times larger."""
        return Box(*(factor * side for side in (self.left, self.top, self.right, self.bottom)))


@dataclass(frozen=True)
class Line:
    """One line of text.

    Args:
        page: name of the scan.
        number: counts from 1 down the columns, the columns from left to right.
        column: counts from 1.
        box: around its glyphs, in the scan's pixels.
        text: its transcription where a PAGE-XML or ALTO file gives one.
    """

    page: str
    number: int
    column: int
    box: Box
    text: str | None = None


@dataclass(frozen=True)
class GlyphBox:
    """Where one glyph stands.

    Args:
        page: name of the scan.
        line: number of its line.
        box: around its ink, in the scan's pixels.
        is_cut: whether it is a piece of letters that touch, cut apart where their ink is thinnest.
    """

    page: str
    line: int
    box: Box
    is_cut: bool


@dataclass(frozen=True)
class Layout:
    """The lines and glyphs of a page, and their crops.

    Args:
        page: name of the scan.
        width: of the scan, in pixels.
        height: of the scan, in pixels.
        picture: uint8 (h, w, 3), the scan, `factor` times smaller where it is very large.
        factor: a whole number.
        angle: by which the lines fall to the right, in degrees.
        lines: in reading order.
        glyphs: in reading order.
        crops: grey uint8 (h, w) of each glyph, with a little paper around it.
        rubrics: coloured parts left out.
    """

    page: str
    width: int
    height: int
    picture: np.ndarray
    factor: int
    angle: float
    lines: list[Line]
    glyphs: list[GlyphBox]
    crops: list[np.ndarray]
    rubrics: int
