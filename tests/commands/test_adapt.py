"""python -m ebm adapt: what it writes and when, going on later, and its sentences on bad input."""

from pathlib import Path

import pytest
import torch
from helpers.cards import make_card
from helpers.command_line import run
from PIL import Image

import ebm
from ebm import EnergyNet
from ebm.checkpoint.files import save
from ebm.evaluation import adapted


@pytest.fixture(scope="module")
def place(tmp_path_factory, small_corpus) -> Path:
    """A corpus, a case with a glyph of two sorts and of a new one, and a checkpoint."""
    place = tmp_path_factory.mktemp("place")
    sorts = sorted(small_corpus.sorts)
    glyphs = list(zip(small_corpus.images["train"], small_corpus.labels["train"].tolist(), strict=True))
    for k, (glyph, label) in enumerate(glyphs):
        write(place / "corpus" / small_corpus.sorts[label] / f"{k}.png", glyph)
    for name, (glyph, _) in zip((sorts[0], sorts[1], "thorn"), glyphs, strict=False):
        write(place / "case" / name / "1.png", glyph)
    torch.manual_seed(0)
    net = EnergyNet(4, 6)
    save(place / "tiny.safetensors", net, make_card(net, sorts=sorts, texts=sorts))
    return place


def write(path: Path, glyph: torch.Tensor) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(255 - glyph.numpy()).save(path)


@pytest.fixture
def adapt(place, monkeypatch):
    """Runs the command; measuring a card takes half a minute and is left out."""

    def brief(path, net, card, corpus, *, reference, typical, **_):
        assert len(typical) == net.outputs
        save(path, net, card)
        written.append(card)
        return path

    written: list = []
    monkeypatch.setattr(adapted, "calibrate", brief)

    def adapt(checkpoint: str, *options: object, code: int = 0):
        arguments = [place / checkpoint, place / "case", "--data", place / "corpus", *options]
        return *run("adapt", *arguments, code=code), written

    return adapt


def test_it_reads_then_learns_to_print_and_can_go_on(adapt, place):
    mine = place / "mine.safetensors"
    said, _, written = adapt("tiny.safetensors", "--steps", "2", "--minutes", "0.001", "--out", mine)
    assert "3 glyphs of 3 sorts" in said and "Learning to print for 0.001 minutes" in said
    reads, prints = written  # written once it reads, and again at the end
    assert reads.made_with["adapted"]["steps"] == 2 and "printing" not in reads.made_with
    assert prints.made_with["printing"]["steps"] >= 1 and prints.sorts[-1] == "thorn"
    assert "trained on to print" in prints.data["source"]
    *_, written = adapt("mine.safetensors", "--steps", "0", "--minutes", "0.001", "--out", mine)
    assert "adapted" not in written[-1].made_with and written[-1].made_with["printing"]["steps"] >= 1
    assert ebm.load(mine)[0].outputs == 7


def test_what_diverges_keeps_the_last_good_state(adapt, place, monkeypatch):
    from ebm.training import adapt_to_print
    from ebm.training.adapt import AdaptStep
    from ebm.training.errors import Diverged

    def unstable(net, *_):
        yield AdaptStep(25, 1.0, net)
        raise Diverged("Learning to print became unstable at step 27.")

    monkeypatch.setattr(adapt_to_print, "adapting_to_print", unstable)
    options = ("--steps", "1", "--minutes", "60", "--out", place / "unstable.safetensors")
    _, errors, written = adapt("tiny.safetensors", *options, code=2)
    assert "unstable at step 27" in errors and written[-1].made_with["printing"]["steps"] == 25


def test_ctrl_c_keeps_what_was_learnt(adapt, place, monkeypatch):
    from ebm.training import adapt_to_print
    from ebm.training.adapt import AdaptStep

    def interrupted(net, *_):
        yield AdaptStep(25, 1.0, net)
        raise KeyboardInterrupt

    monkeypatch.setattr(adapt_to_print, "adapting_to_print", interrupted)
    mine = place / "stopped.safetensors"
    said, _, written = adapt("tiny.safetensors", "--steps", "1", "--minutes", "60", "--out", mine)
    assert "Stopped early." in said
    assert written[-1].made_with["printing"]["steps"] == 25 and mine.is_file()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--out", "mine.pt"], "must end in .safetensors"),
        (["--steps", "0"], "nothing to do"),
        (["--data", "pen"], "has other sorts"),
    ],
)
def test_bad_input_is_one_sentence(adapt, options, sentence):
    _, errors, written = adapt("tiny.safetensors", *options, code=2)
    assert len(errors.splitlines()) == 1 and sentence in errors and not written
