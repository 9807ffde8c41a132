"""python -m ebm generate."""

from pathlib import Path
from typing import Annotated

import typer

from ebm.commands.options import Model
from ebm.system.places import DEFAULT_CHECKPOINT


def generate_command(
    checkpoint: Model = DEFAULT_CHECKPOINT,
    out: Annotated[Path, typer.Option(help="Folder of grid.png, strip.png and chain.webp.")] = Path("out"),
    sort: Annotated[str | None, typer.Option(help="Name or character of the sort; by default one of each.")] = None,
    unconditional: Annotated[bool, typer.Option(help="No wanted sort: chains on log q(x) itself.")] = False,
    count: Annotated[int | None, typer.Option(min=1, help="How many glyphs; by default 42, or 16 of one sort.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="SGLD steps; by default the model's own number.")] = None,
    at: Annotated[list[int] | None, typer.Option(min=0, help="A step to show in the strip; may be repeated.")] = None,
    start: Annotated[str | None, typer.Option(help="uniform or gaussian; by default the trained law.")] = None,
    seed: Annotated[int, typer.Option(help="Of starts and noise.")] = 0,
    animation: Annotated[str, typer.Option(help="webp or gif.")] = "webp",
) -> None:
    """Prints new glyphs from noise: a grid, one chain at chosen steps, an animation (exercise 3.5)."""
    from ebm.generation.files import print_files

    files, shown = print_files(
        checkpoint, out, sort=sort, unconditional=unconditional, count=count, steps=steps, at=at,
        start=start, seed=seed, animation=animation,
    )  # fmt: skip
    print(f"The strip shows the first chain after {', '.join(map(str, shown))} steps.")
    print("Wrote {}, {} and {}".format(*files))
