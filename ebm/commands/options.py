"""The options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[str, typer.Option("--data", help="'pen', a GLYPHS folder, or a folder of pictures per class.")]
Founts = Annotated[str | None, typer.Option(help="Print from the TTF/OTF files of this folder instead of the pen.")]
Model = Annotated[Path, typer.Option(help="A .safetensors checkpoint with its card next to it.")]
Workers = Annotated[
    int | None,
    typer.Option(min=0, help="In bulk: processes that read files, for each scoring process; by default one a core."),
]
Accelerator = Annotated[str | None, typer.Option(help="In bulk, Lightning's: auto, cpu, gpu.")]
Devices = Annotated[int | None, typer.Option(min=1, help="In bulk: processes on this machine; by default 1.")]
NumNodes = Annotated[int | None, typer.Option(min=1, help="In bulk: machines; by default 1.")]
Strategy = Annotated[str | None, typer.Option(help="In bulk: auto or ddp.")]
