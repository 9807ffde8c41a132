"""The stream of random numbers by counting: known answers, distribution, and chains that go on."""

import numpy as np
import pytest
import torch
from scipy import stats

import ebm
from ebm.model.energy import EnergyNet
from ebm.sampling.chains import chains, last_of
from ebm.sampling.native import library
from ebm.sampling.native.stream import Stream
from ebm.sampling.sampler import Sampler

pytestmark = pytest.mark.skipif(library().wait().code is None, reason=f"not compiled: {library().reason}")


def stream(seed: int = 0, done: int = 0) -> Stream:
    code = library().code
    assert code is not None
    return Stream(code, seed, done)


def net() -> EnergyNet:
    torch.manual_seed(1)
    return EnergyNet(16, 4).requires_grad_(False)


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Philox4x32-10 after the paper, in whole numbers of Python."""
    for _ in range(10):
        a, b = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [b >> 32 ^ counter[1] ^ key[0], b & 0xFFFFFFFF, a >> 32 ^ counter[3] ^ key[1], a & 0xFFFFFFFF]
        key = [(key[0] + 0x9E3779B9) % 2**32, (key[1] + 0xBB67AE85) % 2**32]
    return counter


def test_the_generator_in_python_gives_the_paper_s_known_answers():
    # The known-answer vectors of Random123, the paper's own library.
    assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    assert philox([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]


def test_starts_are_the_generator_s_words():
    seed = 5 << 32 | 7
    start = stream(seed).uniform(3).flatten(1)
    for chain, block in ((0, 0), (2, 783), (1, 17)):
        words = philox([block, 0, chain, 1], [7, 5])
        expected = [(word >> 8) / 2**23 - 1 for word in words]
        assert start[chain, 4 * block : 4 * block + 4].tolist() == pytest.approx(expected, abs=1e-7)


def test_noise_is_box_and_muller_s_of_the_generator_s_words():
    noise = stream(9).normal(2, 6).flatten(1)
    for chain, block in ((0, 0), (1, 783), (1, 5)):
        a, b, c, d = philox([block, 6, chain, 0], [9, 0])
        expected = []
        for one, two in ((a, b), (c, d)):
            length, angle = np.sqrt(-2 * np.log(((one >> 8) + 1) / 2**24)), 2 * np.pi * (two >> 8) / 2**24
            expected += [length * np.cos(angle), length * np.sin(angle)]
        assert noise[chain, 4 * block : 4 * block + 4].tolist() == pytest.approx(expected, abs=3e-6)


def test_noise_is_standard_normal_and_starts_are_uniform():
    noise = torch.cat([stream(3).normal(4, step) for step in range(1, 9)]).flatten().numpy()
    assert stats.kstest(noise, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(noise[:-1], noise[1:])[0, 1]) < 0.015
    assert stats.kstest(stream(3).uniform(32).flatten().numpy(), "uniform", args=(-1, 2)).pvalue > 1e-3


def test_chains_do_not_depend_on_their_number_and_go_on_where_they_stopped():
    model, sampler = net(), Sampler(step_size=0.5, print_noise=0.1)
    whole = last_of(chains(model, 5, sampler=sampler, steps=12, seed=4, engine="native"))
    two = last_of(chains(model, 2, sampler=sampler, steps=7, seed=4, engine="native"))
    on = last_of(chains(model, 2, sampler=sampler, steps=5, seed=4, engine="native", x=two, done=7))
    assert torch.allclose(on, whole[:2], atol=1e-5)
    other = last_of(chains(model, 2, sampler=sampler, steps=12, seed=5, engine="native"))
    assert not torch.allclose(other, whole[:2], atol=0.1)


def test_a_seed_gives_the_same_glyphs_again_and_others_than_torch_s_generator():
    model = net()
    first = ebm.sample(model, 3, steps=6, sort=1, seed=2, engine="native")
    assert torch.equal(first, ebm.sample(model, 3, steps=6, sort=1, seed=2, engine="native"))
    assert not torch.allclose(first, ebm.sample(model, 3, steps=6, sort=1, seed=2), atol=0.1)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"engine": "steam"}, "one of torch, native, not 'steam'"),
        ({"engine": "native", "seed": -1}, "from 0 to"),
        ({"engine": "native", "sampler": Sampler(start="gaussian")}, "chains from uniform noise"),
    ],
)
def test_what_cannot_be_had_is_said(asked, sentence):
    with pytest.raises(ValueError, match=sentence):
        next(chains(net(), 1, **asked))
