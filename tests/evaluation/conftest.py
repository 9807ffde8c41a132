"""A classifier of the small corpus, trained once for all tests of the evaluation."""

import pytest

from ebm.data.corpus import Corpus, to_model_space
from ebm.model.energy import EnergyNet
from ebm.training.reader import train_reader


@pytest.fixture(scope="session")
def reader(small_corpus: Corpus) -> EnergyNet:
    x, y = to_model_space(small_corpus.images["train"]), small_corpus.labels["train"]
    return train_reader(x, y, len(small_corpus.sorts), seed=1, steps=150)
