"""Reads any picture (file, PIL image, array, tensor) as a small grey array."""

import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from torch import Tensor

MAX_PIXELS = 40_000_000
# These decoders take ten times the time or the memory of the others for a pixel.
_FEWER_PIXELS = {"WEBP": 16_000_000, "JPEG2000": 4_000_000}
_MAX_SCANS = 32  # of a JPEG; cameras write 10. Even a short scan is decoded over the whole picture
_WORK_SIDE = 1024  # longest side of the result
# A closed list: some of Pillow's other readers start programs (EPS runs Ghostscript).
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM", "JPEG2000")
_ACCEPTED = "a path, a PIL image, or a numeric array or tensor: grey (H, W) or (H, W, 1), RGB or RGBA"
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def read_grey(picture: str | Path | Image.Image | np.ndarray | Tensor) -> np.ndarray:
    """Reads any picture as grey.

    Args:
        picture: as in `ebm.to_glyph`.

    Returns:
        float32 (H, W) in [0, 1], longest side at most 1024.

    Raises:
        ValueError: this is not a picture, or it is damaged, empty, over 40 megapixels, or not finite.
    """
    if isinstance(picture, (str, Path)):
        return _read_file(Path(picture))
    if isinstance(picture, Image.Image):
        return _read_pil(picture, "the picture")
    if isinstance(picture, Tensor):
        picture = _channels_last(picture.detach().cpu())
    if isinstance(picture, np.ndarray):
        return _read_array(picture)
    raise ValueError(f"a {type(picture).__name__} is not a picture: give {_ACCEPTED}")


def _read_file(path: Path) -> np.ndarray:
    with open_bounded(path) as image:
        image.draft("L", (_WORK_SIDE, _WORK_SIDE))  # JPEG: decode at 1/2, 1/4 or 1/8
        return _read_pil(image, str(path))


def open_bounded(path: Path) -> Image.Image:
    """Opens a picture as `open_picture` does, of no more pixels than its format can decode in a moment."""
    image = open_picture(path)
    try:
        _check_size(image.height, image.width, str(path), _FEWER_PIXELS.get(image.format or "", MAX_PIXELS))
    except ValueError:
        image.close()
        raise
    return image


def open_picture(path: Path, most: int = MAX_PIXELS) -> Image.Image:
    """Opens a picture of a format that is safe to read; its pixels are not decoded yet.

    Args:
        path: of a file.
        most: pixels it may have.

    Raises:
        ValueError: no such file, no picture, too large, or a JPEG made to keep a processor busy.
    """
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file; give the path of a picture")
    try:
        image = Image.open(path, formats=_FORMATS)
    except Image.DecompressionBombError:
        raise ValueError(f"{path} has {_too_large(most)}") from None
    except Exception as error:  # readers of broken files raise nearly anything
        raise ValueError(f"{path} is not a picture that can be read: use PNG, JPEG, GIF, BMP, TIFF or WebP") from error
    try:
        _check_size(image.height, image.width, str(path), most)
        if image.format == "JPEG":
            _check_scans(path)
    except ValueError:
        image.close()
        raise
    return image


def _read_pil(image: Image.Image, name: str) -> np.ndarray:
    _check_size(image.height, image.width, name)
    try:
        image.load()
        grey = _grey_from_pil(image)
    except Image.DecompressionBombError:
        raise ValueError(f"{name} has {_too_large(MAX_PIXELS)}") from None
    except _Unfit:
        raise
    except Exception as error:
        raise ValueError(f"{name} is damaged or cut short and cannot be decoded") from error
    return grey


def _grey_from_pil(image: Image.Image) -> np.ndarray:
    if image.mode[0] in "IF":  # 16 and 32 bits: convert("L") would clip them to white
        deep = Image.fromarray(_read_array(np.asarray(image)))
        return np.asarray(upright(deep, image))
    factor = shrink_factor((image.height, image.width), _WORK_SIDE)
    if factor == 1:
        grey = _grey_strip(image)
    else:  # in strips, because copies of a whole 40 MP picture take too much memory
        strips = ((top, min(top + 64 * factor, image.height)) for top in range(0, image.height, 64 * factor))
        parts = [_grey_strip(image.crop((0, top, image.width, end))).reduce(factor) for top, end in strips]
        grey = Image.fromarray(np.concatenate([np.asarray(part) for part in parts]))
    return np.asarray(upright(grey, image), dtype=np.float32) * np.float32(1 / 255)


def _grey_strip(strip: Image.Image) -> Image.Image:
    """The strip in mode L, with white under transparent parts."""
    if strip.has_transparency_data:
        strip = strip.convert("RGBA")
        strip = Image.alpha_composite(Image.new("RGBA", strip.size, "white"), strip)
    if strip.mode not in ("1", "L", "RGB", "RGBA"):
        strip = strip.convert("RGB")  # CMYK, palettes and others cannot become grey directly
    return strip if strip.mode == "L" else strip.convert("L")


