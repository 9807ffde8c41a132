"""A picture with more than one letter: where its letters lie, and a part of it, turned upright."""

import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ebm.data.picture.decode import open_bounded, read_grey
from ebm.data.picture.letter import Box
from ebm.data.picture.paper import find_paper

MOST = 80  # letters that are looked for
SMALLEST = 8  # pixels of a part's side
STEEPEST = 180.0  # degrees
_MOST_PARTS = 3000  # connected parts; a picture with more is no line of letters
_INKED = 0.35  # share of black from which a pixel is ink
_TALL = 0.35  # of the tallest part: what is lower is a point, a bar or a speck
_ABOVE = 0.7  # of a letter's height: how far above it its points may lie


def find_letters(picture: str | Path | np.ndarray) -> list[tuple[float, float, float, float]]:
    """Where letters lie in a picture of a few of them, points and bars joined to what stands below.

    Letters that touch are found as one. A whole page is a matter for `ebm.page`.

    Args:
        picture: as in `ebm.to_glyph`.

    Returns:
        left, top, right, bottom of each as shares of the picture's sides, in [0, 1]; at most `MOST`, from the left.

    Raises:
        ValueError: as `read_grey`.
    """
    from scipy import ndimage  # slow to import, and the page needs it only when a picture is brought

    grey = read_grey(picture)
    if grey.min() == grey.max():
        return []
    light, paper = find_paper(grey)
    labels, count = ndimage.label(1 - light / paper > _INKED, structure=np.ones((3, 3)))
    if count > _MOST_PARTS:
        return []
    found = [Box(columns.start, rows.start, columns.stop, rows.stop) for rows, columns in ndimage.find_objects(labels)]
    height, width = grey.shape
    inside = [box for box in found if not (box.top == 0 and box.bottom == height)]  # no frame, no edge of a sheet
    tallest = max((box.bottom - box.top for box in inside), default=0)
    bodies = [box for box in inside if box.bottom - box.top >= max(_TALL * tallest, 4)][:MOST]
    small = [box for box in inside if box.bottom - box.top < _TALL * tallest]
    letters = sorted((_with_points(body, small) for body in bodies), key=lambda box: box.left)
    return [(box.left / width, box.top / height, box.right / width, box.bottom / height) for box in letters]


def _with_points(body: Box, small: list[Box]) -> Box:
    """A letter's box with the parts above it that stand over it."""
    reach = _ABOVE * (body.bottom - body.top)
    over = [
        box for box in small
        if body.top - reach <= box.top < body.top and body.left <= (box.left + box.right) / 2 <= body.right
    ]  # fmt: skip
    return body._replace(top=min([body.top, *(box.top for box in over)]))


def crop(path: str | Path, box: tuple[float, float, float, float], angle: float = 0.0) -> Image.Image:
    """A part of a picture file, in its full resolution, turned about its middle.

    Args:
        path: of the file.
        box: left, top, right, bottom as shares of the picture's sides, in [0, 1].
        angle: degrees by which the part is turned clockwise, so that its letter stands upright, in [-180, 180]. Quarter
            turns take the same part; what is left over leans the box.

    Returns:
        the part in grey.

    Raises:
        ValueError: one sentence, for a file that is no picture, or a part of it that is empty or too small.
    """
    left, top, right, bottom = box
    numbers = [*box, angle]
    if not all(math.isfinite(n) for n in numbers) or not 0 <= left < right <= 1 or not 0 <= top < bottom <= 1:
        raise ValueError("The part of a picture has its left, top, right and bottom between 0 and 1, in this order.")
    if abs(angle) > STEEPEST:
        raise ValueError(f"A part is turned by -{STEEPEST:g} to {STEEPEST:g} degrees.")
    with open_bounded(Path(path)) as image:
        try:
            image = ImageOps.exif_transpose(image)
        except Exception as error:  # readers of broken files raise nearly anything
            raise ValueError("The picture is damaged or cut short and cannot be decoded.") from error
        width, height = image.size
        middle = (left + right) / 2 * width, (top + bottom) / 2 * height
        half = (right - left) / 2 * width, (bottom - top) / 2 * height
        if min(half) * 2 < SMALLEST:
            raise ValueError(f"This part is too small: a letter needs at least {SMALLEST} pixels each way.")
        reach = (math.hypot(*half),) * 2 if angle else half
        window = [
            round(v) for v in (middle[0] - reach[0], middle[1] - reach[1], middle[0] + reach[0], middle[1] + reach[1])
        ]
        within = max(window[0], 0), max(window[1], 0), min(window[2], width), min(window[3], height)
        grey = read_grey(image.crop(within))
    scale = grey.shape[1] / (within[2] - within[0])
    if not angle:
        return _picture(grey)
    outside = [round(scale * abs(a - b)) for a, b in zip(window, within, strict=True)]  # left, top, right, bottom
    whole = _picture(np.pad(grey, ((outside[1], outside[3]), (outside[0], outside[2])), mode="edge"))
    turned = whole.rotate(-angle, Image.Resampling.BICUBIC)
    wide, tall = (scale * side for side in (half if round(angle / 90) % 2 == 0 else half[::-1]))
    x, y = whole.width / 2, whole.height / 2
    return turned.crop((round(x - wide), round(y - tall), round(x + wide), round(y + tall)))


def _picture(grey: np.ndarray) -> Image.Image:
    return Image.fromarray((grey * 255).round().astype(np.uint8))
