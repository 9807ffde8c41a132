"""What training ends with: a network and everything a card says of it before anything is measured."""

from dataclasses import dataclass
from typing import Any

from ebm.checkpoint.card import Card
from ebm.checkpoint.description import UNCALIBRATED, describe_data, limits_of, texts_of
from ebm.data.corpus import Corpus
from ebm.model.energy import EnergyNet
from ebm.training.recipe import Recipe


@dataclass(frozen=True)
class Trained:
    """The end of a training run.

    Args:
        net: with averaged weights, frozen.
        recipe: it was trained by.
        corpus: it was trained on.
        made: facts about the run for the card: steps, seconds, command, versions.
    """

    net: EnergyNet
    recipe: Recipe
    corpus: Corpus
    made: dict[str, Any]

    def card(self, name: str) -> Card:
        """The card of this network under a name, uncalibrated: `ebm.evaluation.export` sets its threshold."""
        recipe, corpus = self.recipe, self.corpus
        return Card(
            name=name, mode=recipe.mode, architecture=self.net.architecture(), preprocessing=corpus.preprocessing,
            sorts=corpus.sorts, texts=texts_of(corpus.sorts), sampler=recipe.sampler(), recipe=recipe.to_dict(),
            seed=recipe.seed, data=describe_data(corpus), threshold=None, threshold_rule=UNCALIBRATED,
            reference_energies=[], made_with=self.made, notes=limits_of(recipe.mode),
        )  # fmt: skip
