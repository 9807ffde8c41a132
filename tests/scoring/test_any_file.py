"""Whatever file comes, through Python and the command line: the right reading or one sentence, within bounds."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from helpers.bad_pictures import EITHER, READ, Case, slower_than_photo, write
from helpers.command_line import run

import ebm

MOST_MEMORY = 500 * 2**20


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Case, Path]]:
    """At least sixty files, most of them no pictures of a letter."""
    files = write(tmp_path_factory.mktemp("files"))
    assert len(files) >= 60 and len({case.name for case, _ in files}) == len(files)
    return files


def fits(case: Case, said: str | None) -> bool:
    """Whether a refusal (None: it was read) is what a case should get: one sentence on that file."""
    if said is None:
        return case.outcome in (READ, EITHER)
    one = len(said.splitlines()) == 1 and len(said) < 400 and "Traceback" not in said
    return case.outcome != READ and case.words in said and one


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_python_reads_the_letter_or_says_what_is_wrong(files: list[tuple[Case, Path]]) -> None:
    letter = ebm.to_glyph(next(path for case, path in files if case.name == "plain.png"))
    wrong, took = [], {}
    for case, path in files:
        began = time.process_time()
        said, glyph = None, letter
        try:
            glyph = ebm.to_glyph(path)
        except ValueError as error:
            said = str(error)
        took[case.name] = time.process_time() - began
        alike = case.outcome != READ or torch.mean((glyph - letter).abs()) < 0.03
        if not fits(case, said) or not alike:
            wrong.append((case.name, case.outcome, said))
    assert wrong == [] and slower_than_photo(took) == {}


def _peak_memory(*arguments: object) -> tuple[int, str, str]:
    """Bytes that a command held at most, what it printed, and its errors."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ebm", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stderr is not None
    printed, errors = process.stdout.read(), process.stderr.read()
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return used.ru_maxrss * (1 if sys.platform == "darwin" else 1024), printed, errors


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of a process's memory is asked of the kernel")
def test_the_command_line_gives_every_file_a_line(files: list[tuple[Case, Path]], tiny) -> None:
    model, *_ = tiny
    plain = next(path for case, path in files if case.name == "plain.png")
    idle, one, _ = _peak_memory("score", plain, "--json", "--checkpoint", model)
    assert json.loads(one)["energy"] is not None
    peak, printed, errors = _peak_memory("score", *(path for _, path in files), "--json", "--checkpoint", model)
    lines = [json.loads(line) for line in printed.splitlines()]
    assert [line["file"] for line in lines] == [str(path) for _, path in files]
    wrong = [
        (case.name, line) for (case, _), line in zip(files, lines, strict=True) if not fits(case, line.get("error"))
    ]
    assert wrong == [] and errors == ""
    assert peak - idle < MOST_MEMORY


def test_a_refused_file_makes_the_exit_code_one(files: list[tuple[Case, Path]], tiny) -> None:
    model, *_ = tiny
    named = {case.name: path for case, path in files}
    table, _ = run("score", named["plain.png"], named["text.png"], "--checkpoint", model, code=1)
    assert "text.png is not a picture" in table
