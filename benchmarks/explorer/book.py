"""The tab Book under a page with very many glyphs: how smooth it stays while one drags the page."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ebm.data.synthetic.made_page import make_page

LINES, LETTERS, COLUMNS = 39, 40, 2  # of the page: more than 3,000 glyphs
MOVES = 120  # of the pointer
_COUNT = """() => {
    window.frames_ = [];
    window.long_ = [];
    new PerformanceObserver((list) => list.getEntries().forEach((one) => window.long_.push(one.duration)))
        .observe({ entryTypes: ['longtask'] });
    const look = (now) => { window.frames_.push(now); requestAnimationFrame(look); };
    requestAnimationFrame(look);
}"""


@dataclass(frozen=True)
class Dragged:
    """A page that was dragged.

    Args:
        glyphs: boxes on it.
        frames: pictures a second while it moved.
        longest: milliseconds of the longest task of the page's main thread meanwhile; 0 where none took 50.
    """

    glyphs: int
    frames: float
    longest: float


def drag(page: Any) -> Dragged:
    """Brings a made page to the tab Book of an open explorer, shows the whole of it, and drags it about.

    Args:
        page: of Playwright.
    """
    page.locator("#tabs button[role=tab]:has-text('Book')").first.click()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.jpg"
        made = make_page(LINES, LETTERS, COLUMNS, rubric=False)
        made.picture.save(path, quality=80)
        page.set_input_files("#book-file input[type=file]", str(path))
        page.wait_for_selector(".book-page:not([hidden]) .book-row")
    page.click("[data-zoom='0']")  # all boxes are in sight
    canvas = page.locator(".book-scan canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.wait_for_timeout(2000)  # the rows of the case are painted one after the other
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(_COUNT)
    for k in range(MOVES):
        page.mouse.move(x + 40 * ((k // 20) % 2) + 2 * (k % 20), y + 3 * (k % 20))
    times, long = page.evaluate("[window.frames_, window.long_]")
    page.mouse.up()
    glyphs = int(page.inner_text("#book-said").split(" glyphs")[0].replace(",", ""))
    return Dragged(glyphs, 1e3 * (len(times) - 1) / (times[-1] - times[0]), max(long, default=0.0))
