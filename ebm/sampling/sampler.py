"""The settings of SGLD for training a model and for printing with it."""

import dataclasses
from dataclasses import dataclass
from typing import Any, get_args

from ebm.sampling.starts import check_start


@dataclass(frozen=True)
class Sampler:
    """How Langevin dynamics runs.

    A recipe is a sampler, a card has one, and `chains` and `ebm.sample` take one.

    Args:
        steps: SGLD steps of a chain in a step of the second training stage.
        print_steps: SGLD steps when glyphs are printed.
        step_size: factor of the gradient; 0.06 * match_scale goes 6 % of the way from noise to a glyph.
        noise: standard deviation of the noise a step in training.
        print_noise: standard deviation of the noise a step when glyphs are printed.
        grad_clip: largest size of each component of dE/dx; None = no limit.
        start: where fresh chains start, a key of `STARTS`.

    Raises:
        ValueError: one sentence on a value of a wrong type or out of its range.
    """

    steps: int = 20
    print_steps: int = 64
    step_size: float = 1.8
    noise: float = 0.01
    print_noise: float = 0.01
    grad_clip: float | None = None
    start: str = "uniform"

    def __post_init__(self) -> None:
        check_types(self)
        check_ranges(self, positive=("steps", "print_steps", "step_size", "grad_clip"), not_negative=_NOISES)
        check_start(self.start)

    def sampler(self) -> "Sampler":
        """The settings of SGLD alone, also of a recipe."""
        return Sampler(**{field.name: getattr(self, field.name) for field in dataclasses.fields(Sampler)})


_NOISES = ("noise", "print_noise")


def check_types(settings: Any) -> None:
    """Checks the types of a dataclass's fields; whole numbers become floats where the field is a float.

    Args:
        settings: a frozen dataclass, changed in place.

    Raises:
        ValueError: for the first value of a wrong type.
    """
    for field in dataclasses.fields(settings):
        kinds = get_args(field.type) or (field.type,)
        value = getattr(settings, field.name)
        if float in kinds and type(value) is int:
            object.__setattr__(settings, field.name, float(value))
        elif type(value) not in kinds:
            names = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)
            raise ValueError(f"{field.name} must be of type {names}, not {value!r}.")


def check_ranges(settings: Any, *, positive: tuple[str, ...], not_negative: tuple[str, ...]) -> None:
    """Checks the ranges of some fields; a field that is None is not checked.

    Args:
        settings: has the fields.
        positive: names of fields that must be above 0.
        not_negative: names of fields that must be 0 or above.

    Raises:
        ValueError: for the first value out of its range.
    """
    for name in positive:
        value = getattr(settings, name)
        if value is not None and not value > 0:
            raise ValueError(f"{name} must be above 0, not {value}.")
    for name in not_negative:
        if not getattr(settings, name) >= 0:
            raise ValueError(f"{name} must not be negative, but is {getattr(settings, name)}.")
