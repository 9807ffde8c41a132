"""Pictures and small inline graphics as HTML: no files, no outside requests."""

import base64
import io
import math
from collections.abc import Sequence
from html import escape

import numpy as np
from PIL import Image
from skimage.util import montage
from torch import Tensor

from ebm.data.picture.grid import enlarged

_PAPER, _INK = np.array([251, 247, 238]), np.array([28, 24, 20])
_LUT = np.round(_PAPER + np.linspace(0, 1, 256)[:, None] * (_INK - _PAPER)).astype(np.uint8)
GAP = 4  # pixels of table between the tiles of a grid
_TABLE = (232, 224, 208)


def on_paper(ink: Tensor | np.ndarray) -> Image.Image:
    """A picture (H, W) uint8, ink = 255, as dark ink on light paper."""
    return Image.fromarray(_LUT[np.asarray(ink)])


def columns(count: int) -> int:
    """How many tiles a grid of `count` is wide."""
    return min(count, max(1, math.ceil(math.sqrt(count * 1.3))))


def tile_grid(ink: Tensor, zoom: int = 1) -> Image.Image:
    """Glyphs (N, 56, 56) uint8, ink = 255, as one picture of tiles on a table."""
    wide = columns(len(ink))
    shape = math.ceil(len(ink) / wide), wide
    table = montage(_LUT[ink.numpy()], fill=_TABLE, padding_width=GAP, grid_shape=shape, channel_axis=-1)
    return enlarged(Image.fromarray(table), zoom)


def data_uri(picture: Image.Image, kind: str = "png") -> str:
    """A picture as a data URI; JPEG encodes ten times faster, PNG is exact."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **({"quality": 88} if kind == "jpeg" else {}))
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def number(value: float) -> str:
    """A number for people: two decimals, a true minus sign."""
    return f"{value:z.2f}".replace("-", "\u2212")


def energy_ruler(known: Sequence[float], threshold: float, mark: float | None = None) -> str:
    """The histogram of known glyphs with the threshold and one glyph's energy marked, as HTML.

    Drawn inline because it changes with every pen stroke: a plotly figure would blink.
    """
    values = np.asarray(known, dtype=float)
    if values.size == 0:
        return '<p class="hint">The card has no reference energies, so there is no histogram.</p>'
    low, high = np.quantile(values, (0.002, 0.998))
    low, high = min(low, threshold), max(high, threshold)
    reach = high - low or 1.0
    if mark is not None:  # far outliers wait at the edge
        low, high = max(min(low, mark), low - 1.2 * reach), min(max(high, mark), high + 2.0 * reach)
    pad = 0.06 * (high - low)
    low, high = low - pad, high + pad
    bins = 72
    counts, edges = np.histogram(np.clip(values, low, high), bins=bins, range=(low, high))
    tall = max(int(counts.max()), 1)
    bars = "".join(
        f'<rect x="{k}" y="{100 - 100 * c / tall:.1f}" width=".92" height="{100 * c / tall:.1f}" '
        f'class="{"bar" if edges[k] + edges[1] - edges[0] <= threshold else "bar over"}"/>'
        for k, c in enumerate(counts)
        if c
    )

    def at(value: float) -> float:
        return 100 * (min(max(value, low), high) - low) / (high - low)

    apart = mark is not None and at(threshold) < 64  # away from the mark, where there is room
    side = "left" if (at(mark) < at(threshold) if apart and mark is not None else at(threshold) < 50) else "right"
    marks = f'<i class="cut {side}" style="left:{at(threshold):.2f}%"><b>threshold {number(threshold)}</b></i>'
    if mark is not None:
        arrow = " \u25b8" if mark > high else " \u25c2" if mark < low else ""
        side = "left" if at(mark) < 50 else "right"
        kind = "stranger" if mark > threshold else "known"
        arrow_text = f"this glyph {number(mark)}{arrow}"
        marks += f'<i class="mark {side} {kind}" style="left:{at(mark):.2f}%"><b>{arrow_text}</b></i>'
    label = f"Histogram of the energies of {values.size} known glyphs; threshold {number(threshold)}"
    label += f"; this glyph {number(mark)}." if mark is not None else "."
    return (
        f'<figure class="ruler" role="img" aria-label="{escape(label)}"><div class="plot">'
        f'<svg viewBox="0 0 {bins} 100" preserveAspectRatio="none" aria-hidden="true">{bars}</svg>{marks}</div>'
        f"<figcaption><span>\u2190 lower energy: likelier</span><span>{values.size:,} known glyphs</span>"
        f"<span>higher: stranger \u2192</span></figcaption></figure>"
    )


def message(text: str, kind: str = "hint") -> str:
    """A sentence for the visitor in place of a result."""
    return f'<div class="{kind}" role="status"><p>{escape(text)}</p></div>'


def mirrored_histogram(above: Sequence[float], below: Sequence[float], names: tuple[str, str]) -> str:
    """Two sets of energies on one axis, one upwards and one downwards, as HTML.

    Args:
        above: the energies drawn upwards, at least one.
        below: the energies drawn downwards, at least one.
        names: of both, as in "real" and "chains".

    Returns:
        HTML.
    """
    both = np.array([*above, *below])
    low, high = np.quantile(both, (0.02, 0.98))
    edges = np.linspace(low, high + 1e-6, 25)
    bars = ""
    for kind, values, is_up in (("real", above, True), ("sampled", below, False)):
        counts, _ = np.histogram(np.clip(values, low, high), edges)
        tall = 46 * counts / max(counts.max(), 1)
        for k, height in enumerate(tall):
            top = 50 - height if is_up else 50
            bars += f'<rect class="{kind}" x="{k}" width=".9" y="{top:.1f}" height="{height:.1f}"/>'
    words = f"{names[0]} above, {names[1]} below"
    return (
        f'<figure class="energies mirrored" role="img" aria-label="Energies: {words}">'
        '<div class="plot"><svg viewBox="0 0 24 100" preserveAspectRatio="none" aria-hidden="true">'
        f"{bars}</svg></div><figcaption><span>{number(float(low))}</span><span>energies: {words}"
        f"</span><span>{number(float(high))}</span></figcaption></figure>"
    )
