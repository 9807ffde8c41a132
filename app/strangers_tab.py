"""Tab 3: how well the scores tell strangers from known glyphs, and at which threshold."""

import math
from html import escape
from typing import Any

import gradio as gr
import numpy as np

from app.drawing import data_uri, message, number, on_paper
from app.model import Explorer
from app.models import Models
from app.panel import QUIET, Panel, Wishes, number_wish
from ebm import figures

SCORES = {
    "energy": "energy",
    "conditional_energy": "conditional energy",
    "msp": "1 \u2212 top probability",
    "mass": "approximate mass",
}
_SHOWN = 8  # example pictures of each set
# While the slider moves, so does the line in the histogram; the figure itself is redrawn on release.
_DRAG = """(threshold) => {
    const figure = document.querySelector('#histogram .js-plotly-plot');
    const axis = figure?._fullLayout?.xaxis, line = figure?.querySelector('.shapelayer path');
    if (axis?.l2p && line) {
        const x = axis._offset + axis.l2p(threshold);
        line.setAttribute('d', line.getAttribute('d').replace(/([ML])[^,]+,/g, `$1${x},`));
    }
}"""
_MISSING = "This checkpoint came without scores of stranger sets: there is nothing to draw. Training again adds them."


def build(models: Models, model: gr.Dropdown, page: gr.Blocks, tab: gr.Tab, processor: dict[str, Any]) -> Panel:
    """Puts the tab's components into the page being built; arguments as in `read_tab.build`."""

    def strangers(set: str, threshold: float, model: str = "") -> dict[str, Any]:
        """Rates of one stranger set at an energy threshold, and its AUROC by every score; stranger = positive."""
        try:
            return rates(models.get(model), set, threshold)
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from None

    gr.api(strangers, api_name="strangers")

    def look(key: str, chosen: list[str], score: str, threshold: float) -> tuple[Any, ...]:
        explorer = models.get(key)
        return (
            _rates_table(explorer, chosen, score, threshold),
            _histogram(explorer, chosen, score, threshold),
            _roc(explorer, chosen, score),
            _examples(explorer, chosen),
        )

    def move(key: str, chosen: list[str], score: str, threshold: float) -> str:
        return _rates_table(models.get(key), chosen, score, threshold)

    def redraw(key: str, chosen: list[str], score: str, threshold: float) -> Any:
        return _histogram(models.get(key), chosen, score, threshold)

    def change_score(key: str, chosen: list[str], score: str) -> tuple[Any, ...]:
        span = _span(models.get(key), score)
        return gr.Slider(**span), *look(key, chosen, score, span["value"])[:3]

    def show(explorer: Explorer, wishes: Wishes) -> list[Any]:
        fresh = _view(explorer, wishes)
        return [type(component)(**given) for component, given in zip(outputs, fresh, strict=True)]

    first = iter(_view(models.first, {}))
    said = gr.HTML(**next(first), elem_id="no-strangers", js_on_load=None)
    with gr.Row(elem_id="strangers", elem_classes="areas"):
        with gr.Column(elem_classes="area-a", min_width=0):
            sets = gr.CheckboxGroup(**next(first), label="Stranger sets", elem_id="sets")
            score = gr.Dropdown(
                **next(first), label="Score", elem_id="score",
                info="every score is turned so that higher means stranger",
            )  # fmt: skip
            threshold = gr.Slider(
                **next(first), label="Threshold", elem_id="threshold",
                info="what scores higher is called a stranger",
            )  # fmt: skip
            table = gr.HTML(**next(first), elem_id="rates", js_on_load=None)
        with gr.Column(elem_classes="area-b", min_width=0):
            histogram = gr.Plot(**next(first), show_label=False, elem_id="histogram")
            roc = gr.Plot(**next(first), show_label=False, elem_id="roc")
        with gr.Column(elem_classes="area-c", min_width=0):
            areas = gr.HTML(**next(first), elem_id="auroc", js_on_load=None)
            pictures = gr.HTML(**next(first), elem_id="strips", js_on_load=None)
    outputs = [said, sets, score, threshold, table, histogram, roc, areas, pictures]
    wishes = [model, sets, score, threshold]
    alike: dict[str, Any] = {"preprocess": False, **QUIET}
    sets.change(look, wishes, [table, histogram, roc, pictures], **alike)
    score.input(change_score, [model, sets, score], [threshold, table, histogram, roc], **alike)
    threshold.input(move, wishes, table, trigger_mode="always_last", **alike)
    threshold.input(None, threshold, None, js=_DRAG, queue=False, **QUIET)
    threshold.release(redraw, wishes, histogram, trigger_mode="always_last", **alike)
    return Panel("strangers", outputs, show, {"sets": sets, "score": score, "threshold": threshold})


