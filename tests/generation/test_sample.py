"""Generation: reproducible fresh chains, sorts by any of their names, pictures that can be opened."""

import dataclasses

import pytest
import torch
from PIL import Image

import ebm
from ebm import EnergyNet
from ebm.data.picture.grid import save_animation, to_image
from ebm.generation.sample import class_of
from ebm.sampling.chains import chains
from ebm.sampling.sampler import Sampler
from ebm.sampling.starts import STARTS

STILL = Sampler(print_noise=0.0)


@pytest.fixture
def net():
    torch.manual_seed(0)
    return EnergyNet(4, 42)


def test_samples_have_the_stated_form_and_follow_their_seed(net):
    x = ebm.sample(net, 3, steps=4, sort="a", seed=5)
    assert x.shape == (3, 1, 56, 56) and x.min() >= -1 and x.max() <= 1
    assert torch.equal(x, ebm.sample(net, 3, steps=4, sort="a", seed=5))
    assert not torch.equal(x, ebm.sample(net, 3, steps=4, sort="a", seed=6))


def test_a_wanted_sort_steers_chains_and_without_one_they_run_on_the_energy_itself(net):
    wanted, unsteered = (ebm.sample(net, 2, steps=4, seed=1, sort=sort, sampler=STILL) for sort in ("b", None))
    start = STARTS["uniform"](2, torch.Generator().manual_seed(1))
    (last,) = ebm.sgld(net, start, steps=4, step_size=Sampler().step_size, noise=0.0, every=4)
    assert torch.allclose(unsteered, last.x) and not torch.allclose(wanted, last.x)


def test_chains_begin_with_their_start_and_end_with_the_last_step(net):
    steps = list(chains(net, 2, steps=10, every=4, sampler=STILL))
    assert [s.index for s in steps] == [0, 4, 8, 10]
    assert float(steps[0].x.std()) > 0.5
    assert (steps[-1].energy < steps[0].energy).all()


def test_chains_can_start_from_one_drawing_and_hold_its_known_part(net):
    drawing, free = torch.rand(1, 1, 56, 56), torch.zeros(56, 56)
    free[30:] = 1
    first, last = chains(net, 3, steps=5, every=5, x=drawing, free=free)
    assert torch.equal(first.x, drawing.expand(3, 1, 56, 56))
    assert torch.equal(last.x[:, :, :30], first.x[:, :, :30])
    assert all(not torch.equal(last.x[k, :, 30:], last.x[j, :, 30:]) for k, j in ((0, 1), (1, 2), (0, 2)))


@pytest.mark.parametrize(
    "arguments", [{"x": torch.zeros(2, 1, 56, 56)}, {"x": torch.zeros(3, 1, 20, 20)}, {"free": torch.ones(7, 1)}]
)
def test_chains_refuse_starts_and_masks_of_a_wrong_shape(net, arguments):
    with pytest.raises(ValueError):
        list(chains(net, 3, steps=1, **arguments))


def test_a_sort_is_found_by_name_character_and_number(net):
    assert class_of(net, "long-s") == class_of(net, "ſ") == class_of(net, 19) == 19


@pytest.mark.parametrize("sort", ["þ", "", 42, -1])
def test_an_unknown_sort_is_refused_with_the_known_ones(net, sort):
    with pytest.raises(ValueError, match="r-rotunda"):
        class_of(net, sort)


def test_an_ebm_prints_no_wanted_sort():
    with pytest.raises(ValueError, match="without classes"):
        ebm.sample(EnergyNet(4, 1), 1, steps=1, sort="a")
    assert ebm.sample(EnergyNet(4, 1), 1, steps=1).shape == (1, 1, 56, 56)


def test_wrong_settings_are_refused_in_one_sentence(net):
    with pytest.raises(ValueError, match="at least one step|one step are needed"):
        ebm.sample(net, 1, steps=0)
    for wrong, words in (
        ({"start": "stone"}, "'uniform' or 'gaussian', not 'stone'"),
        ({"step_size": 0.0}, "step_size must be above 0"),
        ({"print_noise": -1.0}, "print_noise must not be negative"),
        ({"steps": 2.5}, "steps must be of type int"),
    ):
        with pytest.raises(ValueError, match=words):
            Sampler(**wrong)


def test_a_sampler_of_ones_own_takes_the_place_of_the_models(net):
    still = dataclasses.replace(Sampler(), step_size=1e-9, print_noise=0.0)
    moved = ebm.sample(net, 2, steps=3, seed=4, sampler=still)
    torch.testing.assert_close(moved, STARTS["uniform"](2, torch.Generator().manual_seed(4)))


def test_pictures_show_ink_black_and_animations_have_every_frame(tmp_path):
    x = torch.full((2, 1, 56, 56), -1.0)
    x[1] = 1.0
    picture = to_image(x, 2, gap=0)
    assert picture.size == (112, 56) and picture.getpixel((5, 5)) == 255 and picture.getpixel((80, 5)) == 0
    noise = [torch.rand(1, 1, 56, 56) for _ in range(5)]
    for name in ("a.webp", "a.gif"):
        save_animation(tmp_path / name, noise)
        assert Image.open(tmp_path / name).n_frames == 5
