"""Suite `data`: glyphs per second of making the pen corpus, and of `ebm.to_glyph` on the bytes of PNG files."""

import functools
import io
import os
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

import ebm
from benchmarks.measuring import timing
from benchmarks.measuring.figure import figure
from ebm.data.corpus import SIZE
from ebm.data.synthetic.founts import textura_founts
from ebm.data.synthetic.pen_corpus import FOUNTS, make_pen_corpus, print_glyph
from ebm.data.synthetic.sorts import SORTS

LONGEST = 60.0  # seconds for the whole corpus on two cores
PICTURES = 32
SIDES = (56, 224, 672)  # of the PNG files: a glyph as the corpus has it, a crop of a scan, a phone's crop
Say = Callable[[str], None]


def measure(*, glyphs: int, rounds: int, whole: bool, seed: int = 0, say: Say = lambda line: None) -> dict[str, Any]:
    """Measures rates on one core, and seconds of the whole corpus on all cores without the cache.

    Args:
        glyphs: number of glyphs a round.
        rounds: interleaved runs of each.
        whole: whether to make the whole corpus, which takes about a minute.
        seed: of the glyphs.
        say: called with a line of text about the next step.

    Returns:
        the figures.

    Raises:
        ValueError: for less than one glyph.
    """
    if glyphs < 1:
        raise ValueError(f"At least one glyph is needed, not {glyphs}.")
    founts = textura_founts(FOUNTS, seed)
    files = {side: _files(side, seed) for side in SIDES}
    runs = {"pen and press": timing.timed(lambda: _print(glyphs, seed, founts))}
    runs |= {f"to_glyph, PNG of {side} x {side}": timing.timed(functools.partial(_read, files[side])) for side in SIDES}
    runs |= {f"Pillow, PNG of {side} x {side}": timing.timed(functools.partial(_resize, files[side])) for side in SIDES}
    counts = {name: glyphs if name == "pen and press" else PICTURES for name in runs}
    seconds = timing.interleave(runs, rounds, say)
    figures = [
        figure(f"{name}: glyphs per second, one core", counts[name] / median(values), "1/s")
        for name, values in seconds.items()
    ]
    for side in SIDES:
        share = timing.ratio(seconds[f"to_glyph, PNG of {side} x {side}"], seconds[f"Pillow, PNG of {side} x {side}"])
        figures.append(figure(f"to_glyph, PNG of {side} x {side}: times what Pillow needs", share.median, ""))
    if whole:
        say("the whole corpus")
        started = time.perf_counter()
        corpus = make_pen_corpus(seed, progress=False)
        took, made = time.perf_counter() - started, sum(map(len, corpus.labels.values()))
        target = {"at_most": LONGEST} if (os.cpu_count() or 1) <= 2 else {}
        figures.append(figure(f"the corpus of {made:,} glyphs on {os.cpu_count()} cores", took, "s", **target))
        figures.append(figure("the corpus: glyphs per second", made / took, "1/s"))
    return {"seconds": seconds, "glyphs": counts, "figures": figures}


def _print(glyphs: int, seed: int, founts: list[Any]) -> None:
    for index in range(glyphs):
        print_glyph(seed, index, index % len(SORTS), founts)


def _files(side: int, seed: int) -> list[bytes]:
    """PNG files of printed glyphs, dark on light, enlarged to a side."""
    founts, files = textura_founts(FOUNTS, seed), []
    for index in range(PICTURES):
        ink = print_glyph(seed, index, index % len(SORTS), founts)
        picture = Image.fromarray(255 - np.asarray(ink)).resize((side, side), Image.Resampling.BICUBIC)
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        files.append(buffer.getvalue())
    return files


def _read(files: list[bytes]) -> None:
    for file in files:
        ebm.to_glyph(Image.open(io.BytesIO(file)))


def _resize(files: list[bytes]) -> None:
    """The least work of reading a glyph: Pillow decodes and resizes."""
    for file in files:
        picture = Image.open(io.BytesIO(file)).convert("L")
        np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.HAMMING))
