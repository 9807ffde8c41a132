"""Paths between glyphs: straight lines, paths of lowest energy, and planes through three glyphs."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from ebm.model.gradient import gradient_of
from ebm.sampling.langevin import Step

TINY = 1e-12  # a slope of at most this size counts as zero


def straight(a: Tensor, b: Tensor, n: int) -> Tensor:
    """n glyphs at equal distances on the straight line from a to b.

    Args:
        a: the first glyph (1, 56, 56), or a tensor of another shape.
        b: the last glyph, of the same shape.
        n: number of glyphs with both ends, at least 2.

    Returns:
        (n, ...); for glyphs (n, 1, 56, 56).

    Raises:
        ValueError: for n below 2, or shapes that differ.
    """
    if n < 2 or a.shape != b.shape:
        raise ValueError(
            f"A path needs two glyphs of one shape and n >= 2, not {tuple(a.shape)}, {tuple(b.shape)}, {n}."
        )
    return torch.stack([torch.lerp(a, b, k / (n - 1)) for k in range(n)])


def lowest_energy(
    model: nn.Module | Callable[..., Tensor], a: Tensor, b: Tensor, n: int = 24, *, steps: int = 100,
    step_size: float = 0.05, smooth: bool = True, y: int | None = None, every: int = 1,
) -> Iterator[Step]:  # fmt: skip
    """Relaxes the straight line between two glyphs into a path of lowest energy, and yields the states.

    In every step all images first move down dE/dx. Then they are placed at equal distances along the path through
    them, which removes their movement along the path. The path comes to rest where dE/dx is parallel to it. This is
    a local minimum: another start may lead to another path. Real glyphs are not minima, so a long relaxation goes far
    below both ends. On the shipped JEM 100 steps were enough for barriers near 0 and images that look like glyphs.

    Source: the string method of E, Ren & Vanden-Eijnden 2007.

    Args:
        model: as in `ebm.sgld`; energies are of x or, with y, of (x, y).
        a: the first glyph (1, 56, 56), which does not move.
        b: the last glyph (1, 56, 56), which does not move.
        n: number of images with both ends, at least 2.
        steps: of relaxation.
        step_size: length of the longest move of the first step, as root mean square over the pixels. It falls
            linearly to 0 over the run. All images share one scale, so that only the energy decides the path's shape.
        smooth: whether to blur dE/dx, so that the path changes the form and not the grain.
        y: a class for all images, or None.
        every: yields after each `every` steps, and always after the last.

    Yields:
        `Step`: images (n, 1, 56, 56), in [-1, 1] where a and b are, and their energies (n,). The first one is the
        straight line, as step 0.

    Raises:
        ValueError: as in `straight`.
    """
    path = straight(a, b, n).detach()
    labels = None if y is None else torch.full((n,), y, device=path.device)
    energy = getattr(model, "energy", model)
    slope = gradient_of(model, path, labels)
    low, high = min(-1.0, float(path.min())), max(1.0, float(path.max()))
    for index in range(steps + 1):
        if index:
            gradient = slope(path)
            if smooth:
                gradient = binomial(binomial(gradient, -1), -2)
            size = gradient[1:-1].flatten(1).square().mean(1).sqrt().max().clamp_min(TINY) if n > 2 else 1.0
            gradient[[0, -1]] = 0
            moved = path - step_size * (1 - (index - 1) / steps) * gradient / size
            path = equally_spaced(moved.clamp_(low, high))
        if index % every == 0 or index == steps:
            with torch.no_grad():
                energies = energy(path) if labels is None else energy(path, labels)
            yield Step(path, energies, index)  # outside, as in `ebm.sampling.chains`


def binomial(x: Tensor, dim: int) -> Tensor:
    """Blurs with (1, 2, 1) / 4 along one axis, with zeros beyond the ends.

    It adds slices, which is ten times as fast as a pooling layer.

    Args:
        x: any tensor.
        dim: the axis.

    Returns:
        a tensor of the same shape.
    """
    n = x.shape[dim]
    blurred = x / 2
    blurred.narrow(dim, 0, n - 1).add_(x.narrow(dim, 1, n - 1), alpha=0.25)
    blurred.narrow(dim, 1, n - 1).add_(x.narrow(dim, 0, n - 1), alpha=0.25)
    return blurred


def equally_spaced(path: Tensor) -> Tensor:
    """Places points at equal distances along the broken line through them.

    Args:
        path: points (n, ...).

    Returns:
        (n, ...), with the same ends.
    """
    n = len(path)
    lengths = (path[1:] - path[:-1]).flatten(1).norm(dim=1).double()
    at = torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])
    if not at[-1] > 0:
        return path
    wanted = torch.linspace(0, 1, n, dtype=at.dtype, device=at.device)[1:-1] * at[-1]
    left = (torch.searchsorted(at, wanted, right=True) - 1).clamp(0, n - 2)
    share = ((wanted - at[left]) / lengths[left].clamp_min(TINY)).to(path).view(-1, *[1] * (path.dim() - 1))
    return torch.cat([path[:1], torch.lerp(path[left], path[left + 1], share), path[-1:]])


def barrier(energy: Tensor) -> float:
    """How far the energies (n,) along a path rise above the higher of its ends; 0 where they do not."""
    return float(energy.max() - torch.maximum(energy[0], energy[-1]))


def plane(a: Tensor, b: Tensor, c: Tensor, n: int, margin: float = 0.25) -> tuple[Tensor, Tensor]:
    """Glyphs on a square grid in the plane through three glyphs: x = a + u (b - a) + v (c - a).

    Pixels are not clamped, because the result would not be a plane. Outside the triangle some leave [-1, 1].

    Args:
        a: the glyph (1, 56, 56) at (u, v) = (0, 0).
        b: the glyph (1, 56, 56) at (1, 0).
        c: the glyph (1, 56, 56) at (0, 1).
        n: points along each axis, at least 2.
        margin: how far the grid goes beyond 0 and 1 on all sides, 0 or more.

    Returns:
        glyphs (n, n, 1, 56, 56), where v changes along the first axis and u along the second, and the coordinates
        (n,) of both axes.

    Raises:
        ValueError: for n below 2, a margin below 0, or shapes that differ.
    """
    if n < 2 or not margin >= 0 or not a.shape == b.shape == c.shape:
        raise ValueError("A plane needs three glyphs of one shape, n >= 2 and a margin of at least 0.")
    axis = torch.linspace(-margin, 1 + margin, n, dtype=a.dtype, device=a.device)
    u, v = (w.view(*w.shape, *[1] * a.dim()) for w in torch.meshgrid(axis, axis, indexing="xy"))
    return a + u * (b - a) + v * (c - a), axis