def _view(explorer: Explorer, wishes: Wishes) -> list[dict[str, Any]]:
    """What every component of the tab shows at first, in the order of its `outputs`, as their arguments."""
    names = explorer.sets()
    if not names or not explorer.card.set_scores.get("test", {}).get("energy"):
        nothing: list[dict[str, Any]] = [
            {"choices": [], "value": []},
            {"choices": []},
            {},
            {"value": ""},
            {"value": None},
            {"value": None},
        ]
        pictures = _examples(explorer, explorer.examples)
        return [{"value": message(_MISSING, "problem")}, *nothing, {"value": ""}, {"value": pictures}]
    chosen = [name for name in wishes.get("sets", "").split(",") if name in names] or _at_first(explorer, names)
    scores = [(label, name) for name, label in SCORES.items() if name in explorer.card.set_scores["test"]]
    score = wishes.get("score", "energy") if wishes.get("score") in dict(scores).values() else "energy"
    span = _span(explorer, score)
    span["value"] = number_wish(wishes, "threshold", span["value"], span["minimum"], span["maximum"])
    pieces = (
        _rates_table(explorer, chosen, score, span["value"]), _histogram(explorer, chosen, score, span["value"]),
        _roc(explorer, chosen, score), _auroc_table(explorer, [name for _, name in scores]),
        _examples(explorer, chosen),
    )  # fmt: skip
    controls: list[dict[str, Any]] = [{"choices": names, "value": chosen}, {"choices": scores, "value": score}, span]
    return [{"value": ""}, *controls, *({"value": piece} for piece in pieces)]


def rates(explorer: Explorer, name: str, threshold: Any) -> dict[str, Any]:
    """What the endpoint answers.

    Raises:
        ValueError: for a set the card has no scores of, or a threshold that is not a number.
    """
    known = explorer.card.set_scores.get("test", {})
    if name not in explorer.sets() or not known.get("energy"):
        some = ", ".join(explorer.sets()) or "none at all"
        raise ValueError(f"The card has no scores of a stranger set {str(name)[:40]!r}; it has: {some}.")
    try:
        cut = float(threshold)
    except (TypeError, ValueError):
        cut = math.nan
    if not math.isfinite(cut):
        raise ValueError("The threshold must be a finite number.")
    odd = explorer.card.set_scores[name]
    kind, description = explorer.describe(name)
    return {
        "set": name,
        "kind": kind,
        "description": description,
        "threshold": cut,
        "true_positive_rate": figures.positive_rate(odd["energy"], cut),
        "false_positive_rate": figures.positive_rate(known["energy"], cut),
        "auroc": {
            score: figures.auroc(known[score], odd[score]) for score in SCORES if known.get(score) and odd.get(score)
        },
        "known": len(known["energy"]),
        "strangers": len(odd["energy"]),
    }


def _at_first(explorer: Explorer, names: list[str]) -> list[str]:
    """The sets shown at first: two near, two far ones where the card tells them apart."""
    near = [name for name in names if explorer.describe(name)[0] == "near"][:2]
    far = [name for name in names if explorer.describe(name)[0] == "far"][:2]
    return near + far or names[:4]


def _values(explorer: Explorer, name: str, score: str) -> list[float]:
    return explorer.card.set_scores.get(name, {}).get(score, [])


def _chosen(explorer: Explorer, chosen: list[str], score: str) -> dict[str, list[float]]:
    """The scores of the chosen sets, in the card's order so that a set keeps its place."""
    return {
        name: _values(explorer, name, score)
        for name in explorer.sets()
        if name in chosen and _values(explorer, name, score)
    }


def _span(explorer: Explorer, score: str) -> dict[str, Any]:
    """Bounds, step and first value of the threshold's slider."""
    known = np.asarray(_values(explorer, "test", score))
    everything = np.concatenate([known, *(_values(explorer, name, score) for name in explorer.sets())])
    low, high = float(np.quantile(everything, 0.005)), float(np.quantile(everything, 0.995))
    value = explorer.card.threshold if score == "energy" else float(np.quantile(known, 0.95))
    low, high = min(low, value), max(high, value)
    grain = 10.0 ** math.floor(math.log10(max(high - low, 1e-6) / 200))
    return {
        "minimum": round(math.floor(low / grain) * grain, 9),
        "maximum": round(math.ceil(high / grain) * grain, 9),
        "value": round(value, max(0, round(-math.log10(grain))) + 1),
        "step": grain,
    }


