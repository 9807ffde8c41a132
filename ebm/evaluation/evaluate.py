"""A checkpoint's report: report.json and report.html."""

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ebm import data
from ebm.checkpoint.examples import examples_of, save_examples
from ebm.checkpoint.files import load, load_card, save_card
from ebm.data.corpus import Corpus
from ebm.evaluation.effort import FULL, Effort
from ebm.evaluation.export import kept_scores
from ebm.evaluation.judge import Judge
from ebm.evaluation.measure import PARTS, measure
from ebm.evaluation.page import page
from ebm.evaluation.real_print import read_all
from ebm.evaluation.real_sheet import real_sheet


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
        source: of the test split, as in `ebm.data.load_corpus`.
        founts: as in `ebm.data.load_corpus`.
        twin: a classifier-only checkpoint, whose figures are shown next to the model's.
        n: as in `measure`.
        resamples: as in `measure`.
        seed: as in `measure`.
        parts: as in `measure`.
        real: folders of crops of real print, as in `ebm.evaluation.real_print.read_real_print`.
        update_card: whether the figures also go into the card, in addition to its figures of other parts. The example
            pictures are then chosen again.
        device: of the model.
        say: as in `measure`.

    Returns:
        the content of report.json.

    Raises:
        ValueError: for a wrong checkpoint, a corpus with other sorts than the checkpoint's, or a folder without
            real print.
    """
    model, card = load(checkpoint, device)
    crops = read_all(real, card)  # first, so that a mistyped folder is reported at once
    corpus = corpus or data.load_corpus(source, founts=founts)
    for path, about in [(checkpoint, card), *([(twin, load_card(twin))] if twin is not None else [])]:
        if about.sorts and corpus.sorts != about.sorts:  # an imported EBM may have no names of sorts
            raise ValueError(f"The corpus {founts or source!r} has other sorts than {Path(path).name} was trained on.")
    settings: dict[str, Any] = {"n": n, "resamples": resamples, "seed": seed, "parts": parts, "real": crops}
    settings |= {"effort": effort, "judge": judge}
    result = measure(model, card, corpus, say=say, **settings)
    if update_card:
        examples, sorts = examples_of(model, corpus)
        facts = card.data | {"test_examples": sorts}
        scores, figures = kept_scores(result.scores), card.metrics | result.report
        save_card(checkpoint, dataclasses.replace(card, set_scores=scores, metrics=figures, data=facts))
        save_examples(checkpoint, examples)
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
