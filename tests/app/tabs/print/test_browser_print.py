"""The tab Print in a real browser: the player, going on, a word, the diagnosis."""

from helpers.app_pages import open_tab
from helpers.print_pages import print_word

DONE = (
    "document.querySelector('#print-status')?.innerText.includes('Read back') && "
    "document.querySelector('#go:not([disabled])') !== null"
)
STEP = "#printed .controls output"


def visit(page) -> None:
    open_tab(page, "Print")
    page.wait_for_function(DONE)


def test_the_player_steps_scrubs_and_plays(page) -> None:
    visit(page)
    end = page.inner_text(STEP)
    assert end == "step 32 of 32"
    page.click("#printed [data-move='-1']")
    assert page.inner_text(STEP) == "step 31 of 32"
    page.click("#printed [data-move='-10']")
    assert page.inner_text(STEP) == "step 21 of 32"
    page.fill("#printed input[type=range]", "0")
    assert page.inner_text(STEP) == "step 0 of 32"
    assert page.locator("#printed .letters").is_hidden()  # what was read back belongs to the last step
    picture = "document.querySelector('#printed canvas').toDataURL()"
    noise = page.evaluate(picture)
    page.focus("#printed [data-do=play]")
    page.keyboard.press("Enter")
    page.wait_for_function(f"document.querySelector('{STEP}').innerText === 'step 32 of 32'")
    assert page.evaluate(picture) != noise


def test_a_run_goes_on_and_is_diagnosed(wide) -> None:
    visit(wide)
    wide.click("#go-on")
    wide.wait_for_function(f"document.querySelector('{STEP}').innerText === 'step 64 of 64'")
    wide.wait_for_function(DONE)
    wide.click("#diagnose > button, #diagnose .label-wrap")
    wide.click("#diagnose-go")
    wide.wait_for_selector("#diagnosis:has-text('R-hat')")


def test_a_word_is_set_on_a_line(wide) -> None:
    visit(wide)
    print_word(wide, "in no")
    wide.wait_for_selector("#word-line img")
    assert wide.locator("#printed .letters button").count() == 4
    wide.fill("#text input, #text textarea", "what?")
    wide.wait_for_function(DONE)
    wide.click("#go")
    wide.wait_for_selector("#print-status .problem:has-text('in the case')")
    assert wide.locator("#word-line img").is_visible()  # nothing is lost
