"""Fixtures: a small printed corpus and a small untrained checkpoint, both seeded and made on the spot."""

import numpy as np
import pytest
import torch
from helpers.cards import make_card

from ebm.checkpoint.files import save
from ebm.data.corpus import SPLITS, Corpus
from ebm.data.synthetic.founts import textura_founts
from ebm.data.synthetic.pen_corpus import FOUNTS, print_glyph
from ebm.data.synthetic.sorts import SORTS
from ebm.model.energy import EnergyNet

SORTS_USED = 6


@pytest.fixture(scope="session")
def small_corpus() -> Corpus:
    """Six sorts, 32 glyphs each in training, 12 in validation and test: printed exactly as the real corpus is."""
    founts = textura_founts(FOUNTS)
    images, labels, index = {}, {}, 0
    for split, each in zip(SPLITS, (32, 12, 12), strict=True):
        y = np.tile(np.arange(SORTS_USED), each)
        images[split] = torch.from_numpy(np.stack([print_glyph(3, index + k, int(c), founts) for k, c in enumerate(y)]))
        labels[split] = torch.from_numpy(y)
        index += len(y)
    return Corpus(images, labels, [s.name for s in SORTS[:SORTS_USED]], "Synthetic: six sorts for tests.", "pen")


@pytest.fixture
def tiny(tmp_path):
    """(path, network, card) of a saved, untrained JEM of width 4."""
    torch.manual_seed(0)
    net = EnergyNet(4, 42)
    card = make_card(net)
    path = tmp_path / "tiny.safetensors"
    save(path, net, card)
    return path, net, card
