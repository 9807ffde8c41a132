"""Exercise 3.6 and more: how well a checkpoint reads, catches strangers and prints; JSON and HTML."""

import dataclasses
import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from ebm import data
from ebm.checkpoint.card import Card
from ebm.data.corpus import Corpus, to_bytes, to_model_space
from ebm.data.synthetic.sorts import SORTS
from ebm.evaluation.calibration import predictive
from ebm.evaluation.effort import FULL, Effort
from ebm.evaluation.judge import Judge, judge_for
from ebm.evaluation.known import measure_unseen_founts
from ebm.evaluation.likelihood import measure_likelihood
from ebm.evaluation.real_print import RealPrint, measure_real_print
from ebm.evaluation.robustness import robust_accuracy
from ebm.evaluation.samples import measure_samples
from ebm.model.energy import EnergyNet, in_batches
from ebm.scoring.rates import detection
from ebm.scoring.scores import score, scores_for

PARTS = ("samples", "robustness", "likelihood")  # beside what `measure` always does


@dataclasses.dataclass(frozen=True)
class Measured:
    """A report's figures, and the raw values behind them.

    Args:
        report: the content of `report.json`.
        scores: "test" and every stranger set -> score name -> values (N,).
        logits: of the test split, (N, C).
        labels: of the test split, (N,).
        digests: SHA-256 of the bytes of every stranger set that was scored.
    """

    report: dict[str, Any]
    scores: dict[str, dict[str, np.ndarray]]
    logits: Tensor
    labels: Tensor
    digests: dict[str, str]


def measure(
    model: EnergyNet, card: Card, corpus: Corpus, *, n: int = 1000, resamples: int = 100, seed: int = 0,
    parts: tuple[str, ...] = (), effort: Effort = FULL, judge: Judge | None = None,
    real: Sequence[RealPrint] = (), say: Callable[[str], None] = lambda _: None,
) -> Measured:  # fmt: skip
    """Measures a model on a corpus's test split, every stranger set and real print, and what `parts` asks for.

    Args:
        model: as `ebm.load` returns it.
        card: as `ebm.load` returns it; only mode, sorts, threshold, sampler, temperature and recipe are used.
        corpus: its test split and its own strangers are measured.
        n: strangers a set; of the unseen founts twice as many.
        resamples: of the bootstrap.
        seed: of the stranger sets, the chains and the attacks.
        parts: of `PARTS`, which take minutes; those that make no sense for the model are left out.
        effort: sizes of those parts.
        judge: of the corpus, for the part "samples"; by default the one of `judge_for`.
        real: crops of real print, with an entry of the report for each folder.
        say: called with a line of text about the next step.

    Returns:
        the figures and the raw values.
    """
    started = time.monotonic()
    x, labels = to_model_space(corpus.images["test"]), corpus.labels["test"]
    logits = in_batches(model, model.get_logits, x)
    report: dict[str, Any] = {}
    if model.outputs > 1:
        report |= predictive(logits, labels, card.temperature)
        report["calibration"] = {"temperature": card.temperature, "before": predictive(logits, labels)}
    say("strangers")
    sets = {"test": x} | {name: data.strangers(name, n, seed) for name in data.STRANGERS}
    sets |= {name: to_model_space(images) for name, images in corpus.strangers.items()}
    names = list(scores_for(model))
    values = {
        key: {name: score(model, images, name).double().numpy() for name in names} for key, images in sets.items()
    }
    report["ood"] = {
        key: {name: detection(values["test"][name], values[key][name], resamples) for name in names}
        for key in values
        if key != "test"
    }
    if corpus.preprocessing == "pen" and corpus.sorts == [sort.name for sort in SORTS]:
        say("unseen founts")
        unseen, sorts = data.unseen_founts(2 * n)
        report["unseen_founts"] = measure_unseen_founts(model, card, unseen, sorts, values["test"], resamples)
    if real:
        say("real print")
        report["real"] = {crops.name: measure_real_print(model, card, crops, resamples) for crops in real}
    report |= _long_parts(model, card, corpus, parts, effort, judge, seed, say)
    report["seconds"] = round(time.monotonic() - started, 1)
    digests = {key: hashlib.sha256(to_bytes(sets[key]).numpy().tobytes()).hexdigest() for key in sets if key != "test"}
    return Measured(report, values, logits, labels, digests)


def _long_parts(
    model: EnergyNet, card: Card, corpus: Corpus, parts: tuple[str, ...], effort: Effort, judge: Judge | None,
    seed: int, say: Callable[[str], None],
) -> dict[str, Any]:  # fmt: skip
    """The parts that take minutes: samples and likelihood of models that sample, robustness of classifiers."""
    report: dict[str, Any] = {}
    if "robustness" in parts and model.outputs > 1:
        say("robustness")
        attacked = slice(None, None, max(1, len(corpus.labels["test"]) // effort.attacked))
        x, y = to_model_space(corpus.images["test"])[attacked], corpus.labels["test"][attacked]
        report["robustness"] = {"n": len(y)} | robust_accuracy(model, x, y, seed)
    if not card.mode.has_chains:
        return report
    if "samples" in parts:
        say("samples")
        report["samples"] = measure_samples(model, card, corpus, judge or judge_for(corpus), seed, effort)
    if "likelihood" in parts:
        say("likelihood")
        chains, steps = effort.annealing_chains, effort.annealing_steps
        report["likelihood"] = measure_likelihood(model, card, corpus, chains=chains, steps=steps, seed=seed)
    return report
