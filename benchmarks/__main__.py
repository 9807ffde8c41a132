"""The command line: python -m benchmarks SUITE; without one it lists the suites."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ebm.system.places import DEFAULT_CHECKPOINT

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="The speed figures, each against a peer or a target."
)

WIDE = 140  # columns of tables that go into a file

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Of torch; by default as many as torch takes.")]
Device = Annotated[str, typer.Option(help="cpu or cuda.")]
Rounds = Annotated[int, typer.Option(min=1, help="Interleaved runs of each.")]


@app.command("setup")
def setup_command() -> None:
    """Installs the peers, each into an environment of its own under .venv-peers."""
    from benchmarks.peers import environments as peers

    for peer in peers.PACKAGES:
        peers.install(peer)
        print(f"{peer} {peers.installed(peer)}")


@app.command("sgld")
def sgld_command(
    batch: Annotated[list[int] | None, typer.Option(help="Only this batch; may be repeated.")] = None,
    width: Annotated[list[int] | None, typer.Option(help="Only this width; may be repeated.")] = None,
    mode: Annotated[list[str] | None, typer.Option(help="Only equal or best; may be repeated.")] = None,
    peer: Annotated[list[str] | None, typer.Option(help="Only this peer; may be repeated.")] = None,
    device: Device = "cpu",
    threads: Threads = None,
    seconds: Annotated[float, typer.Option(help="About how long a run of the slowest takes.")] = 1.0,
    rounds: Rounds = 7,
    warm_up: Annotated[float, typer.Option(help="Seconds that each is run before anything counts.")] = 1.0,
    chains: Annotated[int, typer.Option(help="Of the check that all have the same distribution.")] = 1024,
    as_json: AsJson = False,
) -> None:
    """The sampler against its peers, on the same weights, and against the machine's floor."""
    from benchmarks.measuring import tables
    from benchmarks.peers import environments as processes
    from benchmarks.suites import sgld

    processes.check(peer or [])
    plan = sgld.Plan(
        batches=tuple(batch or sgld.BATCHES), widths=tuple(width or sgld.WIDTHS), modes=tuple(mode or sgld.MODES),
        peers=tuple(peer or sgld.PEERS), device=device, threads=_threads(threads), seconds=seconds, rounds=rounds,
        warm_up=warm_up, chains=chains,
    )  # fmt: skip
    report = sgld.measure(plan, _say)
    found = {"plan": asdict(plan)} | asdict(report) | {"failures": report.failures}
    _finish("sgld", device, plan.threads, found, tables.show_sgld, as_json)