def upright(image: Image.Image, source: Image.Image) -> Image.Image:
    """The image turned as the EXIF data of its source say."""
    orientation = source.getexif().get(0x0112, 1)
    if orientation == 1:
        return image
    image = image.copy()  # without a conversion it is the source itself
    image.getexif()[0x0112] = orientation
    return ImageOps.exif_transpose(image)


def _channels_last(tensor: Tensor) -> np.ndarray:
    if tensor.ndim == 3 and tensor.shape[0] in (1, 3, 4):
        tensor = tensor.permute(1, 2, 0)
    return (tensor.float() if tensor.is_floating_point() else tensor).numpy()


def _read_array(array: np.ndarray) -> np.ndarray:
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise _Unfit(f"an array of shape {array.shape} is not a picture: give {_ACCEPTED}")
    if array.dtype.kind not in "buif":
        raise _Unfit(f"an array of {array.dtype} is not a picture: give numbers")
    _check_size(array.shape[0], array.shape[1], "the array")
    factor = shrink_factor(array.shape[:2], _WORK_SIDE)
    white = _white(array)
    strips = range(0, len(array), 64 * factor)  # in strips, because a float copy of 40 MP takes too much memory
    with np.errstate(over="ignore", invalid="ignore"):
        parts = [shrink(_grey(array[i : i + 64 * factor], white), factor) for i in strips]
        grey = np.concatenate(parts)
        low, high = (0, 255) if array.dtype == np.uint8 else (grey.min(), grey.max())
        span = high - low
        scaled = (grey - low) / span if high > low else np.zeros_like(grey)
    if not np.isfinite(scaled).all() or not np.isfinite(span):
        raise _Unfit("the array holds NaN, infinite or enormous numbers: give finite grey values")
    return scaled.astype(np.float32)


def _grey(strip: np.ndarray, white: float) -> np.ndarray:
    """Grey float (h, w) of a strip (h, w[, 1, 3 or 4]), with white under transparent parts."""
    # float32 holds 8 and 16 bits exactly and is twice as fast
    strip = strip.astype(np.float32 if strip.dtype.itemsize <= 2 else np.float64)
    if strip.ndim == 2 or strip.shape[2] == 1:
        return strip.reshape(strip.shape[:2])
    grey = strip[..., :3] @ _LUMA.astype(strip.dtype)
    if strip.shape[2] == 3:
        return grey
    alpha = np.clip(strip[..., 3] / white, 0.0, 1.0)
    return grey * alpha + white * (1.0 - alpha)


def _white(array: np.ndarray) -> float:
    """The number that means white, and opaque, in an array with transparency; otherwise unused."""
    if array.ndim == 2 or array.shape[2] != 4 or array.size == 0:
        return 1.0
    if array.dtype in (np.uint8, np.uint16):
        return float(np.iinfo(array.dtype).max)
    return 1.0 if array.max() <= 1 else 255.0


class _Unfit(ValueError):
    """An error whose message already says what is wrong with the picture, so that callers keep its words."""


def _too_large(most: int) -> str:
    return f"more than {most // 10**6} megapixels: make it smaller or crop it"


def _check_scans(path: Path) -> None:
    """Refuses a JPEG of very many scans, because a short file could keep a processor busy for hours."""
    data = path.read_bytes()
    if data.count(b"\xff\xda") > _MAX_SCANS:  # start of scan; within a scan FF is always followed by 0
        raise _Unfit(f"{path} is a JPEG of more than {_MAX_SCANS} scans: save it again with a usual program")


def _check_size(height: int, width: int, name: str, most: int = MAX_PIXELS) -> None:
    if height * width > most:
        raise _Unfit(f"{name} has {_too_large(most)}")
    if height * width == 0:
        raise _Unfit(f"{name} has no pixels: its size is {width} x {height}")


def shrink_factor(shape: tuple[int, ...], side: int) -> int:
    """The whole number by which a picture must be shrunk to fit into a square.

    Args:
        shape: of the picture (h, w, ...).
        side: of the square, in pixels.

    Returns:
        the factor, at least 1.
    """
    return math.ceil(max(shape) / side)


def shrink(grey: np.ndarray, factor: int) -> np.ndarray:
    """Shrinks a picture to the means over blocks of factor x factor pixels.

    Args:
        grey: (H, W).
        factor: a whole number, at least 1.

    Returns:
        (ceil(H / factor), ceil(W / factor)); the last blocks may be smaller.
    """
    if factor == 1:
        return grey
    for axis in (1, 0):
        starts = np.arange(0, grey.shape[axis], factor)
        counts = np.diff(np.append(starts, grey.shape[axis])).astype(grey.dtype)
        sums = np.add.reduceat(grey, starts, axis=axis)
        grey = sums / (counts if axis == 1 else counts[:, None])
    return grey
