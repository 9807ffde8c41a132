"""The card of a checkpoint: what is known of a model beside its weights, and what such a card may hold."""

import json
from collections import Counter
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any

from ebm.checkpoint.card_rules import (
    ARCHITECTURE,
    FIELDS,
    INSIDE,
    SAMPLER,
    SORTS,
    TITLE,
    apply,
    are_numbers,
    are_sorts,
    is_number,
    is_plain,
    is_title,
)  # fmt: skip
from ebm.model.mode import Mode
from ebm.sampling.sampler import Sampler

FORMAT = 2
_GONE = ("smooth", "normalize", "anneal")  # what a sampler of format 1 had besides


@dataclass(frozen=True)
class Card:
    """What is known of a checkpoint; everything the explorer needs beside the weights.

    Args:
        name: of the checkpoint.
        mode: what it was trained to be.
        architecture: arguments of `EnergyNet`.
        preprocessing: of strangers' pictures, for `ebm.to_glyph`.
        sorts: class names; texts: the characters they print.
        sampler: the settings of SGLD that it was trained with and prints with.
        recipe: every hyper-parameter of the training run; seed: its seed.
        data: source, digest and sizes of the corpus; digests of the stranger sets.
        threshold: energy above which a glyph is a stranger, None for an uncalibrated model; threshold_rule: how
            it was set.
        reference_energies: of held-out in-distribution glyphs (validation split); empty for an uncalibrated model.
        temperature: what the logits are divided by before p(y | x) is shown: fitted on the validation
            split after training. Energies are never divided.
        set_scores: "test" and every stranger set -> score name -> values, higher = stranger.
        metrics: measured figures, as in `report.json`.
        made_with: versions, git commit, date, command and seconds.
        notes: what a reader should know about limits.
    """

    name: str
    mode: Mode
    architecture: dict[str, Any]
    preprocessing: str
    sorts: list[str]
    texts: list[str]
    sampler: Sampler
    recipe: dict[str, Any]
    seed: int
    data: dict[str, Any]
    threshold: float | None
    threshold_rule: str
    reference_energies: list[float]
    temperature: float = 1.0
    set_scores: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    made_with: dict[str, Any] = field(default_factory=dict)
    notes: str = ""
    format: int = FORMAT

    @property
    def is_calibrated(self) -> bool:
        """Whether known glyphs have set a threshold; without them energies are shown but no verdict is given."""
        return self.threshold is not None


def parse_card(text: str, file: str) -> Card:
    """Reads a card from JSON.

    Args:
        text: of the card; file: its name, for the errors.

    Raises:
        ValueError: one sentence that names the file and, where there is one, the field that cannot be right.
    """
    try:
        values = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError(f"The card {file} is nested too deeply.") from None
    except ValueError as error:  # also for whole numbers of thousands of digits
        raise ValueError(f"The card {file} is not valid JSON: {error}.") from None
    if not isinstance(values, dict):
        raise ValueError(f"The card {file} must hold one JSON object.")
    known = fields(Card)
    needed = {f.name for f in known if f.default is MISSING and f.default_factory is MISSING}
    if missing := sorted(needed - values.keys()):
        raise ValueError(f"The card {file} lacks the field {missing[0]!r}.")
    if unknown := sorted(values.keys() - {f.name for f in known}):
        raise ValueError(f"The card {file} has an unknown field {unknown[0][:60]!r}.")
    for name, value in values.items():
        if not is_plain(value):
            raise ValueError(
                f"In the card {file}, {name!r} holds a number out of range, broken text, or too deep a nesting."
            )
    card = Card(**_of_format_1(values, file) if _is_format_1(values) else values)
    _check(card, file)  # as JSON has it; only then its parts get their types
    return replace(card, mode=Mode(card.mode), sampler=Sampler(**vars(card)["sampler"]))


def check_title(name: str) -> str:
    """A checkpoint's name, if it may be one: it is shown on pages and becomes part of file names.

    Raises:
        ValueError: for an empty or long name, one of several lines, or with characters of paths or mark-up.
    """
    if not is_title(name):
        raise ValueError(f"A checkpoint's name must be {TITLE}; {str(name)[:60]!r} is not.")
    return name


def check_sorts(sorts: list[str]) -> list[str]:
    """The names of classes, if a card may hold them.

    Raises:
        ValueError: for a name that is empty, long, of several lines or given twice.
    """
    if not are_sorts(sorts):
        raise ValueError(f"The sorts must be {SORTS}.")
    return sorts


def fits_sampler(name: str, value: Any) -> bool:
    """Whether a value may stand in a card's sampler under a name of `SAMPLER`."""
    return SAMPLER[name][0](value)


def _check(card: Card, file: str) -> None:
    """Raises a ValueError that names the field when a card's values can't be right."""
    if type(card.format) is not int or card.format != FORMAT:
        raise ValueError(f"The card {file} has format {repr(card.format)[:20]}; this version reads format {FORMAT}.")
    apply(FIELDS, vars(card), f"In the card {file}, ")
    for name, rules in (("architecture", ARCHITECTURE), ("sampler", SAMPLER)):
        values = getattr(card, name)
        if missing := [key for key in rules if key not in values]:
            raise ValueError(f"In the card {file}, {name!r} lacks {missing[0]!r}.")
        if unknown := sorted(values.keys() - rules.keys()):
            raise ValueError(f"In the card {file}, {name!r} has an unknown entry {unknown[0][:60]!r}.")
        apply(rules, values, f"In the card {file}, in {name!r}, ")
    for name, rules in INSIDE.items():
        apply(rules, getattr(card, name), f"In the card {file}, in {name!r}, ")
    energies = card.reference_energies
    both = is_number(card.threshold) and are_numbers(energies) and len(energies) > 0
    if not both and (card.threshold is not None or energies != []):
        raise ValueError(
            f"In the card {file}, 'threshold' and 'reference_energies' must be finite numbers, "
            "or null and [] where the model is uncalibrated."
        )
    outputs = card.architecture["outputs"]
    if card.mode == Mode.EBM and outputs != 1:
        raise ValueError(f"In the card {file}, the 'mode' is 'ebm', which has one output, not {outputs}.")
    if outputs != 1 and (len(card.sorts) != outputs or len(card.texts) != outputs):
        raise ValueError(f"In the card {file}, 'sorts' and 'texts' must name each of the {outputs} classes.")


def _is_format_1(values: dict[str, Any]) -> bool:
    return type(values.get("format")) is int and values["format"] == 1


def _of_format_1(values: dict[str, Any], file: str) -> dict[str, Any]:
    """The fields of a card of format 1 in today's form, whose chains run as they did."""
    sampler = values["sampler"]
    if not isinstance(sampler, dict):
        return values | {"format": FORMAT}
    if any(sampler.get(name) for name in _GONE):
        raise ValueError(
            f"The card {file} is of format 1, and its chains need normalised, smoothed or annealed steps, which this "
            "version no longer takes: train the model again."
        )
    kept = {name: value for name, value in sampler.items() if name not in _GONE}
    if "noise" in kept:
        kept["print_noise"] = kept["noise"]
    return values | {"sampler": kept, "format": FORMAT}


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is no number in JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose names all differ."""
    result = dict(pairs)
    if len(result) < len(pairs):
        [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"an object has {name[:60]!r} twice")
    return result
