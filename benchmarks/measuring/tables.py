"""Reports as tables for people."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.measuring.figure import target_of

FLOORS = ("arithmetic", "memory")


def show(console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Shows one table, with the first column aligned left and the figures aligned right.

    Args:
        console: to write to.
        title: of the table.
        columns: titles of the columns.
        rows: cells of each row.
    """
    table = Table(title=title, title_justify="left", title_style="bold")
    for k, column in enumerate(columns):
        table.add_column(column, justify="left" if k == 0 else "right")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def show_machine(console: Console, facts: dict[str, Any]) -> None:
    """Shows in one line on what machine a report was measured."""
    load = ", ".join(map(str, facts["load_average"]))
    console.print(
        f"{facts['processor']}, {facts['cores']} cores, {facts['threads']} threads of torch {facts['torch']} "
        f"on {facts['device']}; load {load}",
        highlight=False,
    )


def show_sgld(console: Console, report: dict[str, Any]) -> None:
    """Shows the suite `sgld`: rates, ratios, floors and the check of the distribution."""
    limits = report["limits"]
    rates = ", ".join(
        f"{rate / 1e9:.1f} G multiply-adds/s in {dtype}" for dtype, rate in limits["multiply_adds"].items()
    )
    console.print(f"Measured limits: {rates}; {limits['bandwidth'] / 1e9:.1f} GB/s.", highlight=False)
    for mode in dict.fromkeys(row["mode"] for row in report["rows"]):
        rows = [row for row in report["rows"] if row["mode"] == mode]
        lanes = list(dict.fromkeys(name for row in rows for name in row["ms_per_step"]))
        cells = [[*_size(row), *(_rate(row, name) for name in lanes)] for row in rows]
        show(console, f"{mode}: image-steps per second", ["width x batch", "steps", *lanes], cells)
        peers = list(dict.fromkeys(name for row in rows for name in row["ratios"]))
        if peers:
            cells = [[_size(row)[0], *(_ratio(row["ratios"].get(peer)) for peer in peers)] for row in rows]
            show(
                console, f"{mode}: how many times as fast as the peer (least - most)", ["width x batch", *peers], cells
            )
        show(
            console, f"{mode}: floor of a step in ms, and the share of it that ours reaches",
            ["width x batch", "ours", *(f"{dtype}, {kind}" for dtype in limits["multiply_adds"] for kind in FLOORS)],
            [[_size(row)[0], f"{ours_ms(row):.2f}", *_floors(row, limits["multiply_adds"])] for row in rows],
        )  # fmt: skip
        for row in rows if mode == "best" else []:
            ways = "; ".join(f"{peer}: {way}" for peer, way in row["ways"].items())
            console.print(f"{_size(row)[0]}: {ways}", highlight=False)
    show(
        console, "The same distribution? Mean energies of chains from the same starts; z = standard errors apart",
        ["peer", "mode", "width", "chains", "ours", "the peer's", "z"],
        [
            [check["peer"], check["mode"], str(check["width"]), str(check["chains"]),
             *("not finite" if check[key] is None else f"{check[key]:.4f}" for key in ("ours", "peers", "z"))]
            for check in report["distribution"]
        ],
    )  # fmt: skip


def _size(row: dict[str, Any]) -> list[str]:
    return [f"{row['width']} x {row['batch']}", str(row["steps"])]


def _rate(row: dict[str, Any], name: str) -> str:
    rate = row["image_steps_per_second"].get(name)
    return "" if rate is None else f"{rate:,.0f}"


def _ratio(ratio: dict[str, float] | None) -> str:
    return "" if ratio is None else f"{ratio['median']:.2f} ({ratio['low']:.2f} - {ratio['high']:.2f})"


def ours_ms(row: dict[str, Any]) -> float:
    """Milliseconds of a step of ours, in a row of the suite `sgld`."""
    return row["ms_per_step"].get("ours") or row["ms_per_step"]["ours, unclipped"]


def _floors(row: dict[str, Any], dtypes: Iterable[str]) -> list[str]:
    floors = [row["floor"][dtype] for dtype in dtypes]
    return [f"{f[f'{kind}_ms']:.2f} ({f[f'share_of_{kind}']:.0%})" for f in floors for kind in FLOORS]


def show_report(console: Console, report: dict[str, Any]) -> None:
    """Shows the figures of any other suite, and its ratios if it has peers."""
    show_figures(console, report["suite"], report["figures"])
    for peer, ratio in report.get("ratios", {}).items():
        console.print(f"{_ratio(ratio)} times as fast as {peer} (least - most)", highlight=False)


def show_adapt(console: Console, report: dict[str, Any]) -> None:
    """Shows the suite `adapt`: means over draws, with their standard deviations."""
    columns = [
        "before accuracy", "after accuracy", "nearest accuracy", "svm accuracy", "before auroc", "after auroc",
        "nearest auroc", "after known_called_strangers", "after strangers_caught",
    ]  # fmt: skip
    rows = [
        [f"{row['book']}, {row['way']} {row['count']} (x {row['draws']})",
         *(f"{row[name][0]:.3f}±{row[name][1]:.3f}" for name in columns)]
        for row in report["summary"]
    ]  # fmt: skip
    show(console, f"adapt ({report['note']})", ["book, glyphs a sort (draws)", *columns], rows)


def show_joint(console: Console, report: dict[str, Any]) -> None:
    """Shows the suite `joint`: a row for each figure, and a column for each model."""
    rows = report["rows"]
    cells = [[name, *(f"{row[name]:.3g}" for row in rows.values())] for name in report["figures"]]
    show(console, f"joint ({report['minutes']:g} minutes of one core)", ["figure", *rows], cells)


def show_figures(console: Console, title: str, figures: Iterable[dict[str, Any]]) -> None:
    """Shows measured figures: name, value, unit and, if there is a target, whether it is met.

    Args:
        console: to write to.
        title: of the table.
        figures: entries of a report.
    """
    rows = []
    for figure in figures:
        met = "" if "met" not in figure else "met" if figure["met"] else "missed"
        rows.append([figure["name"], f"{figure['value']:,.4g}", figure["unit"], target_of(figure), met])
    show(console, title, ["figure", "value", "unit", "target", ""], rows)
