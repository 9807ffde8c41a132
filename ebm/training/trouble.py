"""The signs of a divergence in one training step; the loss does not show all of them."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

MAX_ENERGY = 1e3
MAX_GAP = 10.0  # f(real) - f(fake); in healthy runs it stays within 1 of 0
MIN_GAP = -20.0
MAX_INK = 0.6  # share of pixels above 0.99; in real glyphs it is 0.001 (and 0.13 above 0.5)
MAX_ROUGHNESS = 0.9  # mean difference of neighbouring pixels; 2/3 for uniform noise, 2 for a checkerboard


class Signs(NamedTuple):
    """What is looked at, each a scalar.

    Args:
        largest: size of the largest f, of real glyphs and samples.
        gap: mean f(real) - mean f(fake).
        ink: share of the samples' pixels above 0.99.
        roughness: mean difference of neighbouring pixels of the samples.
    """

    largest: Tensor
    gap: Tensor
    ink: Tensor
    roughness: Tensor


def signs_of(f_real: Tensor, f_fake: Tensor, fake: Tensor) -> Signs:
    """Computes the signs of a step.

    Args:
        f_real: f of real glyphs (N,).
        f_fake: f of samples (N,).
        fake: the samples (N, 1, 56, 56) in [-1, 1].
    """
    largest = torch.cat([f_real, f_fake]).abs().max()
    roughness = torch.stack([fake.diff(dim=dim).abs().mean() for dim in (2, 3)]).mean()
    return Signs(largest, f_real.mean() - f_fake.mean(), (fake > 0.99).float().mean(), roughness)


def trouble_in(signs: Signs) -> str | None:
    """The first sign that is out of bounds, in words; None if all is well."""
    largest, gap, ink, roughness = map(float, signs)
    if not math.isfinite(largest) or largest > MAX_ENERGY:
        return f"an energy of size {largest:.3g} (at most {MAX_ENERGY:g} is usual)"
    if not MIN_GAP < gap < MAX_GAP:
        return f"real and sampled energies {gap:.3g} apart ({MIN_GAP:g} to {MAX_GAP:g} is usual)"
    if ink > MAX_INK:
        return f"samples of solid ink ({ink:.0%} of their pixels)"
    if roughness > MAX_ROUGHNESS:
        return f"samples of saturated pixels (neighbours {roughness:.2f} apart, noise has 0.67)"
    return None
