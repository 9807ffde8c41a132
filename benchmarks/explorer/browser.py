"""The frames of a generation as they change in a real browser."""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PATIENCE = 180_000  # milliseconds

# Notes when each frame was drawn by the player in #printed, and the moment of the click that asked for it.
_WATCH = """() => {
    window.frames_seen = []; window.asked = null; let last = null;
    document.querySelector('#printed').addEventListener('frame', ({ detail }) => {
        if (detail.step !== last) { last = detail.step; window.frames_seen.push(performance.now()); }
    });
    document.querySelector('#go').addEventListener('click', () => { window.asked = performance.now(); }, true);
}"""
_DONE = "document.querySelector('#print-status')?.innerText.includes('Read back')"


@dataclass(frozen=True)
class Seen:
    """The frames that were seen.

    Args:
        frames: milliseconds from the click to each new picture.
    """

    frames: list[float]

    @property
    def per_second(self) -> float:
        """Frames per second between the first and the last one."""
        return 1e3 * (len(self.frames) - 1) / (self.frames[-1] - self.frames[0])


def missing() -> str | None:
    """One sentence on why no browser can be used; None if one can be used."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "Frames in a browser are left out: Playwright is not installed."
    if not any(map(shutil.which, _BROWSERS)):
        return "Frames in a browser are left out: no chromium was found on this machine."
    return None


def watch(url: str, count: int, steps: int, times: int) -> list[Seen]:
    """Prints a grid of glyphs in a browser, several times, and notes when its pictures change.

    Args:
        url: of the explorer.
        count: number of glyphs.
        steps: of SGLD.
        times: number of generations.

    Returns:
        the frames of each generation.
    """
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, _BROWSERS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS, headless=True)
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(PATIENCE)
            page.goto(url)
            page.click("button[role=tab]:has-text('Print')")
            page.wait_for_selector("#go", state="visible")
            with suppress(Exception):  # a page may print by itself on the first visit
                page.wait_for_function(_DONE, timeout=60_000)
            for field, value in (("count", count), ("steps", steps)):
                page.fill(f"#{field} input[type=number]", str(value))
                page.press(f"#{field} input[type=number]", "Tab")
            page.evaluate(_WATCH)
            return [_print_once(page) for _ in range(times)]
        finally:
            browser.close()


def _print_once(page: Any) -> Seen:
    page.evaluate("window.frames_seen = []")
    page.click("#go:not([disabled])")
    page.wait_for_function("window.frames_seen.length > 0")
    page.wait_for_function(_DONE)
    page.wait_for_selector("#go:not([disabled])")
    asked, frames = page.evaluate("[window.asked, window.frames_seen]")
    return Seen([moment - asked for moment in frames if moment >= asked])
