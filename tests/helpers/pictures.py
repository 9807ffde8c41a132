"""A drawn letter in any guise, and what every glyph made of one must be."""

import torch
from PIL import Image, ImageDraw

PAPER, INK = 255, 0


def draw(size=(400, 400), width=20, ink=INK, paper=PAPER, mode="L", scale=0.35, centre=None):
    """A lopsided letter h, so that turning or mirroring it shows."""
    image = Image.new(mode, size, paper)
    x, y = centre or (size[0] / 2, size[1] / 2)
    unit = min(size) * scale
    pen = ImageDraw.Draw(image)
    for stroke in ([(-0.6, -1), (-0.6, 1)], [(-0.6, 0), (0, -0.4), (0.6, 0), (0.6, 1)]):
        pen.line([(x + a * unit, y + b * unit) for a, b in stroke], fill=ink, width=width)
    return image


def check_form(glyph):
    assert glyph.shape == (1, 56, 56) and glyph.dtype == torch.float32
    assert torch.isfinite(glyph).all() and glyph.min() >= -1 and glyph.max() <= 1


def difference(one, other):
    return (one - other).abs().mean().item()
