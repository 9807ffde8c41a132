"""The figures and tables of the tab Strangers, for one model and the sets that are chosen."""

import math
from html import escape
from typing import Any

import numpy as np

from app.models.loaded import LoadedModel
from app.parts.drawing import data_uri, message, number, on_paper
from ebm.figures import scores as figures
from ebm.scoring.rates import auroc, positive_rate

SCORES = {
    "energy": "energy",
    "conditional_energy": "conditional energy",
    "msp": "1 \u2212 top probability",
    "mass": "approximate mass",
}
_NO_SCORES = (
    "This checkpoint has no scores of known glyphs, so there is nothing to compare strangers with: import it "
    "with --data, or run `python -m ebm evaluate --update-card`."
)
_MEANINGS = (
    "Conditional energy: that of the glyph with its likeliest sort. 1 \u2212 top probability: how unsure the reading "
    "is, whatever the energy. Approximate mass: how steep the energy is at the glyph."
)
_MANY = 200  # known glyphs from which a share alone says enough
_SHOWN = 8  # example pictures of each set


def rates(loaded: LoadedModel, name: str, threshold: Any) -> dict[str, Any]:
    """What the endpoint answers.

    Raises:
        ValueError: for a set the card has no scores of, or a threshold that is not a number.
    """
    known = loaded.card.set_scores.get("test", {})
    if not known.get("energy"):
        raise ValueError(_NO_SCORES)
    if threshold is None:
        raise ValueError("This model is uncalibrated, it has no threshold of its own: send one.")
    if name not in loaded.sets():
        some = ", ".join(loaded.sets()) or "none at all"
        raise ValueError(f"The card has no scores of a stranger set {str(name)[:40]!r}; it has: {some}.")
    try:
        cut = float(threshold)
    except (TypeError, ValueError):
        cut = math.nan
    if not math.isfinite(cut):
        raise ValueError("The threshold must be a finite number.")
    odd = loaded.card.set_scores[name]
    kind, description = loaded.describe(name)
    return {
        "set": name,
        "kind": kind,
        "description": description,
        "threshold": cut,
        "true_positive_rate": positive_rate(odd["energy"], cut),
        "false_positive_rate": positive_rate(known["energy"], cut),
        "auroc": {score: auroc(known[score], odd[score]) for score in SCORES if known.get(score) and odd.get(score)},
        "known": len(known["energy"]),
        "strangers": len(odd["energy"]),
    }


def values(loaded: LoadedModel, name: str, score: str) -> list[float]:
    """The scores of a set in the model's card; none where it was not measured."""
    return loaded.card.set_scores.get(name, {}).get(score, [])


def chosen_values(loaded: LoadedModel, chosen: list[str], score: str) -> dict[str, list[float]]:
    """The scores of the chosen sets, in the card's order so that a set keeps its place."""
    return {
        name: values(loaded, name, score) for name in loaded.sets() if name in chosen and values(loaded, name, score)
    }


def span(loaded: LoadedModel, score: str) -> dict[str, Any]:
    """Bounds, step and first value of the threshold's slider."""
    known = np.asarray(values(loaded, "test", score))
    everything = np.concatenate([known, *(values(loaded, name, score) for name in loaded.sets())])
    low, high = figures.bounds(known, everything)
    cut = loaded.card.threshold if score == "energy" else None
    value = float(np.quantile(known, 0.95)) if cut is None else cut
    low, high = min(low, value), max(high, value)
    grain = 10.0 ** math.floor(math.log10(max(high - low, 1e-6) / 200))
    return {
        "minimum": round(math.floor(low / grain) * grain, 9),
        "maximum": round(math.ceil(high / grain) * grain, 9),
        "value": round(value, max(0, round(-math.log10(grain))) + 1),
        "step": grain,
    }


def histogram(loaded: LoadedModel, chosen: list[str], score: str, threshold: float) -> Any:
    """The histogram of the known glyphs and the chosen sets, with the threshold, as a Plotly figure."""
    return figures.energy_histogram(
        values(loaded, "test", score),
        chosen_values(loaded, chosen, score),
        threshold,
        score=SCORES.get(score, score),
    )


def roc(loaded: LoadedModel, chosen: list[str], score: str, threshold: float) -> Any:
    """The ROC curves of the chosen sets, with the threshold marked, as a Plotly figure."""
    return figures.roc_curves(values(loaded, "test", score), chosen_values(loaded, chosen, score), threshold)


def rates_table(loaded: LoadedModel, chosen: list[str], score: str, threshold: float) -> str:
    """The rates at a threshold as HTML."""
    known = values(loaded, "test", score)
    false = positive_rate(known, threshold)
    few = f" ({round(false * len(known))} of {len(known)})" if len(known) < _MANY else ""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{_bar(positive_rate(values, threshold), "stranger")}</td></tr>'
        for name, values in chosen_values(loaded, chosen, score).items()
    )
    rows = rows or "<tr><td colspan='2'>Choose a stranger set above.</td></tr>"
    return (
        f'<div class="rates" role="status"><p>At a threshold of <b>{threshold:.4g}</b> '
        f"these shares are called strangers (a glyph just at it has a p-value of {false:.2g}):</p><table>"
        f"<tr class='group'><th scope='col' colspan='2'>false positive rate</th></tr>"
        f"<tr><th scope='row'>known glyphs</th><td>{_bar(false, 'known')}{few}</td></tr>"
        f"<tr class='group'><th scope='col' colspan='2'>true positive rate</th></tr>{rows}</table></div>"
    )


