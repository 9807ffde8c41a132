"""Compositions: what people type, sums of logits that are exact, and guidance between q(x) and p(y | x)."""

import pytest
import torch
from helpers.cards import make_card

from ebm import EnergyNet, sgld
from ebm.generation.composition import NOT, compose, guide, parse
from ebm.model.gradient import InputGradient
from ebm.sampling.chains import chains


@pytest.fixture
def net():
    torch.manual_seed(0)
    return EnergyNet(4, 42).requires_grad_(False)


@pytest.fixture
def x():
    return torch.rand(5, 1, 56, 56, generator=torch.Generator().manual_seed(0)) * 2 - 1


A, O_, LONG_S, A_BAR, P_BAR = 0, 13, 19, 26, 31


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("a", {A: 1}),
        ("a-bar", {A_BAR: 1}),
        ("ā", {A_BAR: 1}),
        ("a\N{COMBINING MACRON}", {A_BAR: 1}),
        ("a and o", {A: 1, O_: 1}),
        ("a AND o", {A: 1, O_: 1}),
        ("a, o", {A: 1, O_: 1}),
        ("a o", {A: 1, O_: 1}),
        ("a+o", {A: 1, O_: 1}),
        ("p-bar and ſ & long-s", {P_BAR: 1, LONG_S: 2}),
        ("a but not o", {A: 1, O_: -NOT}),
        ("a without 0.2 o", {A: 1, O_: -0.2}),
        ("a-o", {A: 1, O_: -NOT}),
        ("2 a - 0.5 o", {A: 2, O_: -0.5}),
        ("2a − .5*o", {A: 2, O_: -0.5}),
        ("-0.5 o + 2 × a-bar", {O_: -0.5, A_BAR: 2}),
        ("a - -2 o", {A: 1, O_: 2}),
        ("a + 0 o", {A: 1}),
    ],
)
def test_what_people_type_is_understood(net, text, weights):
    assert parse(text, make_card(net)) == pytest.approx(weights)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Name sorts"), ("   ", "Name sorts"), ("a and þorn", "no sort 'þorn'.*r-rotunda"), ("ao", "no sort 'ao'"),
        ("a and", "no sort after"), ("2", "no sort after"), ("a 0,5 o, 3", "no sort after"), ("not a", "above 0"),
        ("a - 1 a", "above 0"), ("a, b, c, d, e, f, g", "At most 6"), ("101 a", "between -100 and 100"),
        ("a " * 200, "200 characters"), ("a or o", "no sort 'or'"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused_in_words(net, text, message):
    with pytest.raises(ValueError, match=message):
        parse(text, make_card(net))


def test_sorts_may_be_called_by_numbers_and_an_ebm_has_none():
    net = EnergyNet(4, 20)
    names = [str(k) for k in range(20)]
    card = make_card(net, sorts=names, texts=names)
    assert parse("17 and 2 3, 0.5 * 1", card) == {17: 1, 3: 2, 1: 0.5}
    with pytest.raises(ValueError, match="without classes"):
        parse("a", make_card(EnergyNet(4, 1)))


@pytest.mark.parametrize("head", ["flat", "pool"])
def test_a_composition_is_the_weighted_sum_of_logits_with_the_positive_weights_summing_to_1(x, head):
    torch.manual_seed(0)
    net = EnergyNet(4, 6, head)
    mixed = compose(net, {2: 3.0, 5: 1.0, 0: -0.5})
    f = net.get_logits(x)
    torch.testing.assert_close(mixed(x), (3 * f[:, 2] + f[:, 5] - 0.5 * f[:, 0]) / 4)
    assert mixed.outputs == 1 and type(mixed) is EnergyNet
    InputGradient(mixed)(x)  # the fast path takes it
    alone, y = compose(net, {3: 7.0}), torch.full((5,), 3)
    torch.testing.assert_close(alone.energy(x), net.energy(x, y))


def test_composing_draws_no_random_numbers_and_leaves_the_model_as_it_was(net):
    state, training = torch.get_rng_state(), net.train().training
    weights = {n: v.clone() for n, v in net.state_dict().items()}
    mixed = compose(net.requires_grad_(True), {1: 1.0})
    assert torch.equal(state, torch.get_rng_state()) and net.training == training
    assert all(p.requires_grad for p in net.parameters()) and not any(p.requires_grad for p in mixed.parameters())
    assert all(torch.equal(v, weights[n]) for n, v in net.state_dict().items())


@pytest.mark.parametrize("weights", [{}, {42: 1.0}, {-1: 1.0}, {0: -1.0}, {0: float("nan")}, {0: 1e9}])
def test_weights_that_make_no_glyph_are_refused(net, weights):
    with pytest.raises(ValueError):
        compose(net, weights)


def test_guidance_runs_from_the_energy_of_x_over_that_of_x_and_y_to_more(net, x):
    y = torch.tensor([3, 1, 4, 1, 5])
    assert torch.equal(guide(net, y, 0).energy(x), net.energy(x))
    assert torch.equal(guide(net, y, 1).energy(x), net.energy(x, y))
    more = -net(x) - 2.5 * torch.log_softmax(net.get_logits(x), 1)[torch.arange(5), y]
    torch.testing.assert_close(guide(net, y, 2.5).energy(x), more)
    torch.testing.assert_close(guide(net, 3, 2.5).energy(x)[0], more[0])


def test_a_chain_guided_with_strength_1_is_the_conditional_chain(net, x):
    y, settings = torch.tensor([3, 1, 4, 1, 5]), {"steps": 5, "step_size": 0.1, "noise": 0.01}
    (*_, guided) = sgld(guide(net, y, 1), x, generator=torch.Generator().manual_seed(0), **settings)
    (*_, plain) = sgld(net, x, y=y, generator=torch.Generator().manual_seed(0), **settings)
    torch.testing.assert_close(guided.x, plain.x, rtol=0, atol=1e-4)
    (*_, printed) = chains(guide(net, 3, 4), 2, steps=2)
    assert torch.isfinite(printed.energy).all()


@pytest.mark.parametrize(
    ("label", "strength"),
    [(42, 1), (-1, 1), (0, -1), (0, float("nan")), (torch.tensor([0.5]), 1), (torch.zeros(2, 2).long(), 1)]
)  # fmt: skip
def test_wrong_guidance_is_refused(net, label, strength):
    with pytest.raises(ValueError):
        guide(net, label, strength)


def test_labels_must_fit_the_chains(net, x):
    with pytest.raises(ValueError, match="2 labels"):
        guide(net, torch.tensor([1, 2]), 1).energy(x)
