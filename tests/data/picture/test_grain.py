"""Grain against known answers: white noise of a known deviation, and a blur of a known spectrum."""

import math

import pytest
import torch
from torch.nn import functional as F

from ebm.data.corpus import to_model_space
from ebm.data.picture.grain import paper_grain, spectral_ratio


def noise(n: int = 64, seed: int = 0):
    return torch.randn(n, 1, 56, 56, generator=torch.Generator().manual_seed(seed))


def blurred(x):
    """Each pixel and its neighbours as (1, 2, 1) / 4 along both axes, the picture taken as periodic."""
    line = torch.tensor([1.0, 2.0, 1.0]) / 4
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="circular"), (line[:, None] * line)[None, None])


def test_noise_of_three_times_the_deviation_has_nine_times_the_power():
    assert spectral_ratio(0.3 * noise(), 0.1 * noise(seed=1)) == pytest.approx(9, rel=0.02)
    assert spectral_ratio(0.1 * noise(), 0.1 * noise()) == 1


def test_a_blur_takes_away_what_its_transfer_function_says():
    """(1, 2, 1) / 4 passes cos(pi f)^4 of the power at the frequency f of an axis."""
    f = torch.fft.fftfreq(56)
    passed = torch.cos(math.pi * f) ** 4
    fine = torch.hypot(f[:, None], f) > 0.3
    expected = float((passed[:, None] * passed)[fine].mean())
    assert spectral_ratio(blurred(noise()), noise()) == pytest.approx(expected, rel=0.02)


def test_coarse_structure_and_brightness_are_no_grain():
    wave = torch.sin(2 * math.pi * 4 / 56 * torch.arange(56))  # 0.07 cycles a pixel
    assert spectral_ratio(noise() + 5 * wave + 3, noise()) == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize("deviation", [0.01, 0.1])
def test_noise_on_blank_paper_has_its_deviation_less_its_share_of_the_mean(deviation):
    """A pixel less the mean of nine that hold it: variance (1 - 1/9) s^2."""
    found = paper_grain(deviation * noise() - 0.8)
    assert found == pytest.approx(deviation * math.sqrt(8 / 9), rel=0.02)


def test_only_paper_is_looked_at():
    """A grainy black bar with three blurred pixels of edge on smooth paper leaves the paper smooth."""
    x = torch.full((8, 1, 56, 56), -0.9)
    x[..., 20:30] = 0.7 + 0.1 * noise(8)[..., 20:30]
    x[..., 17:20], x[..., 30:33] = -0.5, -0.5
    assert paper_grain(x) == pytest.approx(0, abs=1e-6)


def test_a_single_speck_is_grain_and_not_ink():
    x = torch.full((1, 1, 56, 56), -0.9)
    x[..., 28, 28] = 0.9
    assert paper_grain(x) > 0.02


def test_where_there_is_no_paper_there_is_no_answer():
    assert math.isnan(paper_grain(0.1 * noise() + 0.5))


def test_noise_on_printed_glyphs_is_found(small_corpus):
    x = to_model_space(small_corpus.images["test"])
    grainy = (x + 0.2 * noise(len(x))).clamp(-1, 1)
    assert paper_grain(grainy) > 1.2 * paper_grain(x) and spectral_ratio(grainy, x) > 1.5
