"""What chooses a checkpoint: a reader that looks at fresh chains, and that no report ever uses."""

import torch
from torch import Tensor

from ebm.data.corpus import Corpus, to_model_space
from ebm.data.picture.grain import spectral_ratio
from ebm.model.energy import in_batches
from ebm.training.reader import train_reader

SEED = 7919  # of its reader; the judge of the reports has another seed, architecture and length of training
NEIGHBOURS = 5


class Selector:
    """Reads fresh chains and says whether they lie among the validation glyphs.

    Args:
        corpus: its training split teaches the reader, its validation split is what chains are held against.
        device: where it works.
    """

    def __init__(self, corpus: Corpus, device: torch.device | str = "cpu"):
        train, of_train = to_model_space(corpus.images["train"]), corpus.labels["train"]
        self.reader = train_reader(train, of_train, len(corpus.sorts), SEED, device)
        self.labels = corpus.labels["val"]
        self.glyphs = to_model_space(corpus.images["val"])
        self.known = self._features(self.glyphs)
        self.radii = torch.full((len(self.known),), 0.0)
        for sort in self.labels.unique():  # a ball reaches to the fifth neighbour of the same sort
            own = (self.labels == sort).nonzero().squeeze(1)
            distances = torch.cdist(self.known[own], self.known[own])
            self.radii[own] = distances.sort(dim=1).values[:, min(NEIGHBOURS, len(own) - 1)]

    def _features(self, x: Tensor) -> Tensor:
        return in_batches(self.reader, self.reader.features, x).flatten(1)

    def grain(self, x: Tensor) -> float:
        """How near the fine power of glyphs x (N, 1, 56, 56) is to that of real ones: 1 where it is the same.

        The spectral ratio or its inverse, whichever is below 1: readers hardly see grain.
        """
        ratio = spectral_ratio(x.cpu(), self.glyphs)
        return min(ratio, 1 / ratio) if ratio > 0 else 0.0

    def recognised(self, x: Tensor, wanted: Tensor) -> float:
        """The share of glyphs x (N, 1, 56, 56) that are read as the wanted classes (N,)."""
        read = in_batches(self.reader, self.reader.get_logits, x).argmax(1)
        return float((read == wanted.cpu()).double().mean())

    def realistic(self, x: Tensor, wanted: Tensor | None = None) -> float:
        """The share of glyphs x (N, 1, 56, 56) among the real ones: of the wanted classes (N,), or of any.

        Source: the precision of Kynkaanniemi et al. 2019, Eq. 2.
        """
        inside = torch.cdist(self._features(x), self.known) <= self.radii
        if wanted is not None:
            inside &= wanted.cpu()[:, None] == self.labels
        return float(inside.any(1).double().mean())
