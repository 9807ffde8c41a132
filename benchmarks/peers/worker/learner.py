"""What every peer that trains a joint model can do, and how glyphs are drawn in batches. Inside a worker only."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import torch
from net import PlainNet
from torch import Tensor

BATCH = 64  # glyphs that are printed at once


class Learner(Protocol):
    """A network that learns for some time, and prints.

    Args:
        net: the network, untrained.
        x: glyphs (N, 1, 56, 56) in [-1, 1].
        y: their classes (N,).
        settings: those of the peer.
    """

    def __init__(self, net: PlainNet, x: Tensor, y: Tensor, settings: Any): ...

    def learn(self, seconds: float) -> dict[str, Any]:
        """Trains for so many seconds of processor time; returns what is worth reporting."""
        ...

    def trained(self) -> PlainNet:
        """The network that is measured."""
        ...

    def draw(self, n: int, labels: Tensor | None) -> Tensor:
        """Glyphs (n, 1, 56, 56) from noise: of the classes (n,), or of log q(x) without any."""
        ...


def drawn(n: int, labels: Tensor | None, draw: Callable[[int, Tensor | None], Tensor]) -> Tensor:
    """Glyphs (n, 1, 56, 56), drawn in batches of a size and with the classes (size,), or without."""
    sizes = [min(BATCH, n - start) for start in range(0, n, BATCH)]
    wanted: Iterable[Tensor | None] = [None] * len(sizes) if labels is None else labels.split(BATCH)
    return torch.cat([draw(size, some) for size, some in zip(sizes, wanted, strict=True)])


def uniform(shape: tuple[int, ...]) -> Tensor:
    """Noise of a shape in [-1, 1]."""
    return torch.rand(shape) * 2 - 1
