"""The page as a whole in a real browser: links, lessons, light and dark, models, accessibility."""

from urllib.parse import parse_qs, urlparse

from helpers.app_pages import open_tab, serious_findings, wait_for_change

TABS = ("Read", "Print", "Strangers", "Surface", "Train", "Learn")


# Gradio's place holder of a figure that is on its way has a label that means nothing, which axe rightly finds.
NO_PLACEHOLDER = """![...document.querySelectorAll('[aria-label="Empty value"]')].some(e => e.offsetParent)"""
NO_TRANSITION = "!document.getAnimations().some(a => a instanceof CSSTransition)"  # of colours, from theme to theme
OF_COLOUR = ["color-contrast", "link-in-text-block"]  # its rules that another theme may break


def query(page) -> dict[str, str]:
    """What the address says."""
    return {name: values[0] for name, values in parse_qs(urlparse(page.url).query).items()}


def wait_for_query(page, **wanted: str) -> None:
    """Until the address says so."""
    page.wait_for_function(
        "wanted => { const q = new URLSearchParams(location.search);"
        "return Object.entries(wanted).every(([k, v]) => q.get(k) === v); }",
        arg=wanted,
    )


def test_the_address_follows_the_page_and_brings_it_back(page, url: str) -> None:
    assert query(page) == {}  # nothing was touched yet
    open_tab(page, "Strangers")
    page.wait_for_selector("#sets input")
    before = page.inner_text("#rates")
    page.uncheck("#sets label:has-text('noise') input")
    wait_for_change(page, "#rates", before)
    wait_for_query(page, tab="strangers", sets="stripes")
    page.goto(page.url)
    page.wait_for_selector("#rates:has-text('stripes')")
    assert not page.is_checked("#sets label:has-text('noise') input")
    assert "noise" not in page.inner_text("#rates")


def test_back_returns_to_the_tab_before_and_stays_on_the_page(wide) -> None:
    wide.evaluate("window.stillHere = true")
    open_tab(wide, "Learn")
    wait_for_query(wide, tab="learn")
    open_tab(wide, "Surface")
    wait_for_query(wide, tab="surface")
    wide.go_back()
    wide.wait_for_selector("#tabs button[role=tab][aria-selected=true]:has-text('Learn')")
    wait_for_query(wide, tab="learn")
    wide.go_forward()
    wide.wait_for_selector("#tabs button[role=tab][aria-selected=true]:has-text('Surface')")
    assert wide.evaluate("window.stillHere")


def test_back_returns_to_the_model_before(wide, url: str) -> None:
    wide.goto(url + "?tab=learn")
    wide.click("button:has-text('Print without classes')")
    wait_for_query(wide, tab="print", model="ebm")
    wide.go_back()
    wide.wait_for_function("document.querySelector('#model input')?.value === 'tiny'")
    wide.wait_for_selector("#tabs button[role=tab][aria-selected=true]:has-text('Learn')")


def test_a_link_that_cannot_be_met_shows_the_page_all_the_same(wide, url: str) -> None:
    wide.goto(url + "?model=none&tab=strangers&sets=martians&threshold=NaN&score=luck")
    wide.wait_for_selector("#rates:has-text('noise')")


def test_a_lesson_opens_the_tab_in_its_state(wide) -> None:
    open_tab(wide, "Learn")
    wide.wait_for_selector(".lesson math")
    wide.click("button:has-text('Print without noise')")
    wide.wait_for_selector("#noise input[type=number]")
    wide.wait_for_function("document.querySelector('#noise input[type=number]').value === '0'")
    wait_for_query(wide, tab="print", sort="a", noise="0")
    assert wide.get_attribute("button[role=tab]:has-text('Print')", "aria-selected") == "true"


def test_doors_from_model_to_model_leave_no_figure_of_another(wide) -> None:
    open_tab(wide, "Learn")
    wide.click("button:has-text('Print without classes')")
    wide.wait_for_function("document.querySelector('#model input').value === 'ebm'")
    open_tab(wide, "Learn")
    wide.click("button:has-text('Look at the hardest strangers')")
    wide.wait_for_function("document.querySelector('#model input').value === 'tiny'")
    wide.wait_for_selector("#roc .legendtext:has-text('stripes')")
    shown = """() => {
        const of = (what) => [...document.querySelectorAll(what)].find((e) => e.textContent.includes('stripes'));
        const cell = of('#auroc tr')?.querySelector('td'), legend = of('#roc .legendtext');
        return Boolean(cell && legend?.textContent.includes(cell.innerText));
    }"""
    wide.wait_for_timeout(1000)  # what an event of another model would still change
    wide.wait_for_function(shown)


