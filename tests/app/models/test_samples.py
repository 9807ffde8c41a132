"""The examples on the shelf of Read: chosen by what the model makes of them."""

import dataclasses

import pytest
import torch
from helpers.cards import make_card

from app.models.loaded import LoadedModel
from app.models.samples import samples_to_read
from app.tabs.read.shelf import note_of, shelf_of
from ebm.model.energy import EnergyNet


@pytest.fixture
def loaded() -> LoadedModel:
    """Known glyphs of energies 0 to 11 and a threshold of 9.5; the glyph of energy 7 is the most uneven."""
    net = EnergyNet(4, 42).requires_grad_(False)
    known = torch.full((12, 56, 56), 200, dtype=torch.uint8)
    known[7, :28] = 255
    examples = {"test": known, "mirrored": torch.zeros(5, 56, 56, dtype=torch.uint8)}
    energies = {"test": torch.arange(12.0), "mirrored": torch.tensor([20.0, 1.0, 3.0, 30.0, 2.0])}
    card = make_card(net)
    sorts = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "k", "l", "h"]
    strangers = {"mirrored": {"kind": "near", "description": "Mirrored."}}
    card = dataclasses.replace(card, threshold=9.5, data={"test_examples": sorts, "strangers": strangers})
    return LoadedModel(net, card, examples, {k: v.numpy() for k, v in energies.items()}, torch.empty(0, 56, 56))


def test_known_glyphs_come_in_the_order_of_their_energies(loaded: LoadedModel) -> None:
    good, worn, odd = (sample for sample in samples_to_read(loaded) if sample.group == "known")
    assert (good.key, good.truth, good.fools) == ("good glyph", "c", False)
    assert (worn.key, worn.truth, worn.fools) == ("worn glyph", "h", False)
    assert (odd.key, odd.truth, odd.fools) == ("odd print", "l", True)  # not the second h, whose energy is higher
    assert note_of(odd) == "l, called a stranger"


def test_a_stranger_of_the_middle_is_shown_and_what_fools_the_model_is_marked(loaded: LoadedModel) -> None:
    mirrored = next(sample for sample in samples_to_read(loaded) if sample.key == "mirrored")
    assert mirrored.fools and note_of(mirrored) == "called known"  # its energy is 3
    html = shelf_of(samples_to_read(loaded))
    assert html.index("known glyphs") < html.index("strangers, near") < html.index("strangers, far")
    assert html.count("data-index") == 5 and "class=fools" in html


def test_a_card_without_sorts_of_its_examples_still_gives_three(loaded: LoadedModel) -> None:
    card = dataclasses.replace(loaded.card, data={})
    known = [s for s in samples_to_read(dataclasses.replace(loaded, card=card)) if s.group == "known"]
    assert [sample.truth for sample in known] == ["", "", ""]
    assert [note_of(sample) for sample in known] == ["", "", "called a stranger"]
