"""The tab Train in a real browser: a model learns, is stopped, and is used in the other tabs."""

from app_pages import open_tab


def test_a_small_model_learns_and_is_used(page) -> None:
    if page.viewport_size["width"] < 800:  # a training takes its time: once is enough
        open_tab(page, "Train")
        assert page.locator("#train-go").is_visible()
        return
    open_tab(page, "Train")
    page.click("#train-go")
    page.wait_for_selector("#train-view .ledger", timeout=60_000)
    page.click("#train-stop:not([disabled])")
    page.wait_for_selector("#train-use:not([disabled])", timeout=90_000)
    page.click("#train-use")
    page.wait_for_function("document.querySelector('#model input').value.includes('(yours)')", timeout=20_000)
    page.wait_for_function("document.querySelector('#print-status')?.innerText.includes('Read back')", timeout=60_000)
