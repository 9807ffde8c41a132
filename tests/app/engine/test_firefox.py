"""The page's engine in Firefox, where it is installed."""

import pytest
import torch
from helpers.firefox import Firefox, firefox

import ebm

pytestmark = pytest.mark.skipif(firefox() is None, reason="Firefox is not installed")


def click(window: Firefox, selector: str, text: str = "") -> None:
    window.evaluate(f"[...document.querySelectorAll('{selector}')].find(e => e.innerText.includes('{text}')).click()")


def test_firefox_reads_and_prints_by_the_pages_own_engine(serving, model) -> None:
    path, net, card = model
    command = firefox()
    assert command is not None
    with serving(path) as url, Firefox(command) as window:
        window.open(url)
        window.wait("!!document.querySelector('body.by-engine #live .energy')")
        window.wait("!!document.querySelector('#sketch canvas[data-ready]')")
        window.drag("#sketch canvas", [(0.4, 0.2), (0.4, 0.5), (0.4, 0.8)])
        window.wait("new URLSearchParams(location.search).get('draw')?.startsWith('b')")  # the stroke has ended
        part = "(await glyphImport('parts/places.js'))"
        ink = window.evaluate(f"(async () => [...(await {part}.partOf('lens')).ink()])()")
        glyph = (torch.tensor(ink, dtype=torch.float32) / 127.5 - 1).view(1, 56, 56)
        energy = float(ebm.verdict(net, card, glyph).energy)
        assert float(glyph.max()) > 0
        window.wait(f"(async () => Math.abs((await {part}.partOf('reading')).shown()?.energy - {energy}) < 1e-3)()")

        click(window, "#tabs button[role=tab]", "Print")
        window.wait("document.querySelector('#print-by-engine .said')?.innerText.includes('Read back')")
        assert window.evaluate("document.body.innerText").count("Computed by this page, not by a server") == 1
        assert window.evaluate("document.documentElement.scrollWidth") <= 1280
        assert window.errors == []
