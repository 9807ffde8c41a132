"""A page with the boxes of its glyphs, coloured by energy."""

import numpy as np
from PIL import Image, ImageDraw

from ebm.page.read import ReadPage

_LOW, _HIGH = (0, 110, 190), (215, 40, 30)  # colours of the lowest and the highest energies


def energy_range(page: ReadPage) -> tuple[float, float]:
    """The energies between which the colours run: the 5th and the 95th percentile of the page's."""
    if not page.glyphs:
        return 0.0, 1.0
    low, high = np.percentile([glyph.energy for glyph in page.glyphs], (5, 95)).tolist()
    return low, max(high, low + 1e-6)


def colour_of(energy: float, low: float, high: float) -> tuple[int, int, int]:
    """Blue for a low energy, red for a high one."""
    share = min(max((energy - low) / (high - low), 0.0), 1.0)
    red, green, blue = (round(a + share * (b - a)) for a, b in zip(_LOW, _HIGH, strict=True))
    return red, green, blue


def draw_page(page: ReadPage) -> Image.Image:
    """The scan with every glyph's box."""
    layout = page.layout
    image = Image.fromarray(layout.picture.copy())
    draw = ImageDraw.Draw(image)
    low, high = energy_range(page)
    scale = image.width / layout.width
    width = max(1, round(max(image.size) / 1800))
    for glyph in page.glyphs:
        box = glyph.at.box
        corners = [side * scale for side in (box.left, box.top, box.right, box.bottom)]
        draw.rectangle(corners, outline=colour_of(glyph.energy, low, high), width=width)
    return image
