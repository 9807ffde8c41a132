"""A tiny checkpoint and an explorer running on it, shared by the app's tests."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import torch
from helpers.app_pages import PATIENCE, SharedPages
from PIL import Image, ImageDraw

from ebm.checkpoint.card import Card
from ebm.checkpoint.examples import TYPICAL, save_examples
from ebm.checkpoint.files import save
from ebm.data.corpus import to_bytes
from ebm.data.synthetic.sorts import SORTS
from ebm.model.energy import EnergyNet
from ebm.model.mode import Mode
from ebm.sampling.sampler import Sampler
from ebm.scoring import scores

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SETS = {"noise": ("far", "Every pixel random."), "stripes": ("near", "Stripes.")}


def tiny_checkpoint(path: Path, outputs: int = 42, with_scores: bool = True) -> Path:
    """Writes an untrained net of width 4 with a full card, and pictures beside it."""
    torch.manual_seed(0)
    model = EnergyNet(4, outputs).eval().requires_grad_(False)
    model.classifier[-1].weight *= 1000  # an untrained net hardly minds what it sees
    known = torch.full((40, 1, 56, 56), -1.0)
    for k, glyph in enumerate(known):
        glyph[:, 8:48, 10 + k % 20 : 20 + k % 20] = 1
    stripes = known.roll(7, 2) * torch.linspace(-1, 1, 56)
    pictures = {"test": known, "noise": torch.rand(40, 1, 56, 56) * 2 - 1, "stripes": stripes}
    measured = {
        name: {score: scores.score(model, x, score).tolist() for score in scores.scores_for(model)}
        for name, x in pictures.items()
    }
    reference = scores.score(model, known)
    card = Card(
        name="tiny",
        mode=Mode.JEM if outputs > 1 else Mode.EBM,
        architecture=model.architecture(),
        preprocessing="pen",
        sorts=[s.name for s in SORTS][:outputs] if outputs > 1 else [],
        texts=[s.text for s in SORTS][:outputs] if outputs > 1 else [],
        sampler=Sampler(print_steps=32, step_size=10.0, grad_clip=0.01),
        recipe={},
        seed=0,
        data={
            "source": "bars",
            "strangers": {n: {"kind": kind, "description": text} for n, (kind, text) in SETS.items()},
        },
        threshold=scores.threshold(reference),
        threshold_rule="95 % quantile",
        reference_energies=reference.tolist(),
        set_scores=measured if with_scores else {},
    )
    save(path, model, card)
    if with_scores:
        examples = {name: to_bytes(x[:4]) for name, x in pictures.items()}
        blurred = torch.nn.functional.avg_pool2d(torch.rand(len(SORTS), 1, 56, 56) * 2 - 1, 5, 1, 2).mul(3).clamp(-1, 1)
        save_examples(path, examples | {TYPICAL: to_bytes(blurred)[: len(card.sorts)]})
    return path


@pytest.fixture(scope="session")
def make_checkpoint() -> Callable[..., Path]:
    return tiny_checkpoint


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model, with one without classes beside it."""
    folder = tmp_path_factory.mktemp("checkpoint")
    tiny_checkpoint(folder / "ebm.safetensors", outputs=1)
    return tiny_checkpoint(folder / "tiny.safetensors")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A bar on white paper, as a PNG."""
    image = Image.new("L", (200, 200), 250)
    ImageDraw.Draw(image).rectangle((80, 30, 110, 170), fill=10)
    image.save(tmp_path / "bar.png")
    return tmp_path / "bar.png"


@pytest.fixture(scope="session")
def url(checkpoint: Path) -> Iterator[str]:
    """The address of an explorer on the tiny checkpoint."""
    with explorer_at(checkpoint) as address:
        yield address


@contextmanager
def explorer_at(checkpoint: Path) -> Iterator[str]:
    """An explorer in this process, on a free port: its address."""
    import uvicorn

    from app.server import create

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(create(checkpoint), host="127.0.0.1", port=port, log_level="error", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the explorer did not start"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def serving() -> Callable[[Path], AbstractContextManager[str]]:
    return explorer_at


def missing(reason: str) -> None:
    """Skips; fails where CI is set, because CI must have a browser."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; CI must have a browser")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """A browser with one profile, which opens pages."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("Playwright is not installed")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        missing("no chromium was found on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        context = browser.new_context()
        context.set_default_timeout(PATIENCE)
        yield context
        browser.close()


@pytest.fixture(scope="session")
def pages(browser, url: str) -> SharedPages:
    return SharedPages(browser, url)


@pytest.fixture(params=[1280, 390])
def page(pages: SharedPages, request: pytest.FixtureRequest) -> Iterator:
    """The explorer in a window of a screen's and of a phone's width; the tests of a file share it, in their order."""
    yield from pages.lend(request.param, request)


@pytest.fixture
def wide(pages: SharedPages, request: pytest.FixtureRequest) -> Iterator:
    """The explorer in a window of a screen's width, for what has nothing to do with the width; it is shared too."""
    yield from pages.lend(1280, request)
