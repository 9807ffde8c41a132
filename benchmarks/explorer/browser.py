"""What a visitor sees of the page's own engine in a real browser: energies while drawing, frames while printing."""

import shutil
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.explorer.book import Dragged, drag

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PATIENCE = 180_000  # milliseconds
_MOVES = 60  # of the pen
_PHONE = {"viewport": {"width": 390, "height": 844}, "slower": 4}  # how many times slower its processor is

# Notes when the player has drawn a state, when a long task has kept the page busy, and the click that asked for a run.
_WATCH = """() => {
    window.seen = []; window.long = []; window.asked = null; let last = null;
    document.querySelector('#printed').addEventListener('frame', ({ detail }) => {
        if (detail.step !== last) { last = detail.step; window.seen.push([performance.now(), detail.step]); }
    });
    document.querySelector('#go').addEventListener('click', () => { window.asked = performance.now(); }, true);
    new PerformanceObserver((list) => window.long.push(...list.getEntries().map((e) => e.duration)))
        .observe({ type: 'longtask' });
}"""
_DONE = "document.querySelector('#print-by-engine .said')?.innerText.includes('Read back')"
_BYTES = """() => performance.getEntriesByType('resource').filter((e) => e.name.includes('/modules/'))
    .reduce((sum, e) => sum + e.transferSize, 0)"""
# From each move of the pen until the number of that drawing is on the page.
_DRAW = """async (moves) => {
    const canvas = document.querySelector('#sketch canvas'), box = canvas.getBoundingClientRect(), waits = [];
    canvas.setPointerCapture = () => {};
    const send = (type, k) => canvas.dispatchEvent(new PointerEvent(type, { bubbles: true, button: 0,
        clientX: box.left + box.width * (0.5 + 0.3 * Math.sin(0.9 * k)),
        clientY: box.top + box.height * (0.2 + 0.6 * k / moves) }));
    send('pointerdown', 0);
    for (let k = 1; k <= moves; k++) {
        const began = performance.now(), card = document.querySelector('.live-card'), before = card.firstElementChild;
        send('pointermove', k);
        await new Promise((done) => {
            const look = () => (card.firstElementChild !== before ? done() : requestAnimationFrame(look));
            look();
        });
        waits.push(performance.now() - began);
    }
    send('pointerup', moves);
    return waits;
}"""


@dataclass(frozen=True)
class Run:
    """One run of chains, as it was seen.

    Args:
        first: milliseconds from the click to the first state.
        frames: pictures a second, from the first to the last.
        steps: SGLD steps a second.
        longest: milliseconds of the longest task of the page's main thread; 0 where none took 50.
    """

    first: float
    frames: float
    steps: float
    longest: float

    @classmethod
    def of(cls, asked: float, seen: list[tuple[float, int]], long: list[float]) -> "Run":
        """From the moment of the click, the states with their moments, and the long tasks."""
        seen = [one for one in seen if one[0] >= asked]
        seconds = (seen[-1][0] - seen[0][0]) / 1e3
        return cls(
            seen[0][0] - asked, (len(seen) - 1) / seconds, (seen[-1][1] - seen[0][1]) / seconds, max(long, default=0)
        )


@dataclass(frozen=True)
class Seen:
    """What was seen.

    Args:
        moves: milliseconds from each move of the pen to its energy.
        paced: runs of 16 glyphs at the page's own pace.
        free: runs of 16 glyphs as fast as it goes.
        phone: runs of 4 glyphs on a phone, as fast as it goes.
        bytes: of the page's own modules and engine.
        dragged: a page of many glyphs in the tab Book.
    """

    moves: list[float]
    paced: list[Run]
    free: list[Run]
    phone: list[Run]
    bytes: int
    dragged: Dragged


def missing() -> str | None:
    """One sentence on why no browser can be used; None if one can be used."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "Frames in a browser are left out: Playwright is not installed."
    if not any(map(shutil.which, _BROWSERS)):
        return "Frames in a browser are left out: no chromium was found on this machine."
    return None


def watch(url: str, steps: int, times: int) -> Seen:
    """Draws and prints in a browser.

    Args:
        url: of the explorer, on a model that the engine can run.
        steps: of SGLD in a run.
        times: number of runs of each kind.
    """
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, _BROWSERS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS, headless=True)
        try:
            page = _opened(browser, url, {"width": 1280, "height": 900})
            moves = page.evaluate(_DRAW, _MOVES)
            size = page.evaluate(_BYTES)
            _go_to_print(page, 16, steps)
            paced = [_print(page, "60") for _ in range(times)]
            free = [_print(page, "0") for _ in range(times)]
            dragged = drag(page)
            page.close()
            page = _opened(browser, url, _PHONE["viewport"])
            slow = page.context.new_cdp_session(page)
            slow.send("Emulation.setCPUThrottlingRate", {"rate": _PHONE["slower"]})
            _go_to_print(page, 4, steps)
            phone = [_print(page, "0") for _ in range(times)]
            return Seen(moves, paced, free, phone, size, dragged)
        finally:
            browser.close()


def _opened(browser: Any, url: str, viewport: Any) -> Any:
    page = browser.new_page(viewport=viewport)
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.wait_for_selector("body.by-engine #live .energy")
    return page


def _go_to_print(page: Any, count: int, steps: int) -> None:
    page.locator("#tabs button[role=tab]:has-text('Print')").first.click()
    page.wait_for_function(_DONE)  # it prints by itself on the first visit
    for field, value in (("count", count), ("steps", steps)):
        page.fill(f"#{field} input[type=number]", str(value))
        page.press(f"#{field} input[type=number]", "Tab")
    page.evaluate(_WATCH)


def _print(page: Any, pace: str) -> Run:
    page.select_option("[data-live=pace]", pace)
    page.evaluate("window.seen = []; window.long = []")
    page.click("#go")
    page.wait_for_function("window.seen.length > 1")
    page.wait_for_function(_DONE)
    asked, seen, long = page.evaluate("[window.asked, window.seen, window.long]")
    return Run.of(asked, seen, long)


def middle(runs: list[Run], what: str) -> float:
    """The median of one of the runs' figures."""
    return median(getattr(run, what) for run in runs)
