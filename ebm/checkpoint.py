"""Checkpoints: safetensors weights and a JSON card beside them. Never a pickle."""

import dataclasses
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from ebm.energy import EnergyNet

FORMAT = 1
TYPICAL = "typical"  # the key of the examples that hold one glyph of each sort, in the order of the sorts
SAMPLER = ("steps", "print_steps", "step_size", "noise", "grad_clip", "smooth", "normalize", "anneal", "start")


@dataclass(frozen=True)
class Card:
    """What is known of a checkpoint; everything the explorer needs beside the weights.

    Args:
        name: of the checkpoint; mode: "ebm", "jem", "conditional" or "classifier".
        architecture: arguments of `EnergyNet`.
        preprocessing: of strangers' pictures, for `ebm.to_glyph`.
        sorts: class names; texts: the characters they print.
        sampler: the trained SGLD recipe: steps, print_steps, step_size, noise, grad_clip, smooth, normalize,
            anneal, start.
        recipe: every hyper-parameter of the training run; seed: its seed.
        data: source, digest and sizes of the corpus; digests of the stranger sets.
        threshold: energy above which a glyph is a stranger; threshold_rule: how it was set.
        reference_energies: of held-out in-distribution glyphs (validation split).
        temperature: what the logits are divided by before p(y | x) is shown: fitted on the validation
            split after training. Energies are never divided.
        set_scores: "test" and every stranger set -> score name -> values, higher = stranger.
        metrics: measured figures, as in `report.json`.
        made_with: versions, git commit, date, command and seconds.
        notes: what a reader should know about limits.
    """

    name: str
    mode: str
    architecture: dict[str, Any]
    preprocessing: str
    sorts: list[str]
    texts: list[str]
    sampler: dict[str, Any]
    recipe: dict[str, Any]
    seed: int
    data: dict[str, Any]
    threshold: float
    threshold_rule: str
    reference_energies: list[float]
    temperature: float = 1.0
    set_scores: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    made_with: dict[str, Any] = field(default_factory=dict)
    notes: str = ""
    format: int = FORMAT


def save(path: str | Path, model: EnergyNet, card: Card) -> None:
    """Writes PATH (weights, .safetensors) and its card (same name, .json).

    Raises:
        ValueError: for a path that does not end in .safetensors.
    """
    path = _weights_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}, path)
    save_card(path, card)


def save_card(path: str | Path, card: Card) -> None:
    """Writes the card that belongs to the weights at PATH."""
    text = json.dumps(dataclasses.asdict(card), indent=1, ensure_ascii=False, allow_nan=False)
    # Long lists of numbers on one line each: a card is read by people too.
    _weights_path(path).with_suffix(".json").write_text(_compact_lists(text) + "\n", encoding="utf-8")


def load(path: str | Path, device: str | torch.device = "cpu") -> tuple[EnergyNet, Card]:
    """Loads a checkpoint: the network in eval mode with frozen parameters, and its card.

    Args:
        path: of the .safetensors file; its .json card lies beside it.

    Raises:
        ValueError: one sentence naming the file and what is wrong with it: missing, a pickle,
            truncated, a card that does not fit, weights of another shape or not finite.
    """
    path = _weights_path(path)
    card = load_card(path)
    try:
        weights = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"{path.name} is not a whole safetensors file: {error}.") from None
    try:
        model = EnergyNet(**card.architecture)
    except TypeError as error:
        raise ValueError(
            f"The architecture in {path.with_suffix('.json').name} is not an EnergyNet's: {error}."
        ) from None
    _check_weights(path, model, weights)
    model.load_state_dict(weights)
    return model.to(device).eval().requires_grad_(False), card


