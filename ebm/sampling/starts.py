"""Where chains start: the prior distributions of the sheet, Sec. 3."""

from collections.abc import Callable

import torch
from torch import Tensor

from ebm.data.corpus import SIZE

GLYPH = (1, SIZE, SIZE)


def uniform_start(n: int, generator: torch.Generator) -> Tensor:
    """Uniform noise in [-1, 1]: (n, 1, 56, 56) on the generator's device."""
    return torch.rand((n, *GLYPH), generator=generator, device=generator.device) * 2 - 1


def gaussian_start(n: int, generator: torch.Generator) -> Tensor:
    """The sheet's small Gaussian noise, N(0, 0.01^2): (n, 1, 56, 56) on the generator's device."""
    return torch.randn((n, *GLYPH), generator=generator, device=generator.device) * 0.01


def blank_start(n: int, generator: torch.Generator) -> Tensor:
    """Blank paper of a shade in [-1, -0.6] with a little grain: (n, 1, 56, 56) on the generator's device."""
    shade = -1 + 0.4 * torch.rand((n, 1, 1, 1), generator=generator, device=generator.device)
    grain = 0.05 * torch.randn((n, *GLYPH), generator=generator, device=generator.device)
    return (shade + grain).clamp_(-1, 1)


STARTS: dict[str, Callable[[int, torch.Generator], Tensor]] = {"uniform": uniform_start, "gaussian": gaussian_start}


def check_start(name: str) -> None:
    """Raises a ValueError for a start that is not in `STARTS`."""
    if name not in STARTS:
        raise ValueError(f"A chain starts from {' or '.join(map(repr, STARTS))}, not {name!r}.")
