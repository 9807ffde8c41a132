"""python -m ebm page."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ebm.commands.options import Model
from ebm.system.places import DEFAULT_CHECKPOINT

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


def page_command(
    scans: Annotated[list[Path], typer.Argument(help="Scans of pages, columns or lines.")],
    out: Annotated[Path, typer.Option(help="A new folder for the case of sorts.")],
    checkpoint: Model = DEFAULT_CHECKPOINT,
    turn: Annotated[
        int | None, typer.Option(help="Turn the scans clockwise by 0, 90, 180 or 270 degrees; else it is checked.")
    ] = None,
) -> None:
    """Finds the glyphs of scanned pages, reads them and sorts them into a case. Exits 1 if a scan could not be read."""
    from rich.console import Console
    from rich.progress import Progress

    from ebm.checkpoint.files import load
    from ebm.page.case import check_out, write_case
    from ebm.page.read import read_page

    check_out(out)
    model, card = load(checkpoint)
    pages, failed = [], False
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        for scan in scans:
            task = bar.add_task(scan.name, total=None)
            try:
                page = read_page(scan, model, card, turn=turn, progress=partial(_advance, bar, task))
            except ValueError as error:
                failed = True
                print(f"Error: {error}", file=sys.stderr)
                continue
            pages.append(page)
            if page.warning:
                print(page.warning, file=sys.stderr)
            sure = sum(glyph.is_sure for glyph in page.glyphs)
            print(
                f"{scan.name}: {len(page.layout.lines):,} lines, {len(page.glyphs):,} glyphs, {sure:,} read surely, "
                f"{sum(glyph.at.is_cut for glyph in page.glyphs):,} cut from letters that touch"
            )
    if pages:
        write_case(pages, out)
        print(f"Wrote {out}")
    if failed:
        raise typer.Exit(1)


def _advance(bar: "Progress", task: "TaskID", done: int, total: int) -> None:
    """Says how many glyphs of a page are read."""
    bar.update(task, completed=done, total=total)