def load_card(path: str | Path) -> Card:
    """Reads only the card of a checkpoint; errors as in `load`."""
    path = _weights_path(path)
    source = path.with_suffix(".json")
    for file in (path, source):
        if not file.is_file():
            raise ValueError(
                f"There is no file {file}; a checkpoint is a .safetensors file with its .json card beside it."
            )
    try:
        fields = json.loads(source.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"The card {source.name} is not valid JSON: {error}.") from None
    if not isinstance(fields, dict):
        raise ValueError(f"The card {source.name} must hold one JSON object.")
    known = {f.name: f for f in dataclasses.fields(Card)}
    needed = {
        n for n, f in known.items() if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    }
    if missing := sorted(needed - fields.keys()):
        raise ValueError(f"The card {source.name} lacks the field {missing[0]!r}.")
    if unknown := sorted(fields.keys() - known.keys()):
        raise ValueError(f"The card {source.name} has an unknown field {unknown[0]!r}.")
    card = Card(**fields)
    _check_card(source.name, card)
    return card


def examples_path(path: str | Path) -> Path:
    """Where a checkpoint's example pictures lie: beside it, NAME.examples.safetensors."""
    path = _weights_path(path)
    return path.with_name(f"{path.stem}.examples.safetensors")


def save_examples(path: str | Path, examples: dict[str, Tensor]) -> None:
    """Writes uint8 pictures (N, 56, 56) of "test", of every stranger set and of the typical glyphs for the explorer."""
    save_file({name: value.contiguous() for name, value in examples.items()}, examples_path(path))


def load_examples(path: str | Path) -> dict[str, Tensor]:
    """Reads what `save_examples` wrote; empty where a checkpoint came without examples."""
    source = examples_path(path)
    if not source.is_file():
        return {}
    with safe_open(source, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)


def _weights_path(path: str | Path) -> Path:
    path = Path(path)
    if path.suffix != ".safetensors":
        raise ValueError(f"{path.name} is refused: checkpoints are .safetensors files (a pickle could run code).")
    return path


def _check_card(name: str, card: Card) -> None:
    """Raises a ValueError that names the field when a card's values can't be right."""
    if card.format != FORMAT:
        raise ValueError(f"The card {name} has format {card.format}; this version reads format {FORMAT}.")
    if not isinstance(card.architecture, dict) or not isinstance(card.sampler, dict):
        raise ValueError(f"In the card {name}, 'architecture' and 'sampler' must be objects.")
    outputs = card.architecture.get("outputs")
    if outputs != 1 and (not isinstance(card.sorts, list) or len(card.sorts) != outputs):
        raise ValueError(f"In the card {name}, 'sorts' must name each of the {outputs} classes.")
    if missing := [k for k in SAMPLER if k not in card.sampler]:
        raise ValueError(f"In the card {name}, 'sampler' lacks {missing[0]!r}.")
    if not isinstance(card.reference_energies, list) or not card.reference_energies:
        raise ValueError(f"In the card {name}, 'reference_energies' must be a list of at least one number.")
    numbers = [card.threshold, *card.reference_energies]
    if not all(isinstance(v, int | float) and math.isfinite(v) for v in numbers):
        raise ValueError(f"In the card {name}, 'threshold' and 'reference_energies' must be finite numbers.")
    if not isinstance(card.temperature, int | float) or not 0 < card.temperature < math.inf:
        raise ValueError(f"In the card {name}, 'temperature' must be a finite number above 0.")


def _check_weights(path: Path, model: EnergyNet, weights: dict[str, Tensor]) -> None:
    """Raises a ValueError that names the tensor when weights don't fit the network."""
    expected = model.state_dict()
    if names := sorted(expected.keys() ^ weights.keys()):
        raise ValueError(f"{path.name} does not fit its card: the tensor {names[0]!r} is missing or too many.")
    for name, value in weights.items():
        if value.shape != expected[name].shape:
            raise ValueError(
                f"In {path.name}, {name!r} is {tuple(value.shape)}, its card asks for {tuple(expected[name].shape)}."
            )
        if not torch.isfinite(value).all():
            raise ValueError(f"In {path.name}, {name!r} has values that are not finite.")


def _compact_lists(text: str) -> str:
    """Joins the lines of innermost JSON lists."""
    import re

    return re.sub(r"\[[^\[\]{}]*\]", lambda match: re.sub(r"\s*\n\s*", " ", match.group()), text)
