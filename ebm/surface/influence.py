"""Where a glyph's energy comes from: its gradient, and what a dot of ink or paper would change at each place."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ebm.model.energy import in_batches
from ebm.model.gradient import gradient_of

PAPER, INK = -1.0, 1.0


def gradient(model: nn.Module | Callable[..., Tensor], x: Tensor, y: Tensor | None = None) -> Tensor:
    """dE/dx: how fast the energy rises with the ink of each pixel.

    Source: Simonyan, Vedaldi & Zisserman 2014, who take the absolute gradient of a class score.

    Args:
        model: as in `ebm.sgld`.
        x: glyphs (N, 1, 56, 56).
        y: classes (N,) int64 for the energy of (x, y), or None.

    Returns:
        (N, 1, 56, 56), detached: above 0 where ink makes the glyph less likely.
    """
    return gradient_of(model, x, y)(x.detach())


def dot_effect(model: nn.Module, x: Tensor, size: int = 1, y: int | None = None) -> Tensor:
    """How the energy changes when a square dot around a pixel becomes paper, or ink.

    The change is exact, while the gradient holds for small steps only.

    Source: occlusion (Zeiler & Fergus 2014), here with both extreme values of a pixel.

    Args:
        model: has `energy`, and parameters.
        x: one glyph (1, 56, 56).
        size: side of the dot in pixels, an odd number; at the border the dot is cut off.
        y: a class for the energy of (x, y), or None.

    Returns:
        (2, 56, 56) on the CPU: E(with the dot) - E(x) for a dot of paper (-1) and of ink (+1) around each pixel.

    Raises:
        ValueError: for anything but one glyph, or a size that is even or below 1.
    """
    if x.dim() != 3 or x.shape[0] != 1:
        raise ValueError(f"One glyph (1, 56, 56) is needed, not {tuple(x.shape)}.")
    if size < 1 or size % 2 == 0:
        raise ValueError(f"A dot's side is an odd number of pixels, not {size}.")
    x = x.detach()
    shape = (2, *x.shape[1:])
    values = torch.tensor([PAPER, INK]).to(x)
    near_row, near_column = (_within(side, size // 2, x.device) for side in x.shape[1:])

    def energy(glyphs: Tensor) -> Tensor:
        labels = () if y is None else (torch.full((len(glyphs),), y, device=glyphs.device),)
        return of_model(glyphs, *labels)

    def with_dot(index: Tensor) -> Tensor:
        """The energies (N,) with the dots at these indices (N,) of the flattened result."""
        value, row, column = torch.unravel_index(index.to(x.device), shape)
        dot = near_row[row][:, None, :, None] & near_column[column][:, None, None, :]
        return energy(torch.where(dot, values[value][:, None, None, None], x))

    of_model: Callable[..., Tensor] = getattr(model, "energy")  # noqa: B009 (a Module's type knows no energy)
    change = in_batches(model, with_dot, torch.arange(math.prod(shape))) - in_batches(model, energy, x[None])
    return change.view(shape)


def _within(side: int, reach: int, device: torch.device) -> Tensor:
    """Which of `side` pixels in a line are within reach of each other: booleans (side, side)."""
    at = torch.arange(side, device=device)
    return (at[:, None] - at).abs() <= reach
