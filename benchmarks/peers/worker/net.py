"""A copy of the architecture of `ebm.EnergyNet`, because in the peers' environments `ebm` may be another package."""

import torch
from torch import Tensor, nn


class PlainNet(nn.Module):
    """Five stride-2 convolutions with SiLU and one linear layer; takes the state_dict of an `EnergyNet` as it is.

    Called, it gives the energy E(x) = -logsumexp_y f(x)[y] (N,) of glyphs (N, 1, 56, 56).

    Args:
        width: channels of the first convolution.
        outputs: number of classes.
        head: "flat" or "pool".
    """

    def __init__(self, width: int, outputs: int, head: str):
        super().__init__()
        channels = (1, width, 2 * width, 4 * width, 4 * width, 4 * width)
        stack: list[nn.Module] = []
        for k, (a, b) in enumerate(zip(channels, channels[1:], strict=False)):
            side, padding = (5, 4) if k == 0 else (3, 1)
            stack += [nn.Conv2d(a, b, side, stride=2, padding=padding), nn.SiLU()]
        self.features = nn.Sequential(*stack)
        cells, pool = (4, nn.Identity()) if head == "flat" else (1, nn.AdaptiveAvgPool2d(1))
        self.classifier = nn.Sequential(pool, nn.Flatten(), nn.Linear(4 * width * cells, outputs))

    def get_logits(self, x: Tensor) -> Tensor:
        """All outputs f(x)[y]: (N, outputs)."""
        return self.classifier(self.features(x))

    def forward(self, x: Tensor) -> Tensor:
        """The energy (N,)."""
        return -torch.logsumexp(self.get_logits(x), 1)
