"""How good fresh chains are: fidelity, diversity, memory and what becomes of them when they run on.

Every sample here starts from noise; none comes from a replay buffer.
"""

import math
from typing import Any

import torch
from scipy.stats import entropy
from torch import Tensor

from ebm.checkpoint import Card
from ebm.data.corpus import Corpus, to_model_space
from ebm.distances import density_coverage, frechet_distance, kernel_distance, nearest
from ebm.energy import EnergyNet, in_batches
from ebm.generate import chains, sample, sampler_of
from ebm.judge import Judge
from ebm.reader import train_reader

BATCH = 64
LONG_STEPS = 2560  # ten times the most that a sample is given
NEIGHBOURS = 5
UNCONDITIONAL = 500
LEARNING = 400  # optimiser steps of the classifier that learns from samples


def print_like(model: EnergyNet, card: Card, labels: Tensor, seed: int, steps: int) -> Tensor:
    """Fresh chains from noise, one for each label (N,): glyphs (N, 1, 56, 56) on the CPU."""
    parts = []
    for k, part in enumerate(labels.split(BATCH)):
        steered = part if model.outputs > 1 else None
        *_, last = chains(model, len(part), steps=steps, labels=steered, seed=seed + k, every=steps, **sampler_of(card))
        parts.append(last.x.cpu())
    return torch.cat(parts)


def measure_samples(
    model: EnergyNet, card: Card, corpus: Corpus, judge: Judge, seed: int = 0, steps: int | None = None
) -> dict[str, Any]:
    """Measures as many samples as the test split has glyphs, of the same sorts.

    Args:
        model, card: as `ebm.load` gives them; corpus: what it learnt; judge: of the same corpus.
        seed: of the chains; steps: how long they run, by default as long as the card says.

    Returns:
        the part "samples" of `report.json`.
    """
    test, labels = to_model_space(corpus.images["test"]), corpus.labels["test"]
    train, of_train = to_model_space(corpus.images["train"]), corpus.labels["train"]
    steps = steps or int(card.sampler["print_steps"])
    x = print_like(model, card, labels, seed, steps)
    # The floor: as many real training glyphs, which the judge has learnt, as there are test glyphs.
    picks = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed))[: len(test)]
    real, fake, floor = (judge.features(glyphs) for glyphs in (test, x, train[picks]))
    unit = real.square().mean().sqrt()  # so that distances do not hang on the judge's scale
    real, fake, floor = real / unit, fake / unit, floor / unit
    report: dict[str, Any] = {
        "n": len(x),
        "steps": steps,
        "judge_test_accuracy": _share(judge.read(test) == labels),
        "frechet": _distances(real, fake, seed),
        "frechet_floor": _distances(real, floor, seed),
        "memorisation": _memorisation(x, test, train),
    }
    ratio = report["frechet"]["frechet"] / report["frechet_floor"]["frechet"]
    report["frechet_over_floor"] = round(ratio, 2)
    if model.outputs > 1:
        report |= _by_sort(corpus, x, judge.read(x), real, fake)
        report["classification_accuracy_score"] = {
            "samples": _learnt_from(x, labels, test, labels, len(corpus.sorts)),
            "real": _learnt_from(train[picks], of_train[picks], test, labels, len(corpus.sorts)),
        }
    report["any_sort"] = _any_sort(model, card, corpus, judge, seed, steps)
    report["long_chains"] = _long_chains(model, card, judge, len(corpus.sorts), seed)
    return report


def _share(right: Tensor) -> float:
    return round(float(right.double().mean()), 5)


def _distances(real: Tensor, fake: Tensor, seed: int) -> dict[str, float]:
    """Frechet and kernel distance, density and coverage of samples, all in the judge's features."""
    kernel, spread = kernel_distance(real, fake, seed)
    density, coverage = density_coverage(real, fake, NEIGHBOURS)
    return {
        "frechet": round(frechet_distance(real, fake), 5),
        "kernel": round(kernel, 5),
        "kernel_spread": round(spread, 5),
        "density": round(density, 4),
        "coverage": round(coverage, 4),
    }


