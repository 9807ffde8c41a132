"""The tab Train in a real browser: a model learns, is stopped, and is used in the other tabs."""

from helpers.app_pages import open_tab


def test_a_small_model_learns_and_is_used(desk) -> None:
    open_tab(desk, "Learn")
    desk.click("button:has-text('Watch a small model learn')")  # it starts by itself
    desk.wait_for_selector("#train-view .ledger")
    desk.click("#train-stop:not([disabled])")
    desk.wait_for_selector("#train-use:not([disabled])")
    desk.wait_for_selector("#train-view .report:has-text('what it gets wrong')")
    assert "download it to keep it" in desk.inner_text("#train-said")
    desk.wait_for_selector("#train-files:has-text('live')")
    desk.click("#train-use")
    desk.wait_for_function("document.querySelector('#model input').value.includes('(yours)')")
    desk.wait_for_function("document.querySelector('#print-desk .said')?.innerText.includes('Read back')")


def test_the_tab_is_there_on_a_phone_too(page) -> None:
    open_tab(page, "Train")
    assert page.locator("#train-go").is_visible() and "half a minute to a minute" in page.inner_text("#tabs")
