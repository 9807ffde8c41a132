"""The judge: a frozen classifier, separate from every model, whose features are used to compare samples."""

from pathlib import Path
from typing import Any

from torch import Tensor

from ebm.checkpoint.card import Card
from ebm.checkpoint.files import load, save
from ebm.data.corpus import Corpus
from ebm.model.energy import EnergyNet, in_batches
from ebm.model.mode import Mode
from ebm.system.places import CHECKPOINTS, cache_folder
from ebm.training.recipe import recipe
from ebm.training.train import train

SHIPPED = CHECKPOINTS / "judge" / "judge.safetensors"
SEED = 104_729
# Architecture (twice as wide, pooled head) and seed differ from those of any model. There is a little grain, because
# every sampler leaves some. The names are those of `ebm.training.recipe.Recipe`.
RECIPE = {
    "mode": Mode.CLASSIFIER, "width": 32, "head": "pool", "match_steps": 0, "contrast_steps": 3000, "lr": 2e-3,
    "data_noise": 0.05, "seed": SEED,
}  # fmt: skip


class Judge:
    """Reads glyphs, and computes the features for distances between sets of glyphs.

    Args:
        net: a classifier as `ebm.load` returns it.
        card: its card.
    """

    def __init__(self, net: EnergyNet, card: Card):
        self.net, self.card = net, card

    def features(self, x: Tensor) -> Tensor:
        """The penultimate layer (N, 4 width) of glyphs (N, 1, 56, 56), on the CPU."""
        return in_batches(self.net, lambda part: self.net.classifier[:-1](self.net.features(part)), x)

    def read(self, x: Tensor) -> Tensor:
        """The likeliest class (N,) int64 of glyphs (N, 1, 56, 56), on the CPU."""
        return in_batches(self.net, self.net.get_logits, x).argmax(1)


def judge_for(corpus: Corpus, cache: str | Path | None = None, **changes: Any) -> Judge:
    """The judge of a corpus: the shipped one if it was trained on this corpus, otherwise a cached or a new one.

    Args:
        corpus: the judge must have been trained on its training split.
        cache: folder for judges of other corpora; by default in torch's cache folder.
        changes: hyper-parameters of a judge that is trained now, where they differ from `RECIPE`.
    """
    if SHIPPED.is_file():
        net, card = load(SHIPPED)
        if card.data.get("digest") == corpus.digest():
            return Judge(net, card)
    folder = Path(cache) if cache is not None else cache_folder()
    path = folder / f"judge-{corpus.digest()[:16]}.safetensors"
    if not path.is_file():
        chosen = recipe("cpu", **RECIPE | changes)
        trained = train(chosen, corpus=corpus, name=path.stem, runs=folder / "runs", progress=False)
        if trained is not None:
            save(path, trained.net, trained.card(path.stem))
    return Judge(*load(path))
