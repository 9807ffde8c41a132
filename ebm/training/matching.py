"""The matching loss: the slope of f, regressed along straight lines from noise to glyphs.

A chain that starts from noise needs a slope to follow long before it reaches a glyph. Matching teaches f that slope
without any chain. It is the flow-like part of Energy Matching (Balcerak et al. 2025, arXiv:2504.10612) with the fading
target of Equilibrium Matching (Wang & Du 2025, arXiv:2510.02300). Near a glyph the slope falls to zero, so that
descending chains come to rest there. Multi-scale denoising score matching (Li et al. 2019, arXiv:1910.07762)
regresses the same slope with Gaussian noise of many sizes.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ebm.model.energy import EnergyNet, f_of

FADE = 0.3  # share of noise below which the target falls to zero


class Matched(NamedTuple):
    """The result of one batch on the lines.

    Args:
        loss: the matching loss, a scalar.
        logits: of the glyphs on the lines, (N, outputs).
        share: share of noise of each, (N,) in [0, 1].
    """

    loss: Tensor
    logits: Tensor
    share: Tensor


def on_line(x: Tensor, noise: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """Points on the lines from glyphs to noise, and the directions back to the glyphs, in which f should rise.

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
        scale: factor by which the slope is smaller than the target, above 0. A step of this size would go from noise
            to the glyph.
        y: classes (N,) int64. With them the slope is that of f(x)[y] for the first half of the batch, and that of
            the logsumexp for the rest. Without them it is that of f(x) for all.

    Returns:
        the loss, with the logits and the shares of noise for the cross-entropy.
    """
    points, target = on_line(x, noise, share)
    points = points.detach().requires_grad_()
    logits = net.get_logits(points)
    if y is not None:
        half = len(x) // 2
        y = torch.cat([y[:half], torch.full_like(y[half:], -1)])
    (slope,) = torch.autograd.grad(f_of(logits, y).sum(), points, create_graph=True)
    return Matched(F.mse_loss(scale * slope, target), logits, share)


def cross_entropy_on_lines(matched: Matched, y: Tensor) -> Tensor:
    """The cross-entropy of glyphs on the lines, each weighted by how much of it is glyph.

    Args:
        matched: of a network with classes.
        y: classes (N,) int64.

    Returns:
        a scalar.
    """
    return ((1 - matched.share) * F.cross_entropy(matched.logits, y, reduction="none")).mean()
