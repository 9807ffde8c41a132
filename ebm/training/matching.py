"""The matching loss: the slope of f, regressed along straight lines from noise to glyphs.

A chain that starts in noise needs a slope to follow long before it reaches a glyph. Matching teaches f that slope
without running any chain. It is the flow-like part of Energy Matching (Balcerak et al. 2025, arXiv:2504.10612) with
the fading target of Equilibrium Matching (Wang & Du 2025, arXiv:2510.02300): near a glyph the slope falls to zero, so
that descending chains come to rest there. Multi-scale denoising score matching (Li et al. 2019, arXiv:1910.07762)
regresses the same slope with Gaussian noise of many sizes.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ebm.model.energy import EnergyNet

FADE = 0.3  # share of noise below which the target falls to zero


class Matched(NamedTuple):
    """What one batch on the lines gives.

    Args:
        loss: the matching loss, a scalar.
        logits: of the glyphs on the lines, (N, outputs).
        share: how much of each is noise, (N,) in [0, 1].
    """

    loss: Tensor
    logits: Tensor
    share: Tensor


def on_line(x: Tensor, noise: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """The points on the lines from glyphs to noise, and the way back that f should rise along.

    Args:
        x: glyphs (N, 1, 56, 56) in [-1, 1].
        noise: where chains start, of the same shape.
        share: of noise, (N,) in [0, 1].

    Returns:
        points x + share (noise - x), and targets (x - noise) min(1, share / FADE), both of the shape of x.
    """
    share = share.view(-1, 1, 1, 1)
    return x + share * (noise - x), (x - noise) * (share / FADE).clamp(max=1)


def matching_loss(
    net: EnergyNet, x: Tensor, noise: Tensor, share: Tensor, *, scale: float, y: Tensor | None = None
) -> Matched:
    """How far the slope of f is from the lines: the mean over pixels of (scale * df/dx - target)^2.

    Args:
        net: whose parameters get a gradient through the slope.
        x: glyphs (N, 1, 56, 56) in [-1, 1].
        noise: where chains start, of the same shape.
        share: of noise, (N,) in [0, 1].
        scale: how much smaller than the target the slope is, above 0: a chain's step of `scale` would go all the way.
        y: classes (N,) int64. With them the slope is that of f(x)[y] for the first half of the batch, and that of
            the logsumexp for the rest; without them it is that of f(x) for all.
    """
    points, target = on_line(x, noise, share)
    points = points.detach().requires_grad_()
    logits = net.get_logits(points)
    f = torch.logsumexp(logits, dim=1)
    if y is not None:
        half = len(x) // 2
        f = torch.cat([logits[:half].gather(1, y[:half, None]).squeeze(1), f[half:]])
    (slope,) = torch.autograd.grad(f.sum(), points, create_graph=True)
    return Matched(F.mse_loss(scale * slope, target), logits, share)
