"""Drawings as a visitor makes them: letters from their ductus, scribbles, dots, in the pad's text form."""

from collections.abc import Sequence

import numpy as np

from ebm.data.synthetic.founts import choose_form, textura_founts
from ebm.data.synthetic.pen import write
from ebm.data.synthetic.sorts import SORTS, Sort

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_FIFTH = 0.094  # of the pad: a fifth of the x-height that its two lines ask for


def text_of(pen: str, *paths: Sequence) -> str:
    """Strokes with one pen, each a path of points in sides of the pad, as the pad writes them."""
    texts = []
    for path in paths:
        numbers = np.rint(np.clip(np.asarray(path, dtype=float), 0, 1) * 4095).astype(int).ravel()
        texts.append(pen + "".join(_DIGITS[n >> 6] + _DIGITS[n & 63] for n in numbers))
    return ".".join(texts)


def drawn_letter(sort: Sort, pen: str, rng: np.random.Generator) -> str:
    """A letter about as large as the pad asks for, in any of its forms, with the tremor of a hand."""
    fount = textura_founts(1, seed=int(rng.integers(2**31)))[0]
    paths = [stroke.points for stroke in write(choose_form(sort.forms, fount, rng), fount, rng)]
    low, high = np.min([p.min(0) for p in paths], 0), np.max([p.max(0) for p in paths], 0)
    size = min(_FIFTH * rng.uniform(0.65, 1.15), 0.88 / max(high - low))
    middle = 0.5 + rng.uniform(-0.05, 0.05, 2)
    return text_of(pen, *((path - (low + high) / 2) * size * [1, -1] + middle for path in paths))


def drawn_letters(n: int, pen: str, seed: int = 0) -> tuple[list[str], list[str]]:
    """n drawn letters, of all sorts in turn: their texts and the names of their sorts."""
    rng = np.random.default_rng(seed)
    sorts = [SORTS[k % len(SORTS)] for k in range(n)]
    return [drawn_letter(sort, pen, rng) for sort in sorts], [sort.name for sort in sorts]


def odd_drawings(seed: int = 0) -> list[str]:
    """What is no usual letter, with either pen: small, beyond the pad, scribbles, dots, straight lines, both pens."""
    rng = np.random.default_rng(seed)
    texts = []
    for pen in "br":
        small = [path * 0.06 + corner for corner in (0, 0.93) for path in rng.random((2, 5, 2))]
        scribble = [rng.random((20, 2)) for _ in range(36)]
        texts += [text_of(pen, *small[:2]), text_of(pen, *small[2:]), text_of(pen, *scribble)]
        texts += [text_of(pen, rng.uniform(-0.5, 1.5, (12, 2))) for _ in range(3)]
        texts += [text_of(pen, [at]) for at in ((0.5, 0.5), (0, 0), (1, 1), (0, 0.7), rng.random(2))]
        texts += [text_of(pen, *rng.random((3, 1, 2)))]
        texts += [text_of(pen, [(0.3, 0.2), end]) for end in ((0.3, 0.8), (0.8, 0.2), (0.3, 0.2))]
        texts += [f"{text_of(pen, rng.random((4, 2)))}.{text_of('r', rng.random((4, 2)))}"]
    return texts
