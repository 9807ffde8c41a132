"""Many scans into one case: folders, lists, bad ones as rows; no kill or number of processes changes the case."""

import signal
from pathlib import Path

import pytest
from helpers.command_line import run, run_process
from helpers.forked import Forked, end_once_there_is
from helpers.made_page import make_page
from pyarrow import parquet

GLYPHS = 4 * 6 * 10


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """A folder of six pages of 40 glyphs in two sub-folders, two of one name, with a transcription and a text."""
    folder = tmp_path_factory.mktemp("scans")
    for k in range(6):
        path = folder / f"volume-{k // 3}" / f"{k % 3}.png"
        path.parent.mkdir(exist_ok=True)
        make_page(lines=4, letters=10, seed=k, rubric=False).picture.save(path)
    (folder / "volume-0" / "note.txt").write_text("no page")
    return folder


def contents(case: Path) -> dict[str, bytes]:
    return {path.relative_to(case).as_posix(): path.read_bytes() for path in case.rglob("*.png")}


def rows(case: Path, table: str) -> list[dict]:
    return parquet.read_table(case / table).to_pylist()


def options(case: Path) -> tuple[object, ...]:
    return ("--out", case, "--turn", 0, "--workers", 1)


@pytest.fixture(scope="module")
def whole(scans, tmp_path_factory):
    case = tmp_path_factory.mktemp("whole") / "case"
    printed, told = run("page", scans, *options(case), code=1)
    assert printed.count("4 lines, 40 glyphs") == 6 and "note.txt" in told
    return case


def test_a_folder_becomes_one_case_with_a_row_for_every_page(whole, scans):
    pages, glyphs = rows(whole, "pages.parquet"), rows(whole, "glyphs.parquet")
    names = ["volume-0/0.png", "volume-0/1.png", "volume-0/2.png", "volume-0/note.txt"]
    names += [f"volume-1/{k}.png" for k in range(3)]
    assert [page["file"] for page in pages] == [str(scans / name) for name in names]
    assert [page["file"] for page in pages if page["error"]] == [str(scans / "volume-0/note.txt")]
    assert [page["shown_as"] for page in pages][-2:] == ["page-005-1", "page-006-2"]
    assert sum(page["glyphs"] or 0 for page in pages) == len(glyphs) == GLYPHS
    assert {glyph["file"] for glyph in glyphs} == {name for name in contents(whole) if "-line-" in name}
    assert len({glyph["scan"] for glyph in glyphs}) == 6  # where `page` has two of each name


def test_few_is_decided_by_the_glyphs_of_all_pages(whole):
    for kind, wanted in (("glyphs", lambda count: count >= 7), ("few", lambda count: count < 7)):
        for folder in (whole / kind).iterdir() if (whole / kind).is_dir() else ():
            assert wanted(len(list(folder.iterdir())))
    assert any((whole / "glyphs").iterdir())


def test_a_list_gives_the_same_case_as_its_folder(whole, scans, tmp_path):
    names = [row["file"] for row in rows(whole, "pages.parquet")]
    (tmp_path / "list.txt").write_text("\n".join(names))
    run("page", f"@{tmp_path / 'list.txt'}", *options(tmp_path / "case"), code=1)
    assert contents(tmp_path / "case") == contents(whole)


def _until_two_pages(parts: Path, *arguments: object) -> None:
    """Kills itself when the second page is done."""
    end_once_there_is(parts, "000000000001-*.parquet", signal.SIGKILL)
    run("page", *arguments)


@pytest.mark.parametrize("processes", [1, 2])
def test_after_a_kill_the_same_command_finishes_the_same_case(whole, scans, tmp_path, processes):
    case, work = tmp_path / "case", tmp_path / "case.parts"
    process = Forked(_until_two_pages, work / "parts", scans, *options(case), log=tmp_path / "log")
    assert process.wait(600) == -signal.SIGKILL, process.log.read_text()
    done = {path: path.stat().st_mtime_ns for path in (work / "parts").iterdir()}
    assert len(done) >= 2 and not case.exists()
    resumed = run if processes == 1 else run_process
    printed, _ = resumed("page", scans, *options(case), "--devices", processes, code=1)
    assert printed.count("40 glyphs") <= 6 - 2  # the pages that were done are not read again
    assert contents(case) == contents(whole)
    for table in ("glyphs.parquet", "pages.parquet"):
        for found, expected in zip(rows(case, table), rows(whole, table), strict=True):
            assert found == {key: pytest.approx(value, abs=1e-4) for key, value in expected.items()}
    assert not work.exists()


def test_where_no_scan_can_be_read_nothing_is_left(tmp_path):
    (tmp_path / "in").mkdir()
    run("page", tmp_path / "in", "--out", tmp_path / "case", code=2)
    (tmp_path / "in" / "note.txt").write_text("no page")
    run("page", tmp_path / "in", "--out", tmp_path / "case", code=1)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
