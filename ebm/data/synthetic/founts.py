"""Founts: the pens, proportions and preferred forms that glyphs are written in, drawn from a wide distribution."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_OWN_FORM_SHARE = 0.85  # how often a glyph takes its fount's own form of the sort


@dataclass(frozen=True)
class Fount:
    """One variation of pen and proportions; lengths in fifths of the x-height, angles in degrees.

    Every glyph is scaled to one size. So the weight of the nib and the lengths of ascenders and
    descenders also decide how tall the x-height is.

    Args:
        nib: width of the nib.
        hairline: thickness of the nib; for a round pen the same as its width.
        angle: between the nib's edge and the baseline.
        style: 0 = textura quadrata, 1 = bastarda; decides which forms the fount prefers.
        foot: size of the diamonds; 0 = none.
        width: horizontal scale of the forms.
        ascender: vertical scale above the x-height.
        descender: vertical scale below the baseline.
        slant: of the stems, to the right.
        curvature: 0 = broken strokes, 1 = smooth curves through the points.
        jitter: how far the fount's own forms differ from the ductus.
        seed: of those differences.
    """

    nib: float = 1.3
    hairline: float = 0.22
    angle: float = 42.0
    style: float = 0.0
    foot: float = 1.0
    width: float = 1.1
    ascender: float = 1.0
    descender: float = 1.0
    slant: float = 0.0
    curvature: float = 0.1
    jitter: float = 0.06
    seed: int = 0

    @property
    def is_round(self) -> bool:
        """Whether the nib is a disc and not an edge."""
        return self.hairline >= self.nib


def textura_founts(n: int, seed: int = 0, first: int = 0) -> list[Fount]:
    """Draws n founts between quadrata and bastarda, each with its own pen and proportions.

    Args:
        n: how many.
        seed: of the series that they are taken from.
        first: number of the first one in that series, from 0.

    Returns:
        n founts; the same arguments give the same founts.
    """
    return [_textura_fount(np.random.default_rng([seed, 1, first + i])) for i in range(n)]


def _textura_fount(rng: np.random.Generator) -> Fount:
    """Draws one fount. Most are near one end of the style; slant, curves and feet roughly follow it."""
    style = float(rng.choice([rng.beta(1, 6), rng.beta(6, 1), rng.random()], p=[0.45, 0.35, 0.2]))
    nib = rng.uniform(0.95 - 0.25 * style, 1.65 - 0.2 * style)
    return Fount(
        nib=nib,
        hairline=rng.uniform(0.16, 0.42),
        angle=rng.uniform(34, 50),
        style=style,
        foot=max(0.0, rng.uniform(0.5, 1.5) * (1 - style) + rng.uniform(-0.3, 0.3)),
        width=rng.uniform(0.68 + 0.16 * nib, 1.3),
        ascender=rng.uniform(0.7, 1.25),
        descender=rng.uniform(0.75, 1.25),
        slant=rng.uniform(-2.0, 2.5) + style * rng.uniform(0.0, 6.0),
        curvature=min(1.0, rng.beta(1, 5) + style * rng.uniform(0.0, 0.8)),
        jitter=rng.uniform(0.04, 0.12),
        seed=int(rng.integers(2**31)),
    )


def round_founts(n: int, seed: int = 0) -> list[Fount]:
    """Draws n founts of a round pen, for the roman-like script of type A.

    Args:
        n: how many.
        seed: of the series that they are taken from.

    Returns:
        n founts; the same arguments give the same founts.
    """
    founts = []
    for i in range(n):
        rng = np.random.default_rng([seed, 2, i])
        nib = rng.uniform(0.6, 1.1)
        founts.append(
            Fount(
                nib=nib,
                hairline=nib,
                width=rng.uniform(0.9, 1.2),
                ascender=rng.uniform(0.85, 1.1),
                descender=rng.uniform(0.85, 1.1),
                slant=rng.uniform(-2.0, 10.0),
                curvature=0.2,
                jitter=rng.uniform(0.03, 0.08),
                seed=int(rng.integers(2**31)),
            )
        )
    return founts


def choose_form(forms: Sequence[str], fount: Fount, rng: np.random.Generator | None = None) -> str:
    """The allograph that a glyph of a fount takes.

    Args:
        forms: ductuses, from textura to bastarda.
        fount: its style decides which forms are likely, its seed which of them is its own.
        rng: sometimes takes another form than the fount's own; None never does.

    Returns:
        one of the forms.
    """
    if len(forms) == 1:
        return forms[0]
    others = len(forms) - 1  # the textura form is separate from the rest
    places = np.concatenate([[0.0], np.linspace(0.5 if others > 1 else 1.0, 1.0, others)])
    weights = np.exp(-0.5 * ((places - fount.style) / 0.2) ** 2)
    weights /= weights.sum()
    takes_another = rng is not None and rng.random() > _OWN_FORM_SHARE
    decides = (
        rng if takes_another and rng is not None else np.random.default_rng([fount.seed, zlib.crc32(forms[0].encode())])
    )
    return forms[int(decides.choice(len(forms), p=weights))]
