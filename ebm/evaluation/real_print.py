"""Crops of real print from a folder: how a model reads them, and which it calls strangers.

If somebody looks at such a folder while making a corpus or choosing a recipe, it is a validation set. A test needs
books that nobody has looked at.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from ebm.checkpoint.card import Card
from ebm.data.corpus import SIZE
from ebm.data.folders import CAPITAL, pictures_by_folder
from ebm.data.picture.to_glyph import to_glyph
from ebm.evaluation.known import called_strangers, measure_known, values
from ebm.model.energy import EnergyNet, in_batches
from ebm.scoring.rates import detection
from ebm.scoring.scores import scores_for

Tag = TypeVar("Tag", int, str)  # what is kept with a file: its class, or its character
NAMED = 20  # at most so many unreadable files are named in a report; all are counted


@dataclass(frozen=True)
class RealPrint:
    """Crops of real print as glyphs.

    Args:
        name: of the folder.
        glyphs: of known sorts, (N, 1, 56, 56) in [-1, 1].
        labels: their sorts (N,), as numbers of the card's sorts.
        strangers: glyphs of other characters, (M, 1, 56, 56) in [-1, 1]; M may be 0.
        stranger_names: names of those characters (M).
        files: N + M files, those of known sorts first.
        unreadable: file, by its name within the folder -> why it could not be read.
        left_out: folder whose name is not a sort of the model -> number of files in it.
    """

    name: str
    glyphs: Tensor
    labels: Tensor
    strangers: Tensor
    stranger_names: list[str]
    files: list[Path]
    unreadable: dict[str, str]
    left_out: dict[str, int]


def read_real_print(folder: str | Path, card: Card) -> RealPrint:
    """Reads `glyphs/<sort>/` and, where there is one, `strangers/<name>/` of a folder.

    Args:
        folder: of crops with one character each. A sort's folder has the card's name of the sort (`a`, `long-s`,
            `A`), or for a capital `cap-A`. Hidden files and deeper folders are left out.
        card: of the model, for its sorts and its preprocessing.

    Returns:
        the glyphs; files that cannot be read and folders of unknown sorts are counted.

    Raises:
        ValueError: one sentence, if there is no such folder, it has no `glyphs`, or nothing in it can be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        hint = ": unzip it first" if folder.suffix.lower() == ".zip" and folder.is_file() else ""
        raise ValueError(f"There is no folder {folder} of real print{hint}.")
    if not (folder / "glyphs").is_dir():
        raise ValueError(f"{folder} has no folder 'glyphs' with a folder of pictures for each sort.")
    known, left_out = _known(folder / "glyphs", card)
    if not known:
        shown = ", ".join(card.sorts[:5])
        raise ValueError(f"No folder in {folder / 'glyphs'} is named after a sort of the model ({shown}, ...).")
    others = [(_text(place), file) for place, files in pictures_by_folder(folder / "strangers") for file in files]
    unreadable: dict[str, str] = {}
    glyphs = _read(known, folder, card.preprocessing, unreadable)
    strangers = _read(others, folder, card.preprocessing, unreadable)
    if not glyphs:
        raise ValueError(f"No file in {folder / 'glyphs'} is a picture that can be read.")
    return RealPrint(
        name=_text(folder.resolve().name),
        glyphs=_stack(glyphs),
        labels=torch.tensor([number for number, _, _ in glyphs]),
        strangers=_stack(strangers),
        stranger_names=[name for name, _, _ in strangers],
        files=[file for _, file, _ in glyphs + strangers],
        unreadable=unreadable,
        left_out=left_out,
    )


def read_all(folders: Sequence[str | Path], card: Card) -> list[RealPrint]:
    """Reads several folders of real print.

    Args:
        folders: as in `read_real_print`.
        card: as in `read_real_print`.

    Returns:
        one entry for each folder.

    Raises:
        ValueError: as in `read_real_print`, or for two folders of one name, which a report could not distinguish.
    """
    found = [read_real_print(folder, card) for folder in folders]
    if twice := [name for name, count in Counter(real.name for real in found).items() if count > 1]:
        raise ValueError(
            f"Two folders of real print are called {twice[0]!r}: rename one, so that a report can name both."
        )
    return found


def measure_real_print(model: EnergyNet, card: Card, real: RealPrint, resamples: int = 100) -> dict[str, Any]:
    """Measures how a model reads crops of real print, and how it separates known sorts from the folder's strangers.

    Args:
        model: as `ebm.load` returns it.
        card: as `ebm.load` returns it.
        real: as `read_real_print` returns it for this card.
        resamples: of the bootstrap.

    Returns:
        a folder's entry under "real" of `report.json`: shares in [0, 1], confusions as wanted -> read -> crops.
    """
    report: dict[str, Any] = {
        "n": len(real.glyphs),
        "n_strangers": len(real.strangers),
        "unreadable": len(real.unreadable),
        "unreadable_files": dict(list(real.unreadable.items())[:NAMED]),
        "left_out": real.left_out,
    } | measure_known(model, card, real.glyphs, real.labels)
    if model.outputs > 1:
        read = in_batches(model, model.get_logits, real.glyphs).argmax(1)
        report["confusions"] = _confusions(read, real.labels, card.sorts)
    if len(real.strangers):
        report["strangers_called_strangers"] = called_strangers(model, card, real.strangers)
        report["ood"] = {
            name: detection(values(model, real.glyphs, name), values(model, real.strangers, name), resamples)
            for name in scores_for(model)
        }
    return report


def _confusions(read: Tensor, labels: Tensor, sorts: list[str]) -> dict[str, dict[str, int]]:
    """Wanted sort -> sort read instead -> how often, the most frequent first."""
    wrong = read != labels
    pairs = Counter(zip(labels[wrong].tolist(), read[wrong].tolist(), strict=True))
    table: dict[str, dict[str, int]] = {}
    for (wanted, found), count in pairs.most_common():
        table.setdefault(sorts[wanted], {})[sorts[found]] = count
    return table


def _known(parent: Path, card: Card) -> tuple[list[tuple[int, Path]], dict[str, int]]:
    """(class, file) of every sort of the card, and how many files lie in folders of other names."""
    numbers = {name: number for number, name in enumerate(card.sorts)}
    known: list[tuple[int, Path]] = []
    left_out = {}
    for folder, files in pictures_by_folder(parent):
        name = _text(folder)
        number = numbers.get(name, numbers.get(name.removeprefix(CAPITAL)))
        if not card.sorts:
            number = 0  # an imported EBM has no names of sorts, so all files in `glyphs` count as known
        if number is None:
            left_out[name] = len(files)
        else:
            known += [(number, file) for file in files]
    return known, left_out


def _read(
    pairs: Sequence[tuple[Tag, Path]], folder: Path, preprocessing: str, unreadable: dict[str, str]
) -> list[tuple[Tag, Path, Tensor]]:
    """(tag, file, glyph) of every (tag, file) that can be read; the others go into `unreadable`."""
    found = []
    for tag, file in pairs:
        try:
            found.append((tag, file, to_glyph(file, preprocessing=preprocessing)))
        except ValueError as error:
            unreadable[_text(str(file.relative_to(folder)))] = _text(str(error).replace(str(file), "the file"))
    return found


def _stack(found: Sequence[tuple[Any, Path, Tensor]]) -> Tensor:
    return torch.stack([glyph for _, _, glyph in found]) if found else torch.empty(0, 1, SIZE, SIZE)


def _text(name: str) -> str:
    """A file's name as valid text, because names need not be valid UTF-8."""
    return name.encode(errors="replace").decode()
