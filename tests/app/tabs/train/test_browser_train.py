"""The tab Train in a real browser: a model learns, is stopped, and is used in the other tabs."""

from helpers.app_pages import open_tab


def test_a_small_model_learns_and_is_used(wide) -> None:
    open_tab(wide, "Learn")
    wide.click("button:has-text('Watch a small model learn')")  # it starts by itself
    wide.wait_for_selector("#train-view .ledger")
    wide.click("#train-stop:not([disabled])")
    wide.wait_for_selector("#train-use:not([disabled])")
    wide.wait_for_selector("#train-view .report:has-text('what it gets wrong')")
    assert "download it to keep it" in wide.inner_text("#train-said")
    wide.wait_for_selector("#train-files:has-text('live')")
    wide.click("#train-use")
    wide.wait_for_function("document.querySelector('#model input').value.includes('(yours)')")
    wide.wait_for_function("document.querySelector('#print-by-engine .said')?.innerText.includes('Read back')")


def test_the_tab_is_there_on_a_phone_too(page) -> None:
    open_tab(page, "Train")
    page.wait_for_selector("#train-go")
    assert "half a minute to a minute" in page.inner_text("#tabs")
