"""What the tab Strangers shows, as files: a table of scores, and a page with the figures."""

import csv
import io
from html import escape

from app.models.loaded import LoadedModel
from app.tabs.strangers.own_set import NAME, OwnSet
from app.tabs.strangers.own_table import harmless
from app.tabs.strangers.tables import SCORES, auroc_table, histogram, rates_table, roc


def as_csv(loaded: LoadedModel, own: OwnSet | None, chosen: list[str]) -> str:
    """A line for every score that is kept of the known glyphs and of the chosen sets.

    The card keeps the scores of a set in rank order and not glyph by glyph, so a line is one score and not one glyph;
    for the visitor's own pictures it names the file.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["set", "file", "score", "value", "is_stranger"])
    cut = loaded.card.threshold
    for name in ["test", *(name for name in loaded.sets() if name in chosen)]:
        for score in SCORES:
            for k, value in enumerate(loaded.card.set_scores[name].get(score, [])):
                file = own.names[k] if name == NAME and own is not None else ""
                odd = "" if cut is None or score != "energy" else str(value > cut).lower()
                table.writerow([name, harmless(file), score, f"{value:.6g}", odd])
    return text.getvalue()


def as_page(loaded: LoadedModel, chosen: list[str], score: str, threshold: float) -> str:
    """The figures and tables as one HTML page that needs nothing else."""
    from ebm.evaluation.page import STYLE  # brings torchmetrics and Lightning in: not before someone exports

    figures = [histogram(loaded, chosen, score, threshold), roc(loaded, chosen, score, threshold)]
    scores = [name for name in SCORES if name in loaded.card.set_scores["test"]]
    drawn = "".join(
        chart.to_html(full_html=False, include_plotlyjs=k == 0) for k, chart in enumerate(figures) if chart is not None
    )
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>{escape(loaded.card.name)}: strangers</title><style>{STYLE}</style>"
        f"<h1>{escape(loaded.card.name)}: strangers</h1><p>{escape(str(loaded.card.data.get('source', '')))}</p>"
        f"{rates_table(loaded, chosen, score, threshold)}{drawn}{auroc_table(loaded, scores)}</html>"
    )
