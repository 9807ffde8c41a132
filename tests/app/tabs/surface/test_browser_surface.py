"""The tab Surface in a real browser: figures, the walker by mouse and keyboard, other glyphs."""

from helpers.app_pages import PATIENCE, open_tab, wait_for_change


def test_the_surface_is_walked(page) -> None:
    open_tab(page, "Surface")
    page.wait_for_selector("#path-figure .js-plotly-plot .main-svg")
    page.wait_for_selector("#plane .js-plotly-plot .main-svg")
    assert "straight line climbs" in page.inner_text("#surface-said")
    words = page.inner_text(".walk-words")
    page.focus(".walker [data-axis=u]")
    page.keyboard.press("ArrowRight")
    words = wait_for_change(page, ".walk-words", words)
    page.locator("#plane").scroll_into_view_if_needed()
    for k in range(PATIENCE // 200):  # plotly may not listen yet, and hears no mouse that stands still
        box, share = page.locator("#plane .js-plotly-plot .nsewdrag").first.bounding_box(), 0.6 + 0.02 * (k % 10)
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] * share)
        if page.inner_text(".walk-words") != words:
            break
        page.wait_for_timeout(200)
    assert page.inner_text(".walk-words") != words


def test_a_link_opens_the_surface_between_other_glyphs(wide, url: str) -> None:
    wide.goto(url + "?tab=surface&first=b&second=example: noise&third=x&view=relief")
    wide.wait_for_selector("#path-figure:has-text('from b to noise')")
    wide.wait_for_selector("#plane .js-plotly-plot")
