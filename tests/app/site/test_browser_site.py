"""The static site from a plain file server: all its tabs work, and it asks nobody else for anything."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from helpers.app_pages import WatchedPage, draw, serious_findings
from helpers.cards import make_card
from torch.nn import functional as F

from app.site.export import export
from ebm.checkpoint.examples import TYPICAL, save_examples
from ebm.checkpoint.files import save
from ebm.data.corpus import to_bytes
from ebm.model.energy import EnergyNet
from ebm.sampling.sampler import Sampler


def checkpoint(folder: Path, width: int) -> Path:
    torch.manual_seed(0)
    net = EnergyNet(width, 42).requires_grad_(False)
    net.classifier[-1].weight.mul_(300)  # an untrained net hardly minds what it sees
    path = folder / "net.safetensors"
    save(path, net, make_card(net, sampler=Sampler(print_steps=16)))
    typical = to_bytes(F.avg_pool2d(torch.rand(42, 1, 56, 56) * 2 - 1, 5, 1, 2).mul(3).clamp(-1, 1))
    save_examples(path, {TYPICAL: typical, "noise": to_bytes(torch.rand(4, 1, 56, 56) * 2 - 1)})
    return path


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Writes no log."""


@pytest.fixture
def shown(browser, tmp_path: Path) -> Iterator:
    """Opens the site of a network of some width in a window of some width."""
    servers = []

    def show(width: int, window: int, prepare=lambda page: None):
        export(checkpoint(tmp_path, width), tmp_path / "site")
        handler = functools.partial(Quiet, directory=str(tmp_path / "site"))
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[0].serve_forever, daemon=True).start()
        watched = WatchedPage(browser, window)
        prepare(watched.page)
        watched.page.goto(f"http://127.0.0.1:{servers[0].server_port}/")
        return watched

    yield show
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("window", [1280, 390])
def test_it_reads_prints_walks_and_its_lessons_open_doors(shown, window: int) -> None:
    watched = shown(16, window)
    page = watched.page
    page.wait_for_selector("#live .energy")  # an example
    before = page.inner_text("#live .energy")
    draw(page, [(0.3, 0.2), (0.6, 0.8)])
    page.wait_for_selector(f"#live .energy:not(:text-is('{before}'))")
    page.click("#tab-print")
    page.wait_for_selector("#print-by-engine .said:has-text('of 12 as a')")
    page.click("#compare")
    page.wait_for_selector("#print-by-engine .said:has-text('too much noise (')")
    page.check("input[name=way][value=word]")
    page.fill("input[name=text]", "what?")
    page.click("#go")
    page.wait_for_selector(".for-text + .problem:has-text('in the case')")
    page.focus("#tab-print")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".surface-words:has-text('straight line climbs')")
    page.keyboard.press("ArrowRight")
    assert page.locator(".lesson math").first.is_visible()
    page.click("[data-door]:has-text('Read noise')")
    page.wait_for_selector("#tab-read[aria-selected=true]")
    page.wait_for_selector("#live .energy")
    page.click("#tab-learn")
    page.click("[data-door]:has-text('n written in haste')")
    page.wait_for_selector(".lens-words:has-text('Blue: ink here')")
    page.click("#tab-learn")
    page.click("[data-door]:has-text('Print an o')")
    page.wait_for_selector("#print-by-engine .said:has-text('of 12 as o')")
    assert serious_findings(page) == []
    watched.check()
    page.close()


def test_a_model_that_it_cannot_run_is_named(shown) -> None:
    watched = shown(4, 1280)
    watched.page.wait_for_selector(".trouble:has-text('does not know')")
    watched.page.close()


def test_a_browser_without_memory_is_named_in_one_sentence(shown) -> None:
    refusal = "WebAssembly.Instance = class { constructor() { throw new RangeError('Out of memory'); } };"

    def refuse(page) -> None:
        page.route(
            "**/engine/worker.js",
            lambda route: route.fulfill(response=(got := route.fetch()), body=refusal + got.text()),
        )

    watched = shown(16, 1280, refuse)
    watched.page.wait_for_selector(".trouble:has-text('no memory), and this site has no server.')")
    watched.page.click("#tab-print")
    assert watched.page.is_visible(".trouble")
    assert watched.page.locator(".why").all_inner_texts() == [""]
    watched.check()
    watched.page.close()


def test_a_file_in_place_of_the_folder_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from typer.testing import CliRunner

    from app.__main__ import explorer

    (tmp_path / "site").write_text("a file")
    path = checkpoint(tmp_path, 16)
    done = CliRunner().invoke(explorer, ["export", str(tmp_path / "site"), "--checkpoint", str(path)])
    assert done.exit_code == 2
    done = CliRunner().invoke(explorer, ["export", str(tmp_path / "new"), "--checkpoint", str(tmp_path / "none")])
    assert done.exit_code == 2 and "none" in done.output
