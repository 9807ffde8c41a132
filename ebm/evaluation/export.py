"""From trained weights to a checkpoint that ships: threshold, reference energies, a measured card."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch import Tensor

from ebm.checkpoint.card import Card
from ebm.checkpoint.examples import TYPICAL, examples_of, save_examples
from ebm.checkpoint.files import load, save
from ebm.data.corpus import Corpus, to_model_space
from ebm.evaluation.calibration import fit_temperature
from ebm.evaluation.measure import measure
from ebm.model.energy import EnergyNet, in_batches
from ebm.scoring.scores import score, threshold
from ebm.training.trained import Trained

KEPT_SCORES = 2500  # values a set and score that the card keeps, so that the explorer shows the report's figures


def export(path: Path, trained: Trained, *, n: int = 1000, resamples: int = 100) -> Path:
    """Calibrates and measures a trained network; writes weights, card and example pictures.

    Args:
        path: of the .safetensors file to write; its stem becomes the card's name.
        trained: as `ebm.training.train.train` returns it.
        n: strangers a set, at least 2.
        resamples: of the bootstrap. Measurements that take minutes are left to `ebm evaluate --update-card`.

    Returns:
        the path.
    """
    card = trained.card(path.stem)
    return calibrate(path, trained.net, card, trained.corpus, n=n, resamples=resamples)


class Reference(NamedTuple):
    """Energies of known glyphs that a threshold is taken from: (N,) in ascending order, and the rule in words."""

    energies: Tensor
    rule: str


def calibrate(
    path: Path, net: EnergyNet, card: Card, corpus: Corpus, *, n: int = 1000, resamples: int = 100,
    reference: Reference | None = None, typical: Tensor | None = None,
) -> Path:  # fmt: skip
    """Sets threshold, reference energies and temperature on a corpus, measures, and writes all that ships.

    Args:
        path: of the .safetensors file to write.
        net: its network.
        card: of an uncalibrated model, with `data` as `describe_data` returns it.
        corpus: with the classes of the network, or with the first of them.
        n: as in `export`.
        resamples: as in `export`.
        reference: of known glyphs; by default the validation split.
        typical: one glyph of each sort, uint8 (C, 56, 56); by default the corpus's typical glyphs.

    Returns:
        the path.
    """
    held_out = to_model_space(corpus.images["val"])
    if reference is None:
        energies = score(net, held_out).sort().values
        reference = Reference(energies, "95 % quantile of the energies of the validation split")
    card = dataclasses.replace(
        card, threshold=threshold(reference.energies), threshold_rule=reference.rule,
        reference_energies=[float(f"{v:.7g}") for v in reference.energies.tolist()],
        temperature=_temperature(net, held_out, corpus),
    )  # fmt: skip
    save(path, net, card)
    model, card = load(path)
    result = measure(model, card, corpus, n=n, resamples=resamples)
    described = {name: about | {"digest": result.digests[name]} for name, about in card.data["strangers"].items()}
    examples, sorts = examples_of(model, corpus)
    data = card.data | {"strangers": described, "test_examples": sorts}
    save(path, net, dataclasses.replace(card, set_scores=kept_scores(result.scores), metrics=result.report, data=data))
    save_examples(path, examples if typical is None else examples | {TYPICAL: typical})
    return path


def _temperature(net: EnergyNet, held_out: Tensor, corpus: Corpus) -> float:
    """The temperature, fitted on the validation split; 1 where there are no classes."""
    if net.outputs == 1:
        return 1.0
    return round(fit_temperature(in_batches(net, net.get_logits, held_out), corpus.labels["val"]), 5)


def kept_scores(scores: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, dict[str, list[float]]]:
    """The scores as a card keeps them for the explorer: set -> score -> at most `KEPT_SCORES` values, sorted."""
    return {
        key: {name: [float(f"{v:.6g}") for v in _thin(values)] for name, values in by_score.items()}
        for key, by_score in scores.items()
    }


def _thin(values: np.ndarray) -> np.ndarray:
    """Not too many values, at the middles of equal ranges of ranks, so that distribution and rates stay the same."""
    ordered = np.sort(values)
    if len(ordered) <= KEPT_SCORES:
        return ordered
    return ordered[((np.arange(KEPT_SCORES) + 0.5) / KEPT_SCORES * len(ordered)).astype(int)]