def _by_sort(corpus: Corpus, x: Tensor, read: Tensor, real: Tensor, fake: Tensor) -> dict[str, Any]:
    """Share read as wanted and coverage of the sort's own test glyphs, overall and per sort."""
    labels = corpus.labels["test"]
    shares, covered = {}, {}
    for number, sort in enumerate(corpus.sorts):
        own = labels == number
        if not own.any():
            continue
        shares[sort] = _share(read[own] == number)
        if int(own.sum()) > NEIGHBOURS:
            covered[sort] = round(density_coverage(real[own], fake[own], NEIGHBOURS)[1], 4)
    return {
        "read_as_wanted": _share(read == labels),
        "read_as_wanted_by_sort": shares,
        "coverage_of_sort": round(sum(covered.values()) / max(len(covered), 1), 4),
        "coverage_of_sort_by_sort": covered,
    }


def _learnt_from(x: Tensor, y: Tensor, test: Tensor, labels: Tensor, classes: int) -> float:
    """Test accuracy of a classifier that has seen only (x, y) (Ravuri & Vinyals 2019)."""
    reader = train_reader(x, y, classes, seed=0, steps=LEARNING)
    return _share(in_batches(reader, reader.get_logits, test).argmax(1) == labels)


def _memorisation(x: Tensor, test: Tensor, train: Tensor) -> dict[str, float]:
    """Distances per pixel to the nearest training glyph, of samples and of test glyphs.

    Samples that copy the training data lie much nearer to it than test glyphs do.
    """
    ours, theirs = nearest(x, train), nearest(test, train)
    limit = torch.quantile(theirs, 0.01)
    return {
        "median_samples": round(float(ours.median()), 4),
        "median_test": round(float(theirs.median()), 4),
        "nearer_than_1_percent_of_test": _share(ours < limit),
    }


def _any_sort(model: EnergyNet, card: Card, corpus: Corpus, judge: Judge, seed: int, steps: int) -> dict[str, Any]:
    """Sorts that 500 samples without a wanted sort hit, and the entropy over them, against the data's."""
    known = torch.bincount(corpus.labels["test"], minlength=len(corpus.sorts)).double()
    result: dict[str, Any] = {"n": UNCONDITIONAL, "data_entropy": round(float(entropy(known)), 4)}
    for name, marginal in (("ancestral", False), ("marginal", True)):
        if name == "ancestral" and model.outputs == 1:
            continue  # an EBM has no classes to draw first
        parts = [
            sample(model, BATCH, steps=steps, marginal=marginal, seed=seed + k, card=card).cpu()
            for k in range(math.ceil(UNCONDITIONAL / BATCH))
        ]
        counts = torch.bincount(judge.read(torch.cat(parts)[:UNCONDITIONAL]), minlength=len(corpus.sorts)).double()
        result[name] = {"sorts_hit": int((counts > 0).sum()), "entropy": round(float(entropy(counts)), 4)}
    return result


def _long_chains(model: EnergyNet, card: Card, judge: Judge, classes: int, seed: int) -> dict[str, Any]:
    """Two chains a sort, run on for far longer than a sample: energy and share still read as wanted."""
    labels = torch.arange(classes).repeat(2)
    steered = labels if model.outputs > 1 else None
    every = LONG_STEPS // 40
    moments = {every * k for k in (1, 2, 4, 8, 12, 20, 28, 40)}
    rows = []
    # The fall of step size and noise to zero belongs to a sample's end, not to a chain that runs on.
    going_on = sampler_of(card) | {"anneal": 0.0}
    run = chains(model, len(labels), steps=LONG_STEPS, labels=steered, seed=seed, every=every, **going_on)
    for step in run:
        if step.index in moments:
            row = {"step": step.index, "energy": round(float(step.energy.mean()), 4)}
            if steered is not None:
                row["read_as_wanted"] = _share(judge.read(step.x) == labels)
            rows.append(row | {"ink": round(float((step.x > 0.5).double().mean()), 4)})
    return {"n": len(labels), "states": rows}
