"""What chooses a checkpoint: a reader of fresh chains that no report uses."""

import torch
from torch import Tensor

from ebm.data.corpus import Corpus, to_model_space
from ebm.data.picture.grain import spectral_ratio
from ebm.model.energy import in_batches
from ebm.training.reader import STEPS, train_reader

SEED = 7919  # of its reader; the judge of the reports has another seed, architecture and length of training
NEIGHBOURS = 5
CLOSE = 0.6  # spectral ratio, or its inverse, of glyphs that look like print


class Selector:
    """Reads fresh chains and measures whether they are among the validation glyphs.

    Args:
        corpus: its training split trains the reader, and its validation split is compared with the chains.
        device: of the reader.
        steps: of the reader's training.
    """

    def __init__(self, corpus: Corpus, device: torch.device | str = "cpu", steps: int = STEPS):
        train, of_train = to_model_space(corpus.images["train"]), corpus.labels["train"]
        self.reader = train_reader(train, of_train, len(corpus.sorts), SEED, device, steps)
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
        """How close the fine power of glyphs (N, 1, 56, 56) is to that of real ones, in [0, 1]; 1 = close enough.

        It is the spectral ratio or its inverse, whichever is below 1, over `CLOSE`. It is needed because readers hardly
        see grain. It is only a bound: a longer second stage prints smoother and better glyphs, and when every step
        towards a ratio of 1 counted, the state before that stage was chosen.
        """
        ratio = spectral_ratio(x.cpu(), self.glyphs)
        return min(1.0, min(ratio, 1 / ratio) / CLOSE) if ratio > 0 else 0.0

    def recognised(self, x: Tensor, wanted: Tensor) -> float:
        """The share of glyphs that are read as the wanted classes.

        Args:
            x: glyphs (N, 1, 56, 56) in [-1, 1].
            wanted: their classes (N,).

        Returns:
            the share, in [0, 1].
        """
        read = in_batches(self.reader, self.reader.get_logits, x).argmax(1)
        return float((read == wanted.cpu()).double().mean())

    def realistic(self, x: Tensor, wanted: Tensor | None = None) -> float:
        """The share of glyphs that are among the real ones of the wanted class, or of any class.

        Source: the precision of Kynkaanniemi et al. 2019, Eq. 2.

        Args:
            x: glyphs (N, 1, 56, 56) in [-1, 1].
            wanted: their classes (N,); None = any class.

        Returns:
            the share, in [0, 1].
        """
        inside = torch.cdist(self._features(x), self.known) <= self.radii
        if wanted is not None:
            inside &= wanted.cpu()[:, None] == self.labels
        return float(inside.any(1).double().mean())
