"""How good fresh chains are: fidelity, diversity, grain, memorisation, and long chains.

Every sample here starts from noise, and none comes from a replay buffer. Models with classes are sampled twice: with
the sorts of the test split as wanted classes, and from log q(x), where chains must find the sorts themselves.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from scipy.stats import entropy
from torch import Tensor

from ebm.checkpoint.card import Card
from ebm.data.corpus import Corpus, to_model_space
from ebm.data.picture.grain import paper_grain, spectral_ratio
from ebm.evaluation.distances import density_coverage, frechet_distance, kernel_distance, nearest
from ebm.evaluation.effort import FULL, Effort
from ebm.evaluation.judge import Judge
from ebm.model.energy import EnergyNet, in_batches
from ebm.sampling.chains import chains, last_of
from ebm.training.reader import train_reader

BATCH = 64
NEIGHBOURS = 5
Draw = Callable[[int, Tensor | None], Tensor]  # how many, the wanted classes (n,) or None -> glyphs (n, 1, 56, 56)


def print_chains(
    model: EnergyNet, card: Card, n: int, *, steps: int, labels: Tensor | None = None, seed: int = 0
) -> Tensor:
    """Fresh chains from noise.

    Args:
        model: as `ebm.load` returns it.
        card: its sampler is used.
        n: number of chains.
        steps: of SGLD.
        labels: the wanted classes (n,); None runs the chains on log q(x).
        seed: of starts and noise.

    Returns:
        glyphs (n, 1, 56, 56) in [-1, 1] on the CPU.
    """
    parts = []
    for k, start in enumerate(range(0, n, BATCH)):
        wanted = None if labels is None else labels[start : start + BATCH]
        size = min(BATCH, n - start)
        run = chains(model, size, sampler=card.sampler, steps=steps, labels=wanted, seed=seed + k, every=steps)
        parts.append(last_of(run).cpu())
    return torch.cat(parts)


@dataclass(frozen=True)
class _TestGlyphs:
    """What samples are compared with: the test split, its features, and the distances of training glyphs.

    Args:
        judge: computes the features.
        test: glyphs (N, 1, 56, 56).
        real: their features (N, D), divided by their root mean square, like all features here.
        unit: that root mean square, so that distances do not depend on the judge's scale.
        floor: distances of the same number of real training glyphs, which the judge has learnt.
        known: number of test glyphs of each sort (C,).
    """

    judge: Judge
    test: Tensor
    real: Tensor
    unit: Tensor
    floor: dict[str, float]
    known: Tensor

    def features(self, x: Tensor) -> Tensor:
        """Features (N, D) of glyphs, in that unit."""
        return self.judge.features(x) / self.unit

    def compare(self, x: Tensor, fake: Tensor, seed: int) -> dict[str, Any]:
        """Distances, their ratio to the floor, and grain of samples x (N, 1, 56, 56) with features fake (N, D)."""
        distances = _distances(self.real, fake, seed)
        return {
            "n": len(x),
            "frechet": distances,
            "frechet_over_floor": round(distances["frechet"] / self.floor["frechet"], 2),
            "spectral_ratio": round(spectral_ratio(x, self.test), 4),
            "paper_grain": _grain(x),
        }


def measure_samples(
    model: EnergyNet, card: Card, corpus: Corpus, judge: Judge, seed: int = 0, effort: Effort = FULL,
    draw: Draw | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Measures as many samples as the test split has glyphs, of the same sorts, and as many of log q(x).

    Args:
        model: as `ebm.load` returns it.
        card: as `ebm.load` returns it.
        corpus: that the model was trained on.
        judge: of the same corpus.
        seed: of the chains.
        effort: how long samples, long chains and learning from samples run.
        draw: what makes the glyphs; by default fresh chains of the model.

    Returns:
        the part "samples" of `report.json`; for an EBM, which has only log q(x), both are the same chains.
    """
    steps = effort.sample_steps or card.sampler.print_steps

    def fresh(n: int, labels: Tensor | None) -> Tensor:
        return print_chains(model, card, n, steps=steps, labels=labels, seed=seed)

    draw = draw or fresh
    test, labels = to_model_space(corpus.images["test"]), corpus.labels["test"]
    train, of_train = to_model_space(corpus.images["train"]), corpus.labels["train"]
    picks = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed))[: len(test)]
    reference = _test_glyphs(judge, corpus, train[picks], seed)
    has_classes = model.outputs > 1
    x = draw(len(test), labels if has_classes else None)
    fake = reference.features(x)
    report: dict[str, Any] = {
        "steps": steps,
        "judge_test_accuracy": _share(judge.read(test) == labels),
        "frechet_floor": reference.floor,
        "paper_grain_test": _grain(test),
        "memorisation": _memorisation(x, test, train),
    } | reference.compare(x, fake, seed)
    if has_classes:
        report |= _by_sort(corpus, x, judge.read(x), reference.real, fake)
        report["classification_accuracy_score"] = {
            "samples": _learnt_from(x, labels, corpus, effort.learning_steps),
            "real": _learnt_from(train[picks], of_train[picks], corpus, effort.learning_steps),
        }
        x = draw(len(test), None)
        fake = reference.features(x)
    report["marginal"] = reference.compare(x, fake, seed) | _sorts(judge.read(x), reference.known)
    report["long_chains"] = _long_chains(model, card, judge, len(corpus.sorts), seed, effort.long_steps)
    return report


