"""The tab Surface in a real browser: figures, the walker by mouse and keyboard, other glyphs."""

from helpers.app_pages import open_tab, wait_for_change


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
    box = page.locator("#plane .js-plotly-plot .nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.7)
    page.mouse.move(box["x"] + box["width"] * 0.72, box["y"] + box["height"] * 0.72)
    wait_for_change(page, ".walk-words", words)


def test_a_link_opens_the_surface_between_other_glyphs(wide, url: str) -> None:
    wide.goto(url + "?tab=surface&first=b&second=example: noise&third=x&view=relief")
    wide.wait_for_selector("#path-figure:has-text('from b to noise')")
    wide.wait_for_selector("#plane .js-plotly-plot")
