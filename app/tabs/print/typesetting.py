"""Printed glyphs set as a line: each at its sort's own size, on a baseline."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ebm.data.corpus import SIZE
from ebm.data.synthetic.founts import Fount
from ebm.data.synthetic.pen import EXTENT, ink_box, write
from ebm.data.synthetic.sorts import SORTS

NIB = 11.0  # pixels of a fifth of the x-height on the line, which is about a nib's width
_SPACE, _GAP = 2.2, 0.35  # between words and between letters, in nib widths
_MARGIN = 6  # pixels of the glyph kept around its ink
_GRAIN = 0.3  # ink below this is paper's grain, which a line has not


def set_line(ink: Tensor, sorts: list[str | None]) -> Image.Image:
    """A line of printed glyphs, dark on white.

    A glyph of the corpus is scaled so that its larger side is 44 pixels; here it gets back the size that its sort
    has beside the others, and its place above or below the baseline, both from the sort's ductus.

    Args:
        ink: glyphs uint8 (N, 56, 56), 255 = ink.
        sorts: their names in order, None for a space between words.

    Raises:
        ValueError: for a sort whose ductus is not known, or another number of sorts than glyphs.
    """
    if sum(name is not None for name in sorts) != len(ink):
        raise ValueError(f"There are {len(ink)} glyphs for {sum(name is not None for name in sorts)} sorts.")
    known = {sort.name: sort.ductus for sort in SORTS}
    fount, pieces, x, glyphs = Fount(jitter=0.0), [], 0.0, iter(ink)
    for name in sorts:
        if name is None:
            x += _SPACE
            continue
        if name not in known:
            raise ValueError(f"How the sort {name!r} stands on the line is not known.")
        low, high = ink_box(write(known[name], fount), fount)
        pieces.append((next(glyphs), x, low, high))
        x += high[0] - low[0] + _GAP
    top = max((high[1] for *_, high in pieces), default=0) + 1
    bottom = min((low[1] for _, _, low, _ in pieces), default=0) - 1
    line = np.zeros((round((top - bottom) * NIB), round((x + 2) * NIB)), dtype=np.float32)
    for glyph, at, low, high in pieces:
        _lay(line, glyph, (at + 1) * NIB, (top - high[1]) * NIB, max(high - low) * NIB / EXTENT, high - low)
    return Image.fromarray(np.round(255 * (1 - line)).astype(np.uint8))


def _lay(line: np.ndarray, glyph: Tensor, left: float, top: float, zoom: float, size: np.ndarray) -> None:
    """Inks one glyph onto the line: `size` is its ink's, in nib widths; left and top are where its ink begins."""
    width, height = size * NIB / zoom  # of the ink, in pixels of the glyph, around its middle
    box = (
        SIZE / 2 - width / 2 - _MARGIN, SIZE / 2 - height / 2 - _MARGIN,
        SIZE / 2 + width / 2 + _MARGIN, SIZE / 2 + height / 2 + _MARGIN,
    )  # fmt: skip
    box = (max(box[0], 0.0), max(box[1], 0.0), min(box[2], SIZE), min(box[3], SIZE))
    wide, high = round((box[2] - box[0]) * zoom), round((box[3] - box[1]) * zoom)
    picture = Image.fromarray(glyph.to(torch.float32).div(255).numpy())
    piece = np.asarray(picture.resize((wide, high), Image.Resampling.BICUBIC, box=box))
    piece = np.clip((piece - _GRAIN) / (0.85 - _GRAIN), 0, 1)
    x = round(left - (SIZE / 2 - width / 2 - box[0]) * zoom)
    y = round(top - (SIZE / 2 - height / 2 - box[1]) * zoom)
    x0, y0 = max(x, 0), max(y, 0)
    target = line[y0 : y + high, x0 : x + wide]
    np.maximum(target, piece[y0 - y :, x0 - x :][: target.shape[0], : target.shape[1]], out=target)
