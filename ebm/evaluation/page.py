"""A measured model as one self-contained HTML page, and in a few lines of text."""

import base64
import html
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from PIL import Image

from ebm import data
from ebm.checkpoint.card import Card
from ebm.evaluation.measure import Measured
from ebm.figures import scores as figures
from ebm.figures.reliability import reliability_diagram

STYLE = """body{font-family:system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse}td,th{padding:.2rem .7rem;border-bottom:1px solid #ccc;text-align:right}
td:first-child,th:first-child{text-align:left}pre{white-space:pre-wrap}.wide{overflow-x:auto}img{max-width:100%}"""
TITLES = {"auroc": "AUROC", "aupr": "AUPR", "fpr95": "False positive rate at 95 % true positive rate"}


CONFUSIONS = 20  # pairs of sorts shown
VALIDATION = (
    "Crops of these folders may have guided the corpus and the recipe. So these figures are validation, not test: "
    "what they promise of other books is for other books to show."
)


def page(card: Card, report: dict[str, Any], result: Measured, sheets: Mapping[str, Image.Image]) -> str:
    """The report as HTML.

    Args:
        card: of the model.
        report: the content of report.json, the twin's included.
        result: the values that the figures are drawn from.
        sheets: the contact sheet of each folder of real print.
    """
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>",
        f"<title>{html.escape(card.name)}: report</title><style>{STYLE}</style>",
        f"<h1>{html.escape(card.name)}</h1><p>{html.escape(str(card.data.get('source', '')))}</p>",
    ]
    if "calibration" in report:
        parts += ["<h2>Reading (test split)</h2>", _reading(report)]
    if "unseen_founts" in report:
        parts += ["<h2>Founts that no split has</h2><p>Known glyphs all the same: an AUROC near 0.5 is good.</p>"]
        parts += [_grid([], list(_known_figures(report["unseen_founts"])))]
    if "real" in report:
        parts += [f"<h2>Real print</h2><p>{VALIDATION}</p>"]
        parts += [_real(name, found, sheets[name]) for name, found in report["real"].items()]
    parts += [
        "<h2>Strangers</h2><p>Higher score = stranger = positive; 95 % bootstrap intervals in brackets. "
        "Near sets first, then far ones.</p>",
        _tables(report["ood"]),
    ]
    if "twin" in report:
        parts += ["<h3>The classifier-only twin</h3>", _tables(report["twin"]["ood"])]
    parts += [chart.to_html(full_html=False, include_plotlyjs=k == 0) for k, chart in enumerate(_charts(card, result))]
    if "samples" in report:
        parts += ["<h2>Fresh chains</h2>", _samples(report["samples"]), "<h3>Chains that run on</h3>"]
        parts += [_chains(report["samples"])]
    plain = {name: value for name, value in report.items() if name not in ("ood", "twin", "real")}
    if "twin" in report:
        plain["twin"] = {name: value for name, value in report["twin"].items() if name not in ("ood", "real")}
    parts.append(f"<h2>All other figures</h2><pre>{html.escape(json.dumps(plain, indent=1))}</pre></html>")
    return "".join(parts)


def summary(report: dict[str, Any]) -> Iterator[str]:
    """The report in a few lines of text: what `python -m ebm evaluate` prints."""
    if "calibration" in report:
        before = report["calibration"]["before"]
        yield f"{'accuracy':20} {report['accuracy']:.4f}"
        for name in ("ece", "nll"):
            yield f"{name:20} {report[name]:.4f} (raw {before[name]:.4f})"
    for name, by_score in report["ood"].items():
        yield f"AUROC {name:20} " + "  ".join(f"{key} {value['auroc']:.3f}" for key, value in by_score.items())
    if "unseen_founts" in report:
        yield f"unseen founts: {_line(_known_figures(report['unseen_founts']))}"
    for name, found in report.get("real", {}).items():
        yield f"real print, {name}: {_line(_real_figures(found))}"
        yield from (f"  could not be read: {file}: {why}" for file, why in found["unreadable_files"].items())
    for name in ("read_as_wanted", "coverage_of_sort", "frechet_over_floor"):
        if name in report.get("samples", {}):
            yield f"{name:20} {report['samples'][name]:.4f}"
    if "samples" in report:
        yield f"chains on log q(x): {_line(_marginal_figures(report['samples']['marginal']))}"


