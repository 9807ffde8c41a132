"""The example pictures of a checkpoint: known glyphs of all energies, and one typical glyph of each sort."""

import pytest
import torch

from ebm.checkpoint.examples import KEPT_EXAMPLES, TYPICAL, examples_of
from ebm.data.corpus import Corpus, to_model_space
from ebm.model.energy import EnergyNet


@pytest.fixture(scope="module")
def net(small_corpus: Corpus) -> EnergyNet:
    torch.manual_seed(0)
    return EnergyNet(4, len(small_corpus.sorts)).requires_grad_(False)


def test_known_examples_cover_the_energies_of_the_test_split(net: EnergyNet, small_corpus: Corpus) -> None:
    examples, sorts = examples_of(net, small_corpus)
    assert len(examples["test"]) == len(sorts) == KEPT_EXAMPLES
    whole = net.energy(to_model_space(small_corpus.images["test"])).sort().values
    shown = net.energy(to_model_space(examples["test"])).sort().values
    ranks = torch.searchsorted(whole, shown, right=True).double() / len(whole)
    assert ranks.tolist() == pytest.approx([(k + 0.5) / KEPT_EXAMPLES for k in range(KEPT_EXAMPLES)], abs=0.02)
    images, labels = small_corpus.images["test"], small_corpus.labels["test"]
    for picture, sort in zip(examples["test"], sorts, strict=True):
        same = (images == picture).flatten(1).all(1)
        assert small_corpus.sorts[int(labels[same][0])] == sort


def test_a_typical_glyph_is_one_that_the_model_finds_likely(net: EnergyNet, small_corpus: Corpus) -> None:
    typical = examples_of(net, small_corpus)[0][TYPICAL]
    images, labels = small_corpus.images["test"], small_corpus.labels["test"]
    energies = net.energy(to_model_space(images))
    for label in labels.unique().tolist():
        of_sort = energies[labels == label]
        assert float(net.energy(to_model_space(typical[label][None]))) <= float(of_sort.median()) + 1e-5
    assert not typical[len(labels.unique()) :].any()  # sorts without a test glyph are blank
