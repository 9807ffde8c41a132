"""Reading a glyph into the components that show what was read, whoever asked for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component
from torch import Tensor

from app.models.library import Models
from app.models.loaded import LoadedModel
from app.parts.drawing import message
from app.parts.panel import Context, Shown, Values
from app.tabs.read.lens import glyph_in, mask_in, showing
from app.tabs.read.verdict_card import card_of
from ebm.surface.influence import dot_effect, gradient

HINT = "Draw a letter, bring a picture, or click one of the examples: its energy appears here."


@dataclass(frozen=True)
class Reader:
    """The components that show what was read.

    Args:
        context: what the tab is built into.
        result: the energy and the verdict.
        lens: the glyph.
        overlay: what is laid over it.
    """

    context: Context
    result: gr.HTML
    lens: gr.HTML
    overlay: gr.Radio

    @property
    def asking(self) -> set[Block]:
        """What a reading needs to know."""
        return {self.context.model, self.lens, self.overlay}

    @property
    def outputs(self) -> list[Component]:
        """What a reading changes."""
        return [self.result, self.lens]

    def read(
        self, values: Values, find: Callable[[LoadedModel], Tensor | None], keep_mask: bool = False
    ) -> Shown:  # fmt: skip
        """Reads a glyph; where there is none, shows a sentence above what was read before.

        Args:
            values: of `asking`.
            find: loaded model -> the glyph (1, 56, 56), or None; may raise a ValueError.
            keep_mask: whether the mask that is painted in the lens stays.
        """
        key, before, overlay = values[self.context.model], values[self.lens], values[self.overlay]
        try:
            loaded = self.context.models.get(key)
            glyph = find(loaded)
            if glyph is None:
                return {self.result: message(HINT)}
            mask = mask_in(before) if keep_mask else None
        except ValueError as error:
            return {self.result: message(str(error), "problem") + _card_before(self.context.models, key, before)}
        slope = gradient(loaded.model, glyph[None])[0, 0] if overlay == "slope" else None
        dot = dot_effect(loaded.model, glyph, 3) if overlay == "dot" else None
        return {self.result: card_of(loaded, glyph), self.lens: showing(glyph, mask=mask, slope=slope, dot=dot)}


def _card_before(models: Models, key: str, before: Any) -> str:
    """What was read before, which a bad picture does not take away."""
    try:
        glyph = glyph_in(before)
        return "" if glyph is None else card_of(models.get(key), glyph)
    except ValueError:
        return ""
