"""What browser tests of the tab Print share: its sentences, runs that are waited for, numbers that are set."""

from helpers.app_pages import open_tab

SAID = "#print-by-engine .said"
BY_SERVER = "#print-status"  # the same where the server prints
DONE = f"document.querySelector('{SAID}')?.innerText.includes('Read back')"
STEP = "#printed .controls output"
FINISHED_STEP = "#finished .controls output"


def print_word(page, word: str) -> None:
    """Asks for a word, with the way of printing that sets one on a line."""
    page.click("#way label:has-text('a word')")
    page.fill("#text input, #text textarea", word)
    page.click("#go")


def visit(page) -> None:
    """Opens the tab and waits for the end of its first run."""
    open_tab(page, "Print")
    page.wait_for_function(DONE)


def set_aside(page, place: str = SAID) -> None:
    """Marks the present sentence of a place, so that `wait_for_end` waits for another one."""
    page.evaluate(f"document.querySelector('{place} [role=status]')?.setAttribute('data-old', '')")


def wait_for_end(page, end: str = "Read back", place: str = SAID) -> None:
    """Waits for the end of the run that was started after `set_aside`."""
    page.wait_for_selector(f"{place} [role=status]:not([data-old]):has-text('{end}')")


def print_and_wait(page, button: str = "#go", end: str = "Read back") -> None:
    """Presses a button and waits for the end of the run that it starts, not of the one before."""
    set_aside(page)
    page.click(button)
    wait_for_end(page, end)


def watch_steps(page, place: str = STEP) -> None:
    """Has the page write down in `window.steps` every step that a player shows from now on."""
    page.evaluate(
        """(place) => {
            const output = document.querySelector(place);
            window.steps = [];
            new MutationObserver(() => window.steps.push(output.innerText)).observe(output, { childList: true });
        }""",
        place,
    )


def set_number(page, box: str, value: float) -> None:
    """Types a number beside a slider."""
    page.fill(f"{box} input[type=number]", str(value))
    page.press(f"{box} input[type=number]", "Enter")
