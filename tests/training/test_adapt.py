"""Adapting a model to a fount: it learns what it is shown, keeps what it knew, and takes new sorts."""

import dataclasses

import pytest
import torch

from ebm import EnergyNet
from ebm.data.corpus import to_model_space
from ebm.training.adapt import Adaptation, NamedGlyphs, adapt, adapting, named_glyphs, with_more_sorts

QUICK = Adaptation(steps=40, batch_size=24, lr=3e-3, ema=0.8)


@pytest.fixture(scope="module")
def net() -> EnergyNet:
    torch.manual_seed(0)
    return EnergyNet(8, 6).eval().requires_grad_(False)


def mirrored(corpus) -> tuple[torch.Tensor, torch.Tensor]:
    """Another fount, as far as the corpus goes: the test glyphs seen in a mirror."""
    return to_model_space(corpus.images["test"]).flip(3), corpus.labels["test"]


def test_the_network_reads_the_fount_that_it_was_shown_and_its_own_corpus(net, small_corpus):
    x, y = mirrored(small_corpus)
    shown, rest = (x[:36], y[:36]), (x[36:], y[36:])
    before = {name: value.clone() for name, value in net.state_dict().items()}
    longer = dataclasses.replace(QUICK, steps=120, ema=0.9)
    learnt = adapt(net, NamedGlyphs(*shown, small_corpus.sorts), small_corpus, longer)
    own = to_model_space(small_corpus.images["val"]), small_corpus.labels["val"]
    for glyphs, labels in (rest, own):
        untaught, taught = ((n.get_logits(glyphs).argmax(1) == labels).float().mean() for n in (net, learnt))
        assert taught > max(0.6, untaught + 0.2)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert not any(p.requires_grad for p in learnt.parameters())


def test_a_new_sort_is_an_output_more_that_begins_as_the_mean_of_the_others(net):
    grown = with_more_sorts(net, 8)
    x = torch.rand(3, 1, 56, 56)
    logits = net.get_logits(x)
    torch.testing.assert_close(grown.get_logits(x)[:, :6], logits)
    torch.testing.assert_close(grown.get_logits(x)[:, 6:], logits.mean(1, keepdim=True).expand(3, 2))


def test_a_new_sort_is_learnt(net, small_corpus):
    cross = torch.full((5, 1, 56, 56), -1.0)
    cross[:, :, 26:30, 8:48] = cross[:, :, 8:48, 26:30] = 1.0
    shown = named_glyphs([("cross", cross)], small_corpus.sorts)
    assert shown.sorts == [*small_corpus.sorts, "cross"] and shown.y.tolist() == [6] * 5
    learnt = adapt(net, shown, small_corpus, QUICK)
    assert learnt.outputs == 7 and learnt.get_logits(cross[:1]).argmax() == 6


def test_a_seed_gives_the_same_network_and_states_come_as_asked(net, small_corpus):
    x, y = mirrored(small_corpus)
    shown, short = NamedGlyphs(x[:6], y[:6], small_corpus.sorts), Adaptation(steps=5, batch_size=8)
    states = list(adapting(net, shown, small_corpus, short, every=2))
    assert [state.step for state in states] == [2, 4, 5]
    again = adapt(net, shown, small_corpus, short)
    assert all(torch.equal(a, b) for a, b in zip(states[-1].net.parameters(), again.parameters(), strict=True))


def test_what_cannot_be_shown_is_one_sentence(net, small_corpus):
    x, y = mirrored(small_corpus)
    with pytest.raises(ValueError, match="At least one glyph"):
        adapt(net, NamedGlyphs(x[:0], y[:0], small_corpus.sorts), small_corpus, QUICK)
    with pytest.raises(ValueError, match="sort that is named"):
        adapt(net, NamedGlyphs(x[:1], torch.tensor([9]), small_corpus.sorts), small_corpus, QUICK)
    with pytest.raises(ValueError, match="no glyph to be shown"):
        named_glyphs([("a", x[:0])], small_corpus.sorts)
    with pytest.raises(ValueError, match="EBM without classes"):
        adapt(EnergyNet(4, 1), NamedGlyphs(x[:1], y[:1], small_corpus.sorts), small_corpus, QUICK)
    with pytest.raises(ValueError, match="at least one step"):
        Adaptation(steps=0)
