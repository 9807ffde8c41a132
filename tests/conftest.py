"""How the tests are shared out between processes; a small corpus, networks that read it, and a small checkpoint."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:  # before torch is imported: the other worker has the other core
    os.environ.setdefault("OMP_NUM_THREADS", "1")

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

# Files that take longest come first, so that no worker is left alone with one at the end.
LONGEST_FIRST = (
    "training/test_resume.py", "app/tabs/read/test_any_upload.py", "training/test_faults.py",
    "evaluation/test_samples.py", "training/test_live.py", "app/test_browser_page.py", "evaluation/test_evaluate.py",
    "training/test_jem.py", "app/tabs/train/test_browser_train.py", "app/tabs/train/test_train.py",
    "evaluation/test_judge.py", "app/test_load.py", "app/test_browser.py", "app/tabs/print/test_browser_print.py",
    "benchmarks/suites/test_suites.py", "page/test_read_pages.py", "app/test_app.py", "scoring/test_bulk.py",
    "commands/test_command_line.py",
)  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keeps the tests of a file in one worker (`--dist loadgroup`), since they share its fixtures; long files first."""
    order = {name: k for k, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(item.nodeid.split("::")[0].removeprefix("tests/"), len(order)))
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))


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
