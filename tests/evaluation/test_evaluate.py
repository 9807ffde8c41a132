"""The report: its parts, its keys, and the card it can be written into."""

import json

import pytest
import torch
from helpers.cards import make_card
from PIL import Image

from ebm.checkpoint.files import load_card, save
from ebm.evaluation.effort import Effort
from ebm.evaluation.evaluate import evaluate
from ebm.evaluation.judge import Judge
from ebm.evaluation.measure import measure
from ebm.model.energy import EnergyNet

LITTLE = Effort(2, long_steps=40, learning_steps=5, attacked=24, annealing_chains=2, annealing_steps=12)
QUICK = {"n": 12, "resamples": 2, "effort": LITTLE}


def card_for(net, corpus, **changes):
    return make_card(net, sorts=corpus.sorts, texts=corpus.sorts, **changes)


def test_the_temperature_of_the_card_is_used_and_what_was_before_it_is_told(small_corpus, reader):
    report = measure(reader, card_for(reader, small_corpus, temperature=2.0), small_corpus, **QUICK).report
    plain = measure(reader, card_for(reader, small_corpus), small_corpus, **QUICK).report
    assert report["calibration"]["before"]["nll"] == plain["nll"] != report["nll"]
    assert report["accuracy"] == plain["accuracy"] > 0.9 and report["ood"] == plain["ood"]


def test_a_classifier_is_attacked_but_not_sampled(small_corpus, reader):
    said = []
    card = card_for(reader, small_corpus, mode="classifier")
    parts = ("samples", "robustness", "likelihood")
    report = measure(reader, card, small_corpus, parts=parts, say=said.append, **QUICK).report
    assert said == ["strangers", "robustness"] and "samples" not in report and "likelihood" not in report
    clean = report["accuracy"]
    falls = list(report["robustness"]["linf"].values())
    assert falls == sorted(falls, reverse=True) and falls[0] <= clean + 0.02


def test_every_part_lands_in_report_page_and_card(small_corpus, reader, tmp_path):
    torch.manual_seed(0)
    net = EnergyNet(4, len(small_corpus.sorts))
    path = tmp_path / "tiny.safetensors"
    save(path, net, card_for(net, small_corpus, mode="jem"))
    save(tmp_path / "twin.safetensors", reader, card_for(reader, small_corpus, mode="classifier"))
    (tmp_path / "book" / "glyphs" / "a").mkdir(parents=True)
    Image.fromarray(255 - small_corpus.images["test"][0].numpy()).save(tmp_path / "book" / "glyphs" / "a" / "1.png")
    twin = tmp_path / "twin.safetensors"
    report = evaluate(
        path, tmp_path / "out", corpus=small_corpus, judge=Judge(reader, make_card(reader)), twin=twin,
        real=[tmp_path / "book"], update_card=True, **QUICK,
    )  # fmt: skip
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == report
    assert {"accuracy", "ece", "nll", "ood", "twin", "samples", "robustness", "likelihood", "seconds"} <= set(report)
    assert set(report["real"]) == {"book"} == set(report["twin"]["real"]) and report["real"]["book"]["n"] == 1
    low, high = report["likelihood"]["temperature_1"]["bits_per_dimension"]
    assert low <= high and report["likelihood"]["uniform_bits_per_dimension"] == pytest.approx(7.9944)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "before temperature scaling" in page and "after temperature scaling" in page and "Fresh chains" in page
    assert "validation, not test" in page and "<img src='data:image/jpeg;base64," in page
    kept = load_card(path).metrics
    assert kept == {key: value for key, value in report.items() if key in kept} and "samples" in kept
    assert "twin" not in kept
