"""A model that the page's own engine can run, and the explorer on it."""

from collections.abc import Iterator

import pytest
import torch
from helpers.app_pages import WatchedPage
from helpers.cards import make_card
from torch.nn import functional as F

from ebm.checkpoint.examples import TYPICAL, save_examples
from ebm.checkpoint.files import save
from ebm.data.corpus import to_bytes
from ebm.model.energy import EnergyNet
from ebm.sampling.sampler import Sampler


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory):
    """(path, network, card) of an untrained model of width 16, which calls everything a stranger."""
    torch.manual_seed(0)
    net = EnergyNet(16, 42).requires_grad_(False)
    net.classifier[-1].weight.mul_(30)
    sampler = Sampler(print_steps=32, step_size=2.0, print_noise=0.01)
    card = make_card(net, sampler=sampler, threshold=-4.0, reference_energies=[-4.4, -4.3, -4.2, -4.1])
    path = tmp_path_factory.mktemp("engine") / "wide.safetensors"
    save(path, net, card)
    blurred = F.avg_pool2d(torch.rand(42, 1, 56, 56) * 2 - 1, 5, 1, 2).mul(3).clamp(-1, 1)
    save_examples(path, {TYPICAL: to_bytes(blurred)})
    return path, net, card


@pytest.fixture(scope="session")
def page(browser, serving, model) -> Iterator:
    """The explorer on it, in a window of a screen's width, shared by all tests of the engine."""
    with serving(model[0]) as url:
        watched = WatchedPage(browser, 1280)
        watched.page.goto(url)
        watched.page.wait_for_selector("body.by-engine #live .energy")
        yield watched.page
        watched.check()
        watched.page.close()


@pytest.fixture
def asked(page) -> list[str]:
    """The requests that the page sends during a test, but for its own files."""
    seen: list[str] = []
    page.on("request", lambda sent: seen.append(sent.url) if "/modules/" not in sent.url else None)
    return seen
