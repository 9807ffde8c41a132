"""Exercise 3.6 and more: how well a checkpoint reads, catches strangers and prints; JSON and HTML."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from ebm import data
from ebm.checkpoint.files import Card, load, load_card, save_card
from ebm.data.corpus import Corpus, to_bytes, to_model_space
from ebm.data.synthetic.sorts import SORTS
from ebm.evaluation.calibration import predictive
from ebm.evaluation.effort import FULL, Effort
from ebm.evaluation.judge import Judge, judge_for
from ebm.evaluation.known import measure_unseen_founts
from ebm.evaluation.real_print import RealPrint, measure_real_print, read_all
from ebm.model.energy import EnergyNet, in_batches
from ebm.scoring.rates import detection
from ebm.scoring.scores import score, scores_for

PARTS = ("samples", "robustness", "likelihood")  # beside what `measure` always does


@dataclasses.dataclass(frozen=True)
class Measured:
    """A report's figures and the raw values they came from.

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
        model, card: as `ebm.load` gives them (of the card only mode, sorts, threshold, sampler, temperature, recipe).
        corpus: whose test split, and whose own strangers.
        n: strangers a set.
        resamples: of the bootstrap.
        seed: of the stranger sets, the chains and the attacks.
        parts: of `PARTS`, those that take minutes; those that make no sense for the model are left out.
        effort: sizes of those parts.
        judge: of the corpus, for the part "samples"; by default the one that `judge_for` gives.
        real: crops of real print, each folder an entry of the report.
        say: is told what is done next.
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
        unseen, sorts = data.unseen_founts()
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
    """What takes minutes: samples and likelihood of models that sample, robustness of those that classify."""
    report: dict[str, Any] = {}
    if "robustness" in parts and model.outputs > 1:
        from ebm.evaluation.robustness import robust_accuracy

        say("robustness")
        attacked = slice(None, None, max(1, len(corpus.labels["test"]) // effort.attacked))
        x, y = to_model_space(corpus.images["test"])[attacked], corpus.labels["test"][attacked]
        report["robustness"] = {"n": len(y)} | robust_accuracy(model, x, y, seed)
    if card.mode == "classifier":
        return report
    if "samples" in parts:
        from ebm.evaluation.samples import measure_samples

        say("samples")
        report["samples"] = measure_samples(model, card, corpus, judge or judge_for(corpus), seed, effort)
    if "likelihood" in parts:
        from ebm.evaluation.likelihood import measure_likelihood

        say("likelihood")
        chains, steps = effort.annealing_chains, effort.annealing_steps
        report["likelihood"] = measure_likelihood(model, card, corpus, chains=chains, steps=steps, seed=seed)
    return report


def evaluate(
    checkpoint: str | Path, out: str | Path, *, source: str = "pen", founts: str | None = None,
    twin: str | Path | None = None, n: int = 1000, resamples: int = 100, seed: int = 0,
    parts: tuple[str, ...] = PARTS, effort: Effort = FULL, real: Sequence[str | Path] = (),
    update_card: bool = False, device: str = "cpu", corpus: Corpus | None = None, judge: Judge | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:  # fmt: skip
    """Measures a checkpoint and writes OUT/report.json and OUT/report.html.

    Args:
        checkpoint: a .safetensors file.
        out: a folder, made if it is missing.
        source, founts: of the test split, as in `ebm.data.load_corpus`.
        twin: a classifier-only checkpoint whose figures are set beside the model's.
        n, resamples, seed, parts, effort, judge, say: as in `measure`.
        real: folders of crops of real print, as in `ebm.evaluation.real_print.read_real_print`.
        update_card: whether the figures also go into the card, beside those it has of other parts.
        device: where the model runs.
        corpus: one that is loaded already, instead of `source` and `founts`.

    Returns:
        the content of report.json.

    Raises:
        ValueError: for a faulty checkpoint, a corpus with other sorts than the checkpoint's, or a folder without
            real print.
    """
    from ebm.evaluation.page import page
    from ebm.evaluation.real_sheet import real_sheet

    model, card = load(checkpoint, device)
    crops = read_all(real, card)  # first: a mistyped folder shows at once, not after minutes
    corpus = corpus or data.load_corpus(source, founts=founts)
    for path, about in [(checkpoint, card), *([(twin, load_card(twin))] if twin is not None else [])]:
        if about.sorts and corpus.sorts != about.sorts:  # an imported EBM has no names of sorts
            raise ValueError(f"The corpus {founts or source!r} has other sorts than {Path(path).name} was trained on.")
    settings: dict[str, Any] = {"n": n, "resamples": resamples, "seed": seed, "parts": parts, "real": crops}
    settings |= {"effort": effort, "judge": judge}
    result = measure(model, card, corpus, say=say, **settings)
    if update_card:
        save_card(checkpoint, dataclasses.replace(card, metrics=card.metrics | result.report))
    report = {
        "checkpoint": Path(checkpoint).name,
        "same_data_as_card": corpus.digest() == card.data.get("digest"),
    } | result.report
    if twin is not None:
        say("the twin")
        twin_model, twin_card = load(twin, device)
        report["twin"] = measure(twin_model, twin_card, corpus, say=say, **settings).report
    sheets = {found.name: real_sheet(model, card, found) for found in crops}
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (folder / "report.html").write_text(page(card, report, result, sheets), encoding="utf-8")
    return report
