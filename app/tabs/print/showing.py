"""How a request and its glyphs are shown: in words, as a word on a line, as the noise before a run."""

import uuid
from typing import Any

from torch import Tensor

from app.models.loaded import ANY, LoadedModel
from app.parts.drawing import data_uri, message
from app.parts.player import still
from app.tabs.print import run as printing
from app.tabs.print.controls import SEVERAL
from app.tabs.print.endpoints import letters
from app.tabs.print.run import PrintRequest
from app.tabs.print.typesetting import set_line
from ebm.data.corpus import to_bytes


def line_of(loaded: LoadedModel, request: PrintRequest, ink: Tensor) -> str:
    """A word as it is set, as HTML; a sentence where the sorts' places on the line are not known."""
    try:
        picture = set_line(ink, letters(loaded, request))
    except ValueError as error:
        return message(str(error))
    return f'<figure class="line"><img src="{data_uri(picture)}" alt="{len(ink)} letters set on a line"></figure>'


def noise_only(loaded: LoadedModel) -> dict[str, Any]:
    """What printing begins with, for the player."""
    recipe = loaded.card.sampler
    blank = printing.check(
        loaded, ANY, SEVERAL, printing.STEPS[0], recipe.step_size, recipe.print_noise, 0
    )  # fmt: skip
    frame = next(printing.run(loaded, blank))
    return still(to_bytes(frame.x), frame.energy, run=uuid.uuid4().hex)


def what_of(loaded: LoadedModel, request: PrintRequest) -> str:
    """What is printed, in words."""
    glyphs = "one glyph" if request.count == 1 else f"{request.count} glyphs"
    if request.text:
        return f"{glyphs}: {request.text}"
    return f"{glyphs} of no sort in particular" if request.sort == ANY else f"{glyphs} of {loaded.title(request.sort)}"
