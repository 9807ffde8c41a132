"""The layout of the page in a real browser: each of these places was once seen broken."""

from helpers.app_pages import open_tab


def inside(page, what: str, place: str) -> bool:
    """Whether the first element of a selector lies within the first of another, a pixel of rounding allowed."""
    inner, outer = page.evaluate(  # at one moment
        """selectors => selectors.map((selector) => {
            const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect();
            return { x, y, width, height };
        })""",
        [what, place],
    )
    return all(
        outer[start] - 1 <= inner[start] and inner[start] + inner[size] <= outer[start] + outer[size] + 1
        for start, size in (("x", "width"), ("y", "height"))
    )


def test_the_buttons_of_the_header_are_equally_high(page) -> None:
    buttons = [button.bounding_box() for button in page.locator("#looks button:visible").all()]
    assert len(buttons) >= 2 and len({round(box["height"]) for box in buttons}) == 1


def test_there_is_no_empty_strip_below_the_lens(page) -> None:
    page.wait_for_selector(".lens-words:has-text('As the model sees it')")  # the lens is drawn
    strip = page.evaluate(
        """() => {
            const bottom = (element) => element.getBoundingClientRect().bottom;
            const lens = document.querySelector('#lens .lens'), tools = [...lens.querySelectorAll('.lens-tools')];
            return bottom(lens) - bottom(tools.at(-1));
        }"""
    )
    assert 0 <= strip <= 20


def test_the_words_of_the_threshold_lie_in_its_card(page) -> None:
    open_tab(page, "Strangers")
    page.wait_for_selector("#threshold [data-testid=block-info]")
    assert inside(page, "#threshold [data-testid=block-info]", "#threshold")
    assert inside(page, "#threshold input[type=number]", "#threshold")


def test_long_questions_of_a_lesson_start_at_the_left(page) -> None:
    open_tab(page, "Learn")
    page.wait_for_selector(".lesson summary")
    aligned = "all => all.map((one) => getComputedStyle(one).textAlign)"
    assert set(page.eval_on_selector_all(".lesson summary", aligned)) <= {"start", "left"}


def test_a_wide_window_is_used(wide) -> None:
    """Gradio applies rules about the whole page only outside of media queries."""
    usual = wide.viewport_size
    wide.set_viewport_size({"width": 1920, "height": 1080})
    try:
        assert wide.locator(".gradio-container").first.bounding_box()["width"] > 0.75 * 1920
    finally:
        wide.set_viewport_size(usual)


def test_a_link_to_a_lecture_shows_the_usual_page_on_a_phone(page, url: str) -> None:
    page.goto(url + "?lecture=1")
    page.wait_for_selector("#reading .energy")
    assert page.is_visible("#bar") is (page.viewport_size["width"] <= 760)
    page.goto(url)
    page.wait_for_selector("#reading .energy")
