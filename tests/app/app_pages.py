"""Hands for the browser tests: drawing on the pad, waiting for a change."""


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


def open_tab(page, title: str) -> None:
    """Opens a tab by its title; on a phone it may be in the menu of those that have no room."""
    tab = page.locator(f"#tabs button[role=tab]:has-text('{title}')").first
    if not tab.is_visible():
        page.click("#tabs .overflow-menu button")
        tab = page.locator(f"#tabs .overflow-dropdown button:has-text('{title}')").first
    tab.click()