@app.command("train")
def train_command(
    steps: Annotated[int, typer.Option(help="Optimiser steps a run.")] = 10,
    rounds: Rounds = 5,
    accuracy: Annotated[bool, typer.Option(help="Also train ours to 98 % validation accuracy: minutes.")] = True,
    device: Device = "cpu",
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Optimiser steps per second against the notebook's step, and time to 98 % validation accuracy."""
    from benchmarks.measuring import tables
    from benchmarks.suites import train

    threads = _threads(threads)
    found = train.measure(device=device, threads=threads, steps=steps, rounds=rounds, accuracy=accuracy, say=_say)
    _finish("train", device, threads, found, tables.show_report, as_json)


@app.command("buffer")
def buffer_command(
    batch: Annotated[list[int] | None, typer.Option(help="Chains a draw; may be repeated.")] = None,
    per_class: Annotated[int, typer.Option(help="Slots for each of 42 classes.")] = 60,
    rounds: Rounds = 9,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """The replay buffer against the notebook's list of tensors."""
    from benchmarks.measuring import tables
    from benchmarks.suites import buffer

    threads = _threads(threads)
    found = buffer.measure(batches=tuple(batch or (64, 256)), per_class=per_class, rounds=rounds, threads=threads)
    _finish("buffer", "cpu", threads, found, tables.show_report, as_json)


@app.command("data")
def data_command(
    glyphs: Annotated[int, typer.Option(help="Of the pen corpus a round.")] = 200,
    rounds: Rounds = 5,
    whole: Annotated[bool, typer.Option(help="Also make the whole corpus, on all cores: about a minute.")] = True,
    as_json: AsJson = False,
) -> None:
    """Glyphs per second of the pen corpus and of reading pictures."""
    from benchmarks.measuring import tables
    from benchmarks.suites import data

    found = data.measure(glyphs=glyphs, rounds=rounds, whole=whole, say=_say)
    _finish("data", "cpu", 1, found, tables.show_report, as_json)


@app.command("pages")
def pages_command(
    pages: Annotated[int, typer.Option(help="Of 200 glyphs each.")] = 1000,
    workers: Annotated[int, typer.Option(min=0, help="Reading processes.")] = 1,
    folder: Annotated[Path | None, typer.Option(help="For the pages and the case, else a temporary one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Made pages into one case, with a kill -9 half-way and a resume; the memory over the pages."""
    from benchmarks.measuring import tables
    from benchmarks.suites import pages as suite

    found = suite.measure(pages=pages, workers=workers, folder=folder, say=_say)
    _finish("pages", "cpu", 1, found, tables.show_report, as_json)


@app.command("app")
def app_command(
    checkpoint: Annotated[Path, typer.Option(help="Of the first page.")] = DEFAULT_CHECKPOINT,
    starts: Annotated[int, typer.Option(help="Of the server.")] = 3,
    scores: Annotated[int, typer.Option(help="Requests.")] = 100,
    rounds: Rounds = 5,
    generations: Annotated[int, typer.Option(help="Short ones, over which the server's memory is watched.")] = 100,
    browser: Annotated[bool, typer.Option(help="Count frames in a real browser.")] = True,
    as_json: AsJson = False,
) -> None:
    """What a visitor of the explorer waits for, and what the server keeps of visitors."""
    from benchmarks.measuring import tables
    from benchmarks.suites import app as explorer

    found = explorer.measure(
        checkpoint, starts=starts, scores=scores, rounds=rounds, generations=generations, browser=browser, say=_say
    )
    _finish("app", "cpu", _threads(None), found, tables.show_report, as_json)


@app.command("load")
def load_command(
    checkpoint: Annotated[Path, typer.Option(help="Of the first page.")] = DEFAULT_CHECKPOINT,
    scores: Annotated[int, typer.Option(help="Over which the server's memory is watched.")] = 10_000,
    generations: Annotated[int, typer.Option(help="Short ones, over which it is watched too.")] = 1_000,
    as_json: AsJson = False,
) -> None:
    """Many visitors of the explorer at once, some of whom vanish, and its memory after thousands of calls."""
    from benchmarks.measuring import tables
    from benchmarks.suites import load

    found = load.measure(checkpoint, scores=scores, generations=generations, say=_say)
    _finish("load", "cpu", _threads(None), found, tables.show_report, as_json)


@app.command("gpu")
def gpu_command(
    device: Annotated[str, typer.Option(help="cuda; cpu tries the suite itself.")] = "cuda",
    minutes: Annotated[float, typer.Option(help="For everything together.")] = 9.0,
    out: Annotated[Path | None, typer.Option(help="Folder that keeps the trained checkpoint.")] = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """What a machine with a GPU is asked once: sampler, scoring in bulk, a training; at most nine minutes."""
    from benchmarks.measuring import tables
    from benchmarks.suites import gpu

    threads = _threads(threads)
    found = gpu.measure(gpu.Plan(device=device, threads=threads, minutes=minutes, out=str(out) if out else None), _say)
    _finish("gpu", device, threads, found, tables.show_report, as_json)


@app.command("adapt")
def adapt_command(
    real: Annotated[Path, typer.Option(help="Crops: glyphs/<sort>/ and strangers/<name>/, files named BOOK_....png.")],
    checkpoint: Annotated[Path, typer.Option(help="The joint model that is adapted.")] = DEFAULT_CHECKPOINT,
    data: Annotated[str, typer.Option(help="What it was trained on.")] = "pen",
    count: Annotated[list[int] | None, typer.Option(min=1, help="Glyphs a sort; may be repeated.")] = None,
    draws: Annotated[int, typer.Option(min=1, help="Random choices of these glyphs.")] = 5,
    book: Annotated[list[str] | None, typer.Option(help="Only this book; may be repeated.")] = None,
    rounds: Annotated[int, typer.Option(min=0, help="Of the loop: propose, correct, adapt again.")] = 0,
    steps: Annotated[int, typer.Option(min=1, help="Of an adaptation: 300 take 50 CPU seconds.")] = 300,
    out: Annotated[Path | None, typer.Option(help="Written after every adaptation, and gone on with.")] = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """How well an adapted model reads a book, against the glyphs shown, a nearest neighbour and a linear SVM."""
    import torch

    from benchmarks.measuring import machine, tables
    from benchmarks.suites import adapt

    torch.set_num_threads(threads := _threads(threads))
    plan = adapt.Plan(
        real, checkpoint, data, tuple(count or adapt.Plan.counts), draws, tuple(book or ()), rounds, steps
    )
    found = adapt.measure(plan, out=out, facts=machine.facts("cpu", threads), say=_say)
    _finish("adapt", "cpu", threads, found, tables.show_adapt, as_json)


@app.command("joint")
def joint_command(
    out: Annotated[
        Path, typer.Option(help="Folder of networks, pictures and rows; a peer with a row is not run again.")
    ],
    minutes: Annotated[float, typer.Option(min=0, help="Of processor time, for each peer's training.")] = 45.0,
    peer: Annotated[list[str] | None, typer.Option(help="Only this peer; may be repeated.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option(help="Of a peer, as torchebm.flow_share=1; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The peers' own ways to train a joint model, for the processor time of ours: hours."""
    import torch

    from benchmarks.measuring import tables
    from benchmarks.peers import environments as processes
    from benchmarks.suites import joint

    processes.check(peer or [])
    torch.set_num_threads(1)
    plan = joint.Plan(out, minutes, tuple(peer or joint.PEERS), settings=joint.settings_of(setting or []))
    found = joint.measure(plan, _say)
    _finish("joint", "cpu", 1, found, tables.show_joint, as_json)


@app.command("results")
def results_command() -> None:
    """Writes the tables of benchmarks/README.md and docs/api.md from the reports in benchmarks/results."""
    from benchmarks.measuring import markdown

    for page in markdown.PAGES:
        page.write_text(markdown.filled(page.read_text(encoding="utf-8")), encoding="utf-8")
        print(f"Wrote {page}")


def _threads(asked: int | None) -> int:
    """How many threads torch uses."""
    import torch

    return asked or torch.get_num_threads()


def _say(line: str) -> None:
    print(f"Measuring {line} ...", file=sys.stderr, flush=True)


def _finish(
    suite: str,
    device: str,
    threads: int,
    found: dict[str, Any],
    show: Callable[[Console, dict[str, Any]], None],
    as_json: bool,
) -> None:
    """Prints a report, as tables or as JSON; a check that failed ends with exit code 1."""
    from benchmarks.measuring import machine, tables

    report = {"suite": suite, "machine": machine.facts(device, threads)} | found
    if as_json:
        print(json.dumps(report))
    else:
        console = Console(width=None if sys.stdout.isatty() else WIDE)
        tables.show_machine(console, report["machine"])
        show(console, report)
    for sentence in [*report.get("left_out", []), *report.get("failures", [])]:
        print(sentence, file=sys.stderr)
    if report.get("failures"):
        raise typer.Exit(1)


def main() -> None:
    """Runs the command line; a ValueError is one sentence and exit code 2, never a traceback."""
    from ebm.system.malloc import keep_freed_memory

    keep_freed_memory()
    try:
        app()
    except (ValueError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
