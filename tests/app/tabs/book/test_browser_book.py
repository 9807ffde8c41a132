"""The tab Book in a real browser: a page is read, its glyphs are walked, named and sent on; a model is taught."""

import re

from helpers.app_pages import open_tab, wait_for_change


def open_book(page) -> None:
    open_tab(page, "Book")
    page.click("#book-example")
    page.wait_for_selector(".desk:not([hidden]) .desk-row")


def test_a_page_is_read_walked_named_and_sent_to_read(page) -> None:
    open_book(page)
    count = int(re.match(r"([\d,]+) glyphs", page.inner_text("#book-said")).group(1).replace(",", ""))
    assert count > 800
    page.focus(".desk-view canvas")
    words = page.inner_text(".desk-words")
    page.keyboard.press("ArrowRight")
    words = wait_for_change(page, ".desk-words", words)
    page.keyboard.press("ArrowDown")
    assert wait_for_change(page, ".desk-words", words).startswith("Line 2")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type("ct-ligature")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.desk-case-words').innerText.includes('You have named 1.')")
    assert "your own reading" in page.inner_text(".desk-words") and "ct-ligature" in page.inner_text(".desk-rows")
    page.click("[data-do=forget]")
    page.wait_for_function("document.querySelector('.desk-case-words').innerText.includes('You have named 0.')")
    strangers = page.inner_text(".desk-strangers")
    page.focus(".desk-cut input")
    page.keyboard.press("Home")
    assert f"{count} of {count}" in wait_for_change(page, ".desk-strangers", strangers)
    reading = page.inner_text("#reading")
    page.click("[data-do=read]")
    page.wait_for_selector("#tabs button[role=tab][aria-selected=true]:has-text('Read')", state="attached")
    wait_for_change(page, "#reading", reading)


def test_a_box_is_clicked_and_the_page_is_dragged(desk) -> None:
    open_book(desk)
    desk.click("[data-zoom='0']")
    canvas = desk.locator(".desk-view canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    before = desk.inner_text(".desk-words")
    for k in range(40):  # somewhere along this diagonal stands a letter
        desk.mouse.click(box["x"] + box["width"] * (0.4 + 0.005 * k), box["y"] + box["height"] * (0.2 + 0.005 * k))
        if desk.inner_text(".desk-words") != before:
            break
    assert "energy" in desk.inner_text(".desk-words")
    picture = "document.querySelector('.desk-view canvas').toDataURL()"
    seen = desk.evaluate(picture)
    desk.mouse.move(box["x"] + 300, box["y"] + 300)
    desk.mouse.down()
    desk.mouse.move(box["x"] + 360, box["y"] + 340, steps=4)
    desk.mouse.up()
    desk.wait_for_function(f"(seen) => {picture} !== seen", arg=seen)


def test_a_model_is_taught_and_prints(desk) -> None:
    open_tab(desk, "Book")
    desk.click("#book-propose")
    desk.wait_for_function("document.querySelector('#school-said').innerText.includes('Bring a page first')")
    open_book(desk)
    desk.click("#book-teach")
    desk.wait_for_function("document.querySelector('#school-said').innerText.includes('Name at least one glyph')")
    desk.focus(".desk-view canvas")
    desk.keyboard.press("ArrowRight")
    desk.fill(".desk-tools input", "B")
    desk.click("[data-do=name]")
    desk.wait_for_function("document.querySelector('.desk-case-words').innerText.includes('You have named 1.')")
    desk.fill("#book-steps input[type=number]", "50")
    desk.keyboard.press("Tab")
    desk.click("#book-teach:not([disabled])")
    desk.wait_for_function("document.querySelector('#school-said').innerText.includes('Taught by 1 glyphs')")
    assert "before" in desk.inner_text("#school-view") and "taught" in desk.inner_text("#book-said")
    assert "You have named 1." in desk.inner_text(".desk-case-words")
    desk.click("#book-save")
    desk.wait_for_selector("#book-saved:has-text('.csv')")
    desk.click("#book-print:not([disabled])")
    desk.wait_for_function("document.querySelector('#model input').value.includes('(yours)')")
    desk.wait_for_function("document.querySelector('#print-status')?.innerText.includes('Read back')")
