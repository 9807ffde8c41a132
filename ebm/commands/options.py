"""The options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[str, typer.Option("--data", help="'pen', a GLYPHS folder, or a folder of pictures per class.")]
Founts = Annotated[str | None, typer.Option(help="Print from the TTF/OTF files of this folder instead of the pen.")]
Model = Annotated[Path, typer.Option(help="A .safetensors checkpoint with its card beside it.")]
