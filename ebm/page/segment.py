"""A scan -> its lines, its glyphs and their crops."""

import numpy as np

from ebm.page.columns import find_columns
from ebm.page.glyphs import Piece, find_pieces
from ebm.page.ink import Ink, find_ink
from ebm.page.layout import Box, GlyphBox, Layout, Line
from ebm.page.lines import Band, find_bands
from ebm.page.scan import Scan
from ebm.page.transcription import Transcription, text_of

_MARGIN = 0.12  # of the height of small letters: paper kept around a glyph
_APART = 3.0  # of the height of small letters: white that parts a line into two
WANTED = "give the scan of a page, a column or a line of print"
_FEWEST = 3  # glyphs of a line, where the page has lines of more


def find_glyphs(scan: Scan, transcription: Transcription | None = None) -> Layout:
    """Finds the columns, lines and glyphs of a page.

    Args:
        scan: as `read_scan` gives it.
        transcription: lines and their text, as `read_transcription` gives them.

    Raises:
        ValueError: the page is blank or holds no lines of letters; the message says what would work.
    """
    try:
        ink = find_ink(scan.colour)
        plan = find_columns(ink)
        bands = find_bands(ink, plan)
        if not bands:
            raise ValueError("no lines of letters stand out")
    except ValueError as error:
        raise ValueError(f"{scan.name}: {error}: {WANTED}") from None
    slope = float(np.tan(np.radians(plan.angle)))
    rows = find_pieces(ink, bands, slope)
    return _layout(scan, ink, bands, rows, plan.angle, transcription)


def _layout(
    scan: Scan, ink: Ink, bands: list[Band], rows: list[list[Piece]], angle: float, known: Transcription | None
) -> Layout:
    height = float(np.median([band.height for band in bands]))
    parted = [(band, part) for band, row in zip(bands, rows, strict=True) for part in _parted(row, _APART * height)]
    most = max((len(row) for _, row in parted), default=0)
    kept = [(band, row) for band, row in parted if len(row) >= min(_FEWEST, most) and _is_text(row, height)]
    if not kept:
        raise ValueError(f"{scan.name}: no lines of letters stand out: {WANTED}")
    columns = {number: k + 1 for k, number in enumerate(dict.fromkeys(band.column for band, _ in kept))}
    lines, glyphs, crops = [], [], []
    for number, (band, row) in enumerate(kept, 1):
        box = Box(
            min(piece.box.left for piece in row), min(piece.box.top for piece in row),
            max(piece.box.right for piece in row), max(piece.box.bottom for piece in row),
        ).times(scan.factor)  # fmt: skip
        lines.append(Line(scan.name, number, columns[band.column], box, text_of(known, box)))
        for piece in row:
            glyphs.append(GlyphBox(scan.name, number, piece.box.times(scan.factor), piece.is_cut))
            crops.append(_crop(ink, piece, round(_MARGIN * band.height)))
    height, width = scan.colour.shape[:2]
    return Layout(
        scan.name, width * scan.factor, height * scan.factor, scan.colour, scan.factor, angle, lines, glyphs, crops,
        ink.rubrics,
    )  # fmt: skip


def _parted(row: list[Piece], gap: float) -> list[list[Piece]]:
    """A line cut where the white between two glyphs is far wider than between words."""
    ends = [k for k in range(1, len(row)) if row[k].box.left - max(p.box.right for p in row[:k]) > gap]
    return [row[a:b] for a, b in zip([0, *ends], [*ends, len(row)], strict=True) if b > a]


def _is_text(row: list[Piece], height: float) -> bool:
    """Whether a line is letters, and not the specks along an edge."""
    return float(np.median([piece.box.height for piece in row])) >= 0.6 * height


def _crop(ink: Ink, piece: Piece, margin: int) -> np.ndarray:
    """A glyph as grey uint8 (h, w), the light evened out; the ink of other glyphs is left to `to_glyph` to fade."""
    box = piece.box
    rows = slice(max(0, box.top - margin), box.bottom + margin)
    columns = slice(max(0, box.left - margin), box.right + margin)
    return np.round(np.clip(ink.light[rows, columns], 0.0, 1.0) * 255).astype(np.uint8)
