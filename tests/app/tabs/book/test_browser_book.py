"""The tab Book in a real browser: a page is read, its glyphs are walked, named and sent on; a model is taught."""

import re
from collections.abc import Iterator

import pytest
from helpers.app_pages import open_page, open_tab, wait_for_change
from helpers.made_page import make_page

from app.middleware import LARGEST_FILE
from app.tabs.book.reading import HINT
from ebm.data.sources import load_corpus


@pytest.fixture
def fresh(browser, url: str) -> Iterator:
    """A page on which nothing has been done."""
    yield from open_page(browser, url, 1280)


def count_of(page) -> int:
    """How many glyphs were read on the page, once its reading is over."""
    page.wait_for_selector(".book-page:not([hidden]) .book-row")
    page.wait_for_function("/^[\\d,]+ glyphs/.test(document.querySelector('#book-said').innerText)")
    return int(page.inner_text("#book-said").split(" glyphs")[0].replace(",", ""))


def open_book(page) -> int:
    """Has the built-in page read, unless that was done; gives the number of its glyphs."""
    open_tab(page, "Book")
    if not page.is_visible(".book-page .book-row"):
        page.click("#book-example")
    return count_of(page)


def drag(page) -> None:
    """Drags the page, and waits until it is drawn anew."""
    box = page.locator(".book-scan canvas").bounding_box()
    picture = "document.querySelector('.book-scan canvas').toDataURL()"
    seen = page.evaluate(picture)
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 360, box["y"] + 240, steps=4)
    page.mouse.up()
    page.wait_for_function(f"(seen) => {picture} !== seen", arg=seen)


def test_a_page_is_read_walked_named_and_sent_to_read(page) -> None:
    count = open_book(page)
    assert count > 800
    page.focus(".book-scan canvas")
    words = page.inner_text(".book-words")
    page.keyboard.press("ArrowRight")
    words = wait_for_change(page, ".book-words", words)
    page.keyboard.press("ArrowDown")
    assert wait_for_change(page, ".book-words", words).startswith("Line 2")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type("ct-ligature")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "document.querySelector('.book-case-words').innerText.includes('Named by you or proposed: 1.')"
    )
    assert "your own reading" in page.inner_text(".book-words") and "ct-ligature" in page.inner_text(".book-rows")
    page.click("[data-do=forget]")
    page.wait_for_function(
        "document.querySelector('.book-case-words').innerText.includes('Named by you or proposed: 0.')"
    )
    strangers = page.inner_text(".book-strangers")
    page.focus(".book-threshold input")
    page.keyboard.press("Home")
    assert f"{count} of {count}" in wait_for_change(page, ".book-strangers", strangers)
    reading = page.inner_text("#reading")
    page.click("[data-do=read]")
    page.wait_for_selector("#tabs button[role=tab][aria-selected=true]:has-text('Read')", state="attached")
    wait_for_change(page, "#reading", reading)


def test_a_scan_that_is_too_large_is_named_and_what_was_read_stays(page, tmp_path) -> None:
    assert "at most 25 MiB" in HINT
    open_book(page)
    said = page.inner_text("#book-said")
    (tmp_path / "large.png").write_bytes(bytes(LARGEST_FILE + 1))
    page.evaluate(  # it is shown for ten seconds only, which a busy page may miss
        "new MutationObserver(() => { window.refused ||= document.body.innerText.includes('size of 25.0 Mb'); })"
        ".observe(document.body, { childList: true, subtree: true })"
    )
    page.set_input_files("#book-file input[type=file]", str(tmp_path / "large.png"))
    page.wait_for_function("window.refused")
    assert page.inner_text("#book-said") == said and page.is_visible(".book-page .book-row")


def test_a_box_is_clicked_and_the_page_is_dragged(fresh) -> None:
    open_book(fresh)
    fresh.click("[data-zoom='0']")
    canvas = fresh.locator(".book-scan canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    before = fresh.inner_text(".book-words")
    for k in range(40):  # somewhere along this diagonal stands a letter
        fresh.mouse.click(box["x"] + box["width"] * (0.4 + 0.005 * k), box["y"] + box["height"] * (0.2 + 0.005 * k))
        if fresh.inner_text(".book-words") != before:
            break
    assert "energy" in fresh.inner_text(".book-words")
    drag(fresh)


def test_a_page_of_three_thousand_glyphs_is_read_walked_and_dragged(fresh, tmp_path) -> None:
    made = make_page(lines=39, letters=40, columns=2, rubric=False)
    made.picture.save(tmp_path / "many.jpg", quality=80)
    open_tab(fresh, "Book")
    fresh.set_input_files("#book-file input[type=file]", str(tmp_path / "many.jpg"))
    count = count_of(fresh)
    assert len(made.boxes) > 3000 and count > 0.97 * len(made.boxes)
    rows = fresh.locator(".book-row small").all_inner_texts()
    assert sum(int(row.split(", ")[-1]) for row in rows) == count
    fresh.focus(".book-scan canvas")
    fresh.keyboard.press("ArrowRight")
    fresh.wait_for_function("document.querySelector('.book-words').innerText.startsWith('Line 1:')")
    for _ in range(39):
        fresh.keyboard.press("ArrowDown")
    fresh.wait_for_function("document.querySelector('.book-words').innerText.startsWith('Line 40:')")
    drag(fresh)


def test_a_model_is_taught_and_prints(fresh) -> None:
    load_corpus(
        "pen", progress=False
    )  # on a new machine it is made, which takes longer than the page waits for a lesson
    open_tab(fresh, "Book")
    fresh.click("#book-propose")
    fresh.wait_for_function("document.querySelector('#school-said').innerText.includes('Bring a page first')")
    open_book(fresh)
    fresh.click("#book-teach")
    fresh.wait_for_function("document.querySelector('#school-said').innerText.includes('Name at least one glyph')")
    fresh.focus(".book-scan canvas")
    fresh.keyboard.press("ArrowRight")
    fresh.fill(".book-tools input", "B")
    fresh.click("[data-do=name]")
    fresh.wait_for_function(
        "document.querySelector('.book-case-words').innerText.includes('Named by you or proposed: 1.')"
    )
    for slider, steps in (("#book-steps", "50"), ("#book-print-steps", "25")):
        fresh.fill(f"{slider} input[type=number]", steps)
        fresh.keyboard.press("Tab")
    fresh.click("#book-teach:not([disabled])")
    fresh.wait_for_function("document.querySelector('#school-said').innerText.includes('Taught by 1 glyphs')")
    assert re.search(r"\d+ were strangers before and \d+ are now", fresh.inner_text("#school-said"))
    assert "before" in fresh.inner_text("#school-view") and "taught" in fresh.inner_text("#book-said")
    assert "Named by you or proposed: 1." in fresh.inner_text(".book-case-words")
    fresh.click("#book-save")
    fresh.wait_for_selector("#book-saved:has-text('.csv')")
    fresh.click("#book-print:not([disabled])")
    fresh.wait_for_function("document.querySelector('#model input').value.includes('(yours)')")
    fresh.wait_for_function("document.querySelector('#print-status')?.innerText.includes('Read back')")
