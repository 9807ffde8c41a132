"""python -m ebm import."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ebm.model.mode import Mode


def import_command(
    file: Annotated[Path, typer.Argument(help="A Lightning checkpoint (.ckpt) of the exercise's network.")],
    out: Annotated[
        Path | None, typer.Option(help="The .safetensors file to write, or its folder; by default beside FILE.")
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", help="As elsewhere: to set the threshold on; without it there is none.")
    ] = None,
    names: Annotated[Path | None, typer.Option(help="Text file that names the classes, one a line.")] = None,
    mode: Annotated[str | None, typer.Option(help=f"{', '.join(Mode)}; by default told by the network.")] = None,
) -> None:
    """Makes a student's Lightning checkpoint one for the explorer, running nothing in it (all exercises)."""
    from ebm.importing.import_model import import_model

    command = "python -m ebm " + " ".join(sys.argv[1:])
    path, card, remarks = import_model(file, out, data=data, names=names, mode=mode, command=command)
    print(f"Wrote {path} and {path.with_suffix('.json')}")
    for remark in remarks:
        print(remark)
    if card.threshold is None:
        print("The model is uncalibrated: without --data there is no threshold, so no glyph is called a stranger.")
    else:
        print(f"Calibrated: threshold {card.threshold:.4g}, {card.threshold_rule}.")
    print(f"Open it with: python -m app --checkpoint {path}")
