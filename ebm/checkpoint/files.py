"""Checkpoints: safetensors weights and a JSON card beside them. Never a pickle."""

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from ebm.checkpoint.card import Card, parse_card
from ebm.model.energy import EnergyNet
from ebm.system.whole_file import whole_file

LARGEST_CARD = 16 * 2**20  # bytes; ours have 0.2 MB
LARGEST_HEADER = 2**20  # bytes of a safetensors file that name its tensors; ours have 1 kB
FLOATS = ("F16", "BF16", "F32", "F64")


def save(path: str | Path, model: EnergyNet, card: Card) -> None:
    """Writes PATH (weights, .safetensors) and its card (same name, .json).

    Raises:
        ValueError: for a path that does not end in .safetensors.
    """
    path = weights_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    weights = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    # Both, or neither: new weights beside an old card would be judged by the wrong threshold.
    with whole_file(path) as file, whole_file(path.with_suffix(".json")) as beside:
        file.write(safetensors_bytes(weights))
        beside.write(_card_text(card))


def save_card(path: str | Path, card: Card) -> None:
    """Writes the card that belongs to the weights at PATH."""
    with whole_file(weights_path(path).with_suffix(".json")) as file:
        file.write(_card_text(card))


def load(path: str | Path, device: str | torch.device = "cpu") -> tuple[EnergyNet, Card]:
    """Loads a checkpoint: the network in eval mode with frozen parameters, and its card.

    Args:
        path: of the .safetensors file; its .json card lies beside it.

    Raises:
        ValueError: one sentence naming the file and what is wrong with it: missing, a pickle,
            truncated, a card that does not fit, weights of another shape or kind or not finite.
    """
    path = weights_path(path)
    card = load_card(path)
    model = build(card.architecture, _read_weights(path, card.architecture))
    return model.to(device).eval().requires_grad_(False), card


def load_card(path: str | Path) -> Card:
    """Reads only the card of a checkpoint; errors as in `load`."""
    path = weights_path(path)
    source = path.with_suffix(".json")
    for file in (path, source):
        if not file.is_file():
            raise ValueError(
                f"There is no file {file}; a checkpoint is a .safetensors file with its .json card beside it."
            )
    if source.stat().st_size > LARGEST_CARD:
        raise ValueError(f"The card {source.name} is too large: at most {LARGEST_CARD // 2**20} MiB are read.")
    try:
        text = source.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"The card {source.name} is not valid JSON: {error}.") from None
    except OSError as error:
        raise ValueError(f"The card {source.name} cannot be read: {error.strerror}.") from None
    return parse_card(text, source.name)


def shapes(architecture: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor of an `EnergyNet`, found without making one."""
    with torch.device("meta"):
        return {name: tuple(value.shape) for name, value in EnergyNet(**architecture).state_dict().items()}


def build(architecture: Mapping[str, Any], weights: dict[str, Tensor]) -> EnergyNet:
    """An `EnergyNet` that holds these very tensors, which have the `shapes` of the architecture."""
    with torch.device("meta"):
        model = EnergyNet(**architecture)
    model.load_state_dict(weights, assign=True)
    return model


def weights_path(path: str | Path) -> Path:
    path = Path(path)
    if path.suffix != ".safetensors":
        raise ValueError(f"{path.name} is refused: checkpoints are .safetensors files (a pickle could run code).")
    return path


def open_weights(path: Path) -> Any:
    """A safetensors file, for a `with`; everything that may be wrong with it as a whole becomes one sentence."""
    try:
        with path.open("rb") as stream:
            header = int.from_bytes(stream.read(8), "little")
        if LARGEST_HEADER < header <= path.stat().st_size:
            raise ValueError(f"its header has {header:,} bytes, and at most {LARGEST_HEADER:,} are read")
        return safe_open(path, "pt")
    except (SafetensorError, OSError, ValueError) as error:
        about = " ".join(str(error).split())[:200]  # may quote the header
        raise ValueError(f"{path.name} is not a whole safetensors file: {about}.") from None


def _read_weights(path: Path, architecture: Mapping[str, Any]) -> dict[str, Tensor]:
    """The weights as float32, in memory of their own; a ValueError names the tensor that does not fit.

    Names, shapes and kinds are compared before anything is read.
    """
    expected = shapes(architecture)
    with open_weights(path) as file:
        if odd := sorted(expected.keys() ^ set(file.keys())):
            raise ValueError(f"{path.name} does not fit its card: the tensor {odd[0][:60]!r} is missing or too many.")
        for name, wanted in expected.items():
            found = file.get_slice(name)
            shape, kind = tuple(found.get_shape()), found.get_dtype()
            if shape != wanted:
                raise ValueError(f"In {path.name}, {name!r} is {shape}, its card asks for {wanted}.")
            if kind not in FLOATS:
                raise ValueError(f"In {path.name}, {name!r} is {kind}; weights are one of {', '.join(FLOATS)}.")
        # A copy: the file's own pages would change, or be gone, when somebody writes over the file.
        weights = {name: file.get_tensor(name).to(torch.float32, copy=True) for name in expected}
    for name, value in weights.items():
        if not torch.isfinite(value).all():
            raise ValueError(f"In {path.name}, {name!r} has values that are not finite.")
    return weights


def _card_text(card: Card) -> bytes:
    """A card as JSON, long lists of numbers on one line each: it is read by people too."""
    text = json.dumps(dataclasses.asdict(card), indent=1, ensure_ascii=False, allow_nan=False)
    return f"{_compact_lists(text)}\n".encode()


def _compact_lists(text: str) -> str:
    """Joins the lines of innermost JSON lists."""
    return re.sub(r"\[[^\[\]{}]*\]", lambda match: re.sub(r"\s*\n\s*", " ", match.group()), text)
