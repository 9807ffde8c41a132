"""The ink of a page: paper and light evened out, a threshold by Sauvola, without borders, rubrics and show-through."""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.filters import threshold_otsu, threshold_sauvola
from skimage.measure import label

from ebm.data.picture.decode import shrink, shrink_factor

_LOW_SIDE = 640  # longest side of the copy that the paper is looked for in
_THRESHOLD_SIDE = 2400  # of the copy that Sauvola's threshold is taken from: it is smooth, and slow at full size
_LUMA = (0.299, 0.587, 0.114)
_DARK = 0.5  # share of solid ink's darkness that a part must reach somewhere, or it shows through from the back
_COLOURED = 0.16  # mean difference of the brightest and the darkest channel, of the paper's, that makes a rubric
_PAGE = 0.55  # brightness, of the paper's, below which a region is not the page but what it lies on


@dataclass(frozen=True)
class Ink:
    """The ink of a page in connected parts.

    Args:
        light: float32 (H, W), 1 = paper.
        labels: int32 (H, W), the part each pixel belongs to; 0 is paper.
        boxes: int (n, 4), left, top, right, bottom of each part, the latter two excluded; part k + 1 is row k.
        areas: int (n,), in pixels.
        rubrics: how many coloured parts were left out.
    """

    light: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray
    rubrics: int


def find_ink(colour: np.ndarray) -> Ink:
    """Finds the black ink of a page.

    Args:
        colour: uint8 (H, W, 3).

    Raises:
        ValueError: the page is blank.
    """
    factor = shrink_factor(colour.shape[:2], _LOW_SIDE)
    low = np.stack([shrink(colour[..., k].astype(np.float32), factor) for k in range(3)], axis=-1)
    paper = np.stack([_paper(low[..., k]) for k in range(3)], axis=-1)  # (h, w, 3)
    grey_paper = paper @ np.array(_LUMA, dtype=np.float32)
    light = _grey(colour) / np.maximum(_enlarged(grey_paper, factor, colour.shape[:2]), 1.0)
    np.minimum(light, 1.2, out=light)
    mask = light < _threshold(light)
    mask &= _enlarged(_page(grey_paper).astype(np.float32), factor, colour.shape[:2]) > 0.5
    if not mask.any():
        raise ValueError("no ink stands out from the paper")
    labels = label(mask, connectivity=2).astype(np.int32, copy=False)
    return _parts(labels, light, colour, paper, factor)


def _grey(colour: np.ndarray) -> np.ndarray:
    """float32 (H, W) in [0, 255]; Pillow does it in whole numbers and without copies."""
    return np.asarray(Image.fromarray(colour).convert("L"), dtype=np.float32)


def _paper(grey: np.ndarray) -> np.ndarray:
    """How bright the paper is everywhere, also under letters: float32 (h, w)."""
    size = max(5, round(0.035 * max(grey.shape)))
    smooth = ndimage.median_filter(grey, 3, mode="nearest")
    closed = ndimage.grey_closing(smooth, (size, size), mode="nearest")
    return ndimage.gaussian_filter(closed, size / 3, mode="nearest")


def _page(paper: np.ndarray) -> np.ndarray:
    """Where the page is, and not the table or the black of a scanner around it: bool (h, w)."""
    level = _PAGE * float(np.percentile(paper, 90))
    parts, count = ndimage.label(paper > level)
    if count == 0:
        return np.ones(paper.shape, dtype=bool)
    largest = 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    page = ndimage.binary_fill_holes(parts == largest)
    if page.all():
        return page
    edge = 2 + round(0.006 * max(paper.shape))
    # The picture's own border is no edge of the page: columns and lines are cut close.
    return ~ndimage.binary_dilation(~page, iterations=edge)


def _enlarged(low: np.ndarray, factor: int, shape: tuple[int, int]) -> np.ndarray:
    """A copy (h, w), `factor` times smaller, over the whole picture again: float32 (H, W)."""
    if low.shape == shape:
        return low
    height, width = shape
    covered = (0, 0, width / factor, height / factor)  # the last blocks may lie partly outside
    image = Image.fromarray(np.ascontiguousarray(low, dtype=np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, box=covered))


def _threshold(light: np.ndarray) -> np.ndarray:
    """Below which a pixel is ink: float32 (H, W)."""
    factor = shrink_factor(light.shape, _THRESHOLD_SIDE)
    small = shrink(light, factor)
    window = min(max(25, round(0.02 * max(small.shape))), 75, min(small.shape)) // 2 * 2 - 1
    found = threshold_sauvola(small, window_size=max(window, 3), k=0.25, r=0.5).astype(np.float32)
    # Between the tones of paper and ink, wherever the window saw nothing but ink or nothing but paper.
    ink = small[small < 0.8]
    otsu = float(threshold_otsu(small)) if ink.size > 16 else 0.5
    return _enlarged(np.clip(found, 0.75 * otsu, min(1.1 * otsu, 0.85)), factor, light.shape)


def _parts(labels: np.ndarray, light: np.ndarray, colour: np.ndarray, paper: np.ndarray, factor: int) -> Ink:
    """The parts that are black ink: the others are taken out of the labels."""
    count = int(labels.max())
    rows, columns = np.nonzero(labels)
    of = labels[rows, columns]
    areas = np.bincount(of, minlength=count + 1)
    dark = 1.0 - light[rows, columns]
    deepest = np.zeros(count + 1, dtype=np.float32)
    np.maximum.at(deepest, of, dark)
    solid = float(np.percentile(dark, 75))
    ratio = colour[rows, columns] / np.maximum(paper[rows // factor, columns // factor], 1.0)  # (ink, 3)
    chroma = np.bincount(of, ratio.max(1) - ratio.min(1), count + 1) / np.maximum(areas, 1)
    rubric = chroma > _COLOURED
    kept = (deepest >= _DARK * solid) & ~rubric & (areas >= 4)
    kept[0] = False
    number = np.zeros(count + 1, dtype=np.int32)
    number[kept] = np.arange(1, np.count_nonzero(kept) + 1)
    labels = number[labels]
    found = ndimage.find_objects(labels)
    boxes = np.array([(x.start, y.start, x.stop, y.stop) for y, x in found], dtype=int).reshape(-1, 4)
    large = rubric & (areas >= 0.2 * np.percentile(areas[kept], 90)) if kept.any() else rubric
    return Ink(light, labels, boxes, areas[kept], int(np.count_nonzero(large[1:])))
