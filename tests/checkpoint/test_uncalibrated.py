"""A model without a threshold: its energies are there, and nothing that rests on known glyphs is made up."""

import json

import pytest
import torch
from helpers.cards import make_card
from helpers.command_line import run
from PIL import Image, ImageDraw

import ebm
from ebm.checkpoint.files import save
from ebm.evaluation.evaluate import evaluate
from ebm.evaluation.results import of_folder
from ebm.figures import scores as figures
from ebm.figures.surface import path_figure, plane_figure
from ebm.model.energy import EnergyNet

NONE = {"threshold": None, "threshold_rule": "none", "reference_energies": []}


@pytest.fixture
def path(tmp_path):
    """Of an uncalibrated JEM of six sorts."""
    torch.manual_seed(0)
    net = EnergyNet(4, 6)
    save(tmp_path / "student.safetensors", net, make_card(net, **NONE))
    return tmp_path / "student.safetensors"


@pytest.fixture
def picture(tmp_path):
    """Of a letter, as a file."""
    image = Image.new("L", (100, 100), 250)
    ImageDraw.Draw(image).line([(30, 20), (30, 80), (70, 80)], fill=10, width=12)
    image.save(tmp_path / "letter.png")
    return tmp_path / "letter.png"


def test_it_loads_and_says_so(path, tiny):
    assert not ebm.load(path)[1].is_calibrated and ebm.load(tiny[0])[1].is_calibrated


def test_its_verdict_has_an_energy_and_sorts_but_no_threshold_or_p_value(path):
    model, card = ebm.load(path)
    x = torch.rand(1, 56, 56)
    v = ebm.verdict(model, card, x)
    assert v.energy == pytest.approx(float(model.energy(x[None])), rel=1e-5)
    assert v.threshold is None and v.p_value is None and v.is_stranger is None
    assert sum(p for _, p in v.top) <= 1 and len(v.top) == 5


def test_score_prints_dashes_and_json_nulls(path, picture):
    table, said = run("score", picture, "--checkpoint", path)
    assert " - " in table and "known" not in table and "stranger" not in table and "uncalibrated" in said
    line, _ = run("score", picture, "--json", "--checkpoint", path)
    verdict = json.loads(line)
    assert verdict["threshold"] is verdict["p_value"] is verdict["is_stranger"] is None
    assert isinstance(verdict["energy"], float)


def test_scoring_in_bulk_leaves_the_columns_empty(path, picture, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    run("score", picture, "--checkpoint", path, "--out", tmp_path / "s.parquet", "--workers", 0)
    (row,) = parquet.read_table(tmp_path / "s.parquet").to_pylist()
    assert row["p_value"] is None and row["is_stranger"] is None and row["error"] is None
    assert isinstance(row["energy"], float) and row["sort"] in ebm.load(path)[1].sorts


def test_it_prints_glyphs(path, tmp_path):
    model, card = ebm.load(path)
    assert ebm.sample(model, 2, steps=3, card=card, sort=card.sorts[0]).shape == (2, 1, 56, 56)
    run("generate", "--checkpoint", path, "--count", 1, "--steps", 2, "--out", tmp_path / "out")
    assert Image.open(tmp_path / "out" / "grid.png").width


@pytest.mark.parametrize("outputs", [6, 1])
def test_it_is_evaluated_without_a_threshold_in_the_report(tmp_path, small_corpus, outputs):
    net = EnergyNet(4, outputs)
    names = {"sorts": small_corpus.sorts, "texts": small_corpus.sorts} if outputs > 1 else {"sorts": [], "texts": []}
    drawn = '"text":"threshold"'
    for changes, expected in ((NONE, False), ({}, True)):
        save(tmp_path / "m.safetensors", net, make_card(net, **(changes | names)))
        report = evaluate(tmp_path / "m.safetensors", tmp_path, corpus=small_corpus, n=6, resamples=2, parts=())
        assert 0 <= report["ood"]["noise"]["energy"]["auroc"] <= 1
        assert (drawn in (tmp_path / "report.html").read_text(encoding="utf-8")) is expected


def test_figures_draw_no_threshold():
    known = [0.0, 1.0, 2.0]
    with_one, without = (figures.energy_histogram(known, {"a": [3.0]}, cut, 2.5) for cut in (1.5, None))
    assert len(without.layout.shapes) == len(with_one.layout.shapes) - 1
    ends, names = torch.zeros(3), ("a", "b", "c")
    assert len(path_figure(ends, ends, None, names[:2]).layout.shapes) == 0
    grid = torch.arange(9.0).reshape(3, 3)
    drawn = {trace.name for trace in plane_figure(torch.linspace(0, 1, 3), grid, None, names).data}
    assert "threshold" not in drawn


def test_tables_of_results_leave_it_out(path, tmp_path):
    alone = of_folder(tmp_path / "elsewhere")
    assert of_folder(path.parent) == alone
