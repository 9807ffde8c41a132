"""What the browser tests share: the pages themselves, drawing on the pad, waiting for a change."""

import base64
from collections.abc import Iterator
from urllib.parse import urlparse

import numpy as np

PATIENCE = 120_000  # milliseconds that a page may take on a busy machine; no test is about speed

# Gradio closes its streams when a page is left, and that page then writes to the console that they were closed.
# It also asks how far an upload is after that was refused. Then the answer is 404, if the question comes late.
UPLOAD = "/upload_progress"
NOT_OURS = """addEventListener('beforeunload', () => {
    const say = console.error;
    console.error = (what, ...more) => {
        const broken = what === 'Unexpected error' && `${more[0]}`.startsWith('Connection errored out');
        if (what?.name !== 'AbortError' && !broken) say(what, ...more);
    };
});
{
    const say = console.error;
    console.error = (what, ...more) => {
        if (!(what instanceof Response && what.status === 404 && what.url.includes('UPLOAD'))) say(what, ...more);
    };
}""".replace("UPLOAD", UPLOAD)


def draw(page, points: list[tuple[float, float]]) -> None:
    """One stroke on the pad, in fractions of its side."""
    page.wait_for_selector("#sketch canvas[data-ready]")
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
    page.wait_for_function("([s, b]) => document.querySelector(s).innerText != b", arg=[selector, before])
    return page.inner_text(selector)


def wait_until(page, script: str, arg: object = None) -> None:
    """Waits until an asynchronous function of the page gives true; `wait_for_function` takes its promise for that."""
    for _ in range(PATIENCE // 50):
        if page.evaluate(script, arg):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"this did not come true: {script}")


def values_of(page, script: str, arg: object = None, dtype: type = np.float32) -> np.ndarray:
    """The values of a typed array that an asynchronous function of the page gives, as they lie in memory.

    They come as one text: a list of numbers takes Playwright seconds, since it takes it apart number by number.
    """
    text = page.evaluate(
        f"""async (arg) => {{
            const {{ buffer, byteOffset, byteLength }} = await ({script})(arg);
            const bytes = new Uint8Array(buffer, byteOffset, byteLength);
            return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
        }}""",
        arg,
    )
    return np.frombuffer(base64.b64decode(text), dtype).copy()


def serious_findings(page, **options) -> list[str]:
    """What axe finds serious on the page, one line for each element.

    Args:
        page: as it is now.
        options: of axe's `run`.
    """
    from axe_playwright_python.sync_playwright import Axe  # a machine without browsers has no Playwright

    found = Axe().run(page, options={"resultTypes": ["violations"]} | options)  # it lists nothing of what is right
    return [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in found.response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def open_tab(page, title: str) -> None:
    """Opens a tab by its title and waits until it is open.

    On a phone it may be in the menu of those that have no room, or be on its way there.
    """
    from playwright.sync_api import TimeoutError as OutOfReach  # a machine without browsers has no Playwright

    tab = page.locator(f"#tabs button[role=tab]:has-text('{title}')").first
    menu = page.locator("#tabs .overflow-menu button").first
    page.wait_for_selector("#tabs button[role=tab]")
    for _ in range(PATIENCE // 5000):  # a click may come too early on a busy machine
        try:
            if not tab.is_visible() and menu.is_visible():
                menu.click(timeout=5000)
                page.locator(f"#tabs .overflow-dropdown button:has-text('{title}')").first.click(timeout=5000)
            else:
                tab.click(timeout=5000)
            break
        except OutOfReach:
            continue
    page.wait_for_selector(f"#tabs button[role=tab][aria-selected=true]:has-text('{title}')", state="attached")


class WatchedPage:
    """A page that is seen to have no errors, no outside requests, and never more than the width of its window.

    Args:
        browser: whose pages share a cache, so that only the first has to load and compile everything.
        width: of the window.
    """

    def __init__(self, browser, width: int):
        self.page, self.width = browser.new_page(), width
        self.problems: list[str] = []
        self.hosts: set[str] = set()
        self.page.add_init_script(NOT_OURS)
        self.page.set_viewport_size({"width": width, "height": 844})
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on("request", self._note)

    def _hear(self, said) -> None:
        if said.type == "error" and UPLOAD not in said.location.get("url", ""):
            self.problems.append(said.text)

    def _note(self, sent) -> None:
        if sent.url.startswith("http"):
            self.hosts.add(urlparse(sent.url).hostname or "")

    def load(self, url: str) -> None:
        """Opens the explorer and waits for the reading of an example."""
        self.page.goto(url)
        self.page.wait_for_selector("#reading .energy")

    def check(self) -> None:
        """Fails where something was wrong since the last check."""
        problems, self.problems = self.problems, []
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= self.width, "the page is wider than the window"
        assert problems == [], "the page said: " + "; ".join(problems)
        assert self.hosts == {"127.0.0.1"}

    def forget(self) -> None:
        """Leaves nothing to whoever comes next: no choices kept in the browser, and an empty page, which is idle."""
        self.page.evaluate("localStorage.clear()")
        self.page.goto("about:blank")


class SharedPages:
    """A page of each width, loaded once for the tests of a file, which find it as the one before left it.

    Args:
        browser, url: of the explorer.
    """

    def __init__(self, browser, url: str):
        self.browser, self.url, self.file = browser, url, ""
        self.pages: dict[int, WatchedPage] = {}
        self.loaded: set[int] = set()

    def lend(self, width: int, request) -> Iterator:
        """The page of a width, loaded anew for the first test of a file and after one that has failed."""
        if self.file != request.path:
            for used in self.loaded:
                self.pages[used].forget()
            self.file, self.loaded = request.path, set()
        if width not in self.pages:
            self.pages[width] = WatchedPage(self.browser, width)
        if width not in self.loaded:
            self.pages[width].load(self.url)
            self.loaded.add(width)
        failed = request.session.testsfailed
        self.pages[width].page.bring_to_front()  # what is behind another page is not animated
        yield self.pages[width].page
        if request.session.testsfailed > failed:
            self.pages.pop(width).page.close()
            self.loaded.discard(width)
        else:
            self.pages[width].check()


def open_page(browser, url: str, width: int) -> Iterator:
    """A page of its own, watched as every page is."""
    watched = WatchedPage(browser, width)
    watched.load(url)
    yield watched.page
    watched.check()
    watched.forget()
    watched.page.close()
