"""What the browser tests share: opening a page, drawing on the pad, waiting for a change."""

from collections.abc import Iterator
from urllib.parse import urlparse

PATIENCE = 120_000  # milliseconds that a page may take on a busy machine; no test is about speed


def draw(page, points: list[tuple[float, float]]) -> None:
    """One stroke on the pad, in fractions of its side."""
    canvas = page.locator("#sketch canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for x, y in at[1:]:
        page.mouse.move(x, y, steps=8)
    page.mouse.up()


def wait_for_change(page, selector: str, before: str) -> str:
    page.wait_for_function("([s, b]) => document.querySelector(s).innerText != b", arg=[selector, before])
    return page.inner_text(selector)


def open_tab(page, title: str) -> None:
    """Opens a tab by its title; on a phone it may be in the menu of those that have no room."""
    tab = page.locator(f"#tabs button[role=tab]:has-text('{title}')").first
    if not tab.is_visible():
        page.click("#tabs .overflow-menu button")
        tab = page.locator(f"#tabs .overflow-dropdown button:has-text('{title}')").first
    tab.click()


def open_page(browser, url: str, width: int) -> Iterator:
    """A page that fails on errors, on outside requests, and on being wider than its window.

    The pages of one browser share its cache, so that only the first has to load and compile everything.
    """
    page = browser.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    hosts: set[str] = set()
    page.on(
        "request", lambda sent: hosts.add(urlparse(sent.url).hostname or "") if sent.url.startswith("http") else None
    )
    page.goto(url)
    page.wait_for_selector("#reading .energy")
    yield page
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page is wider than the window"
    page.evaluate("localStorage.clear()")
    page.close()
    assert problems == []
    assert hosts == {"127.0.0.1"}
