"""The suite `adapt` at a small size: its rows, what it keeps after each adaptation, and the sentences on bad input."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from helpers.cards import make_card
from PIL import Image
from rich.console import Console

from benchmarks.measuring import tables
from benchmarks.suites import adapt
from ebm import EnergyNet
from ebm.checkpoint.files import save


@pytest.fixture(scope="module")
def plan(tmp_path_factory, small_corpus) -> adapt.Plan:
    """Two books of the test glyphs, as a folder; their mirrored glyphs are the strangers."""
    real = tmp_path_factory.mktemp("real")
    images, labels = small_corpus.images["test"], small_corpus.labels["test"]
    for k, (image, label) in enumerate(zip(images, labels.tolist(), strict=True)):
        name = f"book{k // 6 % 2}_{k:03d}.png"
        for place, picture in (("glyphs", image), ("strangers", image.flip(1))):
            folder = real / place / small_corpus.sorts[label]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(255 - picture.numpy()).save(folder / name)
    torch.manual_seed(0)
    net = EnergyNet(4, 6)
    checkpoint = real / "tiny.safetensors"
    save(checkpoint, net, make_card(net, sorts=sorted(small_corpus.sorts), texts=sorted(small_corpus.sorts)))
    return adapt.Plan(real, checkpoint, str(real / "glyphs"), counts=(1, 5), draws=2, books=("book1",), steps=2)


@pytest.fixture(scope="module")
def out(plan, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("results") / "deeper" / "adapt.json"
    adapt.measure(plan, out=path)
    return path


def test_every_count_and_draw_is_a_row_with_its_peers(out):
    report = json.loads(out.read_text())
    rows = report["rows"]
    assert [(row["count"], row["draw"]) for row in rows] == [(1, 0), (5, 0), (1, 1), (5, 1)]
    assert {row["book"] for row in rows} == {"book1"} and "validation" in report["note"]
    assert [(row["shown"], row["rest"], row["held_out"]) for row in rows[:2]] == [(6, 30, 0), (30, 6, 6)]
    for row in rows:
        assert row["strangers"] == 36
        for who in ("before", "after", "nearest", "svm"):
            assert 0 <= row[who]["accuracy"] <= 1 and 0 <= row[who]["auroc"] <= 1
        assert 0 <= row["after"]["known_called_strangers"] <= 1 and 0 <= row["after"]["strangers_caught"] <= 1
    assert rows[0]["nearest"]["accuracy"] > 2 / 6  # twice as good as chance
    mean, spread = report["summary"][0]["after accuracy"]
    values = [row["after"]["accuracy"] for row in rows if row["count"] == 1]
    assert mean == pytest.approx(sum(values) / 2) and spread == pytest.approx(abs(values[0] - values[1]) / 2)
    console = Console(width=200, record=True)
    tables.show_adapt(console, report)
    assert "book1, drawn 5 (x 2)" in console.export_text()


def test_a_run_goes_on_where_an_earlier_one_ended(plan, out):
    earlier, said = json.loads(out.read_text())["rows"], []
    more = dataclasses.replace(plan, counts=(1, 2, 5), draws=1)
    report = adapt.measure(more, out=out, say=said.append)
    assert said == ["book1, 2 a sort, draw 1"] and report["rows"][:4] == earlier and len(report["rows"]) == 5
    with pytest.raises(ValueError, match="another checkpoint, folder or number of steps"):
        adapt.measure(dataclasses.replace(plan, steps=3), out=out)


def test_the_loop_asks_an_oracle_and_measures_on_glyphs_that_were_never_proposed(plan):
    report = adapt.measure(dataclasses.replace(plan, counts=(), draws=1, rounds=2))
    rows = report["rows"]
    assert [(row["way"], row["count"]) for row in rows] == [("loop", 0), ("loop", 1), ("loop", 2)]
    assert {(row["rest"], row["strangers"]) for row in rows} == {(18, 18)}
    assert rows[0]["proposals"] == {"proposed": 0, "right": 0, "proposed_strangers": 0}
    for earlier, row in zip(rows, rows[1:], strict=False):
        asked = row["proposals"]
        assert row["shown"] == earlier["shown"] + asked["proposed"] - asked["proposed_strangers"]


def test_more_glyphs_of_a_draw_hold_the_fewer():
    y = torch.arange(4).repeat(5)
    one, three = adapt.drawn(y, 1, 7), adapt.drawn(y, 3, 7)
    assert set(one.tolist()) < set(three.tolist()) and y[three].bincount().tolist() == [3] * 4
    assert not torch.equal(one, adapt.drawn(y, 1, 8))


def test_what_cannot_be_measured_is_one_sentence(plan):
    with pytest.raises(ValueError, match="There is no book 'book9'.*book0, book1"):
        adapt.measure(dataclasses.replace(plan, books=("book9",)))
    with pytest.raises(ValueError, match="Draws and counts must be at least 1"):
        adapt.measure(dataclasses.replace(plan, draws=0))
    with pytest.raises(ValueError, match="other sorts"):
        adapt.measure(dataclasses.replace(plan, data="pen"))
    with pytest.raises(ValueError, match="There is no folder"):
        adapt.measure(dataclasses.replace(plan, real=plan.real / "nowhere"))
