"""Pictures that are no pictures, odd pictures, and huge ones, all made by code; each with what should become of it."""

import gzip
import io
import math
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, PngImagePlugin

READ, REFUSED, EITHER = "read", "refused", "either"
LARGE_PHOTO = "30-megapixels-colour.png"


@dataclass(frozen=True)
class Case:
    """A file, and whether it is read as the letter that `letter` draws, refused in a sentence, or either."""

    name: str
    data: bytes
    outcome: str
    words: str = ""  # in the refusal


def letter(size: tuple[int, int] = (100, 120)) -> Image.Image:
    """A dark gallows-like letter on light paper, mode L; unlike its mirror image and itself upside down."""
    wide, high = size
    sheet = Image.new("L", size, 235)
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((wide * 0.3, high * 0.15, wide * 0.42, high * 0.85), fill=25)
    draw.rectangle((wide * 0.3, high * 0.15, wide * 0.75, high * 0.25), fill=25)
    draw.rectangle((wide * 0.3, high * 0.5, wide * 0.6, high * 0.58), fill=25)
    return sheet


def encode(image: Image.Image, kind: str, **how: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **how)
    return stream.getvalue()


def write(folder: Path) -> list[tuple[Case, Path]]:
    """Writes every case as a file."""
    files = [(case, folder / case.name) for case in corpus()]
    for case, path in files:
        path.write_bytes(case.data)
    return files


def corpus() -> list[Case]:
    """All cases, names all different."""
    return [*_no_pictures(), *_cut_short(), *_blank(), *_bombs(), *_odd_files(), *_modes(), *_turned(), *_extremes()]


def _no_pictures() -> list[Case]:
    plain = encode(letter(), "PNG")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("letter.png", b"\0" * 30_000_000)
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    noise = np.random.default_rng(0).bytes(4000)
    contents: dict[str, bytes] = {
        "empty.png": b"", "text.png": b"I am a letter, believe me.", "page.png": b"<!doctype html><h1>A</h1>",
        "drawing.svg": svg.encode(), "drawing.png": svg.encode(),
        "paper.pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
        "paper.png": b"%PDF-1.4\n%%EOF", "program.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n",
        "bomb.zip": bomb.getvalue(), "bomb.png": bomb.getvalue(), "packed.png": gzip.compress(plain),
        "noise.png": noise, "noise.jpg": b"\xff\xd8\xff\xe0" + noise, "noise.gif": b"GIF89a" + noise,
        "noise.webp": b"RIFF\xa0\x0f\0\0WEBPVP8 " + noise, "noise.bmp": b"BM" + noise, "noise.tif": b"II*\0" + noise,
        "noise.pgm": b"P5 100 100 255\n" + noise, "numbers.pgm": b"P2 9 9 255\n" + b"9" * 500,
        "icon.ico": encode(letter((48, 48)), "ICO"), "nothing.gif": b"GIF89a\0\0\0\0\0\0\0;",
        "loop.tif": b"II*\0\x08\0\0\0\x01\0\0\x01\x03\0\x01\0\0\0\x09\0\0\0\x08\0\0\0",
        "script.png": b"#!/bin/sh\nexit 1\n", "pickle.png": b"\x80\x04cos\nsystem\n(S'true'\ntR.",
        "signature.png": b"\x89PNG\r\n\x1a\n",
    }  # fmt: skip
    return [Case(name, data, REFUSED) for name, data in contents.items()]


