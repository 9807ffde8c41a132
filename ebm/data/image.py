"""Any picture a person has -> a glyph as the corpus has them: (1, 56, 56) in [-1, 1], ink = +1."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from ebm.data.corpus import SIZE
from ebm.data.decode import read_grey, shrink, shrink_factor

INK_SIDE = 44  # the larger side of a pen glyph's ink, in pixels
_LOOK_SIDE = 256  # longest side of the copy in which the ink is looked for
_FAINTEST = 0.01  # contrast of ink, black on white being 1: less is lost in the steps of 8 bits
_BLANK = "the picture is blank (no ink stands out from the paper): draw or show a glyph"


def to_glyph(picture: str | Path | Image.Image | np.ndarray | Tensor, preprocessing: str = "pen") -> Tensor:
    """Turns any picture of a letter into a glyph the model can read.

    Dark ink on light paper and the reverse both work: the border tells which is the paper.

    Args:
        picture: path, PIL image, or array: grey (H, W) or (H, W, 1), RGB or RGBA (H, W, 3 or 4);
            a tensor may have its channels first. 8 bits count as they are, all other numbers
            are scaled by their own minimum and maximum; transparency is laid on white.
        preprocessing: "pen" flattens the light, crops to the ink, scales its larger side to 44
            pixels and centres it; "glyphs" takes the shorter side to 56 and crops the centre.

    Returns:
        float32 (1, 56, 56) in [-1, 1], ink = +1.

    Raises:
        ValueError: the picture cannot be read, is blank, too large or of a wrong shape.
    """
    if preprocessing not in _PREPARE:
        raise ValueError(f"preprocessing {preprocessing!r} is unknown: use 'pen' or 'glyphs'")
    grey = read_grey(picture)
    low, high = float(grey.min()), float(grey.max())
    if low == high:
        raise ValueError("the picture is blank (all its pixels are the same): draw or show a glyph")
    light = grey if _paper_is_light(grey) else low + high - grey
    glyph = np.clip(_PREPARE[preprocessing](light), -1.0, 1.0)
    return torch.from_numpy(np.ascontiguousarray(glyph, dtype=np.float32)).unsqueeze(0)


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


def _paper_is_light(grey: np.ndarray) -> bool:
    """Whether the ink is darker than the paper, taking the border for paper."""
    factor = shrink_factor(grey.shape, 128)
    small, basis = shrink(grey, factor), _surface_basis(grey.shape, factor)
    depth, side = _depth(small.shape), min(small.shape)
    chosen = depth < max(1, 0.015 * side)
    # Letters may touch the border: a plane through it first, fitted again without what jumps off.
    # The light falls unevenly but smoothly: then a quadratic surface, followed from the border
    # inwards, still leaving out what jumps off it, which is ink.
    rounds = [(0.015, 3, 1.5)] * 3 + [(reach, 6, 3.0) for reach in np.linspace(0.015, 0.5, 9)]
    for reach, terms, slack in rounds:
        paper = _surface(basis[:terms], _fit(basis[:terms], small, chosen))
        off = np.abs(small - paper)
        near = depth < max(1, reach * side)
        chosen = near & (off <= slack * np.median(off[near & chosen]) + 1e-6)
    darkest, lightest = np.percentile(small - paper, (0.2, 99.8))
    return bool(-darkest >= lightest)


def _depth(shape: tuple[int, int]) -> np.ndarray:
    """How many pixels lie between each pixel and the nearest edge of the picture, (H, W)."""
    y, x = (np.minimum(np.arange(n), n - 1 - np.arange(n)) for n in shape)
    return np.minimum(y[:, None], x[None, :])


def _surface_basis(shape: tuple[int, int], factor: int = 1) -> np.ndarray:
    """The monomials of a quadratic surface over a picture, shrunk by `factor`: (6, h, w)."""
    y = shrink(np.linspace(-1, 1, shape[0])[:, None], factor)
    x = shrink(np.linspace(-1, 1, shape[1])[None, :], factor)
    size = (len(y), x.size)
    terms = (np.ones(size), x, y, x * x, x * y, y * y)
    return np.stack([np.broadcast_to(term, size) for term in terms])


def _fit(basis: np.ndarray, target: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted least squares: the coefficients of the surface."""
    flat = basis.reshape(len(basis), -1)
    weighted = flat * weight.ravel()
    return np.linalg.lstsq(weighted @ flat.T, weighted @ target.ravel(), rcond=1e-9)[0]


