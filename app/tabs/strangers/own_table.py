"""The visitor's own pictures one by one: a table that can be sorted, the same as CSV, a threshold taken from them."""

import csv
import dataclasses
import io
from html import escape

import gradio as gr

import ebm
from app.models.loaded import LoadedModel
from app.parts.drawing import data_uri, number, on_paper
from app.tabs.strangers.own_set import OwnSet, scores_of
from ebm.data.corpus import to_model_space
from ebm.scoring.scores import threshold

CALLED_KNOWN = "pictures that a visitor called known"
LEAST = 20  # pictures from which a threshold is taken: with fewer, one in twenty is less than one
_COLUMNS = ("glyph", "file", "energy", "p-value", "called", "read as", "probability")
_ON_LOAD = """window.glyphImport('tabs/strangers/own_table.js').then(({ mount }) => mount(element));"""


def own_table() -> gr.HTML:
    """The table, empty until there are pictures; its value is what `table_of` gives."""
    return gr.HTML("", elem_id="own-table", js_on_load=_ON_LOAD)


def table_of(loaded: LoadedModel, own: OwnSet | None) -> str:
    """A row a picture, the strangest first, as HTML."""
    if own is None:
        return ""
    head = "".join(
        f'<th scope="col" aria-sort="{"descending" if name == "energy" else "none"}">'
        + (name if name == "glyph" else f'<button type="button">{name}</button>')
        + "</th>"
        for name in _COLUMNS
    )
    said = sorted(zip(own.names, own.ink, _verdicts(loaded, own), strict=True), key=lambda row: -row[2].energy)
    rows = "".join(_row(loaded, name, picture, verdict) for name, picture, verdict in said)
    return (
        f"<h3>Your own pictures, one by one</h3><p class='hint small'>Click a column to sort by it, a glyph to read "
        f"it.</p><div class='scroll own-rows' tabindex='0' role='region' aria-label='Your own pictures'><table>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def own_csv(loaded: LoadedModel, own: OwnSet) -> str:
    """A line a picture, with every score that the model has."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    scores = scores_of(loaded.model, own)
    table.writerow(["file", *scores, "p_value", "is_stranger", "sort", "probability"])
    for k, (name, verdict) in enumerate(zip(own.names, _verdicts(loaded, own), strict=True)):
        p_value = "" if verdict.p_value is None else f"{verdict.p_value:.6g}"
        odd = "" if verdict.is_stranger is None else str(verdict.is_stranger).lower()
        sort, p = (verdict.top[0][0], f"{verdict.top[0][1]:.6g}") if verdict.top else ("", "")
        values = [f"{scores[score][k]:.6g}" for score in scores]
        table.writerow([harmless(name), *values, p_value, odd, sort, p])
    return text.getvalue()


def harmless(file: str) -> str:
    """A file name that no spreadsheet takes for a formula."""
    return "'" + file if file.startswith(("=", "+", "-", "@")) else file


def recalibrated(loaded: LoadedModel, own: OwnSet | None) -> LoadedModel:
    """The same network with the visitor's pictures as its known glyphs: its threshold is their 95 % quantile.

    Raises:
        ValueError: where there are too few pictures.
    """
    if own is None or len(own.names) < LEAST:
        have = 0 if own is None else len(own.names)
        raise ValueError(f"A threshold needs at least {LEAST} pictures of known glyphs; there are {have}.")
    card, scores = loaded.card, scores_of(loaded.model, own)
    cut = threshold(ebm.score(loaded.model, to_model_space(own.ink)))
    known = f"{len(own.names)} {CALLED_KNOWN}"
    described = {**card.data.get("strangers", {}), "test": {"kind": "", "description": "Your own pictures."}}
    card = dataclasses.replace(
        card, name=f"{card.name}-recalibrated", threshold=cut, reference_energies=scores["energy"],
        threshold_rule=f"95 % quantile of the energies of {known}",
        metrics={},  # what was measured was measured against other known glyphs
        set_scores=card.set_scores | {"test": scores}, data=card.data | {"strangers": described},
    )  # fmt: skip
    examples = loaded.examples | {"test": own.ink}
    energies = loaded.energies | {"test": ebm.score(loaded.model, to_model_space(own.ink))}
    return dataclasses.replace(loaded, card=card, examples=examples, energies=energies)


def _verdicts(loaded: LoadedModel, own: OwnSet) -> list[ebm.Verdict]:
    return [loaded.verdict(glyph) for glyph in to_model_space(own.ink)]


def _row(loaded: LoadedModel, name: str, picture: object, verdict: ebm.Verdict) -> str:
    image = f'<img src="{data_uri(on_paper(picture))}" alt="Open {escape(name)} in Read" width="40" height="40">'  # type: ignore[arg-type]
    called = {True: "stranger", False: "known", None: "\u2013"}[verdict.is_stranger]
    sort, p = (loaded.text(verdict.top[0][0]), verdict.top[0][1]) if verdict.top else ("\u2013", None)
    cells = (
        (name, escape(name)), (verdict.energy, number(verdict.energy)),
        (verdict.p_value or 0, "\u2013" if verdict.p_value is None else f"{verdict.p_value:.2g}"),
        (called, f"<span class='called {called}'>{called}</span>"), (sort, escape(sort)),
        (p or 0, "\u2013" if p is None else f"{p:.1%}"),
    )  # fmt: skip
    row = "".join(f'<td data-value="{escape(str(value))}">{text}</td>' for value, text in cells)
    return f'<tr><td><button type="button" data-glyph title="Open in Read">{image}</button></td>{row}</tr>'
