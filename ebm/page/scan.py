"""A file with the scan of a page -> its colours, in bounded memory."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ebm.data.picture.decode import open_picture, upright

MAX_PIXELS = 80_000_000
WORK_PIXELS = 24_000_000  # what is kept of them: letters of a page stay 40 pixels and more high
_STRIP_PIXELS = 4_000_000  # converted at a time


@dataclass(frozen=True)
class Scan:
    """A scan as it is worked on.

    Args:
        name: of the file, without folder and ending.
        colour: uint8 (H, W, 3).
        factor: how many times smaller than the file's own picture.
    """

    name: str
    colour: np.ndarray
    factor: int

    def turned(self, degrees: int) -> "Scan":
        """The scan turned clockwise by 0, 90, 180 or 270 degrees."""
        return Scan(self.name, np.ascontiguousarray(np.rot90(self.colour, -degrees // 90)), self.factor)


def read_scan(path: str | Path, most_pixels: int = MAX_PIXELS) -> Scan:
    """Reads a scan: JPEG, PNG, TIFF, WebP, JPEG 2000 and others, up to 80 megapixels.

    Args:
        path: of the file; of several pages in a TIFF, the first is read.
        most_pixels: that it may have.

    Raises:
        ValueError: no such file, not a picture, damaged, or too large.
    """
    path = Path(path)
    with open_picture(path, most_pixels) as image:
        factor = math.ceil(math.sqrt(image.width * image.height / WORK_PIXELS))
        wanted = image.size
        try:
            if image.format == "JPEG2000" and factor > 1:
                image.reduce = math.ceil(math.log2(factor))  # type: ignore[method-assign, assignment]
            image.draft("RGB", (image.width // factor, image.height // factor))
            image.load()
            done = max(1, round(wanted[0] / image.width))  # the decoder's own share of the reduction
            rest = math.ceil(math.sqrt(image.width * image.height / WORK_PIXELS))
            return Scan(path.stem, np.asarray(upright(_reduced(image, rest), image)), done * rest)
        except Exception as error:  # decoders raise nearly anything
            raise ValueError(f"{path} is damaged or cut short and cannot be decoded") from error


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """The picture in RGB, `factor` times smaller; strip by strip, since whole copies of 80 MP are too much."""
    deep = _depth(image)
    rows = factor * max(1, _STRIP_PIXELS // (image.width * factor))
    height, width = (math.ceil(side / factor) for side in (image.height, image.width))
    result = np.empty((height, width, 3), dtype=np.uint8)
    for top in range(0, image.height, rows):
        strip = _colour(image.crop((0, top, image.width, min(top + rows, image.height))), deep)
        part = np.asarray(strip if factor == 1 else strip.reduce(factor))
        result[top // factor :][: len(part)] = part
    return Image.fromarray(result)


def _depth(image: Image.Image) -> tuple[float, float] | None:
    """Darkest and lightest value of a picture of more than 8 bits; None for the others."""
    if image.mode[0] not in "IF":
        return None
    low, high = image.getextrema()
    if not all(math.isfinite(side) for side in (low, high)):  # type: ignore[arg-type]
        raise ValueError("values that are not finite")
    return float(low), float(high)  # type: ignore[arg-type]


def _colour(strip: Image.Image, depth: tuple[float, float] | None) -> Image.Image:
    """A strip in RGB, transparency laid on white."""
    if depth is not None:
        low, high = depth
        values = (np.asarray(strip, dtype=np.float32) - low) * (255.0 / max(high - low, 1e-6))
        strip = Image.fromarray(values.astype(np.uint8))
    if strip.has_transparency_data:
        strip = strip.convert("RGBA")
        strip = Image.alpha_composite(Image.new("RGBA", strip.size, "white"), strip)
    return strip if strip.mode == "RGB" else strip.convert("RGB")
