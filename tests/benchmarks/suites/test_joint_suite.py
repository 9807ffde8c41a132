"""The suite `joint` at a small size: a peer learns for a moment, prints by its own sampler, and has a row."""

import json

import pytest
import torch
from helpers.cards import make_card
from PIL import Image
from rich.console import Console
from safetensors.torch import load_file

from benchmarks.measuring import tables
from benchmarks.peers import environments as peers
from benchmarks.peers.worker.net import PlainNet
from benchmarks.suites import joint
from ebm.checkpoint.files import save
from ebm.evaluation.effort import Effort
from ebm.evaluation.judge import Judge
from ebm.model.energy import EnergyNet

SHORT = Effort(long_steps=40, learning_steps=2)
CHAINS = {"batch": 8, "steps": 2, "print_steps": 4}
SETTINGS = {
    "notebook": CHAINS, "ebmkit": CHAINS | {"slots": 64},
    "torchebm": {"batch": 8, "langevin_steps": 2, "step_size": 0.5},
}  # fmt: skip


@pytest.fixture
def models(tmp_path, small_corpus):
    """A checkpoint of six sorts, untrained, and a judge that has learnt nothing either."""
    torch.manual_seed(0)
    net = EnergyNet(4, len(small_corpus.sorts))
    card = make_card(net, sorts=small_corpus.sorts, texts=small_corpus.sorts)
    save(tmp_path / "ours.safetensors", net, card)
    return tmp_path / "ours.safetensors", Judge(net, card)


def compare(folder, models, corpus, *names: str):
    plan = joint.Plan(
        folder, minutes=0.01, peers=names, ours=models[0], glyphs=12, strangers=8, effort=SHORT, settings=SETTINGS
    )
    return plan, joint.measure(plan, corpus=corpus, judge=models[1])


def test_a_peer_learns_and_prints_in_its_own_process_and_is_measured_as_ours_is(tmp_path, models, small_corpus) -> None:
    plan, report = compare(tmp_path / "out", models, small_corpus, "notebook")
    assert list(report["rows"]) == ["ours", "notebook"] and report["left_out"] == []
    ours, notebook = report["rows"].values()
    assert set(joint.FIGURES) <= ours.keys() & notebook.keys()
    assert notebook["training"]["steps"] >= 1 and notebook["training"]["settings"]["batch"] == 8
    torch.manual_seed(plan.seed)
    before = PlainNet(4, len(small_corpus.sorts), "flat").state_dict()["classifier.2.bias"]
    after = load_file(plan.out / "notebook.safetensors")["classifier.2.bias"]
    assert 0 < float((after - before).abs().max()) < 0.1  # from the seed's network, a few steps of 1e-3 away
    for name in report["rows"]:
        assert Image.open(plan.out / f"{name}.png").size[0] > 6 * 56
    console = Console(width=120, record=True)
    tables.show_joint(console, report)
    assert "Frechet over floor" in console.export_text()


def test_a_peer_with_a_row_is_not_run_again(tmp_path, models, small_corpus) -> None:
    (tmp_path / "out").mkdir()
    for name in ("ours", "notebook"):
        (tmp_path / "out" / f"{name}.json").write_text(json.dumps(dict.fromkeys(joint.FIGURES, 0.5)))
    _, report = compare(tmp_path / "out", models, small_corpus, "notebook")
    assert report["rows"]["notebook"]["accuracy"] == 0.5


def test_a_peer_that_is_not_installed_is_left_out(tmp_path, models, small_corpus, monkeypatch) -> None:
    monkeypatch.setattr(peers, "FOLDER", tmp_path / "nowhere")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "ours.json").write_text("{}")
    _, report = compare(tmp_path / "out", models, small_corpus, "torchebm")
    assert list(report["rows"]) == ["ours"] and report["left_out"][0].startswith("torchebm is left out")


@pytest.mark.parametrize("peer", sorted(peers.PACKAGES))
def test_an_installed_peer_learns_by_its_own_loss(peer: str, tmp_path, models, small_corpus) -> None:
    if reason := peers.missing(peer):
        pytest.skip(reason)
    _, report = compare(tmp_path / "out", models, small_corpus, peer)
    assert report["rows"][peer]["training"]["steps"] >= 1


def test_settings_are_read_from_the_command_line_or_refused_in_a_sentence() -> None:
    given = ["torchebm.flow_share=1", "ebmkit.lr=1e-4", "torchebm.scale=2.5"]
    assert joint.settings_of(given) == {"torchebm": {"flow_share": 1, "scale": 2.5}, "ebmkit": {"lr": 1e-4}}
    for wrong in ("flow_share=1", "torchebm.flow_share", "torchebm.flow_share=all", "nobody.lr=1"):
        with pytest.raises(ValueError, match="A setting is PEER.NAME=NUMBER"):
            joint.settings_of([wrong])
