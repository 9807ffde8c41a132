"""Exercise 3.6 and more: how well a checkpoint reads, catches strangers and prints; JSON and HTML."""

import dataclasses
import hashlib
import html
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchmetrics.functional.classification import multiclass_calibration_error, multiclass_f1_score

from ebm import data
from ebm.checkpoint import Card, load, load_card
from ebm.data.corpus import Corpus, to_bytes, to_model_space
from ebm.energy import EnergyNet
from ebm.generate import sample
from ebm.measures import BINS, detection
from ebm.reader import train_reader
from ebm.scores import score, scores_for

READER_SEED = 104_729  # of the classifier that reads the samples; training uses another one
SAMPLE_STEPS = 256


@dataclasses.dataclass(frozen=True)
class Measured:
    """A report's figures and the raw values they came from.

    Args:
        report: the content of `report.json`.
        scores: "test" and every stranger set -> score name -> values (N,).
        logits, labels: of the test split.
        digests: SHA-256 of the bytes of every stranger set that was scored.
    """

    report: dict[str, Any]
    scores: dict[str, dict[str, np.ndarray]]
    logits: Tensor
    labels: Tensor
    digests: dict[str, str]


def measure(
    model: EnergyNet,
    card: Card,
    corpus: Corpus,
    *,
    n: int = 1000,
    resamples: int = 100,
    samples_per_sort: int = 10,
    seed: int = 0,
) -> Measured:
    """Measures a model on a corpus's test split, on every stranger set and on fresh chains.

    Args:
        model, card: as `ebm.load` gives them (of the card only sorts and sampler are used).
        n: strangers a set; resamples: of the bootstrap; samples_per_sort: fresh chains of 256 steps.
        seed: of the stranger sets and of the chains.
    """
    started = time.monotonic()
    x, labels = to_model_space(corpus.images["test"]), corpus.labels["test"]
    device = next(model.parameters()).device
    logits = torch.cat([model.get_logits(part.to(device)).cpu() for part in x.split(256)])
    report: dict[str, Any] = predictive(logits, labels) if model.outputs > 1 else {}
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
    if card.mode != "classifier" and model.outputs > 1:
        report["samples"] = read_samples(model, card, corpus, samples_per_sort, seed)
    report["seconds"] = round(time.monotonic() - started, 1)
    digests = {key: hashlib.sha256(to_bytes(sets[key]).numpy().tobytes()).hexdigest() for key in sets if key != "test"}
    return Measured(report, values, logits, labels, digests)


def predictive(logits: Tensor, labels: Tensor) -> dict[str, float]:
    """Accuracy, macro F1, expected calibration error (15 bins) and negative log-likelihood."""
    classes = logits.shape[1]
    return {
        "accuracy": round(float((logits.argmax(1) == labels).double().mean()), 5),
        "macro_f1": round(float(multiclass_f1_score(logits, labels, classes)), 5),
        "ece": round(float(multiclass_calibration_error(logits.softmax(1), labels, classes, BINS)), 5),
        "nll": round(float(torch.nn.functional.cross_entropy(logits.double(), labels)), 5),
    }


def read_samples(model: EnergyNet, card: Card, corpus: Corpus, per_sort: int, seed: int) -> dict[str, Any]:
    """Prints every sort from noise and has a separately trained classifier read the glyphs.

    Returns:
        the share read as wanted, overall and per sort, and the classifier's own test accuracy.
    """
    reader = train_reader(corpus, READER_SEED)
    shares = {}
    for number, sort in enumerate(card.sorts):
        x = sample(model, per_sort, steps=SAMPLE_STEPS, sort=number, seed=seed + number, card=card).cpu()
        shares[sort] = round(float((reader.get_logits(x).argmax(1) == number).double().mean()), 3)
    test, labels = to_model_space(corpus.images["test"]), corpus.labels["test"]
    own = torch.cat([reader.get_logits(part).argmax(1) for part in test.split(256)])
    return {
        "steps": SAMPLE_STEPS,
        "per_sort": per_sort,
        "read_as_wanted": round(float(np.mean(list(shares.values()))), 4),
        "read_as_wanted_by_sort": shares,
        "reader_test_accuracy": round(float((own == labels).double().mean()), 5),
    }


