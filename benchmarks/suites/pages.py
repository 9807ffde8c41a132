"""Suite `pages`: a thousand made pages into one case, with a kill -9 half-way and a resume; memory over the pages."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measuring.figure import figure
from benchmarks.measuring.machine import resident_bytes

LINES, LETTERS = 10, 20
KINDS = 20  # pages that are drawn; the others are copies under names of their own
GROWTH = 0.1  # of the memory, that counts as flat
Say = Callable[[str], None]
Sample = tuple[int, int]  # pages done, bytes


def measure(*, pages: int, workers: int, folder: Path | None = None, say: Say = lambda line: None) -> dict[str, Any]:
    """Measures the rate, the memory and what a kill costs.

    Args:
        pages: their number; each has 200 glyphs.
        workers: reading processes.
        folder: for the pages and the case, new or empty; by default a temporary one.
        say: called with a line of text about the next step.

    Returns:
        the figures.

    Raises:
        ValueError: for less than 20 pages, or a run that failed.
    """
    if pages < KINDS:
        raise ValueError(f"At least {KINDS} pages are needed, not {pages}.")
    with tempfile.TemporaryDirectory(dir=folder) as name:
        scans, case = Path(name) / "scans", Path(name) / "case"
        say(f"{pages:,} pages being drawn")
        _draw(scans, pages)
        command = [sys.executable, "-m", "ebm", "page", str(scans), "--out", str(case), "--workers", str(workers)]
        say(f"the first half of {pages:,} pages, until kill -9")
        first = _run(command, case, stop_at=pages // 2)
        say("the second half")
        second = _run(command, case, stop_at=None)
        return {
            "figures": _figures(pages, case, first, second),
            "samples": [run["samples"][::20] for run in (first, second)],
        }


def _draw(folder: Path, pages: int) -> None:
    from ebm.data.synthetic.made_page import make_page

    folder.mkdir()
    for k in range(KINDS):
        make_page(LINES, LETTERS, seed=k).picture.save(folder / f"{k:06}.jpg", quality=90)
    for k in range(KINDS, pages):
        shutil.copy(folder / f"{k % KINDS:06}.jpg", folder / f"{k:06}.jpg")


def _run(command: list[str], case: Path, stop_at: int | None) -> dict[str, Any]:
    """Runs a command to its end, or kills it when so many pages are done; its samples, seconds and pages done."""
    parts = case.with_name(case.name + ".parts") / "parts"
    samples: list[Sample] = []
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)
        while process.poll() is None:
            time.sleep(0.2)
            done = len(list(parts.glob("*.parquet")))
            samples.append((done, family_bytes(process.pid)))
            if stop_at is not None and done >= stop_at:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        errors.seek(0)
        if process.returncode not in (0, -signal.SIGKILL):
            raise ValueError(errors.read().decode(errors="replace").strip().splitlines()[-1])
    return {"samples": samples, "seconds": time.perf_counter() - begun, "done": len(list(parts.glob("*.parquet")))}


def family_bytes(pid: int) -> int:
    """Resident memory of a process and its children; what they share counts for each."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
        return resident_bytes(pid) + sum(family_bytes(int(child)) for child in children)
    except (ValueError, OSError):
        return 0  # it has just ended


def _at(samples: list[Sample], low: float, high: float) -> float:
    """The median memory while a number of pages was done, in MiB."""
    return median(size for done, size in samples if low <= done <= high and size) / 2**20


def _figures(pages: int, case: Path, first: dict[str, Any], second: dict[str, Any]) -> list[dict[str, Any]]:
    from pyarrow import parquet

    half, killed_at = pages // 2, first["done"]
    rate = 60 * pages / (first["seconds"] + second["seconds"])
    start, middle = _at(first["samples"], 0.02 * pages, 0.1 * pages), _at(first["samples"], 0.8 * half, half)
    end = _at(second["samples"], 0.9 * pages, pages - 1)
    laying = [size for done, size in second["samples"] if done in (0, pages)]
    glyphs = parquet.read_metadata(case / "glyphs.parquet").num_rows
    files = parquet.read_table(case / "glyphs.parquet", columns=["file"])["file"].to_pylist()
    there = sum((case / file).is_file() for file in files)
    scans = parquet.read_table(case / "pages.parquet", columns=["file"])["file"].to_pylist()
    return [
        figure("pages", pages, ""),
        figure("pages a minute, start-up and laying out included", rate, "1/min"),
        figure("memory at 2 to 10 % of the pages", start, "MiB"),
        figure("memory just before the kill", middle, "MiB"),
        figure("memory at 90 to 100 % of the pages, after the resume", end, "MiB"),
        figure("growth of the memory", max(middle, end) / start - 1, "", at_most=GROWTH),
        figure("memory while the case is laid out, at most", max(laying, default=0) / 2**20, "MiB"),
        figure("pages done when it was killed", killed_at, ""),
        figure("pages in the case, each once", len(set(scans)), "", at_least=pages),
        figure("glyphs in the table", glyphs, "", at_least=pages * LINES * LETTERS),
        figure("glyphs in the table that have a file of their own", min(there, len(set(files))), "", at_least=glyphs),
    ]  # fmt: skip