def _cut_short() -> list[Case]:
    """PNG, JPEG, TIFF at every tenth; GIF and WebP at the half."""
    whole = {"png": encode(letter(), "PNG"), "jpg": encode(letter(), "JPEG"), "tif": encode(letter(), "TIFF")}
    cases = [
        Case(f"{tenth}0-percent.{kind}", data[: len(data) * tenth // 10], REFUSED)
        for kind, data in whole.items()
        for tenth in range(1, 10)
    ]
    cases = [replace(case, outcome=READ) if case.name == "90-percent.png" else case for case in cases]  # lacks its end
    half = {"gif": encode(letter(), "GIF"), "webp": encode(letter(), "WEBP", lossless=True)}
    cases += [Case(f"half.{kind}", data[: len(data) // 2], REFUSED) for kind, data in half.items()]
    broken = bytearray(whole["png"])
    broken[len(broken) // 2] ^= 255
    return [*cases, Case("one-wrong-byte.png", bytes(broken), REFUSED)]


def _blank() -> list[Case]:
    sheets = {
        "white": Image.new("L", (90, 90), 255), "black": Image.new("L", (90, 90), 0), "grey": Image.new("L", (90, 90)),
        "clear": Image.new("RGBA", (90, 90), (0, 0, 0, 0)), "one-pixel": Image.new("RGB", (1, 1), "red"),
    }  # fmt: skip
    return [Case(f"{name}.png", encode(sheet, "PNG"), REFUSED, "blank") for name, sheet in sheets.items()]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, bits: int = 1, colour: int = 0, extra: bytes = b"") -> bytes:
    """A PNG of zeros, made without the picture being in memory."""
    row = b"\0" * (1 + math.ceil(width * bits * {0: 1, 2: 3, 6: 4}[colour] / 8))
    squeeze = zlib.compressobj(1)
    packed = b"".join(squeeze.compress(row * 50) for _ in range(height // 50)) + squeeze.flush()
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + extra + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _bombs() -> list[Case]:
    """Small files that would be huge pictures, or hold huge notes."""
    note = zlib.compress(b"\0" * 80_000_000, 9)
    text = _chunk(b"zTXt", b"note\0\0" + note)
    profile = _chunk(b"iCCP", b"icc\0\0" + note)
    tiff = bytearray(encode(letter((64, 64)), "TIFF"))
    for at in range(len(tiff) - 12):  # width and height are entries 256 and 257 of the directory
        if tiff[at : at + 2] in (b"\0\1", b"\1\1") and tiff[at + 2 : at + 8] == b"\4\0\1\0\0\0":
            tiff[at + 8 : at + 12] = struct.pack("<I", 60_000)
    return [
        Case("30000-x-30000.png", png_of(30_000, 30_000), REFUSED, "40 megapixels"),
        Case("20000-x-2500.png", png_of(20_000, 2_500, 8, 2), REFUSED, "40 megapixels"),
        Case("wide.gif", b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\2\0;", REFUSED),
        Case("60000-x-60000.tif", bytes(tiff), REFUSED),
        Case("large-note.png", png_of(100, 100, 8, extra=text), REFUSED),
        Case("large-profile.png", png_of(100, 100, 8, extra=profile), REFUSED),
        Case("17-megapixels.webp", encode(Image.new("L", (4_200, 4_100), 200), "WEBP", method=0), REFUSED, "16 megapixels"),
        Case("5-megapixels.jp2", encode(Image.new("L", (2_400, 2_100), 200), "JPEG2000"), REFUSED, "4 megapixels"),
        Case("1000-scans.jpg", _of_many_scans(1000), REFUSED, "scans"),
        Case("50-megapixels.jpg", encode(Image.new("L", (8_000, 6_250), 200), "JPEG"), REFUSED, "40 megapixels"),
    ]  # fmt: skip


def _of_many_scans(count: int) -> bytes:
    """A short JPEG whose last scan, of a large picture, is there many times: each takes 20 ms to decode."""
    data = encode(Image.new("L", (6_300, 6_300), 128), "JPEG", progressive=True)
    scan = data[data.rfind(b"\xff\xc4", 0, data.rfind(b"\xff\xda")) : -2]  # with its Huffman table, without the end
    return data[:-2] + scan * count + data[-2:]


def _odd_files() -> list[Case]:
    """Whole pictures of the letter in odd packing."""
    plain, upside_down = letter(), letter().rotate(180)
    notes = PngImagePlugin.PngInfo()
    notes.add_text("note", "<script>alert(1)</script>")
    behind = encode(plain, "PNG") + b"PK\3\4" + b"\0" * 500
    return [
        Case("plain.png", encode(plain, "PNG"), READ), Case("a-png.jpg", encode(plain, "PNG"), READ),
        Case("a-png.txt", encode(plain, "PNG"), READ), Case("no-ending", encode(plain, "PNG"), READ),
        Case("\u017f and 'quotes' & spaces.png", encode(plain, "PNG"), READ),
        Case("noted.png", encode(plain, "PNG", pnginfo=notes), READ), Case("more-behind.png", behind, READ),
        Case("plain.bmp", encode(plain, "BMP"), READ), Case("plain.gif", encode(plain, "GIF"), READ),
        Case("plain.pgm", encode(plain, "PPM"), READ), Case("plain.webp", encode(plain, "WEBP", lossless=True), READ),
        Case("plain.tif", encode(plain, "TIFF"), READ), Case("lzw.tif", encode(plain, "TIFF", compression="tiff_lzw"), READ),
        Case("plain.jpg", encode(plain, "JPEG", quality=95), READ),
        Case("progressive.jpg", encode(plain, "JPEG", quality=95, progressive=True), READ),
        Case("plain.jp2", encode(plain, "JPEG2000"), READ),
        Case("animated.gif", encode(plain, "GIF", save_all=True, append_images=[upside_down] * 5), READ),
        Case("animated.webp", encode(plain, "WEBP", lossless=True, save_all=True, append_images=[upside_down] * 5), READ),
        Case("animated.png", encode(plain, "PNG", save_all=True, append_images=[upside_down] * 5), READ),
        Case("pages.tif", encode(plain, "TIFF", save_all=True, append_images=[upside_down] * 5), READ),
    ]  # fmt: skip


def _modes() -> list[Case]:
    """The letter in every kind of pixel."""
    plain = letter()
    grey = np.asarray(plain)
    alpha = Image.fromarray(((255 - grey) * (255 / (255 - 25))).clip(0, 255).astype(np.uint8))
    ink = Image.new("L", plain.size, 25)  # the letter is in its transparency alone
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    return [
        Case("16-bit.png", encode(deep, "PNG"), READ), Case("16-bit.tif", encode(deep, "TIFF"), READ),
        Case("32-bit.tif", encode(Image.fromarray(grey.astype(np.int32) * 70_000), "TIFF"), READ),
        Case("float.tif", encode(Image.fromarray(grey.astype(np.float32) / 255), "TIFF"), READ),
        Case("float-not-a-number.tif", encode(Image.fromarray(np.full((60, 60), np.nan, np.float32)), "TIFF"), REFUSED),
        Case("float-infinite.tif", encode(Image.fromarray(np.where(grey > 99, np.inf, 0).astype(np.float32)), "TIFF"), REFUSED),
        Case("1-bit.png", encode(plain.convert("1", dither=Image.Dither.NONE), "PNG"), READ),
        Case("1-bit.tif", encode(plain.convert("1", dither=Image.Dither.NONE), "TIFF", compression="group4"), READ),
        Case("palette.png", encode(plain.convert("P"), "PNG"), READ),
        Case("clear-palette.png", encode(plain.convert("P"), "PNG", transparency=int(grey[0, 0])), READ),
        Case("rgb.png", encode(plain.convert("RGB"), "PNG"), READ),
        Case("rgba.png", encode(plain.convert("RGBA"), "PNG"), READ),
        Case("all-in-alpha.png", encode(Image.merge("LA", (ink, alpha)), "PNG"), READ),
        Case("all-in-alpha-rgba.png", encode(Image.merge("RGBA", (ink, ink, ink, alpha)), "PNG"), READ),
        Case("all-in-alpha.webp", encode(Image.merge("RGBA", (ink, ink, ink, alpha)), "WEBP", lossless=True), READ),
        Case("cmyk.tif", encode(plain.convert("CMYK"), "TIFF"), READ),
        Case("cmyk.jpg", encode(plain.convert("CMYK"), "JPEG", quality=95), READ),
        Case("jpeg.tif", encode(plain.convert("RGB"), "TIFF", compression="jpeg", quality=95), READ),
        Case("inverted.png", encode(Image.eval(plain, lambda v: 255 - v), "PNG"), EITHER),
    ]  # fmt: skip


def _turned() -> list[Case]:
    """The letter as a camera stores it, held in each of eight ways, and two notes of it that are no way at all."""
    back: dict[int, Callable[[Image.Image], Image.Image]] = {
        1: lambda i: i, 2: lambda i: i.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: lambda i: i.transpose(Image.Transpose.ROTATE_180), 4: lambda i: i.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: lambda i: i.transpose(Image.Transpose.TRANSPOSE), 6: lambda i: i.transpose(Image.Transpose.ROTATE_90),
        7: lambda i: i.transpose(Image.Transpose.TRANSVERSE), 8: lambda i: i.transpose(Image.Transpose.ROTATE_270),
        0: lambda i: i, 99: lambda i: i,
    }  # fmt: skip
    cases = []
    for way, stored in back.items():
        exif = Image.Exif()
        exif[0x0112] = way
        cases.append(Case(f"held-{way}.jpg", encode(stored(letter()), "JPEG", quality=95, exif=exif), READ))
    plain = encode(letter(), "JPEG", quality=95)
    garbage = plain[:2] + b"\xff\xe1" + struct.pack(">H", 40) + b"Exif\0\0" + b"\xff" * 32 + plain[2:]
    return [*cases, Case("exif-of-garbage.jpg", garbage, READ)]


def _extremes() -> list[Case]:
    """Whole pictures of extreme size or shape, within what is allowed."""
    large = letter((5_000, 6_000))
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (2000, 2000), dtype=np.uint8))
    thin = np.full((5000, 1), 255, np.uint8)
    thin[2000:3000] = 0
    return [
        Case("30-megapixels.png", encode(large, "PNG", compress_level=1), READ),
        Case("30-megapixels.jpg", encode(large, "JPEG"), READ),
        Case("30-megapixels-progressive.jpg", encode(large, "JPEG", progressive=True), READ),
        Case(LARGE_PHOTO, encode(large.convert("RGBA"), "PNG", compress_level=1), READ),
        Case("30-megapixels-16-bit.tif", encode(Image.fromarray(np.asarray(large).astype(np.uint16) * 257), "TIFF"), READ),
        Case("39-megapixels-of-nothing.png", png_of(6_500, 6_000, 8, 6), REFUSED, "blank"),
        Case("1-x-5000.png", encode(Image.fromarray(thin), "PNG"), EITHER),
        Case("5000-x-1.png", encode(Image.fromarray(thin.T), "PNG"), EITHER),
        Case("2-x-2.png", encode(Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8)), "PNG"), EITHER),
        Case("all-noise.png", encode(noise, "PNG", compress_level=1), EITHER),
    ]  # fmt: skip


def slower_than_photo(took: dict[str, float]) -> dict[str, float]:
    """The files that cost more than three times what a large photo costs, whatever the machine.

    Args:
        took: processor time of each case, by name.
    """
    most = 3 * took[LARGE_PHOTO]
    return {name: seconds for name, seconds in took.items() if seconds > most}
