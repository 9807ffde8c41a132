"""What the model reads in a glyph, in words and small graphics, and for programs."""

from html import escape
from typing import Any

import torch
from torch import Tensor

import ebm
from app.models.loaded import LoadedModel
from app.parts.drawing import data_uri, energy_ruler, number, on_paper

_UNIT = "Energies have no unit and no zero of their own: only differences within one model count"
_RULER = f"{_UNIT}, so the number stands here on the histogram of known glyphs."
_SURE = 0.9  # share of the likeliest sort from which a stranger is said to read like it


def as_json(loaded: LoadedModel, verdict: ebm.Verdict) -> dict[str, Any]:
    """A verdict for programs."""
    top = [{"sort": sort, "text": loaded.text(sort), "probability": p} for sort, p in verdict.top]
    return {
        "energy": verdict.energy,
        "threshold": verdict.threshold,
        "p_value": verdict.p_value,
        "is_stranger": verdict.is_stranger,
        "top": top,
    }


def sentence(verdict: ebm.Verdict, reference: int) -> str:
    """The verdict in words."""
    if verdict.threshold is None or verdict.p_value is None:
        return "This model is uncalibrated: it has no threshold, so there is an energy but no verdict."
    side = "above" if verdict.is_stranger else "below"
    start = f"Its energy lies {side} the threshold of {number(verdict.threshold)}"
    if reference == 0:
        return f"{start}."
    as_high = round(verdict.p_value * (reference + 1)) - 1  # the glyph itself counts as one
    share = f"{as_high / reference:.1%}" if as_high else "none"
    return f"{start}; {share} of the {reference:,} known glyphs have an energy as high (p = {verdict.p_value:.2g})."


def card_of(loaded: LoadedModel, glyph: Tensor) -> str:
    """The result for a glyph (1, 56, 56) as HTML."""
    with torch.no_grad():
        verdict = loaded.verdict(glyph)
    kind, word = ("stranger", "Stranger") if verdict.is_stranger else ("known", "Known glyph")
    if verdict.threshold is None:
        kind, word = "uncalibrated", "No verdict"
    reference = loaded.card.reference_energies
    ruler, unit = "", f"{_UNIT}."
    if verdict.threshold is not None:
        ruler, unit = energy_ruler(reference, verdict.threshold, verdict.energy), _RULER
    return (
        '<section class="reading" role="status" aria-live="polite"><div class="top">'
        f'<div class="verdict"><span class="word">energy</span><span class="energy">{number(verdict.energy)}</span>'
        f'<span class="badge {kind}">{word}</span>'
        f'<p>{sentence(verdict, len(reference))}</p><p class="fineprint">{unit}</p></div></div>'
        f"{ruler}{_sorts(loaded, verdict)}</section>"
    )


def _sorts(loaded: LoadedModel, verdict: ebm.Verdict) -> str:
    """The likeliest sorts as bars, each with its typical glyph."""
    if not verdict.top:
        return '<p class="hint small">This model has one output: it gives an energy, but reads no sorts.</p>'
    rows = ""
    for sort, p in verdict.top:
        tile = ""
        if len(loaded.typical):
            picture = data_uri(on_paper(loaded.typical[loaded.card.sorts.index(sort)]))
            image = f'<img src="{picture}" alt="Open a typical {escape(loaded.title(sort))}" width="34" height="34">'
            tile = f'<button type="button" class="tile" data-glyph title="Open in Read">{image}</button>'
        rows += (
            f'<li>{tile}<span class="letter">{escape(loaded.text(sort))}</span>'
            f'<span class="name">{_name(loaded, sort)}</span>'
            f'<span class="track"><i style="width:{100 * p:.1f}%"></i></span><span class="share">{p:.1%}</span></li>'
        )
    doubt = ' class="doubt"' if verdict.is_stranger else ""
    note = " <small>(the likeliest sorts; a sort is a piece of type, one letter of the case)</small>"
    if verdict.is_stranger and verdict.top[0][1] >= _SURE:
        note = " <small>(it reads like this sort, but is not printed like the corpus)</small>"
    elif verdict.is_stranger:
        note = " <small>(forced to choose: for a stranger this means little)</small>"
    return f"<h3>Read as{note}</h3><ol{doubt}>{rows}</ol>"


def _name(loaded: LoadedModel, sort: str) -> str:
    """A sort's name where its character does not say it all."""
    return "" if loaded.text(sort) == sort else escape(sort)