def _line(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{title} {value}" for title, value in pairs)


def _marginal_figures(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "sorts hit", str(found["sorts_hit"])
    yield "entropy over the data's", _cell(found["entropy_over_data"])
    yield "Frechet over floor", _cell(found["frechet_over_floor"])
    yield "coverage", _cell(found["frechet"]["coverage"])


def _real_figures(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Title and value of each figure of a folder of real print."""
    yield "crops", f"{found['n']:,}"
    yield "crops of strangers", f"{found['n_strangers']:,}"
    yield "could not be read", f"{found['unreadable']:,}"
    if found["left_out"]:
        yield "left out, as no sort of the model", ", ".join(f"{name} ({n})" for name, n in found["left_out"].items())
    yield from _known_figures(found)


def _known_figures(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Title and value of each figure of glyphs of known sorts from elsewhere."""
    names = {
        "accuracy": "accuracy", "macro_accuracy": "macro accuracy", "raw_ece": "calibration error, raw",
        "ece": "calibration error after the temperature", "called_strangers": "called strangers",
        "strangers_called_strangers": "strangers called strangers",
    }  # fmt: skip
    for key, title in names.items():
        if key in found:
            yield title, _cell(found[key])
    for name, told in found.get("ood", {}).items():
        yield f"AUROC, {name}", f"{told['auroc']:.3f}{_between(told, 'auroc')}"


def _real(name: str, found: dict[str, Any], sheet: Image.Image) -> str:
    """A folder of real print: its figures, what is taken for what, what could not be read, its contact sheet."""
    parts = [f"<h3>{html.escape(name)}</h3>", _grid([], list(_real_figures(found)))]
    if pairs := [(w, r, n) for w, row in found.get("confusions", {}).items() for r, n in row.items()]:
        most = sorted(pairs, key=lambda pair: -pair[2])[:CONFUSIONS]
        shown = ", ".join(f"{wanted} as {read} ({count})" for wanted, read, count in most)
        parts.append(f"<p>Most often confused: {html.escape(shown)}.</p>")
    if found["unreadable"]:
        shown = "; ".join(f"{file}: {why}" for file, why in found["unreadable_files"].items())
        parts.append(f"<p>Could not be read: {html.escape(shown)}.</p>")
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=85)
    source = f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
    about = (
        "Each crop, and beside it the glyph that the model gets of it. Below: how it is read and how surely, "
        "green if right, red if wrong, black for strangers, which come last. Framed: called a stranger. Up to eight of "
        "each kind, taken evenly, read rightly or not."
    )
    parts.append(f"<details open><summary>Contact sheet</summary><p>{about}</p>")
    parts.append(f"<img src='{source}' alt='Contact sheet of {html.escape(name, quote=True)}'></details>")
    return "".join(parts)


def _reading(report: dict[str, Any]) -> str:
    """Accuracy and calibration, raw and tempered, of the model and of its twin."""
    columns: list[tuple[str, dict[str, Any]]] = []
    for prefix, found in (("", report), ("twin, ", report.get("twin", {}))):
        if found:
            temperature = found["calibration"]["temperature"]
            columns += [(f"{prefix}raw", found["calibration"]["before"])]
            columns += [(f"{prefix}temperature {temperature:.3g}", found)]
    names = {"accuracy": "accuracy", "macro_f1": "macro F1", "ece": "calibration error", "nll": "NLL, nats"}
    rows = [(title, *(_cell(found[key]) for _, found in columns)) for key, title in names.items()]
    return _grid([title for title, _ in columns], rows)


def _samples(samples: dict[str, Any]) -> str:
    """Chains steered by the sorts of the test split beside chains on log q(x)."""
    names = {
        "n": "chains", "read_as_wanted": "read as wanted", "coverage_of_sort": "coverage of the wanted sort",
        "sorts_hit": "sorts hit", "entropy_over_data": "entropy over the sorts, over the data's",
        "frechet_over_floor": "Frechet over floor", "frechet.coverage": "coverage", "frechet.density": "density",
        "spectral_ratio": "spectral ratio (real glyphs: 1)", "paper_grain": "paper grain",
    }  # fmt: skip
    columns = [("a sort wanted", samples)] if "read_as_wanted" in samples else []
    columns += [("log q(x)", samples["marginal"])]
    rows = []
    for path, title in names.items():
        key, _, inner = path.partition(".")
        values = [found.get(key, {}).get(inner) if inner else found.get(key) for _, found in columns]
        rows.append((title, *map(_cell, values)))
    rows.append(("the same of real glyphs", *[_cell(samples["paper_grain_test"])] * len(columns)))
    return _grid([title for title, _ in columns], rows)


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """An HTML table of text; the first column has no title."""
    top = "".join(f"<th>{html.escape(title)}</th>" for title in ("", *head)) if head else ""
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div class='wide'><table><tr>{top}</tr>{body}</table></div>"


def _between(values: dict[str, Any], measure: str) -> str:
    """The bootstrap interval of a figure, in brackets."""
    interval = values.get("interval", {}).get(measure)
    return f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else ""


def _charts(card: Card, result: Measured) -> list:
    """Histograms of near and far sets, ROC curves, and reliability before and after the card's temperature."""
    known = result.scores["test"]["energy"].tolist()
    sets = {key: values["energy"].tolist() for key, values in result.scores.items() if key != "test"}
    near = {key: sets[key] for key in sets if key not in data.STRANGERS or data.STRANGERS[key].kind == "near"}
    far = {key: sets[key] for key in sets if key not in near}
    charts = [figures.energy_histogram(known, group, card.threshold) for group in (near, far) if group]
    charts.append(figures.roc_curves(known, sets))
    if result.logits.shape[1] > 1:
        for title, temperature in (("before", 1.0), ("after", card.temperature)):
            best = (result.logits / temperature).softmax(1).max(1)
            right = (best.indices == result.labels).numpy()
            chart = reliability_diagram(best.values.numpy(), right)
            charts.append(chart.update_layout(title_text=f"{chart.layout.title.text}, {title} temperature scaling"))
    return charts


def _chains(samples: dict[str, Any]) -> str:
    """What becomes of chains that run on, as a table."""
    rows = samples["long_chains"]["states"]
    head = "".join(f"<th>{html.escape(name.replace('_', ' '))}</th>" for name in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{value}</td>" for value in row.values()) + "</tr>" for row in rows)
    return f"<div class='wide'><table><tr>{head}</tr>{body}</table></div>"


def _tables(ood: dict[str, Any]) -> str:
    """AUROC, AUPR and FPR at 95 % TPR of every set and score as HTML tables."""
    return "".join(f"<h3>{title}</h3>{_table(ood, name)}" for name, title in TITLES.items())


def _table(ood: dict[str, Any], measure: str) -> str:
    """One measure of every set and score as an HTML table."""
    names = list(next(iter(ood.values())))
    rows = []
    for key, by_score in ood.items():
        cells = []
        for name in names:
            cells.append(f"<td>{by_score[name][measure]:.3f}{_between(by_score[name], measure)}</td>")
        rows.append(f"<tr><td>{html.escape(key)}</td>{''.join(cells)}</tr>")
    head = "".join(f"<th>{name}</th>" for name in names)
    return f"<div class='wide'><table><tr><th>set</th>{head}</tr>{''.join(rows)}</table></div>"
