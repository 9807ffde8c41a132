"""A loaded model as the page shows it: network, card and example pictures. Never changed, so visitors share it."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

import ebm
from ebm.checkpoint.card import Card
from ebm.checkpoint.examples import TYPICAL, load_examples
from ebm.data.corpus import SIZE, to_model_space
from ebm.generation.sample import class_of

ANY = "any"  # the choice of no sort in particular


@dataclass(frozen=True)
class LoadedModel:
    """A checkpoint, ready to be shown.

    Args:
        model: in eval mode, frozen: several visitors may use it at once.
        card: what is known of it.
        examples: set -> uint8 (N, 56, 56), ink = 255; may be empty.
        energies: set -> energies (N,) of its examples.
        typical: one typical glyph of each sort, uint8 (C, 56, 56); empty where the checkpoint came without.
    """

    model: ebm.EnergyNet
    card: Card
    examples: dict[str, Tensor]
    energies: dict[str, Tensor]
    typical: Tensor

    @property
    def has_sorts(self) -> bool:
        """Whether the model tells sorts apart; an EBM with its one output does not."""
        return self.model.outputs > 1

    def text(self, sort: str) -> str:
        """The character that a sort prints; its name where the card knows none."""
        texts = dict(zip(self.card.sorts, self.card.texts, strict=False))
        return texts.get(sort) or sort

    def title(self, sort: str) -> str:
        """A sort's name, with its character where the name is not the character."""
        text = self.text(sort)
        return sort if text == sort else f"{sort} ({text})"

    def find_sort(self, wanted: str) -> int | None:
        """The class of a sort given by name or character; None for "any".

        Raises:
            ValueError: when the model has no such sort.
        """
        return None if wanted == ANY else class_of(self.model, wanted, self.card)

    def verdict(self, glyph: Tensor) -> ebm.Verdict:
        """What the model says of a glyph (1, 56, 56) in [-1, 1]."""
        return ebm.verdict(self.model, self.card, glyph)

    def band(self) -> tuple[float, float] | None:
        """The energies between which nine in ten known glyphs lie; None where the model is uncalibrated."""
        if not self.card.is_calibrated:
            return None
        reference = torch.tensor(self.card.reference_energies)
        low, high = torch.quantile(reference, torch.tensor([0.05, 0.95])).tolist()
        return low, high

    def lifetime(self) -> int | None:
        """How many steps a chain lived in training, on average; None where the card does not say."""
        recipe = self.card.recipe
        steps, reinit = recipe.get("steps"), recipe.get("reinit")
        return round(steps / reinit) if steps and reinit else None

    def sets(self) -> list[str]:
        """The stranger sets that the card has scores for, in the card's order."""
        return [name for name in self.card.set_scores if name != "test"]

    def describe(self, name: str) -> tuple[str, str]:
        """Kind ("near", "far" or "") and one-line description of a stranger set."""
        entry = self.card.data.get("strangers", {}).get(name, {})
        return (entry.get("kind", ""), entry.get("description", "")) if isinstance(entry, dict) else ("", "")

    def example_sets(self) -> list[str]:
        """The sets that came with pictures: known glyphs first, then in the card's order."""
        order = ["test", *self.sets(), *sorted(self.examples)]
        return [name for name in dict.fromkeys(order) if name in self.examples]


def load(path: str | Path) -> LoadedModel:
    """Loads a checkpoint for the page.

    Args:
        path: of the .safetensors file.

    Raises:
        ValueError: one sentence, as `ebm.load` or `load_examples` words it.
    """
    model, card = ebm.load(path)
    examples = load_examples(path)
    typical = examples.pop(TYPICAL, torch.empty((0, SIZE, SIZE), dtype=torch.uint8))
    if len(typical) != len(card.sorts):
        typical = typical[:0]
    examples = {name: pictures for name, pictures in examples.items() if len(pictures)}
    energies: dict[str, Tensor] = {}
    if examples:  # all in one batch
        together = ebm.score(model, to_model_space(torch.cat(list(examples.values()))))
        energies = dict(zip(examples, together.split([len(part) for part in examples.values()]), strict=True))
    return LoadedModel(model, card, examples, energies, typical)
