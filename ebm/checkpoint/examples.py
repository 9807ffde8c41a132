"""The example pictures that belong to a checkpoint, for the explorer."""

from pathlib import Path

import torch
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from ebm import data
from ebm.checkpoint.files import open_weights, weights_path
from ebm.data.corpus import SIZE, Corpus, to_bytes, to_model_space
from ebm.model.energy import EnergyNet, in_batches
from ebm.system.whole_file import whole_file

TYPICAL = "typical"  # the key of the examples that hold one glyph of each sort, in the order of the sorts
KEPT_EXAMPLES = 12  # pictures a set


def examples_path(path: str | Path) -> Path:
    """The file of a checkpoint's example pictures: NAME.examples.safetensors, next to the checkpoint."""
    path = weights_path(path)
    return path.with_name(f"{path.stem}.examples.safetensors")


def save_examples(path: str | Path, examples: dict[str, Tensor]) -> None:
    """Writes the example pictures of a checkpoint.

    Args:
        path: of the checkpoint.
        examples: "test", each stranger set and `TYPICAL` -> uint8 (N, 56, 56).
    """
    with whole_file(examples_path(path)) as file:
        file.write(safetensors_bytes({name: value.contiguous() for name, value in examples.items()}))


def load_examples(path: str | Path) -> dict[str, Tensor]:
    """Reads what `save_examples` wrote.

    Args:
        path: of the checkpoint.

    Returns:
        set -> uint8 (N, 56, 56); empty if the checkpoint has no examples.

    Raises:
        ValueError: one sentence, for a damaged file or one that holds anything but pictures.
    """
    source = examples_path(path)
    if not source.is_file():
        return {}
    with open_weights(source) as file:
        examples = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    for name, pictures in examples.items():
        if pictures.dtype != torch.uint8 or pictures.shape[1:] != (SIZE, SIZE):
            raise ValueError(f"In {source.name}, {name[:60]!r} must be pictures: uint8 (N, {SIZE}, {SIZE}).")
    return examples


def examples_of(net: EnergyNet, corpus: Corpus) -> tuple[dict[str, Tensor], list[str]]:
    """The example pictures of a model and its corpus.

    The known ones are test glyphs at even distances in the order of their energies, in a random order.

    Args:
        net: the model.
        corpus: with a test split.

    Returns:
        set -> uint8 (N, 56, 56), "test", each stranger set and `TYPICAL`; and the sorts of those of "test".
    """
    energies = in_batches(net, net.energy, to_model_space(corpus.images["test"]))
    even = (torch.arange(KEPT_EXAMPLES) + 0.5) / KEPT_EXAMPLES * len(energies)
    chosen = energies.argsort()[even.long()][torch.randperm(KEPT_EXAMPLES, generator=torch.Generator().manual_seed(0))]
    examples = {"test": corpus.images["test"][chosen]}
    examples |= {name: to_bytes(data.strangers(name, KEPT_EXAMPLES, seed=1)) for name in data.STRANGERS}
    examples |= {name: images[:KEPT_EXAMPLES] for name, images in corpus.strangers.items()}
    sorts = [corpus.sorts[k] for k in corpus.labels["test"][chosen].tolist()]
    return examples | {TYPICAL: typical_glyphs(net, corpus)}, sorts


def typical_glyphs(net: EnergyNet, corpus: Corpus) -> Tensor:
    """One test glyph of each sort: of the half that the model finds likelier, the nearest to the sort's mean.

    The nearest of all is often a blurred one: of the shipped `jem`'s it called one a stranger.

    Args:
        net: the model.
        corpus: with a test split.

    Returns:
        uint8 (C, 56, 56), blank where a sort has no test glyph.
    """
    images, labels = corpus.images["test"], corpus.labels["test"]
    energies = in_batches(net, net.energy, to_model_space(images))
    chosen = torch.zeros((len(corpus.sorts), *images.shape[1:]), dtype=torch.uint8)
    for label in labels.unique().tolist():
        glyphs, energy = images[labels == label].float(), energies[labels == label]
        far = (glyphs - glyphs.mean(0)).square().sum((1, 2))
        far[energy > energy.median()] = torch.inf
        chosen[label] = glyphs[far.argmin()].to(torch.uint8)
    return chosen
