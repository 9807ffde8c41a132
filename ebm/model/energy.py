"""The energy network: a shallow CNN whose logits are read as (negative) energies."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ebm.data.corpus import SIZE

HEADS = ("flat", "pool")
BATCH = 256  # glyphs at once, outside of training


def check_glyphs(x: Tensor) -> None:
    """Raises a ValueError for anything but glyphs (N, 1, 56, 56)."""
    if x.shape[1:] != (1, SIZE, SIZE):
        raise ValueError(f"Glyphs have the shape (N, 1, {SIZE}, {SIZE}), not {tuple(x.shape)}.")


class EnergyNet(nn.Module):
    """The exercise's CNN: five stride-2 convolutions, SiLU, one linear layer; no batch norm.

    The network models f = -E. With one output it is an EBM. With C outputs it is a JEM (Grathwohl et al. 2020),
    whose logits are the unnormalised log densities log q(x, y) + log Z.

    Args:
        width: channels of the first convolution; the deeper ones have 2, 4, 4 and 4 times as many.
        outputs: 1 for an EBM, the number of classes for a JEM.
        head: "pool" averages the features over the picture (the exercise's adaptive average
            pooling); "flat" keeps their positions, which generation of a wanted class needs.

    Raises:
        ValueError: for an unknown head, or a width or number of outputs below 1.
    """

    def __init__(self, width: int = 16, outputs: int = 42, head: str = "flat"):
        super().__init__()
        if head not in HEADS:
            raise ValueError(f"The head is 'flat' or 'pool', not {head!r}.")
        if width < 1 or outputs < 1:
            raise ValueError(f"width and outputs must be at least 1, not {width} and {outputs}.")
        self.width, self.outputs, self.head = width, outputs, head
        w = width
        self.features = nn.Sequential(
            nn.Conv2d(1, w, 5, stride=2, padding=4),  # (N, w, 30, 30)
            nn.SiLU(),
            nn.Conv2d(w, 2 * w, 3, stride=2, padding=1),  # (N, 2w, 15, 15)
            nn.SiLU(),
            nn.Conv2d(2 * w, 4 * w, 3, stride=2, padding=1),  # (N, 4w, 8, 8)
            nn.SiLU(),
            nn.Conv2d(4 * w, 4 * w, 3, stride=2, padding=1),  # (N, 4w, 4, 4)
            nn.SiLU(),
            nn.Conv2d(4 * w, 4 * w, 3, stride=2, padding=1),  # (N, 4w, 2, 2)
            nn.SiLU(),
        )
        cells = 2 * 2 if head == "flat" else 1
        pool = nn.Identity() if head == "flat" else nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(pool, nn.Flatten(), nn.Linear(4 * w * cells, outputs))

    def architecture(self) -> dict[str, int | str]:
        """The arguments that rebuild this network, for a checkpoint's card."""
        return {"width": self.width, "outputs": self.outputs, "head": self.head}

    def get_logits(self, x: Tensor) -> Tensor:
        """All outputs f(x)[y] for glyphs x (N, 1, 56, 56) in [-1, 1]: (N, outputs)."""
        check_glyphs(x)
        return self.classifier(self.features(x))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The negative energy f of glyphs.

        Without labels it is the logsumexp over the logits (for an EBM the logit itself), the unnormalised log q(x).
        With labels it is the logit f(x)[y], the unnormalised log q(x, y).

        Source: Grathwohl et al. 2020, Eqs. 4 to 6; exercise 3.2.

        Args:
            x: glyphs (N, 1, 56, 56) in [-1, 1].
            y: classes (N,) int64, below 0 for a glyph without a class; None = all without.

        Returns:
            f (N,).
        """
        return f_of(self.get_logits(x), y)

    def energy(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The energy E = -f (N,), of x or of (x, y): low = likely. Arguments as in `forward`."""
        return -self.forward(x, y)


def f_of(logits: Tensor, y: Tensor | None = None) -> Tensor:
    """The negative energy f of glyphs from their logits, as in `EnergyNet.forward`.

    Args:
        logits: (N, outputs).
        y: classes (N,) int64, below 0 for a glyph without a class; None = all without.

    Returns:
        f (N,).
    """
    of_all = torch.logsumexp(logits, dim=1)
    if y is None:
        return of_all
    return torch.where(y < 0, of_all, logits.gather(1, y.clamp(min=0)[:, None]).squeeze(1))


@torch.no_grad()
def in_batches(model: nn.Module, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Applies a function to many glyphs, in batches on the model's device.

    Args:
        model: has parameters; its device is used.
        function: glyphs (n, 1, 56, 56) -> (n, ...).
        x: glyphs (N, 1, 56, 56).

    Returns:
        (N, ...) on the CPU.
    """
    device = next(model.parameters()).device
    return torch.cat([function(part.to(device)).cpu() for part in x.split(BATCH)])
