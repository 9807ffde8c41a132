"""The selector tells real glyphs from what only has their outline, and one sort from another."""

import pytest
import torch
from torch.nn.functional import avg_pool2d

from ebm.data.corpus import to_model_space
from ebm.sampling.starts import uniform_start
from ebm.training.selector import Selector


@pytest.fixture(scope="module")
def selector(small_corpus):
    return Selector(small_corpus)


def test_real_glyphs_are_recognised_and_realistic(selector, small_corpus):
    x, y = to_model_space(small_corpus.images["test"]), small_corpus.labels["test"]
    assert selector.recognised(x, y) > 0.8 and selector.realistic(x, y) > 0.6


def test_real_glyphs_of_another_sort_are_neither(selector, small_corpus):
    x, y = to_model_space(small_corpus.images["test"]), small_corpus.labels["test"]
    others = (y + 1) % len(small_corpus.sorts)
    assert selector.recognised(x, others) < 0.1 and selector.realistic(x, others) < selector.realistic(x, y) / 2
    assert selector.realistic(x) > 0.6  # without a wanted sort any is welcome


def test_noise_and_inverted_glyphs_are_not_realistic(selector, small_corpus):
    noise = uniform_start(20, torch.Generator().manual_seed(0))
    assert selector.realistic(noise) == 0 and selector.realistic(-to_model_space(small_corpus.images["test"])) == 0


def test_grain_is_best_as_real_glyphs_have_it(selector, small_corpus):
    x = to_model_space(small_corpus.images["val"])
    noise = torch.empty_like(x).normal_(generator=torch.Generator().manual_seed(0))
    assert selector.grain(x) == pytest.approx(1)
    assert selector.grain(x + 0.3 * noise) < 0.8 and selector.grain(avg_pool2d(x, 3, 1, 1)) < 0.8
