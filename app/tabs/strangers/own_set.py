"""A visitor's own pictures as a stranger set: files or a zip, read within bounds, kept for that visitor alone."""

import dataclasses
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

import ebm
from app.models.loaded import LoadedModel
from ebm.data.corpus import to_bytes, to_model_space
from ebm.scoring.scores import scores_for

NAME = "yours"
MOST, LARGEST, PATIENCE = 300, 20 * 2**20, 20.0  # pictures, bytes of one picture, seconds for all of them


@dataclass(frozen=True)
class OwnSet:
    """What was read.

    Args:
        names: of the pictures, in their order.
        ink: their glyphs, uint8 (N, 56, 56), ink = 255.
        bad: (name, reason) of the pictures that could not be read.
        measured: what `scores_of` has found, by network: every handler of the tab asks for it.
    """

    names: list[str]
    ink: Tensor
    bad: list[tuple[str, str]]
    measured: WeakKeyDictionary[ebm.EnergyNet, dict[str, list[float]]] = field(
        default_factory=WeakKeyDictionary, repr=False, compare=False
    )

    def words(self) -> str:
        """What became of the pictures, in a sentence or two."""
        text = "1 picture was read" if len(self.names) == 1 else f"{len(self.names)} pictures were read"
        if self.bad:
            some = "; ".join(f"{name}: {reason.rstrip('.')}" for name, reason in self.bad[:5])
            more = f"; and {len(self.bad) - 5} more" if len(self.bad) > 5 else ""
            text += f", {len(self.bad)} could not be ({some}{more})"
        return text + "."


def read(paths: Sequence[str], preprocessing: str, most: int = MOST) -> OwnSet:
    """Reads pictures, and those in zip files, as glyphs.

    Args:
        paths: of the uploaded files.
        preprocessing: of the card.
        most: number of pictures that are read; the rest is left out.

    Raises:
        ValueError: where there is not one picture that can be read.
    """
    names: list[str] = []
    inks: list[Tensor] = []
    bad: list[tuple[str, str]] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for name, found in _pictures(paths):
            if isinstance(found, str):
                bad.append((name, found))
                continue
            if len(names) == most or time.monotonic() - began > PATIENCE:
                bad.append(("the rest", f"at most {most} pictures are read, in at most {PATIENCE:.0f} seconds"))
                break
            path = found if isinstance(found, Path) else Path(folder) / "picture"
            if isinstance(found, bytes):
                path.write_bytes(found)
            try:
                glyph = ebm.to_glyph(path, preprocessing=preprocessing)
                inks.append(to_bytes(glyph[None])[0])
                names.append(name)
            except ValueError as error:
                bad.append((name, str(error).replace(f"{path}: ", "").replace(str(path), "it")))
    if not names:
        reason = f" ({bad[0][0]}: {bad[0][1].rstrip('.')})" if bad else ""
        raise ValueError(f"There is no picture in it that can be read{reason}.")
    return OwnSet(names, torch.stack(inks), bad)


def scores_of(model: ebm.EnergyNet, own: OwnSet) -> dict[str, list[float]]:
    """Every score of the pictures by a network: name -> values in their order."""
    if model not in own.measured:
        x = to_model_space(own.ink)
        own.measured[model] = {name: ebm.score(model, x, name).tolist() for name in scores_for(model)}
    return own.measured[model]


def with_own(loaded: LoadedModel, own: OwnSet | None) -> LoadedModel:
    """The model with the visitor's set among its stranger sets, scored; the shared one is not touched."""
    if own is None:
        return loaded
    card, measured = loaded.card, scores_of(loaded.model, own)
    described = dict(card.data.get("strangers", {}))
    described[NAME] = {"kind": "", "description": f"{len(own.names)} pictures that you brought."}
    card = dataclasses.replace(
        card, set_scores=card.set_scores | {NAME: measured}, data=card.data | {"strangers": described}
    )
    return dataclasses.replace(
        loaded, card=card, examples=loaded.examples | {NAME: own.ink},
        energies=loaded.energies | {NAME: torch.tensor(measured["energy"])},
    )  # fmt: skip


def _pictures(paths: Sequence[str]) -> Iterator[tuple[str, str | Path | bytes]]:
    """(name, path or bytes) of every picture, or (name, reason) as a plain text where one is refused."""
    for path in map(Path, paths):
        if path.suffix.lower() != ".zip":
            yield path.name, path
            continue
        try:
            with zipfile.ZipFile(path) as archive:
                yield from _unpacked(archive)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
            yield path.name, "is not a whole zip file, or it is encrypted"


def _unpacked(archive: zipfile.ZipFile) -> Iterator[tuple[str, str | bytes]]:
    """The files of an archive, one at a time and never on disk; the sizes it states are not believed."""
    for entry in archive.infolist():
        name = PurePosixPath(entry.filename.replace("\\", "/")).name
        if entry.is_dir() or not name or name.startswith(".") or "__MACOSX" in entry.filename:
            continue
        if name.lower().endswith(".zip"):
            yield name, "a zip file within a zip file is not opened"
            continue
        with archive.open(entry) as file:
            data = file.read(LARGEST + 1)
        yield name, data if len(data) <= LARGEST else f"is larger than {LARGEST // 2**20} MiB"
