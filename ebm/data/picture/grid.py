"""Glyphs as pictures: grids, strips and animations in black ink on white paper."""

from pathlib import Path

from PIL import Image
from torch import Tensor

from ebm.data.corpus import to_bytes


def to_image(x: Tensor, columns: int | None = None, zoom: int = 1, gap: int = 2) -> Image.Image:
    """A grid of glyphs as an 8-bit picture, ink black.

    Args:
        x: (N, 1, 56, 56) in [-1, 1], ink = +1.
        columns: of the grid; by default the grid is about square.
        zoom: factor of enlargement; pixels stay sharp.
        gap: white pixels between glyphs, before the enlargement.

    Returns:
        the picture.
    """
    from torchvision.utils import make_grid  # here, because the import takes a second

    columns = columns or max(1, round(len(x) ** 0.5 + 0.49))
    pixels = 255 - to_bytes(x.detach().cpu())[:, None]
    grid = make_grid(pixels, nrow=columns, padding=gap, pad_value=255)[0]
    picture = Image.fromarray(grid.numpy())
    return picture.resize((picture.width * zoom, picture.height * zoom), Image.Resampling.NEAREST)


def save_animation(
    path: str | Path, frames: list[Tensor], columns: int | None = None, zoom: int = 2, ms: int = 60
) -> None:
    """Writes the states of chains as an animated WebP or GIF.

    Args:
        path: ends in .webp or .gif.
        frames: the states in order, each (N, 1, 56, 56) in [-1, 1].
        columns: as in `to_image`.
        zoom: as in `to_image`.
        ms: milliseconds for which each frame is shown; the last one is shown for a second.
    """
    pictures = [to_image(x, columns, zoom) for x in frames]
    times = [ms] * (len(pictures) - 1) + [1000]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=times, loop=0)
