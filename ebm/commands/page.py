"""python -m ebm page."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ebm.commands.options import Devices, Model, NumNodes, Workers
from ebm.system.places import DEFAULT_CHECKPOINT

if TYPE_CHECKING:
    from rich.progress import Progress


def page_command(
    scans: Annotated[
        list[Path], typer.Argument(help="Scans of pages, columns or lines; folders of them; @LIST for a text file.")
    ],
    out: Annotated[
        Path, typer.Option(help="A new folder for the case of sorts. Give the same command again to resume.")
    ],
    checkpoint: Model = DEFAULT_CHECKPOINT,
    turn: Annotated[
        int | None, typer.Option(help="Turn the scans clockwise by 0, 90, 180 or 270 degrees; else it is checked.")
    ] = None,
    workers: Workers = None,
    devices: Devices = None,
    num_nodes: NumNodes = None,
) -> None:
    """Finds the glyphs of scanned pages, reads them and sorts them into a case. Exits 1 if a scan could not be read."""
    from rich.console import Console
    from rich.progress import Progress

    from ebm.page.read_pages import read_pages
    from ebm.system.processes import Processes

    processes = Processes(workers, "cpu", devices or 1, num_nodes or 1)
    bar = Progress(console=Console(stderr=True), disable=not sys.stderr.isatty())
    try:
        counts = read_pages(
            list(map(str, scans)), out, checkpoint, processes, turn=turn, tell=_tell, progress=partial(_task, bar)
        )
    finally:
        bar.stop()
    if counts is None:
        return
    if counts[1] < counts[0]:
        print(f"Wrote {out}")
    if counts[1]:
        raise typer.Exit(1)


def _tell(row: dict[str, Any]) -> None:
    """Says what was found on a page."""
    from tqdm import tqdm  # prints above its bar

    if row["error"]:
        tqdm.write(f"Error: {row['error']}", file=sys.stderr)
        return
    if row["warning"]:
        tqdm.write(row["warning"], file=sys.stderr)
    tqdm.write(
        f"{Path(row['file']).name}: {row['lines']:,} lines, {row['glyphs']:,} glyphs, {row['sure']:,} read surely, "
        f"{row['cut']:,} cut from letters that touch"
    )


def _task(bar: "Progress", name: str) -> Callable[[int, int], None]:
    """A line that says how many glyphs of a page are read."""
    bar.start()
    task = bar.add_task(name, total=None)
    return lambda done, total: bar.update(task, completed=done, total=total)
