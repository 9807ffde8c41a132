"""A checkpoint of an adapted model: what its threshold is taken from, and what its card says."""

import pytest
import torch
from helpers.cards import make_card
from PIL import Image

import ebm
from ebm import EnergyNet
from ebm.checkpoint.examples import load_examples
from ebm.data.corpus import to_bytes, to_model_space
from ebm.evaluation.adapted import export_adapted, hold_out, reference_energies
from ebm.training.adapt import Adaptation, NamedGlyphs, read_case


@pytest.fixture(scope="module")
def net() -> EnergyNet:
    torch.manual_seed(0)
    return EnergyNet(4, 6).eval().requires_grad_(False)


def shown(corpus, each: int, sorts: int = 6) -> NamedGlyphs:
    x, y = to_model_space(corpus.images["test"]), corpus.labels["test"]
    keep = torch.cat([(y == k).nonzero()[:each, 0] for k in range(sorts)])
    return NamedGlyphs(x[keep], y[keep], corpus.sorts)


def test_one_glyph_in_five_is_held_out_where_a_sort_has_five(small_corpus):
    learnt, held_out = hold_out(shown(small_corpus, 4))
    assert len(learnt.y) == 24 and len(held_out) == 0
    learnt, held_out = hold_out(shown(small_corpus, 11))
    assert len(held_out) == 12 and learnt.y.bincount().tolist() == [9] * 6


def test_the_fount_weighs_as_much_as_the_validation_glyphs(net, small_corpus):
    own = net.energy(to_model_space(small_corpus.images["val"]))
    learnt, none = hold_out(shown(small_corpus, 1))
    energies, rule = reference_energies(net, learnt, none, small_corpus)
    assert len(energies) == 2 * len(own) and "provisional" in rule
    assert torch.equal(energies, energies.sort().values) and torch.isin(own, energies).all()
    learnt, held_out = hold_out(shown(small_corpus, 5))
    energies, rule = reference_energies(net, learnt, held_out, small_corpus)
    assert "6 held-out glyphs" in rule and "provisional" not in rule
    others = energies[~torch.isin(energies, own)]
    assert net.energy(held_out).min() <= others.min() + 1e-5 and others.max() <= net.energy(held_out).max() + 1e-5


def test_a_case_becomes_a_checkpoint_with_its_new_sort(net, small_corpus, tmp_path):
    base = make_card(net, sorts=small_corpus.sorts, texts=small_corpus.sorts, data={
        "source": "Six sorts.", "digest": small_corpus.digest(), "strangers": {
            name: {"kind": "near", "description": ""} for name in ebm.data.STRANGERS}})  # fmt: skip
    for place, name, label in (("glyphs", small_corpus.sorts[0], 0), ("few", "thorn", 1)):
        folder = tmp_path / "case" / place / name
        folder.mkdir(parents=True)
        glyph = small_corpus.images["test"][small_corpus.labels["test"] == label][0]
        Image.fromarray(255 - glyph.numpy()).save(folder / "1.png")
        (folder / ".hidden").write_text("no picture")
    found = read_case(tmp_path / "case", base)
    assert found.sorts == [*small_corpus.sorts, "thorn"] and found.y.tolist() == [0, 6]
    learnt, held_out = hold_out(found)
    from ebm.training.adapt import with_more_sorts

    path = tmp_path / "mine.safetensors"
    export_adapted(path, with_more_sorts(net, 7).eval(), base, learnt, held_out, small_corpus, Adaptation(steps=3), n=4)
    model, card = ebm.load(path)
    assert model.outputs == 7 and card.sorts[-1] == "thorn" and card.name == "mine"
    assert card.data["source"].endswith("adapted from tiny to 2 glyphs of 2 sorts of another fount.")
    assert card.made_with["adapted"]["steps"] == 3 and "provisional" in card.threshold_rule
    assert torch.equal(load_examples(path)["typical"][6], to_bytes(found.x[1:])[0])
    assert ebm.verdict(model, card, found.x[0]).threshold == pytest.approx(card.threshold)


def test_a_case_that_cannot_be_read_is_one_sentence(net, tmp_path):
    card = make_card(net)
    with pytest.raises(ValueError, match="There is no folder"):
        read_case(tmp_path / "nowhere", card)
    (tmp_path / "empty" / "a").mkdir(parents=True)
    with pytest.raises(ValueError, match="no glyph to be shown"):
        read_case(tmp_path / "empty", card)
    (tmp_path / "empty" / "a" / "1.png").write_text("no picture")
    with pytest.raises(ValueError, match=r"1\.png"):
        read_case(tmp_path / "empty", card)