def _histogram(explorer: Explorer, chosen: list[str], score: str, threshold: float) -> Any:
    return figures.energy_histogram(
        _values(explorer, "test", score), _chosen(explorer, chosen, score), threshold, score=SCORES.get(score, score)
    )


def _roc(explorer: Explorer, chosen: list[str], score: str) -> Any:
    return figures.roc_curves(_values(explorer, "test", score), _chosen(explorer, chosen, score))


def _rates_table(explorer: Explorer, chosen: list[str], score: str, threshold: float) -> str:
    """The rates at a threshold as HTML."""
    false = figures.positive_rate(_values(explorer, "test", score), threshold)
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        f"<td>{_bar(figures.positive_rate(values, threshold), 'stranger')}</td></tr>"
        for name, values in _chosen(explorer, chosen, score).items()
    )
    rows = rows or "<tr><td colspan='2'>Choose a stranger set above.</td></tr>"
    return (
        f'<div class="rates" role="status"><p>At a threshold of <b>{threshold:.4g}</b> '
        "these shares are called strangers:</p><table>"
        f"<tr class='group'><th scope='col' colspan='2'>false positive rate</th></tr>"
        f"<tr><th scope='row'>known glyphs</th><td>{_bar(false, 'known')}</td></tr>"
        f"<tr class='group'><th scope='col' colspan='2'>true positive rate</th></tr>{rows}</table></div>"
    )


def _bar(share: float, kind: str) -> str:
    track = f'<span class="track {kind}"><i style="width:{100 * share:.1f}%"></i></span>'
    return f'{track}<span class="share">{share:.1%}</span>'


def _auroc_table(explorer: Explorer, scores: list[str]) -> str:
    """AUROC of every set by every score as HTML: darker is better."""
    head = "".join(f"<th scope='col'>{escape(SCORES[score])}</th>" for score in scores)
    rows = ""
    for name in explorer.sets():
        cells = ""
        for score in scores:
            known, odd = _values(explorer, "test", score), _values(explorer, name, score)
            if not known or not odd:
                cells += "<td>\u2013</td>"
                continue
            area = figures.auroc(known, odd)
            cells += f"<td style='--good:{max(0.0, 2 * area - 1) ** 2:.2f}'>{area:.3f}</td>"
        kind = explorer.describe(name)[0]
        badge = f" <small>{escape(kind)}</small>" if kind else ""
        rows += f"<tr><th scope='row'>{escape(name)}{badge}</th>{cells}</tr>"
    return (
        "<h3>Area under the ROC curve</h3>"
        "<p class='hint small'>The chance that a stranger scores higher than a known glyph: 1 is perfect, "
        "0.5 is guessing, below that the score is fooled.</p>"
        "<div class='scroll' tabindex='0' role='region' aria-label='AUROC table'><table class='auroc'>"
        f"<thead><tr><th scope='col'>stranger set</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _examples(explorer: Explorer, chosen: Any) -> str:
    """Examples of the known glyphs and of each chosen set, their energies below, as HTML."""
    strips = ""
    for name in explorer.example_sets():
        if name != "test" and name not in chosen:
            continue
        kind, description = explorer.describe(name)
        title, text = ("known glyphs", "From the test split.") if name == "test" else (name, description)
        tiles = ""
        for picture, energy in zip(explorer.examples[name][:_SHOWN], explorer.energies[name].tolist(), strict=False):
            odd = "stranger" if energy > explorer.card.threshold else "known"
            tiles += (
                f'<figure class="{odd}">'
                f'<img src="{data_uri(on_paper(picture))}" alt="{escape(title)}" width="60" height="60">'
                f"<figcaption>{number(energy)}</figcaption></figure>"
            )
        badge = f"<small>{escape(kind)}</small>" if kind else ""
        head = f"<h4>{escape(title)} {badge}</h4><p>{escape(text)}</p>"
        strips += f'<div class="strip">{head}<div class="tiles">{tiles}</div></div>'
    if not strips:
        return message("This checkpoint came without example pictures.")
    key = (
        "<h3>Examples and their energies</h3>"
        "<p class='hint small'>A <span class='key known'>blue</span> line: called known; "
        "an <span class='key stranger'>orange</span> one: called a stranger, at the card's threshold of "
        f"{number(explorer.card.threshold)}.</p>"
    )
    return f'{key}<div class="strips">{strips}</div>'
