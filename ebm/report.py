"""A measured model as one self-contained HTML page."""

import html
import json
from typing import TYPE_CHECKING, Any

from ebm import data, figures
from ebm.checkpoint import Card

if TYPE_CHECKING:
    from ebm.evaluate import Measured

STYLE = """body{font-family:system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse}td,th{padding:.2rem .7rem;border-bottom:1px solid #ccc;text-align:right}
td:first-child,th:first-child{text-align:left}pre{white-space:pre-wrap}.wide{overflow-x:auto}"""
TITLES = {"auroc": "AUROC", "aupr": "AUPR", "fpr95": "False positive rate at 95 % true positive rate"}


def page(card: Card, report: dict[str, Any], result: "Measured") -> str:
    """The report as HTML.

    Args:
        card: of the model; report: the content of report.json, the twin's included.
        result: the values that the figures are drawn from.
    """
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>",
        f"<title>{html.escape(card.name)}: report</title><style>{STYLE}</style>",
        f"<h1>{html.escape(card.name)}</h1><p>{html.escape(str(card.data.get('source', '')))}</p>",
        "<h2>Strangers</h2><p>Higher score = stranger = positive; 95 % bootstrap intervals in brackets. "
        "Near sets first, then far ones.</p>",
        _tables(report["ood"]),
    ]
    if "twin" in report:
        parts += ["<h3>The classifier-only twin</h3>", _tables(report["twin"]["ood"])]
    parts += [chart.to_html(full_html=False, include_plotlyjs=k == 0) for k, chart in enumerate(_charts(card, result))]
    if "samples" in report:
        parts += ["<h2>Fresh chains</h2>", _chains(report["samples"])]
    plain = {name: value for name, value in report.items() if name not in ("ood", "twin")}
    if "twin" in report:
        plain["twin"] = {name: value for name, value in report["twin"].items() if name != "ood"}
    parts.append(f"<h2>All other figures</h2><pre>{html.escape(json.dumps(plain, indent=1))}</pre></html>")
    return "".join(parts)


def _charts(card: Card, result: "Measured") -> list:
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
            chart = figures.reliability_diagram(best.values.numpy(), right)
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
            interval = by_score[name].get("interval", {}).get(measure)
            between = f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else ""
            cells.append(f"<td>{by_score[name][measure]:.3f}{between}</td>")
        rows.append(f"<tr><td>{html.escape(key)}</td>{''.join(cells)}</tr>")
    head = "".join(f"<th>{name}</th>" for name in names)
    return f"<div class='wide'><table><tr><th>set</th>{head}</tr>{''.join(rows)}</table></div>"
