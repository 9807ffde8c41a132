"""Ways from one glyph to another: straight lines, paths of lowest energy, and planes through three glyphs."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from ebm.model.gradient import gradient_of
from ebm.sampling.langevin import Step

TINY = 1e-12  # a slope of this size or less moves nothing


def straight(a: Tensor, b: Tensor, n: int) -> Tensor:
    """n glyphs at equal spacing on the straight line from a to b, both included.

    Args:
        a, b: of one shape, a glyph (1, 56, 56) or anything else.

    Returns:
        (n, ...), for glyphs (n, 1, 56, 56).

    Raises:
        ValueError: for fewer than two glyphs, or shapes that differ.
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
    """A path of lowest energy between two glyphs, relaxed from the straight line, as it relaxes.

    The string method (E, Ren & Vanden-Eijnden 2007): every image goes down dE/dx, then all are
    put back at equal spacing along the path through them, which takes away what they moved along it. It
    settles where dE/dx has no part across the path. From another start it may settle elsewhere: the path
    is the lowest nearby, not of all. Real glyphs are no minima, so that a long relaxation sinks far below
    both ends; 100 steps were enough on the shipped JEM for barriers near 0 and pictures like glyphs.

    Args:
        model: as in `ebm.sgld`; energies are of x or, with y, of (x, y).
        a, b: glyphs (1, 56, 56), which stay where they are; n: images, ends included.
        steps: of relaxation. step_size: root mean square over the pixels of the longest move a step,
            falling linearly to 0 over the run; one scale for the whole path, so that its shape is the
            energy's alone. smooth: blurs dE/dx, so that the path changes form, not grain.
        y: a class, for all images. every: yields after each `every` steps, and always after the last.

    Yields:
        `Step`: images (n, 1, 56, 56) in [-1, 1] where a and b are, and their energies (n,); the straight
        line first, as step 0.

    Raises:
        ValueError: as `straight` does.
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
                yield Step(path, energy(path) if labels is None else energy(path, labels), index)


def binomial(x: Tensor, dim: int) -> Tensor:
    """(1, 2, 1) / 4 along one axis, zeros beyond the ends: sums of slices, ten times as fast as a pooling layer."""
    n = x.shape[dim]
    blurred = x / 2
    blurred.narrow(dim, 0, n - 1).add_(x.narrow(dim, 1, n - 1), alpha=0.25)
    blurred.narrow(dim, 1, n - 1).add_(x.narrow(dim, 0, n - 1), alpha=0.25)
    return blurred


def equally_spaced(path: Tensor) -> Tensor:
    """As many points (n, ...) at equal distances along the broken line through points (n, ...); its ends stay."""
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
    """How far the energies (n,) along a path rise above the higher of its ends: 0 where they never do."""
    return float(energy.max() - torch.maximum(energy[0], energy[-1]))


def plane(a: Tensor, b: Tensor, c: Tensor, n: int, margin: float = 0.25) -> tuple[Tensor, Tensor]:
    """Glyphs on a square grid in the plane through three: x = a + u (b - a) + v (c - a).

    Args:
        a, b, c: glyphs (1, 56, 56): at (u, v) = (0, 0), (1, 0) and (0, 1).
        n: points along each axis; margin: how far the grid reaches beyond 0 and 1 on all sides.

    Returns:
        glyphs (n, n, 1, 56, 56), v changing along the first axis and u along the second, and the coordinates
        (n,) of both axes. Pixels are not clamped, or it were no plane: away from the triangle some leave [-1, 1].

    Raises:
        ValueError: for fewer than two points, a margin below 0, or shapes that differ.
    """
    if n < 2 or not margin >= 0 or not a.shape == b.shape == c.shape:
        raise ValueError("A plane needs three glyphs of one shape, n >= 2 and a margin of at least 0.")
    axis = torch.linspace(-margin, 1 + margin, n, dtype=a.dtype, device=a.device)
    u, v = (w.view(*w.shape, *[1] * a.dim()) for w in torch.meshgrid(axis, axis, indexing="xy"))
    return a + u * (b - a) + v * (c - a), axis
