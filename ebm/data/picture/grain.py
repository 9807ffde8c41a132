"""How grainy glyphs are: what the judge of samples hardly sees.

Its features are those of a classifier, which learns to read through grain. Blurring samples until their
fine power fell from nine times that of real glyphs to less than half of it moved the Frechet distance
in its features from 2.15 to 2.34 only. So grain is measured in the pixels themselves.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

FINE = 0.3  # cycles a pixel; strokes are several pixels wide and have little power above it
INK = -0.3  # a 3x3 mean above this is ink: a speck alone does not reach it, the faint edge of a stroke does
REACH = 3  # pixels around ink that are not counted as paper: a scan's blur reaches no further


def spectral_ratio(samples: Tensor, real: Tensor) -> float:
    """The samples' mean power above 0.3 cycles a pixel over that of real glyphs.

    1 where both are as sharp, above 1 where the samples have grain, below 1 where they are blurred.

    Args:
        samples: glyphs (N, 1, 56, 56) in [-1, 1].
        real: glyphs (M, 1, 56, 56) in [-1, 1].
    """
    return float(_fine_power(samples) / _fine_power(real))


def paper_grain(x: Tensor) -> float:
    """How rough the empty paper of glyphs is, in units of the grey scale [-1, 1]; 0 is smooth.

    The root mean square of what a pixel differs from the mean of the 3x3 pixels around it, over all pixels
    that are paper. Paper is where no 3x3 mean within three pixels is above -0.3, so no edge of a stroke
    and no neighbour's ink counts, while single specks do. White noise of standard deviation s has the
    grain s sqrt(8 / 9).

    Args:
        x: glyphs (N, 1, H, W) in [-1, 1], ink = +1.

    Returns:
        the grain, or NaN where no glyph shows any paper, as in plain noise: NaN compares as false with every limit.
    """
    around = F.avg_pool2d(x, 3, stride=1)  # (N, 1, H - 2, W - 2): the outermost pixels have no neighbourhood
    inked = (around > INK).to(x.dtype)
    paper = F.max_pool2d(inked, 2 * REACH + 1, stride=1, padding=REACH) == 0
    return float((x[..., 1:-1, 1:-1] - around)[paper].double().square().mean().sqrt())


def _fine_power(x: Tensor) -> Tensor:
    """The mean over glyphs and over frequencies above `FINE`, radially, of the squared Fourier transform."""
    rows, columns = (torch.fft.fftfreq(size, device=x.device) for size in x.shape[-2:])
    fine = torch.hypot(rows[:, None], columns) > FINE
    # In parts: the transform of all glyphs at once would take eight times their memory.
    totals = [torch.fft.fft2(part.double()).abs().square()[..., fine].sum() for part in x.split(256)]
    return torch.stack(totals).sum() / (len(x) * fine.sum())
