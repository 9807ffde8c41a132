"""Whatever file comes, through a program and through the page: the right reading or one sentence, within bounds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from helpers.app_pages import open_page
from helpers.bad_pictures import EITHER, READ, REFUSED, Case, slower_than_photo, write
from helpers.server import process

from app.middleware import LARGEST_FILE

MOST_MEMORY = 500 * 1024  # KiB


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Case, Path]]:
    """Every case that is small enough to be uploaded."""
    return [(case, path) for case, path in write(tmp_path_factory.mktemp("files")) if len(case.data) <= LARGEST_FILE]


@pytest.fixture(scope="module")
def server(checkpoint: Path) -> Iterator[tuple[int, str]]:
    """An explorer as a process of its own: its number and address."""
    with process(checkpoint) as (started, url):
        yield started.pid, url


def memory(pid: int, which: str) -> int:
    """VmRSS (now) or VmHWM (the most so far) of a process, in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(which))


def seconds(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="time and memory of a process are read from /proc")
def test_programs_get_a_reading_or_a_sentence(server: tuple[int, str], files: list[tuple[Case, Path]]) -> None:
    pid, url = server
    client = Client(url, verbose=False, download_files=False)
    plain = next(path for case, path in files if case.name == "plain.png")
    right = client.predict(handle_file(plain), api_name="/score")
    idle, wrong, took = memory(pid, "VmRSS"), [], {}
    for case, path in files:
        began, said, reading = seconds(pid), "", {}
        try:
            reading = client.predict(handle_file(path), api_name="/score")
        except AppError as error:
            said = str(error)
        took[case.name] = seconds(pid) - began
        if said:
            fine = case.outcome in (REFUSED, EITHER) and case.words in said and said.endswith(".")
            fine = fine and "/" not in said and len(said.splitlines()) == 1
        else:
            small = path.stat().st_size < 200_000 and not case.name.startswith("30-mega")
            same = not small or reading["energy"] == pytest.approx(
                right["energy"], abs=0.05 * abs(right["energy"]) + 0.01
            )
            fine = case.outcome == EITHER or (case.outcome == READ and same)
        if not fine:
            wrong.append((case.name, case.outcome, said or reading))
    assert wrong == [] and slower_than_photo(took) == {}
    assert memory(pid, "VmHWM") - idle < MOST_MEMORY


def test_the_page_shows_a_reading_or_a_sentence(wide, files: list[tuple[Case, Path]]) -> None:
    """Refused and read files take turns, so that each is seen to change the page."""
    pictures = [(case, path) for case, path in files if path.suffix not in (".txt", ".zip", ".pdf", ".eps", "")]
    kinds = {(c.outcome, c.words, path.suffix, c.name.isascii()): (c, path) for c, path in reversed(pictures)}
    pictures = list(kinds.values())  # one of each ending and each sentence: a program has sent them all
    refused = [pair for pair in pictures if pair[0].outcome == REFUSED]
    read = [pair for pair in pictures if pair[0].outcome == READ]
    assert len(refused) >= 12 and len(read) >= 8
    for k in range(max(len(refused), len(read))):
        case, path = refused[k % len(refused)]
        show(wide, path)
        named = case.name if not case.words and not case.name.startswith("float") else case.words
        wide.wait_for_selector("#reading .problem:visible")
        wide.wait_for_function(
            "words => document.querySelector('#reading .problem').innerText.includes(words)", arg=named
        )
        said = wide.inner_text("#reading .problem")
        assert len(said.splitlines()) == 1 and said.endswith(".") and "/" not in said, said
        case, path = read[k % len(read)]
        show(wide, path)
        wide.wait_for_selector("#reading .problem", state="detached")
        assert wide.inner_text("#reading .energy")
    assert wide.query_selector("[data-testid=toast-body]") is None


def show(page, path: Path) -> None:
    page.set_input_files("#upload input[type=file]", path)


@pytest.fixture
def fresh(browser, url: str) -> Iterator:
    """A page on which nothing has been uploaded."""
    yield from open_page(browser, url, 1280)


def test_files_that_are_no_pictures_by_name_or_too_large_are_told_so(fresh, files, tmp_path: Path) -> None:
    before = fresh.inner_text("#reading")
    fresh.evaluate(  # a toast is shown for ten seconds only, which a busy page may miss
        "new MutationObserver(() => { window.told += document.querySelector('[data-testid=toast-body]')?.innerText; })"
        ".observe(document.body, { childList: true, subtree: true })"
    )
    (tmp_path / "large.png").write_bytes(bytes(LARGEST_FILE + 1))
    for path, words in (
        (tmp_path / "large.png", "maximum allowed size of 25"),
        (_named(files, "bomb.zip"), "file type"),
    ):
        fresh.evaluate("window.told = ''")
        show(fresh, path)
        fresh.wait_for_function("words => window.told.includes(words)", arg=words)
        assert "/" not in fresh.evaluate("window.told").replace("image/*", "")
        fresh.evaluate("document.querySelector('[data-testid=toast-close]')?.click()")
        fresh.wait_for_selector("[data-testid=toast-body]", state="detached")
    assert fresh.inner_text("#reading") == before


def _named(files: list[tuple[Case, Path]], name: str) -> Path:
    return next(path for case, path in files if case.name == name)
