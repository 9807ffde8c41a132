"""A folder of any number of pictures, for tests and measuring: python -m tests.helpers.many_pictures FOLDER COUNT."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from ebm.data.synthetic.founts import textura_founts
from ebm.data.synthetic.pen_corpus import FOUNTS, print_glyph
from ebm.data.synthetic.sorts import SORTS


def make_pictures(folder: Path, count: int, distinct: int = 2000, a_folder: int = 10_000, seed: int = 0) -> list[Path]:
    """Writes grey PNGs of printed glyphs into numbered sub-folders; gives their paths in order.

    Args:
        distinct: so many glyphs are printed, which takes most of the time; every file has a margin, a tint of
            paper and a strength of ink of its own, so no two are alike.
        a_folder: files a sub-folder.
    """
    return list(_write(folder, count, distinct, a_folder, seed))


def _write(folder: Path, count: int, distinct: int, a_folder: int, seed: int) -> Iterator[Path]:
    founts = textura_founts(FOUNTS)
    glyphs = [print_glyph(seed, k, k % len(SORTS), founts) for k in range(min(count, distinct))]
    for k in range(count):
        rng = np.random.default_rng([seed, k])
        margins = rng.integers(0, 12, (2, 2))
        ink = np.pad(glyphs[k % len(glyphs)], margins) / 255.0
        paper, strength = rng.uniform(190, 250), rng.uniform(0.6, 0.9)
        path = folder / f"{k // a_folder:05}" / f"{k:08}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((paper * (1 - strength * ink)).round().astype(np.uint8)).save(path)
        yield path


if __name__ == "__main__":
    for _ in _write(Path(sys.argv[1]), int(sys.argv[2]), 2000, 10_000, 0):
        pass
