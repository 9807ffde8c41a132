"""python -m ebm score."""

import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ebm.checkpoint.files import load
from ebm.commands.options import Accelerator, Devices, Model, NumNodes, Strategy, Workers
from ebm.data.picture.to_glyph import to_glyph
from ebm.scoring.scores import verdict
from ebm.system.places import DEFAULT_CHECKPOINT


def score_command(
    files: Annotated[
        list[Path],
        typer.Argument(help="Pictures of single glyphs; with --out also folders, and @LIST for a text file."),
    ],
    checkpoint: Model = DEFAULT_CHECKPOINT,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Any number of pictures: a .parquet file with a row each. Give the same command again to resume."
        ),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="In bulk: glyphs at once; by default 256.")] = None,
    workers: Workers = None,
    accelerator: Accelerator = None,
    devices: Devices = None,
    num_nodes: NumNodes = None,
    strategy: Strategy = None,
) -> None:
    """Prints energy, p-value, verdict and the five likeliest sorts of pictures. Exits 1 if one could not be read.

    In bulk, with --out: any number of pictures into a Parquet file, where one that can't be read is a row with the
    reason.
    """
    given: dict[str, Any] = {
        "workers": workers, "accelerator": accelerator, "devices": devices, "num_nodes": num_nodes,
        "strategy": strategy,
    }  # fmt: skip
    options = {name: value for name, value in given.items() if value is not None}
    if out is None:
        if batch_size or options:
            option = "batch-size" if batch_size else next(iter(options)).replace("_", "-")
            raise ValueError(f"--{option} is for scoring in bulk: give --out NAME.parquet as well.")
        raise typer.Exit(0 if print_verdicts(files, checkpoint, as_json) else 1)
    if as_json:
        raise ValueError("With --out the rows go into a Parquet file: leave --json out.")
    from ebm.scoring.bulk.score_files import score_files
    from ebm.system.processes import Processes

    counts = score_files(list(map(str, files)), out, checkpoint, Processes(**options), batch_size or 256)
    if counts is not None:
        print(f"Wrote {out}: {counts[0]:,} files, {counts[1]:,} of them could not be read (column 'error')")


def print_verdicts(files: Sequence[Path], checkpoint: Path, as_json: bool) -> bool:
    """Writes the verdicts on some files to standard output, as a table or as one JSON object a line.

    Args:
        files: pictures of single glyphs.
        checkpoint: a .safetensors file with its card.
        as_json: whether to write JSON.

    Returns:
        whether all of them could be read; for the others the reason is shown.
    """
    model, card = load(checkpoint)
    failed = False
    if not card.is_calibrated:
        print(f"{checkpoint.name} is uncalibrated: it has energies, but no threshold and no verdicts.", file=sys.stderr)
    if not as_json:
        print(f"{'energy':>9} {'p-value':>8}  {'verdict':9} {'likeliest sorts':44} file")
    for file in files:
        try:
            v = verdict(model, card, to_glyph(file, preprocessing=card.preprocessing))
        except ValueError as error:
            failed = True
            named = str(error) if str(file) in str(error) else f"{file}: {error}"
            print(json.dumps({"file": str(file), "error": str(error)}) if as_json else named)
            continue
        if as_json:
            top = [{"sort": name, "probability": p} for name, p in v.top]  # as the explorer's endpoint /score answers
            print(json.dumps({"file": str(file)} | dataclasses.asdict(v) | {"top": top}, ensure_ascii=False))
        else:
            likeliest = "  ".join(f"{name} {p:.0%}" for name, p in v.top)
            p_value = "-" if v.p_value is None else f"{v.p_value:.3f}"
            word = {True: "stranger", False: "known", None: "-"}[v.is_stranger]
            print(f"{v.energy:9.3f} {p_value:>8}  {word:9} {likeliest:44} {file}")
    return not failed
