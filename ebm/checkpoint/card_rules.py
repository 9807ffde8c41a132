"""The rules for each field of a checkpoint's card, with words for the error messages."""

import math
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from ebm.model.energy import HEADS
from ebm.model.mode import Mode
from ebm.sampling.starts import STARTS

MAX_WIDTH, MAX_OUTPUTS = 512, 4096  # a card may not ask for a network that fills the memory
DEEPEST = 12  # levels of nested objects and lists; our cards have 6

Rule = tuple[Callable[[Any], bool], str]  # a check of a value, and what the value must be, in words


def _number(low: float, high: float, above: bool = False) -> Rule:
    """A number in [low, high], or in (low, high]."""

    def holds(value: Any) -> bool:
        return is_number(value) and (low < value if above else low <= value) and value <= high

    return holds, f"a number {'above' if above else 'from'} {low:g}, at most {high:g}"


def _whole(low: int, high: int) -> Rule:
    return lambda v: type(v) is int and low <= v <= high, f"a whole number from {low} to {high}"


def _one_of(choices: tuple[str, ...]) -> Rule:
    return lambda v: isinstance(v, str) and v in choices, f"one of {', '.join(map(repr, choices))}"


def _or_null(rule: Rule) -> Rule:
    return lambda v: v is None or rule[0](v), f"null or {rule[1]}"


def _text(longest: int) -> Rule:
    return lambda v: isinstance(v, str) and len(v) <= longest, f"text of at most {longest} characters"


def is_number(value: Any) -> bool:
    """Whether a value of JSON is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def are_numbers(value: Any) -> bool:
    """Whether a value of JSON is a list of finite numbers."""
    return isinstance(value, list) and all(map(is_number, value))


def _is_line(value: Any, longest: int) -> bool:
    """Whether a value is one line of text, without control, direction or surrogate characters.

    Private-use characters are allowed, because old types need them.
    """
    if not isinstance(value, str) or len(value) > longest:
        return False
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in value)


def is_title(value: Any) -> bool:
    """Whether a value may be the name of a checkpoint, see `TITLE`."""
    return _is_line(value, 100) and bool(value.strip()) and not value.startswith(".") and not set(value) & set('/\\<>"')


def are_sorts(value: Any) -> bool:
    """Whether a value may be the names of the classes, see `SORTS`."""
    if not isinstance(value, list) or len(value) > MAX_OUTPUTS or not all(_is_line(v, 80) and v for v in value):
        return False
    return len(set(value)) == len(value)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MAX_OUTPUTS and all(_is_line(v, 80) for v in value)


def _are_scores(value: Any) -> bool:
    """Whether a value maps set -> score -> at least one number.

    If there are sets, "test" is one of them, and all have the same scores.
    """
    if not isinstance(value, dict) or not all(isinstance(v, dict) and v for v in value.values()):
        return False
    if value and "test" not in value:
        return False
    alike = all(v.keys() == value["test"].keys() for v in value.values())
    return alike and all(are_numbers(s) and s for v in value.values() for s in v.values())


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) and len(name) <= 100 for name in value)


def _are_strangers(value: Any) -> bool:
    texts = ("kind", "description", "digest")
    return isinstance(value, dict) and all(
        isinstance(v, dict) and all(isinstance(v.get(key, ""), str) for key in texts) for v in value.values()
    )


TITLE = "one line of at most 100 characters without / \\ < > \", and not begin with a dot"  # fmt: skip
SORTS = f"a list of at most {MAX_OUTPUTS} different names of one line and at most 80 characters"
_OBJECT: Rule = (lambda v: isinstance(v, dict), "an object")
FIELDS: dict[str, Rule] = {
    "name": (is_title, TITLE),
    "mode": _one_of(tuple(map(str, Mode))),
    "architecture": _OBJECT,
    "preprocessing": _one_of(("pen", "glyphs")),
    "sorts": (are_sorts, SORTS),
    "texts": (_are_texts, "a list of the characters that the sorts print"),
    "sampler": _OBJECT,
    "recipe": _OBJECT,
    "seed": _whole(-(2**63), 2**63 - 1),
    "data": _OBJECT,
    "threshold_rule": _text(1000),
    "temperature": _number(0, 1e6, above=True),
    "set_scores": (_are_scores, "an object: set -> score -> a list of numbers, the same scores in all sets and 'test'"),
    "metrics": _OBJECT,
    "made_with": _OBJECT,
    "notes": _text(10_000),
}
ARCHITECTURE = {"width": _whole(1, MAX_WIDTH), "outputs": _whole(1, MAX_OUTPUTS), "head": _one_of(HEADS)}
SAMPLER = {
    "steps": _whole(1, 100_000),
    "print_steps": _whole(1, 100_000),
    "step_size": _number(0, 1e4, above=True),
    "noise": _number(0, 10),
    "print_noise": _number(0, 10),
    "grad_clip": _or_null(_number(0, 1e6, above=True)),
    "start": _one_of(tuple(STARTS)),
}
# The entries that are read of objects that may have any other entries.
INSIDE: dict[str, dict[str, Rule]] = {
    "recipe": {"steps": _number(0, 1e6), "reinit": _number(0, 1)},
    "data": {
        "source": _text(1000),
        "digest": _text(200),
        "sizes": (lambda v: isinstance(v, dict) and all(map(is_number, v.values())), "an object of numbers"),
        "strangers": (_are_strangers, "an object: set -> its kind, description and digest"),
        "test_examples": (_are_names, "a list of the sorts of the known examples"),
    },
    "metrics": {"accuracy": _number(0, 1), "ood": _OBJECT},
    "made_with": {"command": _text(10_000), "best": _text(200), "rollbacks": (lambda v: isinstance(v, list), "a list")},
}


def apply(rules: Mapping[str, Rule], values: Mapping[str, Any], where: str) -> None:
    """Checks values against their rules; a value that is missing breaks no rule.

    Args:
        rules: name -> rule.
        values: name -> value.
        where: beginning of the error message.

    Raises:
        ValueError: for the first value that breaks its rule.
    """
    for name, (holds, words) in rules.items():
        if name in values and not holds(values[name]):
            raise ValueError(f"{where}{name!r} must be {words}.")


def is_plain(value: Any, depth: int = 1) -> bool:
    """Whether a value of JSON can be used without risk.

    All numbers must be finite and fit into 64 bits, all text must be valid Unicode, and nothing may be nested deeper
    than `DEEPEST`.

    Args:
        value: as the json module reads it.
        depth: how deep the value is nested, from 1.

    Returns:
        whether all of this holds.
    """
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, str):
        return not any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, list | dict) and depth > DEEPEST:
        return False
    if isinstance(value, list):
        return all(is_plain(v, depth + 1) for v in value)
    if isinstance(value, dict):
        return all(is_plain(k) and is_plain(v, depth + 1) for k, v in value.items())
    return value is None
