"""python -m ebm evaluate, and python -m ebm results."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ebm.commands.options import Data, Founts, Model
from ebm.system.places import CHECKPOINTS, DEFAULT_CHECKPOINT


def evaluate_command(
    checkpoint: Model = DEFAULT_CHECKPOINT,
    out: Annotated[Path, typer.Option(help="Folder of report.json and report.html.")] = Path("report"),
    data: Data = "pen",
    founts: Founts = None,
    twin: Annotated[Path | None, typer.Option(help="A classifier-only checkpoint to set beside it.")] = None,
    real: Annotated[
        list[Path] | None,
        typer.Option(help="Crops of real print: a folder of glyphs/SORT/ and strangers/NAME/; may be repeated."),
    ] = None,
    n: Annotated[int, typer.Option(min=2, help="Images a stranger set.")] = 1000,
    quick: Annotated[
        bool, typer.Option(help="Leave out samples, robustness and likelihood: seconds, not minutes.")
    ] = False,
    part: Annotated[
        list[str] | None, typer.Option(help="Of samples, robustness, likelihood only these; may be repeated.")
    ] = None,
    update_card: Annotated[bool, typer.Option("--update-card", help="Also write the figures into the card.")] = False,
    device: Annotated[str, typer.Option(help="Where the model runs: cpu or cuda.")] = "cpu",
) -> None:
    """Scores the test split and every stranger set; real print, samples, robustness, likelihood (exercise 3.6)."""
    from ebm.evaluation.evaluate import evaluate
    from ebm.evaluation.measure import PARTS
    from ebm.evaluation.page import summary

    if unknown := sorted(set(part or ()) - set(PARTS)):
        raise ValueError(f"There is no part {unknown[0]!r} to measure; there are: {', '.join(PARTS)}.")
    report = evaluate(
        checkpoint, out, source=data, founts=founts, twin=twin, n=n, parts=() if quick else tuple(part or PARTS),
        real=real or (), update_card=update_card, device=device,
        say=lambda part: print(f"Measuring {part} ...", file=sys.stderr),
    )  # fmt: skip
    for line in summary(report):
        print(line)
    print(f"Wrote {out / 'report.json'} and {out / 'report.html'}")


def results_command(
    folder: Annotated[Path, typer.Argument(help="Of checkpoints, with a README.md to write into.")] = CHECKPOINTS,
) -> None:
    """Makes the tables of the results page again from the figures in the checkpoints' cards."""
    from ebm.evaluation.results import write

    print(f"Wrote {write(folder)}")