def _bar(share: float, kind: str) -> str:
    track = f'<span class="track {kind}"><i style="width:{100 * share:.1f}%"></i></span>'
    return f'{track}<span class="share">{share:.1%}</span>'


def auroc_table(loaded: LoadedModel, scores: list[str], twin: LoadedModel | None = None) -> str:
    """AUROC of every set by every score as HTML: darker is better; twin: the classifier to compare with."""
    columns = [(loaded, score, SCORES[score]) for score in scores]
    if twin is not None:
        columns += [(twin, score, f"twin: {SCORES[score]}") for score in ("energy", "msp")]
    head = "".join(f"<th scope='col'>{escape(words)}</th>" for _, _, words in columns)
    rows = ""
    for name in loaded.sets():
        cells = ""
        for of, score, _ in columns:
            known, odd = values(of, "test", score), values(of, name, score)
            if not known or not odd:
                cells += "<td>\u2013</td>"
                continue
            area = auroc(known, odd)
            cells += f"<td style='--good:{max(0.0, 2 * area - 1) ** 2:.2f}'>{area:.3f}</td>"
        kind = loaded.describe(name)[0]
        badge = f" <small>{escape(kind)}</small>" if kind else ""
        rows += f"<tr><th scope='row'>{escape(name)}{badge}</th>{cells}</tr>"
    compare = (
        " The twin is the same network trained as a classifier only: look where its top probability is fooled and the "
        "joint model's energy is not, and the other way round."
        if twin is not None
        else ""
    )
    return (
        "<h3>Area under the ROC curve</h3>"
        "<p class='hint small'>The chance that a stranger scores higher than a known glyph: 1 is perfect, "
        f"0.5 is guessing, below 0.5 it ranks backwards.{compare}</p>"
        f"<p class='hint small'>{_MEANINGS}</p>"
        "<p class='hint small swipe'>Swipe the table sideways for the other scores.</p>"
        "<div class='scroll' tabindex='0' role='region' aria-label='AUROC table'><table class='auroc'>"
        f"<thead><tr><th scope='col'>stranger set</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def examples(loaded: LoadedModel, chosen: Any, score: str, threshold: float | None) -> str:
    """Examples of the known glyphs and of each chosen set, their energies below, as HTML.

    Their colours are those of the threshold where it is one of energies, else of the card's.
    """
    cut = threshold if score == "energy" else loaded.card.threshold
    strips = ""
    for name in loaded.example_sets():
        if name != "test" and name not in chosen:
            continue
        kind, description = loaded.describe(name)
        title = "known glyphs" if name == "test" else name
        text = description or ("From the test split." if name == "test" else "")
        few = zip(loaded.examples[name][:_SHOWN], loaded.energies[name].tolist(), strict=False)
        tiles = "".join(_tile(cut, picture, energy, title) for picture, energy in few)
        badge = f"<small>{escape(kind)}</small>" if kind else ""
        head = f"<h4>{escape(title)} {badge}</h4><p>{escape(text)}</p>"
        strips += f'<div class="strip">{head}<div class="tiles">{tiles}</div></div>'
    strips = _confusing(loaded, chosen, cut) + strips
    if not strips:
        return message("This checkpoint came without example pictures.")
    key = "<h3>Examples and their energies</h3><p class='hint small'>"
    if cut is None:
        key += "This model is uncalibrated: it has energies, and no threshold that calls a glyph a stranger.</p>"
    else:
        key += (
            "A <span class='key known'>blue</span> line: called known; an <span class='key stranger'>orange</span> "
            f"one: called a stranger, at a threshold of <b>{number(cut)}</b>. Click one to read it.</p>"
        )
    return f'{key}<div class="strips">{strips}</div>'


def _confusing(loaded: LoadedModel, chosen: Any, cut: float | None) -> str:
    """The strangers with the lowest energies and the known glyphs with the highest, as HTML."""
    strange = float(np.quantile(loaded.card.reference_energies, 0.75)) if loaded.card.reference_energies else -math.inf
    odd = [
        (energy, picture, name)
        for name in loaded.example_sets()
        if name != "test" and name in chosen
        for picture, energy in zip(loaded.examples[name], loaded.energies[name].tolist(), strict=False)
    ]
    known = [
        (energy, picture, "known")
        for picture, energy in zip(
            loaded.examples.get("test", []), loaded.energies.get("test", np.zeros(0)).tolist(), strict=False
        )
        if energy > strange
    ]
    parts = ""
    for title, text, found in (
        ("Strangers that pass", "Those with the lowest energies, of the examples of the chosen sets.",
         sorted(odd, key=lambda one: one[0])[:_SHOWN]),
        ("Known glyphs that look strange", "Examples whose energies are among the highest quarter.",
         sorted(known, key=lambda one: -one[0])[:_SHOWN]),
    ):  # fmt: skip
        tiles = "".join(_tile(cut, picture, energy, name) for energy, picture, name in found)
        if tiles:
            parts += f'<div class="strip"><h4>{title}</h4><p>{text}</p><div class="tiles">{tiles}</div></div>'
    return parts


def _tile(cut: float | None, picture: Any, energy: float, title: str) -> str:
    """One example with its energy, as HTML; cut: the threshold, or None."""
    kind = "" if cut is None else "stranger" if energy > cut else "known"
    called = f", called {kind}" if kind else ""
    return (
        f'<figure class="{kind}" data-energy="{energy:.4f}" title="{escape(title)}">'
        f'<button type="button" data-glyph title="Open in Read"><img src="{data_uri(on_paper(picture))}" '
        f'alt="{escape(title)}{called}" width="60" height="60"></button>'
        f"<figcaption>{number(energy)}</figcaption></figure>"
    )
