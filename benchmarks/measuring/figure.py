"""A measured figure and its target, as one entry of a report."""

from typing import Any


def figure(
    name: str, value: float, unit: str, *, at_most: float | None = None, at_least: float | None = None
) -> dict[str, Any]:
    """One entry of a report: name, value, unit and, with a bound, the target and whether it is met.

    Args:
        name: of the figure.
        value: measured.
        unit: of the value.
        at_most: upper bound, or None.
        at_least: lower bound, or None.

    Returns:
        the entry.
    """
    entry: dict[str, Any] = {"name": name, "value": value, "unit": unit}
    if at_most is not None:
        return entry | {"target": at_most, "at_most": True, "met": value <= at_most}
    if at_least is not None:
        return entry | {"target": at_least, "at_most": False, "met": value >= at_least}
    return entry


def target_of(entry: dict[str, Any]) -> str:
    """The target of an entry in words, as in "at most 5"; "" where it has none."""
    return f"{'at most' if entry['at_most'] else 'at least'} {entry['target']:g}" if "target" in entry else ""
