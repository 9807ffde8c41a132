"""The out-of-distribution sets: shape, range, determinism, and that each is what it says."""

import pytest
import torch

import ebm
from ebm.data import STRANGERS, strangers


@pytest.mark.parametrize("name", STRANGERS)
def test_every_set_has_the_stated_form_and_follows_its_seed(name):
    x = strangers(name, 6, seed=1)
    assert x.shape == (6, 1, 56, 56) and x.dtype == torch.float32
    assert x.min() >= -1 and x.max() <= 1
    assert torch.equal(x, strangers(name, 6, seed=1)) and not torch.equal(x, strangers(name, 6, seed=2))
    assert STRANGERS[name].kind in ("near", "far") and STRANGERS[name].description.endswith(".")


def test_the_design_is_complete():
    near = {name for name, chosen in STRANGERS.items() if chosen.kind == "near"}
    assert near == {"other script", "unseen sorts", "mirrored", "upside down", "blended", "scrambled strokes"}
    assert set(STRANGERS) - near == {"handwritten digits", "noise", "blank paper", "inverted", "textures"}
    assert [name for name in STRANGERS if "Type A" in STRANGERS[name].description] == ["other script"]
    assert [name for name in STRANGERS if "Type B" in STRANGERS[name].description] == ["unseen sorts"]


def test_the_digits_are_real_and_not_repeated_before_they_run_out():
    x = strangers("handwritten digits", 1797, seed=0)
    assert len({image.numpy().tobytes() for image in x}) > 1790


def test_paper_is_light_and_inverted_glyphs_are_dark():
    assert strangers("blank paper", 10).mean() < -0.7
    assert strangers("inverted", 10).mean() > 0.3


def test_an_unknown_set_or_size_is_refused():
    with pytest.raises(ValueError, match="handwritten digits"):
        strangers("runes")
    with pytest.raises(ValueError, match="at least one"):
        strangers("noise", 0)


def test_the_public_name_reaches_the_same_function():
    assert ebm.data.strangers is strangers
