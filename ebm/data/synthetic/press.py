"""The press: a mask of ink becomes a printed and scanned glyph."""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from ebm.data.corpus import SIZE
from ebm.data.synthetic.pen import CANVAS, OVERSAMPLE


@dataclass(frozen=True)
class Impression:
    """How one glyph was printed and scanned; lengths in pixels of the finished glyph, shares in [0, 1].

    Args:
        spread: share of the ink's edge that is pressed outwards (negative: too little ink).
        roughness: how ragged the ink's edge is.
        wear: how much of the type's face is worn away, in patches.
        mottling: how uneven the ink is inside the strokes.
        density: blackness of the ink.
        paper: darkness of the paper.
        shade: how much that darkness changes across the glyph.
        grain: contrast of the paper's fibres.
        blur: of the scan.
        contrast: 0 = grey as scanned, 5 = nearly two levels.
        sensor: standard deviation of the scan's noise.
    """

    spread: float = 0.0
    roughness: float = 0.0
    wear: float = 0.0
    mottling: float = 0.0
    density: float = 1.0
    paper: float = 0.0
    shade: float = 0.0
    grain: float = 0.0
    blur: float = 0.4
    contrast: float = 0.0
    sensor: float = 0.0


CLEAN = Impression()


def draw_impression(rng: np.random.Generator) -> Impression:
    """Draws the accidents of one printing: most types are little used, a third is visibly worn."""
    worn = rng.random() < 0.35
    return Impression(
        spread=rng.uniform(-0.06, 0.22),
        roughness=rng.uniform(0.03, 0.14),
        wear=rng.uniform(0.25, 0.5) if worn else rng.uniform(0.0, 0.15),
        mottling=rng.uniform(0.0, 0.3),
        density=rng.uniform(0.82, 1.0),
        paper=rng.uniform(0.02, 0.12),
        shade=rng.uniform(0.0, 0.04),
        grain=rng.uniform(0.0, 0.07),
        blur=rng.uniform(0.4, 1.9) if rng.random() < 0.2 else rng.uniform(0.4, 0.9),
        contrast=max(0.0, rng.uniform(-4.0, 4.0)),
        sensor=rng.uniform(0.005, 0.02),
    )


def smooth_noise(rng: np.random.Generator, cells: int) -> np.ndarray:
    """A smooth random field, about standard normal.

    Args:
        rng: decides the field.
        cells: bumps a side.

    Returns:
        float32 (168, 168).
    """
    coarse = rng.standard_normal((cells, cells), dtype=np.float32)
    field = Image.fromarray(coarse).resize((CANVAS, CANVAS), Image.Resampling.BICUBIC)
    return np.asarray(field) * 1.35  # bicubic interpolation shrinks the spread by about a quarter


def press(mask: np.ndarray, impression: Impression, rng: np.random.Generator) -> np.ndarray:
    """Prints a mask on paper and scans it.

    Args:
        mask: float (168, 168) in [0, 1], 1 = ink.
        impression: the accidents of this printing.
        rng: decides where they are.

    Returns:
        float32 (56, 56) in [0, 1], 1 = black. The contrast is not stretched yet: `develop` does that.
    """
    soft = gaussian_filter(mask, 1.5)
    level = 0.5 - impression.spread + impression.roughness * smooth_noise(rng, 40)
    ink = _step(soft - np.maximum(level, 0.2), 0.05)  # the lower limit prevents specks on the bare paper
    if impression.wear:
        # The worn patches are smooth, and only their middle loses all of its ink.
        ink = ink * (1 - impression.wear * _step(smooth_noise(rng, 12) - 0.7, 0.3))
    ink = ink * (1 - impression.mottling * np.clip(0.4 + 0.4 * smooth_noise(rng, 24), 0, 1))
    slope = rng.uniform(-1, 1, 2)
    ramp = np.linspace(-0.5, 0.5, CANVAS, dtype=np.float32)
    shade = impression.shade * (slope[0] * ramp[:, None] + slope[1] * ramp[None, :])
    paper = impression.paper + shade + impression.grain * smooth_noise(rng, int(rng.integers(14, 57)))
    scan = gaussian_filter(paper + (impression.density - paper) * ink, impression.blur * OVERSAMPLE)
    scan = scan.reshape(SIZE, OVERSAMPLE, SIZE, OVERSAMPLE).mean((1, 3))
    if impression.contrast:
        middle, half = (impression.density + impression.paper) / 2, (impression.density - impression.paper) / 2
        scan = middle + half * np.tanh(impression.contrast * (scan - middle) / half) / np.tanh(impression.contrast)
    return scan + impression.sensor * rng.standard_normal((SIZE, SIZE), dtype=np.float32)


def develop(scan: np.ndarray, white: float = 33.0) -> np.ndarray:
    """Maps the paper to white and solid ink to black, as `to_glyph` does with a real scan.

    Args:
        scan: (56, 56) in [0, 1], 1 = black.
        white: percentile of the scan that becomes white; a lower one keeps more of the paper's grain.

    Returns:
        uint8 (56, 56), ink = 255.
    """
    paper, black = np.percentile(scan, white), scan.max()
    solid = np.percentile(scan[scan >= (paper + black) / 2], 92)
    return np.round(np.clip((scan - paper) / (solid - paper), 0, 1) * 255).astype(np.uint8)


def _step(x: np.ndarray, width: float) -> np.ndarray:
    """A soft threshold at 0: 0 far below, 1 far above, about `width` wide."""
    return 0.5 * (1 + np.tanh(x / (2 * width)))