def _test_glyphs(judge: Judge, corpus: Corpus, trained: Tensor, seed: int) -> _TestGlyphs:
    """The test split of a corpus, with a floor from glyphs of the training split."""
    test = to_model_space(corpus.images["test"])
    real = judge.features(test)
    unit = real.square().mean().sqrt()
    floor = _distances(real / unit, judge.features(trained) / unit, seed)
    known = torch.bincount(corpus.labels["test"], minlength=len(corpus.sorts))
    return _TestGlyphs(judge, test, real / unit, unit, floor, known)


def _sorts(read: Tensor, known: Tensor) -> dict[str, Any]:
    """The sorts that samples, read as (N,), contain, and the entropy over them compared with the data's (C,)."""
    counts = torch.bincount(read, minlength=len(known))
    found, data = (float(entropy(values.double())) for values in (counts, known))
    return {
        "sorts_hit": int((counts > 0).sum()),
        "entropy": round(found, 4),
        "data_entropy": round(data, 4),
        "entropy_over_data": round(found / data, 4) if data else None,  # a split of one sort has no entropy
    }


def _grain(x: Tensor) -> float | None:
    """The paper grain; None if there is no paper."""
    found = paper_grain(x)
    return None if math.isnan(found) else round(found, 4)


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
    """The share read as wanted, and the coverage of the test glyphs of the wanted sort, overall and per sort."""
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


def _learnt_from(x: Tensor, y: Tensor, corpus: Corpus, steps: int) -> float:
    """Test accuracy of a classifier that is trained only on (x, y) (Ravuri & Vinyals 2019)."""
    reader = train_reader(x, y, len(corpus.sorts), seed=0, steps=steps)
    read = in_batches(reader, reader.get_logits, to_model_space(corpus.images["test"])).argmax(1)
    return _share(read == corpus.labels["test"])


def _memorisation(x: Tensor, test: Tensor, train: Tensor) -> dict[str, float]:
    """Distances per pixel to the nearest training glyph, of samples and of test glyphs.

    Samples that copy the training data are much nearer to it than test glyphs.
    """
    ours, theirs = nearest(x, train), nearest(test, train)
    limit = torch.quantile(theirs, 0.01)
    return {
        "median_samples": round(float(ours.median()), 4),
        "median_test": round(float(theirs.median()), 4),
        "nearer_than_1_percent_of_test": _share(ours < limit),
    }


def _long_chains(model: EnergyNet, card: Card, judge: Judge, classes: int, seed: int, steps: int) -> dict[str, Any]:
    """Two chains a sort that run much longer than a sample: energy, and share that is still read as wanted."""
    labels = torch.arange(classes).repeat(2)
    steered = labels if model.outputs > 1 else None
    every = steps // 40
    moments = {every * k for k in (1, 2, 4, 8, 12, 20, 28, 40)}
    rows = []
    run = chains(
        model, len(labels), sampler=card.sampler, steps=steps, labels=steered, seed=seed, every=every
    )  # fmt: skip
    for step in run:
        if step.index in moments:
            row = {"step": step.index, "energy": round(float(step.energy.mean()), 4)}
            if steered is not None:
                row["read_as_wanted"] = _share(judge.read(step.x) == labels)
            rows.append(row | {"ink": round(float((step.x > 0.5).double().mean()), 4)})
    return {"n": len(labels), "states": rows}
