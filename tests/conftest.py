"""How the tests are shared out between processes; a small corpus, networks that read it, and a small checkpoint."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:  # before torch is imported: the other worker has the other core
    os.environ.setdefault("OMP_NUM_THREADS", "1")

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ebm.data.corpus import Corpus

pytest.register_assert_rewrite("helpers")  # so that a failure in there says what was found

SORTS_USED = 6

# Files that take long come first, so that no worker is left alone with one at the end.
LONG = (
    "app/test_browser_page.py", "app/test_browser.py", "app/tabs/read/test_any_upload.py", "training/test_resume.py",
    "training/test_faults.py", "training/test_processes.py", "benchmarks/suites/test_suites.py",
    "scoring/test_bulk.py", "training/test_live.py", "app/test_load.py", "training/test_jem.py",
    "evaluation/test_samples.py", "app/test_app.py", "commands/test_command_line.py", "app/tabs/train/test_train.py",
    "evaluation/test_evaluate.py", "evaluation/test_judge.py", "app/tabs/book/test_book.py", "page/test_read_pages.py",
)  # fmt: skip
_ORDER = {f"tests/{file}": k for k, file in enumerate(LONG)}


def group_of(file: str) -> str:
    """The files that share what takes long to start: a server with a browser, or a server of training processes."""
    if "/test_browser" in file or file.endswith(("test_any_upload.py", "test_uncalibrated_page.py", "test_firefox.py")):
        return "browser"
    if file.endswith(("test_resume.py", "test_faults.py", "test_processes.py")):
        return "training processes"
    return file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first."""
    items.sort(key=lambda item: _ORDER.get(item.nodeid.split("::")[0], len(_ORDER)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """Gives each group of files, and every other file, to one worker, because their tests share fixtures.

    xdist's own `--dist loadgroup` would do it by marks, but version 3.8 no longer can with pytest 9.2: it writes the
    group into a field of the test that pytest does not read any more.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid.split("::")[0])

    return ByGroup(config, log)


# The fixtures import what they need themselves: the process that only shares the tests out needs none of it.
@pytest.fixture(scope="session")
def small_corpus() -> "Corpus":
    """Six sorts, 32 glyphs each in training, 12 in validation and test: printed exactly as the real corpus is."""
    import numpy as np
    import torch

    from ebm.data.corpus import SPLITS, Corpus
    from ebm.data.synthetic.founts import textura_founts
    from ebm.data.synthetic.pen_corpus import FOUNTS, print_glyph
    from ebm.data.synthetic.sorts import SORTS

    founts = textura_founts(FOUNTS)
    images, labels, index = {}, {}, 0
    for split, each in zip(SPLITS, (32, 12, 12), strict=True):
        y = np.tile(np.arange(SORTS_USED), each)
        images[split] = torch.from_numpy(np.stack([print_glyph(3, index + k, int(c), founts) for k, c in enumerate(y)]))
        labels[split] = torch.from_numpy(y)
        index += len(y)
    return Corpus(images, labels, [s.name for s in SORTS[:SORTS_USED]], "Synthetic: six sorts for tests.", "pen")


@pytest.fixture(scope="session")
def make_tiny():
    """make_tiny(path): saves an untrained JEM of width 4; gives (path, network, card)."""
    import torch
    from helpers.cards import make_card

    from ebm.checkpoint.files import save
    from ebm.model.energy import EnergyNet

    def make(path):
        torch.manual_seed(0)
        net = EnergyNet(4, 42)
        card = make_card(net)
        save(path, net, card)
        return path, net, card

    return make


@pytest.fixture
def tiny(make_tiny, tmp_path):
    """(path, network, card) of a saved, untrained JEM of width 4."""
    return make_tiny(tmp_path / "tiny.safetensors")
