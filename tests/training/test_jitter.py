"""Jitter moves a glyph and changes nothing else of it."""

import torch

from ebm.training.jitter import SHIFT, jitter


def spot(row: int, column: int) -> torch.Tensor:
    """Paper with one blot of 9x9 pixels around a point."""
    x = torch.full((1, 1, 56, 56), -1.0)
    x[..., row - 4 : row + 5, column - 4 : column + 5] = 1.0
    return x


def centre(x: torch.Tensor) -> torch.Tensor:
    """The centre of the ink (N, 2) in pixels: row, column."""
    ink = (x[:, 0] + 1) / (x[:, 0] + 1).sum((1, 2), keepdim=True)
    at = torch.arange(56.0)
    return torch.stack([(ink.sum(2) * at).sum(1), (ink.sum(1) * at).sum(1)], 1)


def test_no_jitter_leaves_a_glyph_as_it_is():
    x = spot(20, 30)
    torch.testing.assert_close(jitter(x, torch.Generator().manual_seed(0), 0.0), x, atol=1e-5, rtol=0)


def test_shifts_are_uniform_up_to_four_pixels():
    x = spot(27, 28).expand(4000, -1, -1, -1)
    moved = centre(jitter(x, torch.Generator().manual_seed(0))) - centre(x)
    assert moved.abs().max() < SHIFT * 1.3  # a zoom about the middle moves the blot a little further
    torch.testing.assert_close(moved.mean(0), torch.zeros(2), atol=0.15, rtol=0)
    torch.testing.assert_close(moved.std(0), torch.full((2,), SHIFT / 3**0.5), atol=0.2, rtol=0)


def test_ink_grows_and_shrinks_by_the_zoom():
    x = spot(27, 28).expand(4000, -1, -1, -1)
    ink = (jitter(x, torch.Generator().manual_seed(1)) + 1).sum((1, 2, 3)) / (x + 1).sum((1, 2, 3))
    low, high = torch.exp(torch.tensor([-0.4, 0.4]))  # the area goes with the square of the size
    assert low - 0.05 < ink.min() < low + 0.1 and high - 0.1 < ink.max() < high + 0.05


def test_outside_is_paper_and_every_glyph_has_its_own_jitter():
    x = spot(27, 28).expand(8, -1, -1, -1)
    moved = jitter(x, torch.Generator().manual_seed(2))
    assert (moved[..., 0, :] < -0.99).all() and moved.min() >= -1 and moved.max() <= 1
    assert len({round(float(value), 4) for value in centre(moved)[:, 0]}) == 8


def test_a_seed_gives_the_same_jitter():
    x = spot(27, 28)
    first, second = (jitter(x, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)
