"""A run whose tab the visitor leaves: it goes on, keeps no more states than one that is watched, and shows its end."""

from helpers.app_pages import open_tab, wait_until

DONE = "document.querySelector('#print-by-engine .said')?.innerText.includes('Read back')"
STEP = "document.querySelector('#printed .controls output').innerText"
RECORDED = "(await (await glyphImport('parts/places.js')).partOf('printed')).recorded()"


def test_a_run_in_the_background_ends_and_is_shown_when_one_comes_back(page) -> None:
    open_tab(page, "Print")
    page.wait_for_function(DONE)
    before = {name: page.input_value(f"#{name} input[type=number]") for name in ("count", "steps")}
    for name, value in {"count": "4", "steps": "1024"}.items():
        page.fill(f"#{name} input[type=number]", value)
        page.press(f"#{name} input[type=number]", "Enter")
    page.select_option("[data-live=pace]", "0")
    page.click("#go")
    page.wait_for_function(f"/^step [1-9].* of 1024/.test({STEP})")
    other = page.context.new_page()
    other.bring_to_front()  # from here on the first page is hardly animated
    wait_until(page, f"async () => {RECORDED}.at(-1).step === 1024")
    wait_until(page, f"async () => {DONE}")
    assert page.evaluate(f"async () => {RECORDED}.length") <= 512
    page.bring_to_front()
    other.close()
    page.wait_for_function(f"{STEP} === 'step 1024 of 1024'")
    assert page.locator("#printed .letters button").count() == 4
    for name, value in before.items():
        page.fill(f"#{name} input[type=number]", value)
        page.press(f"#{name} input[type=number]", "Enter")
    page.select_option("[data-live=pace]", "60")
