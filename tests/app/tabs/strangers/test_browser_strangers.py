"""The tab Strangers in a real browser: own pictures join the sets, and what is shown is exported."""

import numpy as np
from helpers.app_pages import open_tab
from PIL import Image


def test_own_pictures_are_brought_and_exported(page, tmp_path) -> None:
    sheet = np.full((90, 90), 250, np.uint8)
    sheet[15:75, 30:45] = 10
    Image.fromarray(sheet).save(tmp_path / "bar.png")
    (tmp_path / "bad.png").write_text("no picture")
    open_tab(page, "Strangers")
    page.click("#own > button, #own .label-wrap")
    page.set_input_files("#own-files input[type=file]", [str(tmp_path / "bar.png"), str(tmp_path / "bad.png")])
    page.wait_for_selector("#own-said:has-text('1 picture was read, 1 could not be (bad.png')")
    page.wait_for_selector("#rates:has-text('yours')")
    page.wait_for_selector("#auroc:has-text('yours')")
    assert page.is_checked("#sets label:has-text('yours') input")
    page.wait_for_selector("#own-table tbody tr:has-text('bar.png')")
    page.click("#own-known")
    page.wait_for_selector("#own-said:has-text('at least 20 pictures of known glyphs; there are 1')")
    page.click("#export")
    page.wait_for_selector("#exported:has-text('yours')")
    page.wait_for_selector("#exported:has-text('strangers')")
    page.click("#own-table [data-glyph]")
    page.wait_for_selector("#tabs button[aria-selected=true]:has-text('Read')")


def test_examples_follow_the_threshold_and_open_in_read(page) -> None:
    open_tab(page, "Strangers")
    page.wait_for_selector("#strips figure.known")
    strangers = page.locator("#strips figure.stranger").count()
    slider = page.locator("#threshold input[type=range]")
    slider.focus()
    for _ in range(8):
        page.keyboard.press("PageDown")
    wait_for_more = "(n) => document.querySelectorAll('#strips figure.stranger').length > n"
    page.wait_for_function(wait_for_more, arg=strangers)
    energy = page.inner_text("#strips figure.stranger figcaption >> nth=0")
    page.click("#strips figure.stranger [data-glyph] >> nth=0")
    page.wait_for_selector(f"#reading .energy:text-is('{energy}')")
