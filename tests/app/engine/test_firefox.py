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
        window.wait("document.querySelector('.live-spoken').innerText.includes('Energy')")
        part = "(await glyphImport('parts/places.js'))"
        ink = window.evaluate(f"(async () => [...(await {part}.partOf('lens')).ink()])()")
        shown = window.evaluate(f"(async () => (await {part}.partOf('reading')).shown())()")
        glyph = (torch.tensor(ink, dtype=torch.float32) / 127.5 - 1).view(1, 56, 56)
        verdict = ebm.verdict(net, card, glyph)
        assert float(glyph.max()) > 0 and shown["energy"] == pytest.approx(verdict.energy, abs=1e-3)

        click(window, "#tabs button[role=tab]", "Print")
        window.wait("document.querySelector('#print-by-engine .said')?.innerText.includes('Read back')")
        assert window.evaluate("document.body.innerText").count("Computed by this page, not by a server") == 1
        assert window.evaluate("document.documentElement.scrollWidth") <= 1280
        assert window.errors == []
