"""The report on samples: real glyphs in the sampler's place are measured as real glyphs."""

import math

import pytest
import torch
from helpers.cards import make_card

from ebm.data.corpus import to_model_space
from ebm.evaluation.effort import Effort
from ebm.evaluation.judge import Judge
from ebm.evaluation.samples import measure_samples
from ebm.model.energy import EnergyNet


@pytest.fixture
def judge(reader):
    return Judge(reader, make_card(reader))


@pytest.fixture
def measured(small_corpus, judge):
    """The report of an untrained network whose short chains are what they are, or replaced by glyphs given."""
    torch.manual_seed(0)
    net = EnergyNet(4, len(small_corpus.sorts))
    card = make_card(net, sorts=small_corpus.sorts, texts=small_corpus.sorts)

    def measure(glyphs=None, learning_steps=2):
        draw = None if glyphs is None else lambda n, labels: glyphs
        effort = Effort(sample_steps=4, long_steps=40, learning_steps=learning_steps)
        return measure_samples(net, card, small_corpus, judge, effort=effort, draw=draw)

    return measure


def test_untrained_chains_are_found_to_be_no_glyphs(measured, small_corpus):
    report = measured(learning_steps=60)
    assert report["n"] == len(small_corpus.labels["test"]) and report["frechet_over_floor"] > 5
    assert report["coverage_of_sort"] < 0.2 and report["classification_accuracy_score"]["samples"] < 0.5
    assert report["long_chains"]["states"][-1]["step"] == 40
    assert report["spectral_ratio"] > 5
    assert report["marginal"]["n"] == report["n"] and 1 <= report["marginal"]["sorts_hit"] <= 6
    assert report["marginal"]["frechet_over_floor"] > 5


def test_copies_of_training_glyphs_are_good_but_found_to_be_copies(measured, small_corpus):
    """12 a sort, in the order of the test labels, as the small corpus is laid out."""
    glyphs = to_model_space(small_corpus.images["train"])[: len(small_corpus.labels["test"])]
    report = measured(glyphs, learning_steps=120)
    assert report["read_as_wanted"] > 0.95 and report["coverage_of_sort"] > 0.5
    assert report["classification_accuracy_score"]["samples"] > 0.8 and report["frechet_over_floor"] < 3
    assert report["memorisation"]["median_samples"] < 1e-3 < report["memorisation"]["median_test"]
    assert report["memorisation"]["nearer_than_1_percent_of_test"] == 1
    assert report["spectral_ratio"] == pytest.approx(1, abs=0.5)
    assert report["paper_grain"] == pytest.approx(report["paper_grain_test"], abs=0.01)


def test_chains_without_a_wanted_sort_are_measured_against_the_sorts_of_the_data(measured, small_corpus):
    """All sorts alike, as the small corpus has them; then one sort alone."""
    x, y = to_model_space(small_corpus.images["test"]), small_corpus.labels["test"]
    every = measured(x)["marginal"]
    assert every["sorts_hit"] == 6 and every["data_entropy"] == pytest.approx(math.log(6), abs=1e-3)
    assert every["entropy_over_data"] == pytest.approx(1, abs=0.02) and every["frechet"]["coverage"] == 1
    alone = measured(x[y == 0].repeat(6, 1, 1, 1))["marginal"]
    assert alone["entropy_over_data"] < 0.6 and alone["frechet"]["coverage"] < 0.5
    assert alone["frechet_over_floor"] > 3


def test_grain_is_reported_though_the_judge_reads_through_it(measured, small_corpus):
    x = to_model_space(small_corpus.images["test"])
    grainy = x + 0.15 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    report = measured(grainy.clamp(-1, 1))
    assert report["read_as_wanted"] > 0.8
    assert report["spectral_ratio"] > 1.5 and report["paper_grain"] > 1.2 * report["paper_grain_test"]


def test_glyphs_of_the_wrong_sorts_are_found_out(measured, small_corpus):
    """Real glyphs, each in another sort's place: as a set they are perfect, one by one they are wrong."""
    glyphs = to_model_space(small_corpus.images["test"]).roll(1, 0)
    report = measured(glyphs, learning_steps=120)
    assert report["read_as_wanted"] < 0.1 and report["coverage_of_sort"] < 0.2
    assert report["frechet"]["frechet"] == pytest.approx(0, abs=1e-3) and report["frechet"]["coverage"] == 1
    assert report["classification_accuracy_score"]["samples"] < 0.2


def test_an_ebm_is_measured_without_what_needs_classes(small_corpus, judge):
    net = EnergyNet(4, 1)
    report = measure_samples(net, make_card(net), small_corpus, judge, effort=Effort(sample_steps=2, long_steps=40))
    assert "read_as_wanted" not in report and report["marginal"]["n"] == report["n"]
    assert report["marginal"]["frechet"] == report["frechet"]  # its only chains are those on log q(x)
    assert "frechet" in report and "read_as_wanted" not in report["long_chains"]["states"][0]
