"""A page read by a model: sort, energy and p-value of every glyph, and which way up the page lies."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ebm.checkpoint.card import Card
from ebm.data.picture.to_glyph import to_glyph
from ebm.model.energy import EnergyNet, in_batches
from ebm.page.layout import GlyphBox, Layout
from ebm.page.scan import MAX_PIXELS, Scan, read_scan
from ebm.page.segment import find_glyphs
from ebm.page.transcription import read_transcription
from ebm.scoring.scores import p_values

TURNS = (0, 90, 180, 270)
_FEWEST = 12  # glyphs from which the direction can be told
_ASKED = 150  # glyphs that the direction is asked of
_CLEARER = 1.0  # by how much the median energy must fall for a page to be called turned
_SURE = 0.5  # probability below which a reading is unsure


class WrongWayUp(ValueError):
    """A page lies upside down or sideways.

    Args:
        name: of the scan.
        turn: 90, 180 or 270 degrees clockwise, by which it would lie right.
    """

    def __init__(self, name: str, turn: int):
        self.turn = turn
        self.lies = "upside down" if turn == 180 else "sideways"
        super().__init__(f"{name} seems to lie {self.lies}: give --turn {turn}, or --turn 0 if it does not")


@dataclass(frozen=True)
class ReadGlyph:
    """A glyph and what the model says of it.

    Args:
        at: where it stands.
        crop: grey uint8 (h, w).
        sort: the likeliest, None for an EBM.
        probability: its share, calibrated by the card.
        energy: E(x).
        p_value: as `ebm.verdict` gives it, None where uncalibrated.
        is_sure: whether the probability is at least a half and the energy not above the card's threshold.
    """

    at: GlyphBox
    crop: np.ndarray
    sort: str | None
    probability: float | None
    energy: float
    p_value: float | None
    is_sure: bool


@dataclass(frozen=True)
class ReadPage:
    """A page with its glyphs read; their order is the layout's. `warning` says what is odd about it, in a sentence."""

    layout: Layout
    glyphs: list[ReadGlyph]
    warning: str | None = None

    def strangers(self, threshold: float | None) -> set[int]:
        """The places of the glyphs whose energy is above a threshold; none of an uncalibrated model."""
        return set() if threshold is None else {k for k, glyph in enumerate(self.glyphs) if glyph.energy > threshold}

    def is_mostly_strange(self, threshold: float | None) -> bool:
        """Whether more than half of the glyphs are strangers: no page of print, or a fount new to the model."""
        return len(self.strangers(threshold)) > 0.5 * len(self.glyphs)


def read_page(
    path: str | Path,
    model: EnergyNet,
    card: Card,
    *,
    turn: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    most_pixels: int = MAX_PIXELS,
) -> ReadPage:
    """Finds the glyphs of a page and reads them.

    A PAGE-XML or ALTO file of the same name beside the scan gives the text of the lines.

    Args:
        path: of the scan.
        model: as `ebm.load` gives it.
        card: as `ebm.load` gives it.
        turn: degrees clockwise by which the scan is turned first; None also checks which way up it lies.
        progress: called with glyphs done and in all.
        most_pixels: of the scan.

    Returns:
        the page.

    Raises:
        ValueError: the scan can't be read, or holds no lines of letters.
        WrongWayUp: it lies upside down or sideways.
    """
    check_turn(turn)
    path = Path(path)
    scan = read_scan(path, most_pixels).turned(turn or 0)
    beside = path.with_suffix(".xml")
    layout = find_glyphs(scan, read_transcription(beside) if beside.is_file() and not turn else None)
    if turn is None and (better := _better_turn(model, card, scan, layout.crops)):
        raise WrongWayUp(path.name, better)
    glyphs = read_crops(model, card, layout.glyphs, layout.crops, progress)
    page = ReadPage(layout, glyphs)
    return replace(page, warning=_warning(path.name, page, card.threshold))


