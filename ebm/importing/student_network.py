"""Turns the tensors of a student's network into an `EnergyNet` that computes the same."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ebm.checkpoint.card_rules import MAX_OUTPUTS, MAX_WIDTH
from ebm.checkpoint.files import build, shapes
from ebm.model.energy import EnergyNet

_CONVOLUTIONS = [f"{k}.{kind}" for k in (0, 2, 4, 6, 8) for kind in ("weight", "bias")]
# The exercise's names for an EnergyNet's tensors; Lightning puts the name of the attribute before them.
_TEMPLATE = {f"cnn_layers.{name}": f"features.{name}" for name in _CONVOLUTIONS}
_TEMPLATE |= {f"fc_layers.1.{kind}": f"classifier.2.{kind}" for kind in ("weight", "bias")}
_OURS = {name: name for name in _TEMPLATE.values()}
_FIRST, _LAST = "features.0.weight", "classifier.2.weight"
_KINDS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


class Student(NamedTuple):
    """A network from a file.

    Args:
        net: the network.
        prefix: of the names of its tensors in the file.
        ignored: names of all other entries.
    """

    net: EnergyNet
    prefix: str
    ignored: list[str]


def to_energy_net(weights: Mapping[str, Any], file: str) -> Student:
    """Finds the exercise's network, or one that `ebm train` made, in a state dict.

    A state dict does not contain stride, padding and activation, so those of the exercise are assumed. A last layer
    over the 2x2 positions of the features, instead of their average, is recognised by its size.

    Args:
        weights: name -> tensor; names may have the prefix of an attribute and of `torch.compile`.
        file: its name, for the errors.

    Returns:
        the network, its prefix and the ignored names.

    Raises:
        ValueError: one sentence that names a tensor that is missing, too many, or of another shape or type.
    """
    given = {str(key).replace("_orig_mod.", "").removeprefix("module."): key for key in weights}
    prefix, names = _find(given, file)
    inside = {name for name in given if name.startswith(prefix)}
    known = {prefix + name: own for name, own in names.items()}
    if missing := [name for name in known if name not in inside]:
        raise ValueError(f"{file} has no tensor {missing[0]!r}, which {_NETWORK} has.")
    if more := sorted(inside - known.keys()):
        raise ValueError(f"{file} has a tensor {more[0][:80]!r} in its network, which {_NETWORK} does not have.")
    tensors = {own: _floats(weights[given[name]], name, file) for name, own in known.items()}
    called = {own: name for name, own in known.items()}
    architecture = _architecture(tensors, called, file)
    for own, wanted in shapes(architecture).items():
        if (found := tuple(tensors[own].shape)) != wanted:
            raise ValueError(
                f"In {file}, {called[own]!r} is {found}; with {architecture['width']} channels in the first "
                f"convolution {_NETWORK} has {wanted} there."
            )
        tensors[own] = tensors[own].to(torch.float32).contiguous().clone()
        if not torch.isfinite(tensors[own]).all():
            raise ValueError(f"In {file}, {called[own]!r} has values that are not finite.")
    net = build(architecture, tensors).eval().requires_grad_(False)
    return Student(net, prefix, sorted(given.keys() - inside))


_NETWORK = "the exercise's network (cnn_layers 0, 2, 4, 6, 8 and fc_layers 1)"


def _find(given: Mapping[str, Any], file: str) -> tuple[str, dict[str, str]]:
    """The prefix of the network's names, and the map from its names to ours; the exercise's "cnn." is tried first."""
    for names, usual in ((_TEMPLATE, "cnn."), (_OURS, "net.")):
        first = next(iter(names))
        prefixes = {name.removesuffix(first) for name in given if name.endswith(first)}
        if prefixes := {p for p in prefixes if not p or p.endswith(".")}:
            return min(prefixes, key=lambda p: (p != usual, len(p), p)), names  # noqa: B023 (called at once)
    has = f"it has {', '.join(map(repr, sorted(given)[:3]))[:200]}" if given else "it has none"
    raise ValueError(f"{file} has no tensor 'cnn.cnn_layers.0.weight', as {_NETWORK} has; {has}.")


def _floats(value: Any, name: str, file: str) -> Tensor:
    """The same value, if it is a tensor of floating-point numbers; nothing else is used of it."""
    usable = isinstance(value, Tensor) and value.layout == torch.strided and value.device.type == "cpu"
    if not usable or value.is_quantized or value.dtype not in _KINDS:
        kind = str(value.dtype).removeprefix("torch.") if isinstance(value, Tensor) else type(value).__name__
        raise ValueError(f"In {file}, {name!r} is no ordinary tensor of floating-point numbers ({kind}).")
    return value.detach()


def _architecture(tensors: Mapping[str, Tensor], called: Mapping[str, str], file: str) -> dict[str, Any]:
    """Width, outputs and head from the shapes of the first and the last tensor."""
    first, last = tuple(tensors[_FIRST].shape), tuple(tensors[_LAST].shape)
    if len(first) != 4 or first[1:] != (1, 5, 5) or not 1 <= first[0] <= MAX_WIDTH:
        raise ValueError(
            f"In {file}, {called[_FIRST]!r} is {first}; {_NETWORK} has (width, 1, 5, 5) there, "
            f"at most {MAX_WIDTH} wide."
        )
    width = first[0]
    heads = {4 * width: "pool", 16 * width: "flat"}
    if len(last) != 2 or last[1] not in heads or not 1 <= last[0] <= MAX_OUTPUTS:
        raise ValueError(
            f"In {file}, {called[_LAST]!r} is {last}; with {width} channels in the first convolution {_NETWORK} has "
            f"(classes, {4 * width}) there, at most {MAX_OUTPUTS} classes."
        )
    return {"width": width, "outputs": last[0], "head": heads[last[1]]}
