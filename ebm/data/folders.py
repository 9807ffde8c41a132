"""Corpora from a folder: the GLYPHS .npy files, or one sub-folder of pictures per class."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ebm.data.corpus import SIZE, SPLITS, Corpus, to_bytes
from ebm.data.picture.to_glyph import fit_square, to_glyph

MIN_PICTURES = 7  # per class: fewer cannot be split 70/15/15 with one in each split
_STRANGERS = {"type A": "ood_ta.npy", "type B": "ood_tb.npy"}
_BATCH_PIXELS = 2**23  # how many pixels are scaled at a time
CAPITAL = "cap-"  # prefix of a capital's folder, because for some file systems `A` and `a` are the same name


def read_glyphs_folder(path: str | Path) -> Corpus:
    """Reads a GLYPHS folder: train.npy, val.npy, test.npy, each images and then labels.

    Each image is scaled by its own minimum and maximum. Its shorter side is resized to 56, and its centre is
    cropped. The high value is the ink. ood_ta.npy and ood_tb.npy (one array each) become the strangers "type A"
    and "type B". names.txt names the sorts, one a line.

    Args:
        path: the folder.

    Returns:
        the corpus.

    Raises:
        ValueError: a file is missing or not of this form; the message names it and the problem.
    """
    folder = _folder(path)
    images, labels = {}, {}
    for split in SPLITS:
        pictures, labels[split] = _read_split(folder / f"{split}.npy")
        images[split] = _scale(pictures, f"{split}.npy")
    strangers = {
        name: _scale(_read_arrays(folder / file, 1)[0], file)
        for name, file in _STRANGERS.items()
        if (folder / file).exists()
    }
    sorts = _sort_names(folder / "names.txt", labels)
    source = f"GLYPHS folder {folder.name}, {_counts(labels)} of {len(sorts)} classes."
    return Corpus(images, labels, sorts, source, "glyphs", strangers)


def read_image_folder(path: str | Path, seed: int = 0) -> Corpus:
    """Reads a folder with one sub-folder of pictures per class and splits it 70/15/15.

    Args:
        path: the folder; the sub-folders' names become the sorts, in alphabetical order.
        seed: decides which picture goes into which split; every class is in every split.

    Returns:
        the corpus.

    Raises:
        ValueError: fewer than 2 classes, fewer than 7 pictures in one, or a picture that
            `to_glyph` cannot read; the message names the file.
    """
    from torchvision.datasets import ImageFolder  # here, because it is slow to import

    folder = _folder(path)
    try:
        found = ImageFolder(str(folder))
    except FileNotFoundError as error:
        reason = str(error).split(". ")[0]
        raise ValueError(f"{folder} is not a folder of pictures per class: {reason}") from None
    targets = np.array(found.targets)
    _check_classes(folder, found.classes, targets)
    glyphs = torch.stack([_read_picture(Path(file)) for file, _ in found.samples])
    images, labels = {}, {}
    for split, chosen in _split(targets, seed).items():
        images[split] = to_bytes(glyphs[chosen])
        labels[split] = torch.from_numpy(targets[chosen]).to(torch.int64)
    source = f"Pictures in {folder.name}, {_counts(labels)} of {len(found.classes)} classes."
    return Corpus(images, labels, list(found.classes), source, "pen")


def _folder(path: str | Path) -> Path:
    folder = Path(path).resolve()
    if not folder.is_dir():
        raise ValueError(f"{path} is not a folder")
    return folder


def _counts(labels: dict[str, Tensor]) -> str:
    return " / ".join(f"{len(labels[split]):,}" for split in SPLITS) + " glyphs"


# --- GLYPHS ------------------------------------------------------------------------------------


def _read_split(file: Path) -> tuple[np.ndarray, Tensor]:
    images, labels = _read_arrays(file, 2)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"{file.name}: labels must be integers of shape (N,), not {labels.dtype} of shape {labels.shape}"
        )
    if len(images) != len(labels):
        raise ValueError(f"{file.name} has {len(images)} images but {len(labels)} labels")
    if int(labels.min()) < 0 or int(labels.max()) >= 2**31:
        wrong = labels.min() if int(labels.min()) < 0 else labels.max()
        raise ValueError(f"{file.name}: {wrong} is not a label: labels count up from 0")
    return images, torch.from_numpy(labels.astype(np.int64))


def _read_arrays(file: Path, count: int) -> list[np.ndarray]:
    """The first `count` arrays of a file; the first one must be images."""
    if not file.is_file():
        raise ValueError(f"{file.parent} has no {file.name}")
    arrays: list[np.ndarray] = []
    with file.open("rb") as stream:
        for _ in range(count):
            if arrays and not stream.peek(1):
                raise ValueError(f"{file.name} holds only one array: images, then labels expected")
            try:
                arrays.append(np.lib.format.read_array(stream, allow_pickle=False))
            except (ValueError, EOFError, OSError) as error:
                reason = "objects" if "pickle" in str(error) else "no complete .npy array"
                raise ValueError(f"{file.name} holds {reason} where numbers should be") from error
    _check_images(arrays[0], file.name)
    return arrays


def _check_images(images: np.ndarray, name: str) -> None:
    if images.dtype.kind not in "iuf":
        raise ValueError(f"{name}: images must be integer or float numbers, not {images.dtype}")
    if images.ndim != 3:
        raise ValueError(f"{name}: images must have shape (N, H, W), not {images.shape}")
    if images.size == 0:
        raise ValueError(f"{name} is empty: its images have shape {images.shape}")


def _scale(images: np.ndarray, name: str) -> Tensor:
    """Scales each image by its own minimum and maximum: uint8 (N, 56, 56)."""
    batch = max(1, _BATCH_PIXELS // images[0].size)
    scaled = torch.empty(len(images), SIZE, SIZE, dtype=torch.uint8)
    for start in range(0, len(images), batch):
        some = images[start : start + batch].astype(np.float64)
        low, high = some.min((1, 2), keepdims=True), some.max((1, 2), keepdims=True)
        with np.errstate(over="ignore", invalid="ignore"):
            span = high - low
        for broken, problem in (
            (~np.isfinite(span), "holds NaN or inf"),
            (span == 0, "is constant"),
        ):
            if broken.any():
                raise ValueError(f"{name}: image {start + int(broken.argmax())} {problem}")
        unit = torch.from_numpy(((some - low) / span).astype(np.float32)).unsqueeze(1)
        scaled[start : start + batch] = to_bytes(fit_square(unit) * 2.0 - 1.0)
    return scaled


def _sort_names(file: Path, labels: dict[str, Tensor]) -> list[str]:
    """The names in names.txt, or numbers where there is none; every label has one."""
    highest = max(int(split.max()) for split in labels.values())
    if not file.exists():
        glyphs = sum(len(split) for split in labels.values())
        if highest >= glyphs:
            raise ValueError(f"a label is {highest} but there are only {glyphs} glyphs in all")
        return [str(number) for number in range(highest + 1)]
    try:
        names = [line.strip() for line in file.read_text("utf-8-sig").strip().splitlines()]
    except UnicodeDecodeError:
        raise ValueError(f"{file.name} is not text in UTF-8") from None
    if "" in names or len(set(names)) < len(names):
        raise ValueError(f"{file.name}: every line must name one sort, each differently")
    for split, some in labels.items():
        if int(some.max()) >= len(names):
            raise ValueError(
                f"{split}.npy: label {int(some.max())} is outside 0..{len(names) - 1}, "
                f"the {len(names)} sorts of {file.name}"
            )
    return names


# --- pictures ----------------------------------------------------------------------------------


def _check_classes(folder: Path, classes: list[str], targets: np.ndarray) -> None:
    if len(classes) < 2:
        raise ValueError(f"{folder} has only the class {classes[0]!r}: at least 2 are needed")
    for name, count in zip(classes, np.bincount(targets), strict=True):
        if count < MIN_PICTURES:
            raise ValueError(f"{folder / name} has {count} pictures: at least {MIN_PICTURES} are needed")


def _read_picture(file: Path) -> Tensor:
    try:
        return to_glyph(file, preprocessing="pen")
    except ValueError as error:
        reason = str(error)
        raise ValueError(reason if str(file) in reason else f"{file}: {reason}") from error


def _split(targets: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Splits the pictures, class by class: split -> sorted indices."""
    from sklearn.model_selection import train_test_split  # here, because it is slow to import

    train, rest = train_test_split(np.arange(len(targets)), test_size=0.3, random_state=seed, stratify=targets)
    val, test = train_test_split(rest, test_size=0.5, random_state=seed, stratify=targets[rest])
    return {"train": np.sort(train), "val": np.sort(val), "test": np.sort(test)}


def pictures_by_folder(parent: Path) -> Iterator[tuple[str, list[Path]]]:
    """Lists the files in the folders of one folder; hidden files and folders are left out.

    Args:
        parent: the folder; if there is no such folder, it holds none.

    Yields:
        the name of a folder and its files, both in the order of their names.
    """
    if not parent.is_dir():
        return
    for folder in sorted(parent.iterdir()):
        if folder.is_dir() and not folder.name.startswith("."):
            yield folder.name, sorted(f for f in folder.iterdir() if f.is_file() and not f.name.startswith("."))
