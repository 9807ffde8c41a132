"""The examples on the shelf of Read: chosen by what the model makes of them, and with what they really are."""

from dataclasses import dataclass

import torch
from torch import Tensor

from app.models.loaded import LoadedModel
from ebm.data.corpus import SIZE

GROUPS = {"known": "known glyphs", "near": "strangers, near", "far": "strangers, far", "": "other pictures"}


@dataclass(frozen=True)
class Sample:
    """One example.

    Args:
        key: its name in links and on the shelf.
        picture: uint8 (56, 56), 255 = ink.
        group: of `GROUPS`.
        truth: its sort; "" where that is not known, or it has none.
        fools: whether the model calls a known glyph a stranger, or a stranger known.
    """

    key: str
    picture: Tensor
    group: str
    truth: str = ""
    fools: bool = False


def samples_to_read(loaded: LoadedModel) -> list[Sample]:
    """Examples for a visitor to click, the best one first.

    Of the known glyphs there are three, of three sorts if possible: one of low energy, a worn one whose energy is
    higher but still below the threshold, and the one of the highest energy. Of each stranger set there is the one in
    the middle.

    Args:
        loaded: the model.

    Returns:
        the samples, group by group.
    """
    found = _known(loaded)
    for name in loaded.example_sets():
        if name == "test":
            continue
        energies = torch.as_tensor(loaded.energies[name])
        middle = int(energies.argsort()[len(energies) // 2])
        kind = loaded.describe(name)[0]
        fools = loaded.card.threshold is not None and float(energies[middle]) <= loaded.card.threshold
        found.append(Sample(name, loaded.examples[name][middle], kind if kind in GROUPS else "", fools=fools))
    if not any(sample.group == "known" for sample in found):
        found.insert(0, Sample("plain stroke", _stroke(), ""))
    if "noise" not in loaded.examples:
        noise = torch.rand((SIZE, SIZE), generator=torch.Generator().manual_seed(0))
        found.append(Sample("noise", (noise * 255).to(torch.uint8), "far"))
    order = list(GROUPS)
    return sorted(found, key=lambda sample: order.index(sample.group))


def _known(loaded: LoadedModel) -> list[Sample]:
    pictures = loaded.examples.get("test")
    if pictures is None or not len(pictures):
        return []
    energies, threshold = torch.as_tensor(loaded.energies["test"]), loaded.card.threshold
    order = energies.argsort().tolist()
    called_known = [k for k in order if threshold is None or float(energies[k]) <= threshold] or order
    truths = _sorts_of(loaded, len(pictures))
    good = called_known[len(called_known) // 4]
    rough = [k for k in called_known if energies[k] >= energies[called_known[len(called_known) // 2]]]
    worn = max(_of_other_sorts(rough, truths, good), key=lambda k: _unevenness(pictures[k]))
    odd = _of_other_sorts(order, truths, good, worn)[-1]
    return [
        Sample(
            key, pictures[k], "known", truths[k],
            fools=threshold is not None and float(energies[k]) > threshold,
        )
        for key, k in (("good glyph", good), ("worn glyph", worn), ("odd print", odd))
    ]  # fmt: skip


def _sorts_of(loaded: LoadedModel, count: int) -> list[str]:
    """The sorts of the known examples; "" for each where the card does not say."""
    said = loaded.card.data.get("test_examples")
    return list(map(str, said)) if isinstance(said, list) and len(said) == count else [""] * count


def _of_other_sorts(candidates: list[int], truths: list[str], *taken: int) -> list[int]:
    """The candidates whose sort was not taken; all where none is left."""
    used = {truths[k] for k in taken} - {""}
    return [k for k in candidates if truths[k] not in used and k not in taken] or candidates


def _unevenness(picture: Tensor) -> float:
    """How uneven the ink of a picture (56, 56) lies: the spread of its darker pixels."""
    ink = picture[picture > 127].double()
    return float(ink.std()) if len(ink) > 1 else 0.0


def _stroke() -> Tensor:
    """A plain minim, for checkpoints that came without pictures."""
    picture = torch.zeros((SIZE, SIZE), dtype=torch.uint8)
    picture[6:50, 23:33] = 255
    return picture
