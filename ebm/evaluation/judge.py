"""The judge: a frozen classifier, apart from every model, in whose features samples are compared."""

from pathlib import Path
from typing import Any

from torch import Tensor

from ebm.checkpoint.files import Card, load
from ebm.data.corpus import Corpus
from ebm.model.energy import EnergyNet, in_batches
from ebm.system.places import CHECKPOINTS, cache_folder

SHIPPED = CHECKPOINTS / "judge" / "judge.safetensors"
SEED = 104_729
# Another architecture (twice as wide, pooled head) and seed than any model's; a little grain, because every
# sampler leaves some; the names are those of `ebm.training.recipe.Recipe`.
RECIPE = {
    "mode": "classifier", "width": 32, "head": "pool", "match_steps": 0, "contrast_steps": 3000, "lr": 2e-3,
    "data_noise": 0.05, "seed": SEED,
}  # fmt: skip


class Judge:
    """Reads glyphs and gives the features that distances between sets of glyphs are measured in.

    Args:
        net: a classifier as `ebm.load` gives it; card: its card.
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
    """The judge of a corpus: the shipped one if it was trained on just this corpus, else one trained now.

    Args:
        corpus: whose training split the judge must have learnt.
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
        from ebm.training.recipe import recipe
        from ebm.training.train import train

        train(
            recipe("cpu", **RECIPE | changes), corpus=corpus, name=path.stem, out=folder, runs=folder / "runs",
            progress=False, measuring={"n": 20, "resamples": 0},
        )  # fmt: skip
    return Judge(*load(path))
