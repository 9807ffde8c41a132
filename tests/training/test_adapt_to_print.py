"""Learning to print in a fount: what batches hold, states without end, and what happens when it goes wrong."""

from itertools import islice

import pytest
import torch
from helpers.cards import make_card

from ebm import EnergyNet
from ebm.data.corpus import to_model_space
from ebm.model.mode import Mode
from ebm.training.adapt import NamedGlyphs
from ebm.training.adapt_to_print import FountBatches, Printing, adapting_to_print
from ebm.training.errors import Diverged
from ebm.training.jem import JEM
from ebm.training.recipe import Recipe

RECIPE = Recipe(width=8, batch_size=8, match_steps=1, steps=2, buffer_per_class=4)


@pytest.fixture(scope="module")
def net() -> EnergyNet:
    torch.manual_seed(0)
    return EnergyNet(8, 6).eval().requires_grad_(False)


@pytest.fixture
def shown(small_corpus) -> NamedGlyphs:
    """One glyph of each of the first three sorts, and of a new one."""
    x = to_model_space(small_corpus.images["test"][:3]).flip(3)
    return NamedGlyphs(torch.cat([x, -x[:1]]), torch.tensor([0, 1, 2, 6]), [*small_corpus.sorts, "new"])


def states(net, shown, corpus, n=2):
    return list(islice(adapting_to_print(net, shown, corpus, RECIPE, every=2), n))


def test_shown_sorts_come_from_the_book_alone_and_the_others_from_the_corpus(shown, small_corpus):
    x, y = FountBatches(shown, small_corpus, 0, 7).draw(400, torch.Generator().manual_seed(0))
    assert y.bincount(minlength=7).min() > 30  # every sort as often as any other
    for sort, glyph in zip(shown.y.tolist(), shown.x, strict=True):
        assert torch.equal(x[y == sort], glyph.expand(int((y == sort).sum()), 1, 56, 56))
    own = to_model_space(small_corpus.images["train"])[small_corpus.labels["train"] == 4]
    assert all((glyph == own).flatten(1).all(1).any() for glyph in x[y == 4])
    assert len(x[y == 4].unique(dim=0)) > 5


def test_shown_glyphs_are_shifted_and_others_are_not(shown, small_corpus):
    x, y = FountBatches(shown, small_corpus, 1, 7).draw(400, torch.Generator().manual_seed(0))
    moved = x[y == 0].unique(dim=0)
    assert len(moved) == 9  # a pixel each way
    assert torch.allclose(moved.flatten(1).sum(1), shown.x[0].sum(), atol=0.1)
    own = to_model_space(small_corpus.images["train"])[small_corpus.labels["train"] == 4]
    assert all((glyph == own).flatten(1).all(1).any() for glyph in x[y == 4])


def test_states_come_as_long_as_they_are_taken_and_a_seed_gives_the_same(net, shown, small_corpus):
    before = {name: value.clone() for name, value in net.state_dict().items()}
    found = states(net, shown, small_corpus, 3)
    assert [state.step for state in found] == [2, 4, 6]
    assert found[0].net.outputs == 7 and not any(p.requires_grad for p in found[0].net.parameters())
    weights = [state.net.classifier[2].weight for state in found]
    assert not torch.equal(weights[0], weights[1])  # an earlier state stays what it was
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    again = states(net, shown, small_corpus, 1)[0].net
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), found[0].net.parameters(), strict=True))


def test_a_step_with_trouble_is_rolled_back_and_three_in_a_row_end_it(net, shown, small_corpus, monkeypatch):
    usual, calls = JEM.loss, []

    def troubled(self, x, y):
        loss = usual(self, x, y)
        if self.is_matching:
            return loss
        calls.append(self)
        if len(calls) in wrong:
            self.trouble = "samples of solid ink"
        return loss

    monkeypatch.setattr(JEM, "loss", troubled)
    wrong = {2}
    found = states(net, shown, small_corpus)
    assert [state.step for state in found] == [2, 4] and found[-1].loss == found[-1].loss
    calls.clear()
    wrong = {1, 2, 3}
    with pytest.raises(Diverged, match="step 4: samples of solid ink"):
        states(net, shown, small_corpus)


def test_chains_are_run_after_the_matching_steps(net, shown, small_corpus, monkeypatch):
    seen = []
    for stage in ("first_stage", "second_stage"):
        usual = getattr(JEM, stage)
        monkeypatch.setattr(JEM, stage, lambda *args, usual=usual: seen.append(usual.__name__) or usual(*args))
    states(net, shown, small_corpus)
    assert seen == ["first_stage", *["second_stage"] * 3]


def test_the_recipe_is_the_models_own(net):
    card = make_card(net, recipe=Recipe(match_scale=12.0, step_size=0.7, lr=1e-3).to_dict())
    recipe = Printing(lr=2e-4, match_steps=5, seed=3).recipe(card)
    assert (recipe.match_scale, recipe.step_size, recipe.lr, recipe.match_steps) == (12.0, 0.7, 2e-4, 5)
    imported = Printing().recipe(make_card(net, recipe={}))
    assert imported.sampler() == make_card(net).sampler


def test_what_cannot_learn_to_print_is_one_sentence(net, shown, small_corpus):
    with pytest.raises(ValueError, match="adapt a joint model"):
        Printing().recipe(make_card(net, mode=Mode.CLASSIFIER, recipe={}))
    with pytest.raises(ValueError, match="two glyphs a step"):
        Printing(batch_size=1)
    with pytest.raises(ValueError, match="At least one glyph"):
        states(net, NamedGlyphs(shown.x[:0], shown.y[:0], shown.sorts), small_corpus)
