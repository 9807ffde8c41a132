"""Glyphs printed from TTF and OTF files by the same press, for people who have revivals of early types."""

import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from ebm.data.corpus import SPLITS, Corpus
from ebm.data.synthetic.pen import CANVAS, EXTENT, OVERSAMPLE, Beside, cut
from ebm.data.synthetic.pen_corpus import CHUNK, COUNTS, class_counts, split_labels
from ebm.data.synthetic.setting import print_form
from ebm.data.synthetic.sorts import SORTS

POINTS = 200  # size in pixels at which a character is drawn before it is scaled


@lru_cache(maxsize=32)
def _font(path: Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), POINTS)


def character(path: Path, text: str) -> Image.Image:
    """One character of a font, cropped to its ink: 8-bit, 255 = ink."""
    font = _font(path)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (max(1, int(right - left)) + 4, max(1, int(bottom - top)) + 4))
    ImageDraw.Draw(image).text((2 - left, 2 - top), text, fill=255, font=font)
    box = image.getbbox()
    return image.crop(box) if box else image


def font_mask(
    path: Path,
    text: str,
    *,
    extent: float = EXTENT,
    shift: tuple[float, float] = (0.0, 0.0),
    rotation: float = 0.0,
    beside: Sequence[Beside] = (),
) -> np.ndarray:
    """The mask of ink of one character, placed as `pen.coverage` places a sort.

    Args:
        path: of the font file.
        text: the character.
        extent: as in `pen.coverage`.
        shift: as in `pen.coverage`.
        rotation: as in `pen.coverage`.
        beside: the neighbouring characters.

    Returns:
        float32 (168, 168) in [0, 1], 1 = ink.
    """
    canvas = Image.new("L", (CANVAS, CANVAS))
    glyph = character(path, text)
    scale = extent * OVERSAMPLE / max(glyph.size)
    middle_x, middle_y = (CANVAS / 2 + OVERSAMPLE * s for s in shift)
    glyph = _scaled(glyph, scale)
    for item, side, gap, shown in beside:
        other = _scaled(character(path, item), scale)
        ink = middle_x + side * glyph.width / 2
        left = ink + side * gap * OVERSAMPLE - (0 if side > 0 else other.width)
        canvas.paste(other, (round(left), round(middle_y - other.height / 2)))
        cut(canvas, side, ink + side * shown * OVERSAMPLE)
    canvas.paste(glyph, (round(middle_x - glyph.width / 2), round(middle_y - glyph.height / 2)), glyph)
    return np.asarray(canvas.rotate(rotation, Image.Resampling.BICUBIC), dtype=np.float32) / 255.0


def _scaled(image: Image.Image, scale: float) -> Image.Image:
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def fonts_by_sort(folder: Path) -> dict[str, list[Path]]:
    """Which font files of a folder have which sort.

    Args:
        folder: of .ttf and .otf files.

    Returns:
        sort name -> font files, only sorts that at least one font has.

    Raises:
        ValueError: for a folder without fonts, or a file that is not a font.
    """
    from fontTools.ttLib import TTFont, TTLibError

    paths = sorted(p for p in folder.glob("*") if p.suffix.lower() in (".ttf", ".otf"))
    if not paths:
        raise ValueError(f"The folder {folder} has no .ttf or .otf file.")
    having: dict[str, list[Path]] = {}
    for path in paths:
        try:
            with TTFont(path, lazy=True) as font:
                known = set(font.getBestCmap() or {})
        except (TTLibError, OSError) as error:
            raise ValueError(f"{path} is not a readable font: {error}.") from None
        lacking = [s.name for s in SORTS if not all(ord(c) in known for c in s.text)]
        if lacking:
            warnings.warn(f"{path.name} lacks {', '.join(lacking)}; it is skipped for these sorts.", stacklevel=2)
        for sort in SORTS:
            if sort.name not in lacking:
                having.setdefault(sort.name, []).append(path)
    return having


def _print_chunk(having: list[list[Path]], texts: list[str], seed: int, start: int, labels: np.ndarray) -> np.ndarray:
    images = []
    for index, label in enumerate(labels, start):
        rng = np.random.default_rng([seed, 5, index])
        path = having[label][int(rng.integers(len(having[label])))]
        neighbours = rng.choice([k for k, fonts in enumerate(having) if path in fonts], 2)

        def form(rng: np.random.Generator, path: Path = path, label: int = int(label), **setting) -> np.ndarray:
            return font_mask(path, texts[label], **setting)

        images.append(print_form(form, rng, [texts[k] for k in neighbours]))
    return np.stack(images)


def make_font_corpus(
    folder: Path, *, seed: int = 0, progress: bool = True, sizes: Mapping[str, int] = COUNTS
) -> Corpus:
    """Prints a corpus from the fonts of a folder, by default as large as the pen corpus.

    A font that lacks a sort is skipped for this sort with a warning. Sorts that no font has are left out.

    Args:
        folder: of .ttf and .otf files.
        seed: of split, fonts and printing.
        progress: whether to show a progress bar.

    Returns:
        the corpus.

    Args:
        folder: of the fonts.
        seed: of the corpus.
        progress: whether to show a progress bar.
        sizes: glyphs of each split, by default of the pen corpus.

    Raises:
        ValueError: for a folder without fonts, a broken font, or fonts with fewer than two sorts.
    """
    from joblib import Parallel, delayed  # here, because a cached corpus does not need it
    from rich.progress import track

    having = fonts_by_sort(folder)
    sorts = [s for s in SORTS if s.name in having]
    if len(sorts) < 2:
        raise ValueError(f"The fonts in {folder} have fewer than two of the 42 sorts.")
    labels = split_labels(class_counts([s.frequency for s in sorts], sum(sizes.values())), seed, sizes)
    everything = np.concatenate([labels[split] for split in SPLITS])
    fonts, texts = [having[s.name] for s in sorts], [s.text for s in sorts]
    starts = range(0, len(everything), CHUNK)
    jobs = (delayed(_print_chunk)(fonts, texts, seed, i, everything[i : i + CHUNK]) for i in starts)
    chunks = Parallel(n_jobs=-1, return_as="generator")(jobs)
    printed = track(chunks, "Printing from fonts", total=len(starts), disable=not progress)
    images = np.concatenate(list(printed))
    parts = np.split(images, np.cumsum([len(labels[split]) for split in SPLITS])[:-1])
    files = sorted({path.name for paths in having.values() for path in paths})
    return Corpus(
        images={split: torch.from_numpy(part) for split, part in zip(SPLITS, parts, strict=True)},
        labels={split: torch.from_numpy(labels[split]) for split in SPLITS},
        sorts=[s.name for s in sorts],
        source=f"Synthetic: {len(sorts)} sorts of the fonts {', '.join(files)}, "
        f"printed by ebm.data.synthetic.press, seed {seed}.",
        preprocessing="pen",
    )