def check_turn(turn: int | None) -> None:
    """Raises a ValueError for a turn that is none."""
    if turn is not None and turn not in TURNS:
        raise ValueError(f"A page is turned by 0, 90, 180 or 270 degrees, not by {turn}.")


def read_crops(
    model: EnergyNet,
    card: Card,
    boxes: list[GlyphBox],
    crops: list[np.ndarray],
    progress: Callable[[int, int], None] | None = None,
) -> list[ReadGlyph]:
    """Reads the crops (h, w) of some glyphs."""
    outputs, readable = [], []
    for start in range(0, len(crops), 256):
        part = [_glyph(crop, card) for crop in crops[start : start + 256]]
        readable += [glyph is not None for glyph in part]
        if stack := [glyph for glyph in part if glyph is not None]:
            outputs.append(in_batches(model, model.get_logits, torch.stack(stack)))
        if progress:
            progress(len(readable), len(crops))
    if not outputs:
        return []
    logits = torch.cat(outputs)
    energy = -torch.logsumexp(logits, 1)
    best = (logits / card.temperature).softmax(1).max(1)
    above = p_values(card, energy) if card.is_calibrated else None
    found = []
    kept = [pair for pair, fine in zip(zip(boxes, crops, strict=True), readable, strict=True) if fine]
    for k, (at, crop) in enumerate(kept):
        e, p = float(energy[k]), float(best.values[k])
        known = card.threshold is None or e <= card.threshold
        sort = card.sorts[int(best.indices[k])] if model.outputs > 1 else None
        found.append(
            ReadGlyph(
                at, crop, sort, p if sort else None, e, None if above is None else float(above[k]),
                sort is not None and p >= _SURE and known,
            )
        )  # fmt: skip
    return found


def _glyph(crop: np.ndarray, card: Card) -> Tensor | None:
    """The glyph in a crop, None where none stands out."""
    try:
        return to_glyph(crop, preprocessing=card.preprocessing)
    except ValueError:
        return None


def _better_turn(model: EnergyNet, card: Card, scan: Scan, crops: list[np.ndarray]) -> int:
    """By how much a page must be turned for its glyphs to have a much lower energy; 0 where it lies right."""
    if len(crops) < _FEWEST:
        return 0  # a few letters say too little
    as_it_is = _median_energy(model, card, crops, 0)
    medians = {180: _median_energy(model, card, crops, 180)}
    if card.threshold is None or as_it_is > card.threshold:  # lines that run down the page give no letters
        try:
            sideways = find_glyphs(scan.turned(90)).crops
        except ValueError:
            sideways = []
        if len(sideways) >= _FEWEST:
            medians |= {90 + turn: _median_energy(model, card, sideways, turn) for turn in (0, 180)}
    best = min(medians, key=lambda turn: medians[turn])
    return best if medians[best] < as_it_is - _CLEARER else 0


def _median_energy(model: EnergyNet, card: Card, crops: list[np.ndarray], turn: int) -> float:
    """The median energy of some of the crops, each turned clockwise by so many degrees."""
    some = [crops[k] for k in np.linspace(0, len(crops) - 1, min(_ASKED, len(crops))).astype(int)]
    glyphs = [_glyph(np.ascontiguousarray(np.rot90(crop, -turn // 90)), card) for crop in some]
    stack = [glyph for glyph in glyphs if glyph is not None]
    return float(in_batches(model, model.energy, torch.stack(stack)).median()) if stack else float("inf")


def _warning(name: str, page: ReadPage, threshold: float | None) -> str | None:
    if not page.glyphs:
        return f"{name}: no glyph could be read"
    if page.is_mostly_strange(threshold):
        return (
            f"{name}: {len(page.strangers(threshold)):,} of {len(page.glyphs):,} shapes are strangers to the model: "
            "either this is no page of print, or its fount is new to the model"
        )
    return None
