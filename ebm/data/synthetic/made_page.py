"""A page for tests and benchmarks: glyphs of our own pen in lines, with known boxes, unevenly lit, with a rubric."""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from ebm.data.synthetic.founts import choose_form, textura_founts
from ebm.data.synthetic.pen import coverage
from ebm.data.synthetic.sorts import SORTS

TEXT = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "x", "y"]
_GAP, _WORD, _PITCH, _EDGE = 7, 26, 96, 90


@dataclass(frozen=True)
class MadePage:
    """A picture, and the boxes (n, 4) of its glyphs: left, top, right, bottom."""

    picture: Image.Image
    boxes: np.ndarray


def make_page(
    lines: int = 8, letters: int = 18, columns: int = 1, angle: float = 0.0, rubric: bool = True, seed: int = 7
) -> MadePage:
    """Sets a page; the same arguments give the same page.

    Args:
        lines: of a column.
        letters: of a line.
        columns: of the page.
        angle: in degrees by which the lines fall to the right.
        rubric: whether a red line stands below.
        seed: of the letters, their forms and the paper's grain.

    Returns:
        the page.
    """
    rng = np.random.default_rng(seed)
    (fount,) = textura_founts(1, seed=5)
    masks = {name: _mask(name, fount, rng) for name in TEXT}
    span = letters * 52
    height, width = 2 * _EDGE + lines * _PITCH + 70, 2 * _EDGE + columns * span + (columns - 1) * 90
    ink = np.zeros((height, width), np.float32)
    boxes: list[tuple[int, ...]] = []
    for column in range(columns):
        for line in range(lines):
            x, base = _EDGE + column * (span + 90), _EDGE + line * _PITCH + 70
            for k in range(letters):
                mask, below = masks[TEXT[int(rng.integers(len(TEXT)))]]
                h, w = mask.shape
                if x + w > _EDGE + column * (span + 90) + span:
                    break
                top = base - h + below
                ink[top : top + h, x : x + w] = np.maximum(ink[top : top + h, x : x + w], mask)
                boxes.append((len(boxes), x, top, x + w, top + h))
                x += w + (_WORD if k % 5 == 4 else _GAP)
    found = np.array(boxes, dtype=float)[:, 1:]
    red = np.zeros_like(ink)
    if rubric:
        for x in range(_EDGE, width - _EDGE - 40, 44):
            red[height - _EDGE - 40 : height - _EDGE - 8, x : x + 16] = 1.0
    if angle:
        ink, red = (ndimage.rotate(layer, -angle, reshape=False, order=1) for layer in (ink, red))
    return MadePage(_lit(ink, red, rng), _leaned_boxes(found, angle, ink.shape))


def _mask(name: str, fount, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """The ink of a sort, its small letters about 28 pixels high, and how far it hangs below the line."""
    sort = next(sort for sort in SORTS if sort.name == name)
    mask = coverage(choose_form(sort.forms, fount, rng), fount)
    rows, columns = (np.flatnonzero((mask > 0.5).any(axis=axis)) for axis in (1, 0))
    mask = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    tall = {"b": 1.5, "d": 1.4, "f": 1.5, "h": 1.7, "l": 1.5, "t": 1.2, "i": 1.35,
            "g": 1.5, "p": 1.5, "q": 1.5, "y": 1.5}.get(name, 1.0)  # fmt: skip
    height = round(34 * tall)
    size = (max(6, round(mask.shape[1] * height / mask.shape[0])), height)
    small = np.asarray(Image.fromarray(mask.astype(np.float32)).resize(size, Image.Resampling.BOX))
    return small, round(34 * (tall - 1)) if name in "gpqy" else 0


def _leaned_boxes(boxes: np.ndarray, angle: float, shape: tuple[int, int]) -> np.ndarray:
    """The boxes around the same glyphs, each moved as its middle is."""
    turn = np.radians(angle)
    middle = np.array(shape[::-1]) / 2 - 0.5
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 - middle
    x = centre[:, 0] * np.cos(turn) - centre[:, 1] * np.sin(turn)
    y = centre[:, 0] * np.sin(turn) + centre[:, 1] * np.cos(turn)
    half = (boxes[:, 2:] - boxes[:, :2]) / 2
    moved = np.stack([x, y], axis=1) + middle
    return np.concatenate([moved - half, moved + half], axis=1)


def _lit(ink: np.ndarray, red: np.ndarray, rng: np.random.Generator) -> Image.Image:
    """Brownish ink and a red line on cream paper, dark towards one corner, with grain."""
    rows, columns = (np.linspace(0, 1, side) for side in ink.shape)
    light = 1.0 - 0.45 * rows[:, None] * columns[None, :]
    soft = ndimage.gaussian_filter(ink, 0.8)[..., None]
    paper = np.array([236, 226, 200]) * light[..., None]
    scan = paper * (1 - soft) + np.array([40, 34, 30]) * soft
    colour = ndimage.gaussian_filter(red, 0.8)[..., None]
    scan = scan * (1 - colour) + np.array([190, 40, 30]) * colour * light[..., None]
    scan += rng.normal(0, 3, ink.shape)[..., None]
    return Image.fromarray(np.clip(scan, 0, 255).astype(np.uint8))
