"""The tables of pages from the reports in `benchmarks/results/`, so that nobody types a figure."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measuring.figure import target_of
from benchmarks.measuring.tables import ours_ms
from ebm.evaluation.markdown import markdown_table

RESULTS = Path(__file__).parents[1] / "results"
PAGES = (RESULTS.parent / "README.md", RESULTS.parents[1] / "docs" / "api.md")
BLOCK = re.compile(r"(<!-- results: ([\w -]+) -->\n).*?(<!-- end of results -->)", re.DOTALL)
MODES = {
    "equal": "**With every library's own settings**",
    "best": "**As fast as each can be run without rewriting it**",
}


def filled(text: str, folder: Path = RESULTS) -> str:
    """A page whose blocks hold the tables of their reports.

    Args:
        text: of the page; a block begins with `<!-- results: NAME NAME -->` and ends with `<!-- end of results -->`.
        folder: of the reports, NAME.json.

    Returns:
        the text, unchanged outside its blocks.

    Raises:
        ValueError: for a block whose report is not there.
    """

    def block(found: re.Match[str]) -> str:
        return f"{found[1]}\n{tables([_report(folder / f'{name}.json') for name in found[2].split()])}\n\n{found[3]}"

    return BLOCK.sub(block, text)


def tables(reports: Sequence[dict[str, Any]]) -> str:
    """The tables of reports of one suite, as Markdown.

    Args:
        reports: of the suite `sgld` or `adapt`, or of one whose report has `figures`.

    Returns:
        one line about the machine, then the tables.
    """
    lines = [_machine(reports[0]["machine"])]
    if reports[0]["suite"] == "adapt":
        rows = [row for report in reports for row in report["summary"]]
        kinds = {"drawn": _drawn, "loop": _loop}
        lines += [made(found) for way, made in kinds.items() if (found := [row for row in rows if row["way"] == way])]
        return "\n\n".join(lines)
    if reports[0]["suite"] == "sgld":
        rows = [row for report in reports for row in report["rows"]]
        for mode in dict.fromkeys(row["mode"] for row in rows):
            lines += [MODES[mode], _sampler([row for row in rows if row["mode"] == mode])]
        return "\n\n".join([*lines, _distribution(reports)])
    return "\n\n".join([*lines, _figures([figure for report in reports for figure in report["figures"]])])


def _report(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ValueError(f"There is no report {path}: write it with `python -m benchmarks SUITE --json`.")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _machine(facts: dict[str, Any]) -> str:
    load = ", ".join(f"{value:g}" for value in facts["load_average"])
    return (
        f"{facts['processor']}, {facts['cores']} cores, threads of torch: {facts['threads']}; torch {facts['torch']}; "
        f"load when the suite ended: {load}."
    )


def _sampler(rows: Sequence[dict[str, Any]]) -> str:
    """Milliseconds a step of ours, and how many times as long the peers take."""
    peers = list(rows[0]["ratios"])
    cells = []
    for row in rows:
        ratios = [f"{r['median']:.1f}x ({r['low']:.1f} to {r['high']:.1f})" for r in map(row["ratios"].get, peers)]
        share = row["floor"]["float32"]["share_of_arithmetic"]
        cells.append(
            [str(row["width"]), str(row["batch"]), f"{ours_ms(row):.2f}", *ratios, f"{share:.0%}".replace("%", " %")]
        )
    return markdown_table(["width", "batch", "ours, ms", *peers, "share of the float32 floor"], cells)


def _distribution(reports: Sequence[dict[str, Any]]) -> str:
    """One sentence: how far the mean energies of the peers' chains are from ours."""
    by_mode: dict[str, list[str]] = {}
    for check in (check for report in reports for check in report["distribution"]):
        by_mode.setdefault(check["mode"], []).append(f"{check['peer']} {check['z']:.1f} (width {check['width']})")
    said = "; ".join(f"{mode}: {', '.join(found)}" for mode, found in by_mode.items())
    return f"Standard errors between the mean energies of a peer's chains and of ours (up to 4 is chance): {said}."


def _figures(figures: Sequence[dict[str, Any]]) -> str:
    cells = []
    for figure in figures:
        value = f"{figure['value']:,.3g}" if abs(figure["value"]) < 1000 else f"{figure['value']:,.0f}"
        measured = f"{value} {figure['unit']}".strip()
        measured = measured if figure.get("met", True) else f"**{measured}, missed**"
        cells.append([figure["name"], measured, target_of(figure)])
    return markdown_table(["", "measured", "target"], cells)


def _drawn(rows: Sequence[dict[str, Any]]) -> str:
    """What some glyphs of each sort do for the rest of a book, beside two peers that learn from the same glyphs."""
    cells = [
        [
            row["book"], f"{row['count']} ({row['shown'][0]:.0f})",
            f"{row['before accuracy'][0]:.3f} -> **{_spread(row['after accuracy'])}**", _peers(row, "accuracy"),
            f"{row['before auroc'][0]:.3f} -> **{_spread(row['after auroc'])}**", _peers(row, "auroc"), _rates(row),
        ]
        for row in rows
    ]  # fmt: skip
    peers = "nearest neighbour / linear SVM"
    return markdown_table(
        [
            "book", "glyphs a sort (in all)", "accuracy, before and after", peers, "AUROC, before and after", peers,
            "known called strangers, strangers caught",
        ],
        cells,
    )  # fmt: skip


def _loop(rows: Sequence[dict[str, Any]]) -> str:
    """Rounds of proposals that are accepted or corrected."""
    cells = [
        [
            str(row["count"] or "one glyph of each sort"), _proposals(row) if row["count"] else "",
            _spread(row["shown"], 1), _spread(row["after accuracy"]), _spread(row["after auroc"]), _rates(row),
        ]
        for row in rows
    ]  # fmt: skip
    return markdown_table(
        [
            "round",
            "proposed: right, strangers",
            "shown",
            "accuracy",
            "AUROC",
            "known called strangers, strangers caught",
        ],
        cells,
    )


def _spread(figure: Sequence[float], digits: int = 3) -> str:
    return f"{figure[0]:.{digits}f} ± {figure[1]:.{digits}f}"


def _peers(row: dict[str, Any], name: str) -> str:
    return f"{row[f'nearest {name}'][0]:.3f} / {row[f'svm {name}'][0]:.3f}"


def _proposals(row: dict[str, Any]) -> str:
    return f"{row['proposed'][0]:.1f}: {row['right'][0]:.1f}, {row['proposed_strangers'][0]:.1f}"


def _rates(row: dict[str, Any]) -> str:
    return f"{100 * row['after known_called_strangers'][0]:.1f} %, {100 * row['after strangers_caught'][0]:.0f} %"