def _surface(basis: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """The surface (h, w) that these coefficients give."""
    return (coefficients @ basis.reshape(len(basis), -1)).reshape(basis.shape[1:])


def _paper_under(light: np.ndarray) -> np.ndarray:
    """The brightness of the paper, also where ink hides it (H, W).

    A quadratic surface held up by the light pixels: it follows tints and the fall of light, and
    is too stiff to dip into a letter, however fat.
    """
    factor = shrink_factor(light.shape, 64)
    small, basis = shrink(light, factor), _surface_basis(light.shape, factor)
    weight = np.ones_like(small)
    for pull in [0.02] * 8 + [0.002] * 6:  # of the dark pixels: less and less
        surface = _fit(basis, small, weight)
        weight = np.where(small > _surface(basis, surface), 1.0, pull)
    paper = _surface(_surface_basis(light.shape), surface)
    return np.maximum(paper, max(0.05 * float(paper.max()), 1e-6))


class _Box(NamedTuple):
    """A rectangle in pixels, right and bottom excluded."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def side(self) -> float:
        return max(self.right - self.left, self.bottom - self.top)


def _pen(light: np.ndarray) -> np.ndarray:
    """Flattens the light, crops to the ink, scales its larger side to 44 and centres it."""
    paper = _paper_under(light)
    ink = np.clip(1.0 - light / paper, -0.5, 1.0)  # 0 = paper, 1 = black
    box = _find_letter(ink, paper)
    window = _frame(box, ink.shape)
    return _stretch(_resample(ink, window), _inside(box or window, window))


def _glyphs(light: np.ndarray) -> np.ndarray:
    """Scales the grey values and the shorter side, and crops the centre."""
    ink = (light.max() - light) / (light.max() - light.min())
    square = fit_square(torch.from_numpy(ink.astype(np.float32))[None, None])
    return square[0, 0].numpy() * 2.0 - 1.0


_PREPARE = {"pen": _pen, "glyphs": _glyphs}


def _find_letter(ink: np.ndarray, paper: np.ndarray) -> _Box | None:
    """The box of the ink without specks and slivers; None if no letter stands out."""
    factor = shrink_factor(ink.shape, _LOOK_SIDE)
    small = shrink(ink, factor)
    if np.ptp(small) < _FAINTEST:
        raise ValueError(_BLANK)
    threshold, level = _threshold(small)
    mask = small > threshold
    letter = _letter(mask)
    inked = mask if mask.any() else small >= small.max()
    contrast = float(np.median(small[inked])) - level
    faint = contrast * float(np.median(shrink(paper, factor)[inked])) < _FAINTEST
    if faint or (letter is None and contrast < 0.1):
        raise ValueError(_BLANK)
    return None if letter is None else _sharpen_box(ink > threshold, _box_of(letter), factor)


def _threshold(ink: np.ndarray) -> tuple[float, float]:
    """The darkness above which a pixel is ink, clear of the paper's noise; and the paper's own."""
    counts, edges = np.histogram(ink, bins=256)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = ink.size - below
    mass = np.cumsum(counts * middles)
    gap = mass[:-1] / below - (mass[-1] - mass[:-1]) / above  # both sides hold pixels: min, max
    otsu = edges[1 + np.argmax(below * above * gap**2)]
    paper, solid = float(np.median(ink[ink <= otsu])), float(np.median(ink[ink >= otsu]))
    # The side lighter than paper holds no ink, so its spread is the paper's noise alone.
    noise = float(np.sqrt(np.mean(np.square(ink[ink <= paper] - paper))))
    return max(paper + 0.4 * (solid - paper), paper + 4.0 * noise), paper


def _letter(mask: np.ndarray) -> np.ndarray | None:
    """The part of an ink mask (H, W) that is the letter; None if it is all specks."""
    labels = _components(mask)
    columns = np.nonzero(mask)[1]
    areas = np.bincount(labels)
    if areas.size == 0 or areas.max() < max(1e-4 * mask.size, 0.1 * areas.sum()):
        return None
    width = mask.shape[1]
    first, (last, deepest) = np.full(areas.size, width), np.zeros((2, areas.size), dtype=int)
    np.minimum.at(first, labels, columns)
    np.maximum.at(last, labels, columns)
    np.maximum.at(deepest, labels, _depth(mask.shape)[mask])
    # The neighbour's ink: narrow, at the left or right edge, and not most of what there is.
    # Or a scan's frame: all of it close to the edges.
    sliver = ((first == 0) | (last == width - 1)) & (last - first < max(1, 0.1 * width))
    sliver |= deepest < 0.03 * min(mask.shape)
    if areas[~sliver].sum() < 0.25 * areas.sum():
        sliver[:] = False
    keep = ~sliver & (areas >= 0.03 * areas[~sliver].max())
    letter = np.zeros_like(mask)
    letter[mask] = keep[labels]
    return letter


def _components(mask: np.ndarray) -> np.ndarray:
    """A number per True pixel, in order: its 8-connected component, counted from 0."""
    index = np.full((mask.shape[0] + 1, mask.shape[1] + 2), -1)
    index[:-1, 1:-1][mask] = np.arange(mask.sum())
    here = index[:-1, 1:-1]
    neighbours = (index[:-1, 2:], index[1:, :-2], index[1:, 1:-1], index[1:, 2:])
    links = [np.stack([here, there])[:, (here >= 0) & (there >= 0)] for there in neighbours]
    one, other = np.concatenate(links, axis=1)
    root = np.arange(mask.sum())
    while (root[one] != root[other]).any():
        lowest = np.minimum(root[one], root[other])
        np.minimum.at(root, root[one], lowest)
        np.minimum.at(root, root[other], lowest)
        while (root[root] != root).any():
            root = root[root]
    return np.unique(root, return_inverse=True)[1]


def _box_of(mask: np.ndarray) -> _Box:
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    return _Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def _sharpen_box(mask: np.ndarray, box: _Box, factor: int) -> _Box:
    """The box of the full-size mask near a box found in a copy `factor` times smaller."""
    left, top = max(0, (box.left - 1) * factor), max(0, (box.top - 1) * factor)
    near = mask[top : (box.bottom + 1) * factor, left : (box.right + 1) * factor]
    if factor == 1 or not near.any():
        return _Box(*(side * factor for side in box))
    found = _box_of(near)
    return _Box(found.left + left, found.top + top, found.right + left, found.bottom + top)


def _frame(box: _Box | None, shape: tuple[int, int]) -> _Box:
    """The square of the picture that becomes the glyph: all of it where there is no letter."""
    whole = _Box(0, 0, shape[1], shape[0])
    if box is None:
        return _square(whole.centre, whole.side)
    x, y = box.centre
    already = abs(box.side - INK_SIDE) <= 4 and max(abs(x - SIZE / 2), abs(y - SIZE / 2)) <= 2
    if shape == (SIZE, SIZE) and already:  # resampling a glyph would only blur it
        return whole
    return _square(box.centre, box.side * SIZE / INK_SIDE)


def _square(centre: tuple[float, float], side: float) -> _Box:
    x, y = centre
    return _Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def _inside(box: _Box, window: _Box) -> tuple[slice, slice]:
    """Where the box lies in the glyph made of the window: rows, columns."""
    scale = SIZE / window.side
    left, right = (round((x - window.left) * scale) for x in (box.left, box.right))
    top, bottom = (round((y - window.top) * scale) for y in (box.top, box.bottom))
    return slice(max(top, 0), max(bottom, top + 1)), slice(max(left, 0), max(right, left + 1))


def _resample(ink: np.ndarray, window: _Box) -> np.ndarray:
    """The window, antialiased to (56, 56); beyond the picture there is paper (0)."""
    margin = int(window.side) + 1
    padded = Image.fromarray(np.pad(ink.astype(np.float32), margin))
    left, top, right, bottom = (side + margin for side in window)
    box = (left, top, right, bottom)
    return np.asarray(padded.resize((SIZE, SIZE), Image.Resampling.HAMMING, box=box))


def _stretch(glyph: np.ndarray, box: tuple[slice, slice]) -> np.ndarray:
    """Takes the lightest paper to -1 and solid ink to +1, as the corpus does; keeps grey edges."""
    inside = glyph[box]
    paper, dark = float(np.percentile(glyph, 1)), float(np.percentile(inside, 98))
    solid = float(np.percentile(inside[inside >= (paper + dark) / 2], 90)) if dark > paper else 1.0
    return (glyph - paper) / max(solid - paper, 1e-6) * 2.0 - 1.0
