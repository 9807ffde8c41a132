"""The contact sheet: one row a sort, to look at a corpus before trusting it (exercise 3.1)."""

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from ebm.data.corpus import SIZE, Corpus
from ebm.data.synthetic.founts import choose_form, textura_founts
from ebm.data.synthetic.pen import coverage
from ebm.data.synthetic.press import CLEAN, develop, press
from ebm.data.synthetic.sorts import SORTS

PER_ROW = 12


def contact_sheet(corpus: Corpus, per_row: int = PER_ROW, pen_seed: int | None = None) -> Image.Image:
    """Draws a corpus, ink black: a row of training glyphs for each sort, its name before it.

    Args:
        corpus: any; per_row: glyphs a row.
        pen_seed: the seed of a pen corpus, whose rows then begin with the clean form in its first founts.
    """
    names = 90
    clean = pen_seed is not None
    columns = per_row * (2 if clean else 1)
    sheet = Image.new("L", (names + columns * SIZE, len(corpus.sorts) * SIZE), 255)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for row, name in enumerate(corpus.sorts):
        draw.text((6, row * SIZE + 20), name[:12], fill=0, font=font)
        printed = corpus.images["train"][corpus.labels["train"] == row][:per_row]
        tiles = list(printed if pen_seed is None else torch.cat([clean_forms(row, per_row, pen_seed), printed]))
        for column, tile in enumerate(tiles):
            sheet.paste(Image.fromarray((255 - tile).numpy()), (names + column * SIZE, row * SIZE))
    return sheet


def clean_forms(sort: int, founts: int = PER_ROW, seed: int = 0) -> torch.Tensor:
    """The form of one sort in the first founts of the corpus, printed without accidents: uint8 (founts, 56, 56)."""
    rng = np.random.default_rng(seed)
    forms = SORTS[sort].forms
    return torch.from_numpy(
        np.stack([develop(press(coverage(choose_form(forms, f), f), CLEAN, rng)) for f in textura_founts(founts, seed)])
    )
