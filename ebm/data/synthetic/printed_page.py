"""A whole page printed by code: words set in lines from one fount, inked, pressed and scanned, every box known.

It shows what a page of print looks like where no scan of others may be shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, zoom

from ebm.data.synthetic.founts import Fount, choose_form
from ebm.data.synthetic.pen import ink_box, sweep, write
from ebm.data.synthetic.sorts import SORTS
from ebm.data.synthetic.unseen import UNSEEN

OVERSAMPLE = 2
_SCALE = 6.0  # pixels of the scan for a fifth of the x-height
_SPACE, _PITCH, _EDGE, _GUTTER, _ABOVE = 2.6, 12.5, 14.0, 9.0, 8.0  # in fifths of the x-height
_BETWEEN = 0.75  # paper between two letters of a word
_PAPER, _INK = np.array([238, 229, 207.0]), np.array([42, 36, 31.0])


@dataclass(frozen=True)
class Printed:
    """A glyph of the page: the name of its sort or of its strange form, and its box (left, top, right, bottom)."""

    name: str
    box: tuple[float, float, float, float]
    is_strange: bool


@dataclass(frozen=True)
class PrintedPage:
    """The scan, and every glyph on it in reading order."""

    picture: Image.Image
    glyphs: list[Printed]


def print_page(
    words: Sequence[str], fount: Fount, *, columns: int = 2, width: float = 100.0, seed: int = 0
) -> PrintedPage:
    """Prints a page.

    Args:
        words: of the text; a word is a string of characters of the case, or of names in brackets, such as "[theta]" of
            `unseen.UNSEEN`.
        fount: that it is set from.
        columns: how many, at least 1, about equally long.
        width: of a column, in fifths of the x-height, above 0; a longer word stands out.
        seed: of everything random.

    Raises:
        ValueError: for a character that is neither in the case nor in `UNSEEN`.
    """
    rng = np.random.default_rng(seed)
    lines = _broken([_Set.of(word, fount, rng) for word in words], width)
    deep = -(-len(lines) // columns)
    size = np.array([2 * _EDGE + columns * width + (columns - 1) * _GUTTER, 2 * _EDGE + deep * _PITCH])
    mask = Image.new("L", tuple((np.ceil(size * _SCALE).astype(int) * OVERSAMPLE).tolist()))
    draw = ImageDraw.Draw(mask)
    glyphs: list[Printed] = []
    for number, line in enumerate(lines):
        x = _EDGE + number // deep * (width + _GUTTER)
        baseline = _EDGE + number % deep * _PITCH + _ABOVE
        white = _SPACE
        if number < len(lines) - 1 and len(line) > 1:  # the last line is not spaced out
            white += min((width - _width(line)) / (len(line) - 1), _SPACE)  # no holes: rather a ragged edge
        for word in line:
            glyphs += word.print_at(draw, fount, x, baseline + rng.normal(0, 0.03), _SCALE * OVERSAMPLE)
            x += word.width + white
    return PrintedPage(_scanned(np.asarray(mask, dtype=np.float32) / 255, rng), glyphs)


def _broken(words: list["_Set"], width: float) -> list[list["_Set"]]:
    """Words in lines, each as full as it can be."""
    lines: list[list[_Set]] = [[]]
    for word in words:
        if lines[-1] and _width([*lines[-1], word]) > width:
            lines.append([])
        lines[-1].append(word)
    return lines


def _width(line: list["_Set"]) -> float:
    return sum(word.width for word in line) + _SPACE * (len(line) - 1)


@dataclass(frozen=True)
class _Set:
    """A word that is set: its strokes, where each letter begins, and its width, in fifths of the x-height."""

    letters: list[tuple[str, bool, list, float]]
    width: float

    @classmethod
    def of(cls, word: str, fount: Fount, rng: np.random.Generator) -> "_Set":
        letters, x = [], 0.0
        for name, ductus, is_strange in _letters(word, fount, rng):
            strokes = write(ductus, fount, rng)
            low, high = ink_box(strokes, fount)
            letters.append((name, is_strange, strokes, x - low[0]))
            x += high[0] - low[0] + _BETWEEN + rng.uniform(-0.1, 0.15)
        return cls(letters, x - _BETWEEN)

    def print_at(
        self, draw: ImageDraw.ImageDraw, fount: Fount, left: float, baseline: float, scale: float
    ) -> Iterator[Printed]:
        for name, is_strange, strokes, x in self.letters:
            origin = np.array([left + x, baseline])
            sweep(draw, strokes, fount, scale, origin * scale)
            low, high = ink_box(strokes, fount)
            (x0, y1), (x1, y0) = (origin + low * [1, -1]) * _SCALE, (origin + high * [1, -1]) * _SCALE
            yield Printed(name, (float(x0), float(y0), float(x1), float(y1)), is_strange)


def _letters(word: str, fount: Fount, rng: np.random.Generator) -> Iterator[tuple[str, str, bool]]:
    """Name, ductus and whether it is a stranger, of each letter of a word."""
    by_text = {sort.text: sort for sort in SORTS}
    while word:
        if word[0] == "[":
            name, _, word = word[1:].partition("]")
            if name not in UNSEEN:
                raise ValueError(f"There is no strange form {name!r}; there are: {', '.join(UNSEEN)}.")
            yield name, UNSEEN[name], True
            continue
        if word[0] not in by_text:
            raise ValueError(f"The case has no {word[0]!r}; it has: {' '.join(by_text)}.")
        sort = by_text[word[0]]
        yield sort.name, choose_form(sort.forms, fount, rng), False
        word = word[1:]


def _scanned(mask: np.ndarray, rng: np.random.Generator) -> Image.Image:
    """Presses a mask of ink (H, W) in [0, 1] on paper and scans it, light falling from one side."""
    soft = gaussian_filter(mask, 0.5 * OVERSAMPLE)
    level = 0.42 + 0.07 * _field(soft.shape, 5 * OVERSAMPLE, rng)
    ink = 0.5 * (1 + np.tanh((soft - np.maximum(level, 0.2)) / 0.1))
    ink *= 1 - np.clip(0.08 + 0.11 * _field(soft.shape, 12 * OVERSAMPLE, rng), 0, 0.7)
    height, width = (side // OVERSAMPLE for side in soft.shape)
    ink = gaussian_filter(ink.reshape(height, OVERSAMPLE, width, OVERSAMPLE).mean((1, 3)), 0.5)
    fibres = 1 + 0.012 * _field((height, width), 4, rng) + 0.02 * _field((height, width), 90, rng)
    rows, across = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None, :]
    light = (1 - 0.07 * across - 0.05 * rows - 0.04 * rows**2) * fibres
    scan = (_PAPER * (1 - ink[..., None]) + _INK * ink[..., None]) * light[..., None]
    scan += rng.normal(0, 2.5, (height, width, 1))
    return Image.fromarray(np.clip(scan, 0, 255).astype(np.uint8))


def _field(shape: tuple[int, ...], bump: int, rng: np.random.Generator) -> np.ndarray:
    """A smooth random field, about standard normal, its bumps about so many pixels wide."""
    coarse = rng.standard_normal([side // bump + 3 for side in shape]).astype(np.float32)
    fine = zoom(coarse, bump, order=1)
    return fine[: shape[0], : shape[1]] * 1.5
