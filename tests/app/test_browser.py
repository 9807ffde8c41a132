"""A real browser: draws a stroke, reads the label, starts and stops a generation, visits the strangers."""

from helpers.app_pages import WatchedPage, draw, open_tab, wait_for_change
from helpers.print_pages import BY_SERVER, set_aside, wait_for_end

READING = "#reading .reading"
STATUS = "document.querySelector('#print-status').innerText"


def test_first_paint_and_a_stroke_read_on_release(page) -> None:
    before = page.inner_text(READING)
    assert "Known glyph" in before or "Stranger" in before  # an example is read before anything is touched
    draw(page, [(0.4, 0.2), (0.4, 0.75), (0.6, 0.75)])
    drawn = wait_for_change(page, READING, before)
    assert "threshold" in drawn and "Read as" in drawn
    draw(page, [(0.7, 0.2), (0.7, 0.6)])
    wait_for_change(page, READING, drawn)
    page.click("#sketch button[data-do=undo]")
    page.wait_for_function("([s, b]) => document.querySelector(s).innerText == b", arg=[READING, drawn])
    page.click("#sketch button[data-do=clear]")
    page.wait_for_selector("#reading .hint:has-text('Draw a letter')")


def test_examples_and_uploads_are_read(page, tmp_path) -> None:
    before = page.inner_text("#reading")
    page.focus(".shelf button:last-child")
    page.keyboard.press("Enter")  # no mouse needed
    wait_for_change(page, "#reading", before)
    assert "Read as" in page.inner_text(READING)
    (tmp_path / "fake.png").write_text("not a picture")
    page.set_input_files("#upload input[type=file]", str(tmp_path / "fake.png"))
    page.wait_for_selector("#reading .problem")
    said = page.inner_text("#reading .problem")
    assert "fake.png" in said and "/tmp" not in said


def test_printing_again_at_once_prints_again(wide) -> None:
    """Gradio drops a press that comes while the one before it still saves its files: the button must not offer it."""
    open_tab(wide, "Print")
    wait_for_end(wide, place=BY_SERVER)
    for _ in range(2):
        set_aside(wide, BY_SERVER)
        wide.click("#go")  # waits until the button can be pressed
        wait_for_end(wide, place=BY_SERVER)


# Turns to another window and back at every message of a run; what is deferred waits as it does in a hidden window.
RESTLESS = """() => {
    const later = window.setTimeout;
    let reads = 0;
    window.setTimeout = (act, wait, ...given) => later(act, wait || 300, ...given);
    Object.defineProperty(Document.prototype, 'visibilityState', { get: () => (reads++ % 2 ? 'hidden' : 'visible') });
}"""


def test_a_run_survives_that_its_visitor_turns_to_another_window(browser, url: str) -> None:
    watched = WatchedPage(browser, 1280)
    watched.load(url)
    page = watched.page
    page.evaluate(RESTLESS)
    open_tab(page, "Print")
    wait_for_end(page, place=BY_SERVER)
    page.wait_for_selector("#save-chains:not([disabled])")
    watched.check()
    page.close()


# A stop that the page itself presses as soon as it shows the run.
STOPPED = """() => {
    if (!document.querySelector('#printed').innerText.includes('of 1024')) return false;
    const halt = document.querySelector('#halt');
    (halt.querySelector('button') || halt).click();
    return true;
}"""


def test_printing_starts_and_stops(page) -> None:
    open_tab(page, "Print")
    page.wait_for_selector("#go:not([disabled])")  # the first visit prints by itself
    page.wait_for_function(f"{STATUS}.includes('Read back')")
    page.fill("#steps input[type=number]", "1024")
    page.fill("#count input[type=number]", "36")
    page.press("#count input[type=number]", "Tab")
    for _ in range(5):  # a page on a busy machine may show a run when it is over: then there is another
        set_aside(page, BY_SERVER)
        page.click("#go")
        page.wait_for_selector(f"{BY_SERVER} [role=status]:not([data-old])")
        page.wait_for_function(STOPPED)
        page.wait_for_function(f"{STATUS}.includes('Stopped after') || {STATUS}.includes('Read back')")
        if "Stopped after" in page.inner_text("#print-status"):
            break
    assert "Stopped after" in page.inner_text("#print-status")
    assert page.locator("#printed .tiles canvas").is_visible()  # the partial result stays
    assert page.evaluate("document.querySelector('#printed .tiles canvas').width") > 36 * 56 / 6
    with page.expect_download() as download:
        page.click("#save-film")
    assert download.value.suggested_filename.endswith(".webp")


def test_strangers_are_shown(page) -> None:
    open_tab(page, "Strangers")
    page.wait_for_selector("#roc .js-plotly-plot .main-svg")
    before = page.inner_text("#rates .rates")
    page.fill("#threshold input[type=number]", page.get_attribute("#threshold input[type=range]", "min"))
    page.press("#threshold input[type=number]", "Tab")
    assert wait_for_change(page, "#rates .rates", before).count("100.0%") >= 1
    assert "noise" in page.inner_text("#auroc")
