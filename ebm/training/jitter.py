"""Small random shifts, zooms and turns of glyphs, which a classifier should ignore."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from ebm.data.corpus import SIZE

SHIFT = 4.0  # pixels
ZOOM = 0.2  # of the logarithm of the size
TURN = 2.0  # degrees


def jitter(x: Tensor, generator: torch.Generator, strength: float = 1.0) -> Tensor:
    """Shifts, zooms and turns every glyph by its own random amounts; the outside of a glyph is paper.

    Args:
        x: glyphs (N, 1, 56, 56) in [-1, 1].
        generator: on x's device.
        strength: 1 draws shifts up to 4 pixels, zooms up to e^0.2 and turns up to 2 degrees, uniformly; 0 changes
            nothing.

    Returns:
        (N, 1, 56, 56) in [-1, 1].
    """
    dx, dy, zoom, turn = 2 * torch.rand(4, len(x), generator=generator, device=x.device, dtype=x.dtype) - 1
    size = torch.exp(strength * ZOOM * zoom)
    angle = math.radians(strength * TURN) * turn
    step = 2 * strength * SHIFT / SIZE  # the picture spans [-1, 1] in the coordinates of affine_grid
    across = torch.stack([angle.cos() * size, -angle.sin() * size, step * dx], 1)
    down = torch.stack([angle.sin() * size, angle.cos() * size, step * dy], 1)
    grid = F.affine_grid(torch.stack([across, down], 1), list(x.shape), align_corners=False)
    # Shifted by 1, because grid_sample fills what lies outside with 0, and paper is -1.
    return F.grid_sample(x + 1, grid, align_corners=False) - 1
