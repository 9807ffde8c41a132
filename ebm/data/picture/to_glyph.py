"""Turns any picture into a glyph like those of the corpus: (1, 56, 56) in [-1, 1], ink = +1."""

import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from ebm.data.corpus import SIZE
from ebm.data.picture.decode import read_grey
from ebm.data.picture.letter import Box, find_letter
from ebm.data.picture.paper import find_paper

INK_SIDE = 44  # the larger side of a pen glyph's ink, in pixels
_PAPER = 0.3  # of the way from the lightest paper to solid ink: darker pixels are no paper
_TONE = 0.5  # share of the paper that is no darker than its tone


def to_glyph(
    picture: str | Path | Image.Image | np.ndarray | Tensor, preprocessing: str = "pen", *, fade_neighbours: bool = True
) -> Tensor:
    """Turns any picture of a letter into a glyph that the model can read.

    Dark ink on light paper and light ink on dark paper both work. Most of the picture and of its border is taken to
    be paper.

    Neighbours fade by default, because the first shipped checkpoint reads real crops better without them: 52.5 %
    instead of 48.3 % of 1,208 glyphs of three French incunabula, and 51.5 % instead of 43.3 % of 268 glyphs of the
    42-line Bible. It reads the synthetic test glyphs as well as before: 99.8 %.

    The typical tone of the paper becomes white, as in the corpus. When its lightest pixels did, paper stayed grey: the
    shipped `jem` then called 30.6 instead of 17.9 % of the glyphs of that Bible strangers, 37.5 instead of 20.1 % of
    the French ones, and 16.3 instead of 5.4 % of its own test glyphs when they came as pictures.

    Args:
        picture: path, PIL image, or array: grey (H, W) or (H, W, 1), RGB or RGBA (H, W, 3 or 4).
            A tensor may have its channels first. 8-bit values are used as they are. All other numbers
            are scaled by their own minimum and maximum. Transparent parts become white.
        preprocessing: "pen" evens out the light, crops to the ink, scales its larger side to 44
            pixels and centres it; "glyphs" scales the shorter side to 56 and crops the centre.
        fade_neighbours: whether "pen" removes the ink that neighbours leave at the edges.

    Returns:
        float32 (1, 56, 56) in [-1, 1], ink = +1.

    Raises:
        ValueError: the picture cannot be read, is blank, too large or of a wrong shape.
    """
    if preprocessing not in ("pen", "glyphs"):
        raise ValueError(f"preprocessing {preprocessing!r} is unknown: use 'pen' or 'glyphs'")
    grey = read_grey(picture)
    if grey.min() == grey.max():
        raise ValueError("the picture is blank (all its pixels are the same): draw or show a glyph")
    light, paper = find_paper(grey)
    glyph = _pen(light, paper, fade_neighbours) if preprocessing == "pen" else _glyphs(light)
    glyph = np.clip(glyph, -1.0, 1.0)
    return torch.from_numpy(np.ascontiguousarray(glyph[None], dtype=np.float32))


def fit_square(images: Tensor) -> Tensor:
    """Scales the shorter side to 56 with antialiasing and crops the centre.

    Args:
        images: float (N, 1, H, W).

    Returns:
        (N, 1, 56, 56), within the range of the input.
    """
    height, width = images.shape[-2:]
    shorter = min(height, width)
    size = [SIZE * height // shorter, SIZE * width // shorter]
    scaled = F.interpolate(images, size=size, mode="bilinear", antialias=True)
    top, left = round((size[0] - SIZE) / 2), round((size[1] - SIZE) / 2)
    return scaled[..., top : top + SIZE, left : left + SIZE]


def _pen(light: np.ndarray, paper: np.ndarray, fade_neighbours: bool) -> np.ndarray:
    """Evens out the light, crops to the ink, scales its larger side to 44 and centres it."""
    ink = np.clip(1.0 - light / paper, -0.5, 1.0)  # 0 = paper, 1 = black
    ink, box = find_letter(ink, paper, fade_neighbours)
    window = _frame(box, ink.shape)
    whole = Box(0, 0, ink.shape[1], ink.shape[0])
    return _stretch(_resample(ink, window), _inside(box or window, window), _inside(whole, window))


def _glyphs(light: np.ndarray) -> np.ndarray:
    """Scales the grey values and the size, and crops the centre."""
    ink = (light.max() - light) / (light.max() - light.min())
    square = fit_square(torch.from_numpy(ink.astype(np.float32))[None, None])
    return square[0, 0].numpy() * 2.0 - 1.0


def _frame(box: Box | None, shape: tuple[int, int]) -> Box:
    """The square of the picture that becomes the glyph: the whole picture where there is no letter."""
    whole = Box(0, 0, shape[1], shape[0])
    if box is None:
        return _square(whole.centre, whole.side)
    x, y = box.centre
    already = abs(box.side - INK_SIDE) <= 4 and max(abs(x - SIZE / 2), abs(y - SIZE / 2)) <= 2
    if shape == (SIZE, SIZE) and already:  # resampling a glyph would only blur it
        return whole
    return _square(box.centre, box.side * SIZE / INK_SIDE)


def _square(centre: tuple[float, float], side: float) -> Box:
    x, y = centre
    return Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def _inside(box: Box, window: Box) -> tuple[slice, slice]:
    """Where the box lies in the glyph made of the window: rows, columns."""
    scale = SIZE / window.side
    left, right = (round((x - window.left) * scale) for x in (box.left, box.right))
    top, bottom = (round((y - window.top) * scale) for y in (box.top, box.bottom))
    return slice(max(top, 0), max(bottom, top + 1)), slice(max(left, 0), max(right, left + 1))


def _resample(ink: np.ndarray, window: Box) -> np.ndarray:
    """Resamples the window to (56, 56), antialiased; outside the picture there is paper (0)."""
    scale = max(1, math.ceil(window.side / SIZE))  # how many pixels beyond the window the filter needs
    left, top = (math.floor(side) - scale for side in window[:2])
    right, bottom = (math.ceil(side) + scale for side in window[2:])
    padded = np.zeros((bottom - top, right - left), dtype=np.float32)
    height, width = ink.shape
    seen = ink[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    padded[max(-top, 0) :, max(-left, 0) :][: seen.shape[0], : seen.shape[1]] = seen
    box = (window.left - left, window.top - top, window.right - left, window.bottom - top)
    return np.asarray(Image.fromarray(padded).resize((SIZE, SIZE), Image.Resampling.HAMMING, box=box))


def _stretch(glyph: np.ndarray, box: tuple[slice, slice], picture: tuple[slice, slice]) -> np.ndarray:
    """Maps the paper's tone to -1 and solid ink to +1; keeps grey edges.

    Half of the paper is no darker than its tone. What is around the picture does not count.
    """
    inside = glyph[box].ravel()
    lightest, dark = _quantile(glyph.ravel(), 0.01), _quantile(inside, 0.98)
    solid = _quantile(inside[inside >= (lightest + dark) / 2], 0.9) if dark > lightest else 1.0
    seen = glyph[picture].ravel()
    light = seen[seen <= lightest + _PAPER * (solid - lightest)]
    paper = _quantile(light, _TONE) if len(light) else lightest
    return (glyph - paper) * (2.0 / max(solid - paper, 1e-6)) - 1.0


def _quantile(values: np.ndarray, share: float) -> float:
    """The quantile of some values (n,) at a share; NumPy's own function takes five times as long."""
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    ordered = np.partition(values, (below, above))
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))