def test_a_model_is_brought_and_refused(wide, checkpoint) -> None:
    wide.set_input_files("#bring input[type=file], input[type=file][multiple]", [str(checkpoint)])
    wide.wait_for_selector("#model-said .problem:has-text('two files')")
    files = [str(checkpoint), str(checkpoint.with_suffix(".json"))]
    wide.set_input_files("#bring input[type=file], input[type=file][multiple]", files)
    wide.wait_for_function("document.querySelector('#model input').value.includes('(yours)')")
    assert wide.locator("#model-said .problem").count() == 0


def test_the_page_can_be_dark_and_stays_so(wide) -> None:
    dark = "document.body.classList.contains('dark')"
    was = wide.evaluate(dark)
    wide.click("#looks [data-do=theme]")
    assert wide.evaluate(dark) is not was
    wide.reload()
    wide.wait_for_function(f"{dark} === {'false' if was else 'true'}")


def test_a_lecture_shows_only_what_is_looked_at(wide, url: str) -> None:
    wide.goto(url + "?lecture=1&tab=print&sort=b")
    wide.wait_for_selector("#printed canvas")
    assert not wide.is_visible("#bar") and not wide.is_visible("#sort")
    wait_for_query(wide, lecture="1", sort="b")
    wide.click("#looks [data-do=lecture]")
    wide.wait_for_selector("#sort")
    wide.wait_for_function("!new URLSearchParams(location.search).has('lecture')")


def test_no_serious_finding_of_axe(page, url: str) -> None:
    """Every tab in light colours; in dark ones, and on a wide screen, the rules that are about colour."""
    page.goto(url)  # no tab opens by itself: what a link opens comes later than the page
    page.wait_for_selector("#reading .energy")
    found = []
    for tab in TABS:
        open_tab(page, tab)
        if tab == "Print":  # which prints by itself; buttons that are about to be usable are still pale
            page.wait_for_selector("#save-chains:not([disabled])")  # when the files are there, all is over
            page.wait_for_selector("#go:not([disabled])")
        if tab == "Strangers":  # as for Surface
            page.wait_for_selector("#roc .main-svg")
        if tab == "Surface":  # Gradio's place holder of a figure that is on its way has a label that means nothing
            page.wait_for_selector("#plane .main-svg")
        page.wait_for_function(NO_PLACEHOLDER)
        for theme in ("light", "dark") if page.viewport_size["width"] > 800 else ("light",):
            page.evaluate(f"window.glyphTheme('{theme}')")
            page.wait_for_function(NO_TRANSITION)
            rules = {} if theme == "light" else {"runOnly": OF_COLOUR}
            found += [f"{tab}, {theme}: {finding}" for finding in serious_findings(page, **rules)]
    assert found == []


def test_a_list_keeps_the_focus_and_what_is_typed_replaces_its_choice(wide) -> None:
    """Gradio lets the focus fall to nowhere, and appends what is typed to what was chosen."""
    open_tab(wide, "Print")
    box = wide.locator("#sort input").first
    box.click()
    wide.wait_for_function(  # its text is selected a moment after it has the focus
        "(() => { const box = document.querySelector('#sort input'); return box === document.activeElement"
        " && box.selectionStart === 0 && box.selectionEnd === box.value.length; })()"
    )
    wide.keyboard.type("o-bar")
    wide.keyboard.press("Enter")
    wide.wait_for_function("document.querySelector('#sort input').value.startsWith('o-bar')")
    wide.wait_for_function("document.activeElement.id === 'sort'")
    wide.keyboard.press("Tab")  # goes on from there
    assert wide.evaluate("document.querySelector('#sort').contains(document.activeElement)")


def test_figures_leave_their_titles_free_on_a_phone(page) -> None:
    open_tab(page, "Strangers")
    page.wait_for_selector("#histogram .js-plotly-plot .gtitle", state="attached")
    page.wait_for_selector(".modebar", state="attached")
    is_seen = any(bar.is_visible() for bar in page.locator(".modebar").all())
    assert is_seen == (page.viewport_size["width"] > 760)
