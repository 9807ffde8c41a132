"""Checkpoints: equal to the bit after a round trip, one clear sentence for everything else."""

import json

import pytest
import torch
from helpers.cards import make_card
from safetensors.torch import load_file, save_file

import ebm
from ebm import EnergyNet
from ebm.checkpoint.examples import load_examples, save_examples
from ebm.checkpoint.files import save


def test_a_round_trip_is_equal_to_the_bit_and_comes_back_frozen_in_eval_mode(tiny):
    path, net, card = tiny
    model, read = ebm.load(path)
    for (name, a), (_, b) in zip(net.state_dict().items(), model.state_dict().items(), strict=True):
        assert torch.equal(a, b), name
    assert read == card
    assert not model.training and not any(p.requires_grad for p in model.parameters())


def test_examples_come_back_and_may_be_missing(tiny):
    path, *_ = tiny
    assert load_examples(path) == {}
    save_examples(path, {"noise": torch.full((2, 56, 56), 7, dtype=torch.uint8)})
    assert load_examples(path)["noise"].unique().tolist() == [7]


def test_a_pickle_is_refused_by_name(tmp_path):
    torch.save({"a": 1}, tmp_path / "model.ckpt")
    with pytest.raises(ValueError, match="model.ckpt is refused"):
        ebm.load(tmp_path / "model.ckpt")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match="nothing.safetensors"):
        ebm.load(tmp_path / "nothing.safetensors")


def test_a_truncated_file_is_named(tiny):
    path, *_ = tiny
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="tiny.safetensors is not a whole safetensors file"):
        ebm.load(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"width": 8}, "card asks for"),
        ({"head": "round"}, "head"),
        ({"depth": 3}, "architecture"),
        ({"outputs": 41}, "41 classes"),
    ],
)
def test_a_card_that_does_not_fit_its_weights_is_refused(tiny, change, words):
    path, net, card = tiny
    save(path, net, make_card(net, architecture=card.architecture | change))
    with pytest.raises(ValueError, match=words):
        ebm.load(path)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda c: c.pop("threshold"), "lacks the field 'threshold'"),
        (lambda c: c.update(colour="red"), "unknown field 'colour'"),
        (lambda c: c.update(threshold="high"), "finite numbers"),
        (lambda c: c.update(format=99), "format 99"),
        (lambda c: c["sampler"].pop("noise"), "lacks 'noise'"),
    ],
)
def test_a_broken_card_is_refused_with_its_field(tiny, edit, words):
    path, *_ = tiny
    source = path.with_suffix(".json")
    fields = json.loads(source.read_text())
    edit(fields)
    source.write_text(json.dumps(fields))
    with pytest.raises(ValueError, match=words):
        ebm.load(path)


def test_a_card_that_is_no_json_is_refused(tiny):
    path, *_ = tiny
    path.with_suffix(".json").write_text("{")
    with pytest.raises(ValueError, match="not valid JSON"):
        ebm.load(path)


def test_weights_that_are_not_finite_are_refused_with_their_name(tiny):
    path, *_ = tiny
    weights = load_file(path)
    weights["features.0.bias"][0] = float("nan")
    save_file(weights, path)
    with pytest.raises(ValueError, match="features.0.bias"):
        ebm.load(path)


def test_an_ebm_needs_no_class_names(tmp_path):
    net = EnergyNet(2, 1)
    save(tmp_path / "e.safetensors", net, make_card(net, sorts=["a", "b"]))
    assert ebm.load(tmp_path / "e.safetensors")[0].outputs == 1