def evaluate(
    checkpoint: str | Path, out: str | Path, *, source: str = "pen", founts: str | None = None,
    twin: str | Path | None = None, n: int = 1000, resamples: int = 100, samples_per_sort: int = 10, seed: int = 0,
) -> dict[str, Any]:  # fmt: skip
    """Measures a checkpoint and writes OUT/report.json and OUT/report.html.

    Args:
        checkpoint: a .safetensors file; out: a folder, made if it is missing.
        source, founts: of the test split, as in `ebm.data.load_corpus`; twin: a classifier-only checkpoint
            whose figures are set beside the model's.
        n, resamples, samples_per_sort, seed: as in `measure`.

    Returns:
        the content of report.json.

    Raises:
        ValueError: for a faulty checkpoint, or a corpus with other sorts than the checkpoint's.
    """
    model, card = load(checkpoint)
    corpus = data.load_corpus(source, founts=founts)
    for path, about in [(checkpoint, card), *([(twin, load_card(twin))] if twin is not None else [])]:
        if corpus.sorts != about.sorts:
            raise ValueError(f"The corpus {founts or source!r} has other sorts than {Path(path).name} was trained on.")
    result = measure(model, card, corpus, n=n, resamples=resamples, samples_per_sort=samples_per_sort, seed=seed)
    report = {
        "checkpoint": Path(checkpoint).name,
        "same_data_as_card": corpus.digest() == card.data.get("digest"),
    } | result.report
    if twin is not None:
        twin_model, twin_card = load(twin)
        report["twin"] = measure(twin_model, twin_card, corpus, n=n, resamples=resamples, seed=seed).report
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (folder / "report.html").write_text(_page(card, report, result), encoding="utf-8")
    return report


def _page(card: Card, report: dict[str, Any], result: Measured) -> str:
    """The report as one self-contained HTML page."""
    from ebm import figures

    known = result.scores["test"]["energy"].tolist()
    sets = {key: values["energy"].tolist() for key, values in result.scores.items() if key != "test"}
    near = {key: sets[key] for key in sets if key not in data.STRANGERS or data.STRANGERS[key].kind == "near"}
    far = {key: sets[key] for key in sets if key not in near}
    charts = [figures.energy_histogram(known, group, card.threshold) for group in (near, far)] + [
        figures.roc_curves(known, sets)
    ]
    if result.logits.shape[1] > 1:
        best = result.logits.softmax(1).max(1)
        charts.append(figures.reliability_diagram(best.values.numpy(), (best.indices == result.labels).numpy()))
    figures_html = [chart.to_html(full_html=False, include_plotlyjs=k == 0) for k, chart in enumerate(charts)]
    plain = {name: value for name, value in report.items() if name not in ("ood", "twin")}
    if "twin" in report:
        plain["twin"] = {name: value for name, value in report["twin"].items() if name != "ood"}
    twin = "<h3>The classifier-only twin</h3>" + _tables(report["twin"]["ood"]) if "twin" in report else ""
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>{html.escape(card.name)}: report</title>"
        "<style>body{font-family:system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse}td,th{padding:.2rem .7rem;border-bottom:1px solid #ccc;text-align:right}"
        "td:first-child,th:first-child{text-align:left}pre{white-space:pre-wrap}</style>"
        f"<h1>{html.escape(card.name)}</h1><p>{html.escape(str(card.data.get('source', '')))}</p>"
        "<h2>Strangers</h2><p>Higher score = stranger = positive; 95 % bootstrap intervals in brackets.</p>"
        f"{_tables(report['ood'])}{twin}"
        f"{''.join(figures_html)}<h2>All other figures</h2><pre>{html.escape(json.dumps(plain, indent=1))}</pre></html>"
    )


def _tables(ood: dict[str, Any]) -> str:
    """AUROC, AUPR and FPR at 95 % TPR of every set and score as HTML tables."""
    titles = {"auroc": "AUROC", "aupr": "AUPR", "fpr95": "False positive rate at 95 % true positive rate"}
    return "".join(f"<h3>{title}</h3>{_table(ood, name)}" for name, title in titles.items())


def _table(ood: dict[str, Any], measure: str) -> str:
    """One measure of every set and score as an HTML table."""
    names = list(next(iter(ood.values())))
    rows = []
    for key, by_score in ood.items():
        cells = []
        for name in names:
            interval = by_score[name].get("interval", {}).get(measure)
            between = f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else ""
            cells.append(f"<td>{by_score[name][measure]:.3f}{between}</td>")
        rows.append(f"<tr><td>{html.escape(key)}</td>{''.join(cells)}</tr>")
    head = "".join(f"<th>{name}</th>" for name in names)
    return f"<table><tr><th>set</th>{head}</tr>{''.join(rows)}</table>"
