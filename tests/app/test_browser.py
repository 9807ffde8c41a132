"""A real browser: draws a stroke, reads the label, starts and stops a generation, visits the strangers."""

import os
import shutil
from collections.abc import Iterator
from urllib.parse import urlparse

import pytest

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PRINT, STRANGERS = ("button[role=tab]:has-text('Print')", "button[role=tab]:has-text('Strangers')")

READING = "#reading .reading"


def missing(reason: str) -> None:
    """Skips, but never where CI is set: there a browser is part of the deal."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; CI must have a browser")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("Playwright is not installed")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        missing("no chromium was found on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=[1280, 390])
def page(browser, url: str, request: pytest.FixtureRequest) -> Iterator:
    """The explorer in a window of a desk's and of a phone's width; fails on errors and on outside requests."""
    page = browser.new_page(viewport={"width": request.param, "height": 844})
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
    assert page.evaluate("document.documentElement.scrollWidth") <= request.param, "the page is wider than the window"
    page.close()
    assert problems == []
    assert hosts == {"127.0.0.1"}


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
    page.wait_for_function(
        "([s, b]) => document.querySelector(s).innerText != b", arg=[selector, before], timeout=10_000
    )
    return page.inner_text(selector)


def test_first_paint_and_a_stroke_read_on_release(page) -> None:
    before = page.inner_text(READING)
    assert "Known glyph" in before or "Stranger" in before  # an example is read before anything is touched
    draw(page, [(0.4, 0.2), (0.4, 0.75), (0.6, 0.75)])
    drawn = wait_for_change(page, READING, before)
    assert "threshold" in drawn and "Read as" in drawn
    draw(page, [(0.7, 0.2), (0.7, 0.6)])
    wait_for_change(page, READING, drawn)
    page.click("#sketch button[data-do=undo]")
    page.wait_for_function("([s, b]) => document.querySelector(s).innerText == b", arg=[READING, drawn], timeout=10_000)
    page.click("#sketch button[data-do=clear]")
    page.wait_for_selector("#reading .hint:has-text('Draw a letter')", timeout=10_000)


def test_examples_and_uploads_are_read(page, tmp_path) -> None:
    before = page.inner_text(READING)
    page.focus(".shelf button:last-child")
    page.keyboard.press("Enter")  # no mouse needed
    wait_for_change(page, READING, before)
    (tmp_path / "fake.png").write_text("not a picture")
    page.set_input_files("#upload input[type=file]", str(tmp_path / "fake.png"))
    page.wait_for_selector("#reading .problem", timeout=10_000)
    said = page.inner_text("#reading .problem")
    assert "fake.png" in said and "/tmp" not in said


def test_printing_starts_and_stops(page) -> None:
    page.click(PRINT)
    page.wait_for_selector("#go:not([disabled])", timeout=60_000)  # the first visit prints by itself
    page.wait_for_function("document.querySelector('#print-status').innerText.includes('Read back')", timeout=60_000)
    page.fill("#steps input[type=number]", "512")
    page.fill("#count input[type=number]", "36")
    page.press("#count input[type=number]", "Tab")
    page.click("#go")
    page.wait_for_function("document.querySelector('#printed').innerText.includes('of 512')", timeout=30_000)
    page.click("#halt")
    page.wait_for_function(
        "document.querySelector('#print-status').innerText.includes('Stopped after')", timeout=30_000
    )
    assert page.locator("#printed .tiles img").count() == 1  # the partial result stays
    with page.expect_download() as download:
        page.click("#save-film")
    assert download.value.suggested_filename.endswith(".webp")


def test_printing_again_at_once_prints_again(page) -> None:
    """Gradio drops a press that comes while the one before it still saves its files: the button must not offer it."""
    done = "document.querySelector('#print-status').innerText.includes('Read back')"
    page.click(PRINT)
    page.wait_for_function(done, timeout=60_000)
    for _ in range(2):
        page.click("#go")  # waits until the button can be pressed
        page.wait_for_function(f"!({done})", timeout=10_000)
        page.wait_for_function(done, timeout=30_000)


def test_strangers_are_shown(page) -> None:
    page.click(STRANGERS)
    page.wait_for_selector("#roc .js-plotly-plot .main-svg", timeout=30_000)
    before = page.inner_text("#rates .rates")
    page.fill("#threshold input[type=number]", page.get_attribute("#threshold input[type=range]", "min"))
    page.press("#threshold input[type=number]", "Tab")
    assert wait_for_change(page, "#rates .rates", before).count("100.0%") >= 1
    assert "noise" in page.inner_text("#auroc")
