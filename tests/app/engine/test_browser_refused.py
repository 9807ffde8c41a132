"""A browser that refuses the engine its memory, code or file: the server reads and prints, and the page says why."""

from collections.abc import Callable

import pytest
from helpers.app_pages import WatchedPage, draw, open_tab, wait_until

NO_MEMORY = "WebAssembly.Instance = class { constructor() { throw new RangeError('Out of memory'); } };"
DONE = "document.querySelector('#print-by-engine .said')?.innerText.includes('Read back')"
BY_SERVER = "document.querySelector('#print-status')?.innerText.includes('Read back')"


def without_memory(page, after: int = 0) -> None:
    """So many workers get memory, and all later ones get none."""
    count = iter(range(1000))

    def answer(route) -> None:
        refusal = NO_MEMORY if next(count) >= after else ""  # before the fetch, during which other requests are handled
        got = route.fetch()
        route.fulfill(response=got, body=refusal + got.text())

    page.route("**/engine/worker.js", answer)


def with_broken_code(page) -> None:
    page.route("**/engine/engine.wasm", lambda route: route.fulfill(body=route.fetch().body()[:1000]))


def without_file(page) -> None:
    page.route("**/engine/engine.wasm", lambda route: route.fulfill(status=503))


REFUSALS = {without_memory: "no memory", with_broken_code: "could not compile", without_file: "could not be fetched"}


@pytest.fixture(scope="module")
def url(serving, model):
    with serving(model[0]) as address:
        yield address


@pytest.mark.parametrize(("refuse", "why"), REFUSALS.items(), ids=REFUSALS.values())
def test_the_server_reads_and_prints_where_the_engine_is_refused(browser, url, refuse: Callable, why: str) -> None:
    watched = WatchedPage(browser, 1280)
    page = watched.page
    refuse(page)
    page.goto(url)
    page.wait_for_selector("#sketch canvas[data-ready]")
    draw(page, [(0.4, 0.2), (0.4, 0.8)])
    wait_until(page, "async () => Boolean((await (await glyphImport('engine/page.js')).model()).why)")  # it was refused
    page.wait_for_selector("#reading .energy")
    open_tab(page, "Print")
    page.wait_for_function(BY_SERVER)
    said = page.inner_text("#print-by-engine .why")
    assert why in said and said.endswith("so the server reads and prints.")
    watched.problems = [problem for problem in watched.problems if "503" not in problem]  # the browser itself says it
    watched.check()
    page.close()


def test_where_only_printing_is_refused_the_server_prints(browser, url) -> None:
    watched = WatchedPage(browser, 1280)
    page = watched.page
    without_memory(page, after=1)  # the first worker reads
    page.goto(url)
    page.wait_for_selector("body.by-engine #live .energy")
    open_tab(page, "Print")
    page.wait_for_selector("#print-by-engine .why:has-text('Press Print again')")
    page.click("#go")
    page.wait_for_function(BY_SERVER)
    watched.check()
    page.close()


def test_a_run_whose_second_worker_is_refused_needs_one(browser, url) -> None:
    watched = WatchedPage(browser, 1280)
    page = watched.page
    page.add_init_script("Object.defineProperty(navigator, 'hardwareConcurrency', { value: 4 })")
    without_memory(page, after=2)  # the second prints
    page.goto(url)
    page.wait_for_selector("body.by-engine #live .energy")
    open_tab(page, "Print")
    page.wait_for_function(DONE)
    assert page.inner_text("#print-by-engine .why") == ""
    watched.check()
    page.close()
