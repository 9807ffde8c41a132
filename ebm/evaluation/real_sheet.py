"""The contact sheet of real print: crops, the glyphs that the model gets, and how it reads them."""

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from ebm.checkpoint.card import Card
from ebm.data.corpus import SIZE, to_bytes
from ebm.data.picture.decode import read_grey
from ebm.evaluation.real_print import RealPrint
from ebm.model.energy import EnergyNet, in_batches

PER_ROW = 8  # crops shown of each sort
NAMES, GAP, CAPTION = 130, 10, 20  # pixels: for the names on the left, between crops, under a crop
RIGHT, WRONG, PLAIN, MARK = "#00664b", "#b3261e", "#222222", "#e69f00"


def real_sheet(model: EnergyNet, card: Card, real: RealPrint) -> Image.Image:
    """Draws a row for each sort and then for each kind of stranger.

    Every crop is next to the glyph that the model gets. Below are the sort that is read and its probability: green
    if right, red if wrong, black for strangers. A frame marks what is called a stranger.

    Args:
        model: as `ebm.load` returns it.
        card: as `ebm.load` returns it.
        real: as `read_real_print` returns it for this card.

    Returns:
        an RGB picture of up to eight crops a row, evenly spaced in each folder, whether read correctly or not.
    """
    x = torch.cat([real.glyphs, real.strangers])
    captions, is_stranger = _readings(model, card, x)
    rows, cell, high = _rows(card, real), 2 * SIZE + GAP, SIZE + CAPTION
    sheet = Image.new("RGB", (NAMES + PER_ROW * cell, len(rows) * high), "white")
    draw, small = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for row, (name, wanted, picks) in enumerate(rows):
        top = row * high
        draw.text((6, top + 20), name[:18], fill=PLAIN, font=ImageFont.load_default(14))
        for column, pick in enumerate(picks):
            left = NAMES + column * cell
            sheet.paste(_crop(real, pick), (left, top))
            sheet.paste(Image.fromarray(255 - to_bytes(x[pick, None])[0].numpy()), (left + SIZE, top))
            if is_stranger[pick]:
                draw.rectangle((left + SIZE, top, left + 2 * SIZE - 1, top + SIZE - 1), outline=MARK, width=2)
            read, said = captions[pick]
            colour = PLAIN if wanted is None or read is None else RIGHT if read == wanted else WRONG
            draw.text((left + GAP, top + SIZE + 1), said, fill=colour, font=small)
        if wanted is None and row and rows[row - 1][1] is not None:  # a line above the strangers
            draw.line([(0, top - 2), (sheet.width, top - 2)], fill=PLAIN, width=2)
    return sheet


def _readings(model: EnergyNet, card: Card, x: torch.Tensor) -> tuple[list[tuple[int | None, str]], list[bool]]:
    """(class read, caption) of each of x (N, 1, 56, 56), and whether it is called a stranger."""
    logits = in_batches(model, model.get_logits, x)
    energies = -logits.logsumexp(1)
    if model.outputs == 1:  # an EBM cannot read
        captions: list[tuple[int | None, str]] = [(None, f"E {e:.2f}") for e in energies.tolist()]
    else:
        best = (logits / card.temperature).softmax(1).max(1)
        captions = [
            (k, f"{card.sorts[k][:9]} {p:.0%}")
            for k, p in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]
    return captions, [card.threshold is not None and e > card.threshold for e in energies.tolist()]


def _rows(card: Card, real: RealPrint) -> list[tuple[str, int | None, list[int]]]:
    """(name, class or None, numbers of its glyphs) of each row; strangers are numbered after the known glyphs."""
    rows: list[tuple[str, int | None, list[int]]] = []
    for label in real.labels.unique().tolist():
        own = (real.labels == label).nonzero().squeeze(1).tolist()
        rows.append((card.sorts[label] if card.sorts else "known", label, _evenly(own)))
    for name in sorted(set(real.stranger_names)):
        own = [len(real.glyphs) + k for k, other in enumerate(real.stranger_names) if other == name]
        rows.append((name, None, _evenly(own)))
    return rows


def _evenly(numbers: list[int]) -> list[int]:
    """At most `PER_ROW` of the numbers, evenly spaced."""
    places = np.linspace(0, len(numbers) - 1, min(PER_ROW, len(numbers))).round().astype(int)
    return [numbers[k] for k in places]


def _crop(real: RealPrint, pick: int) -> Image.Image:
    """A crop from the folder, fitted into the square of a glyph."""
    grey = Image.fromarray((read_grey(real.files[pick]) * 255).astype(np.uint8))
    grey.thumbnail((SIZE - 2, SIZE - 2))
    square = Image.new("L", (SIZE, SIZE), 255)
    square.paste(grey, (SIZE - 2 - grey.width, (SIZE - grey.height) // 2))
    return square
