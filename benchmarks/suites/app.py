"""Suite `app`: how long visitors of the explorer wait, and how much memory the server keeps."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import linear_regression, median
from typing import Any

import numpy as np
import torch
from PIL import Image

import ebm
from benchmarks.explorer import browser as app_browser
from benchmarks.explorer.server import (
    GENERATION,
    Server,
    generate,
    generate_together,
    memory_of_visitors,
    memory_over,
    score_seconds,
    serve,
)  # fmt: skip
from benchmarks.measuring import timing
from benchmarks.measuring.figure import figure
from ebm.checkpoint.examples import load_examples

VISITORS = 10
GROWTH = 20.0  # mebibytes of growth over all short generations that an allocator may keep
Say = Callable[[str], None]


def measure(
    checkpoint: Path, *, starts: int, scores: int, rounds: int, generations: int, browser: bool,
    say: Say = lambda line: None,
) -> dict[str, Any]:  # fmt: skip
    """Measures everything that a visitor waits for.

    Args:
        checkpoint: of the first page.
        starts: number of starts of the server.
        scores: number of requests for a score.
        rounds: generations of each kind.
        generations: short generations over which the server's memory is watched, at least 2.
        browser: whether to use a browser.
        say: called with a line of text about the next step.

    Returns:
        the figures, and what was left out.

    Raises:
        ValueError: for a checkpoint that cannot be used, or numbers below 1.
    """
    if min(starts, scores, rounds) < 1 or generations < 2:
        raise ValueError("Starts, scores and rounds must be at least 1, short generations at least 2.")
    card = ebm.load(checkpoint)[1]  # a wrong checkpoint gives an error before anything is started
    settings = (card.sampler.step_size, card.sampler.print_noise)
    found: dict[str, Any] = {"checkpoint": checkpoint.name, "left_out": [], "figures": []}
    figures = found["figures"]
    say("start-up")
    started = []
    for _ in range(starts):
        with serve(checkpoint) as server:
            started.append(server.seconds)
    figures.append(figure("start-up to first byte", median(started), "s", at_most=5))
    with tempfile.TemporaryDirectory() as folder, serve(checkpoint) as server:
        picture = picture_of(checkpoint, Path(folder))
        say("scores")
        seconds = score_seconds(server, picture, scores)
        figures += _quantiles("score over the network interface", seconds)
        figures += _quantiles("score in process, without the network", _in_process(checkpoint, picture, scores), 50)
        say("generations")
        figures += _streaming(server, settings, rounds)
        figures += _two_at_once(server, settings, rounds)
        if reason := app_browser.missing() if browser else None:
            found["left_out"].append(reason)
        elif browser:
            say("frames in a browser")
            figures += _browser(server, rounds)
        say("memory")
        figures += _memory(server, settings, generations, found)
    return found


def _quantiles(name: str, seconds: list[float], p95: float | None = None) -> list[dict[str, Any]]:
    """Median and 95 % quantile in milliseconds."""
    target = {} if p95 is None else {"at_most": p95}
    return [
        figure(f"{name}, p50", 1e3 * float(np.quantile(seconds, 0.5)), "ms"),
        figure(f"{name}, p95", 1e3 * float(np.quantile(seconds, 0.95)), "ms", **target),
    ]


def picture_of(checkpoint: Path, folder: Path) -> Path:
    """Writes a PNG of a known glyph, dark on light and enlarged; a plain stroke if the checkpoint has no examples.

    Args:
        checkpoint: has example pictures.
        folder: of the file.

    Returns:
        the path.
    """
    ink = torch.zeros(56, 56, dtype=torch.uint8)
    ink[8:48, 22:32] = 255
    with suppress(OSError, ValueError, KeyError):
        ink = load_examples(checkpoint)["test"][0]
    path = folder / "glyph.png"
    Image.fromarray(255 - ink.numpy()).resize((224, 224), Image.Resampling.BICUBIC).save(path)
    return path


def _in_process(checkpoint: Path, picture: Path, times: int) -> list[float]:
    """Seconds of the endpoint's function in this process: decoding, the network, the verdict."""
    from gradio.utils import get_upload_folder

    from app.page.page import build

    page = build(checkpoint)
    upload = Path(get_upload_folder()) / picture.name  # the page reads nothing else
    upload.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(picture, upload)
    functions = {f"/{f.api_name}": f.fn for f in page.fns.values() if isinstance(f.api_name, str)}
    function = functions["/score"]
    assert function is not None
    run = timing.timed(lambda: function({"path": str(upload)}))
    return [run() for _ in range(times + 3)][3:]


def _streaming(server: Server, settings: tuple[float, float], rounds: int) -> list[dict[str, Any]]:
    """Measures the time to the first frame, and the rates that a program sees."""
    client = server.client()
    seen = [generate(client, GENERATION, *settings) for _ in range(rounds + 1)][1:]
    first = median(generation.seconds[0] for generation in seen)
    frames = median((len(g.seconds) - 1) / (g.seconds[-1] - g.seconds[0]) for g in seen)
    return [
        figure("first frame of a generation, a program's", 1e3 * first, "ms", at_most=300),
        figure("frames per second, a program's", frames, "1/s"),
        figure("steps per second that a program sees", median(generation.rate for generation in seen), "1/s"),
    ]


def _two_at_once(server: Server, settings: tuple[float, float], rounds: int) -> list[dict[str, Any]]:
    """The rate of the slower one of two generations, as a share of the rate of a single one."""
    clients = [server.client(), server.client()]
    shares = []
    for _ in range(rounds):
        alone = generate(clients[0], GENERATION, *settings).rate
        shares.append(min(g.rate for g in generate_together(clients, GENERATION, *settings)) / alone)
    return [figure("two at once: the slower one's share of one's speed", 100 * median(shares), "%", at_least=40)]


def _browser(server: Server, rounds: int) -> list[dict[str, Any]]:
    """What the page's own engine does in a real browser."""
    seen = app_browser.watch(server.url, GENERATION[2], rounds)
    middle = app_browser.middle
    return [
        figure("energy after a move of the pen, p50", float(np.quantile(seen.moves, 0.5)), "ms", at_most=33),
        figure("energy after a move of the pen, p95", float(np.quantile(seen.moves, 0.95)), "ms"),
        figure("first frame in a browser", middle(seen.paced, "first"), "ms", at_most=100),
        figure("frames per second in a browser, grid of 16", middle(seen.paced, "frames"), "1/s", at_least=55),
        figure("steps per second in a browser, grid of 16", middle(seen.free, "steps"), "1/s", at_least=100),
        figure("longest task of the page while printing", max(run.longest for run in seen.paced), "ms", at_most=50),
        figure("frames per second on a slow phone, grid of 4", middle(seen.phone, "frames"), "1/s", at_least=15),
        figure(f"frames per second, a page of {seen.dragged.glyphs:,} glyphs dragged", seen.dragged.frames, "1/s"),
        figure("longest task of the page meanwhile", seen.dragged.longest, "ms"),
        figure("the page's own modules and engine", seen.bytes / 2**20, "MiB", at_most=1),
    ]  # fmt: skip


def _memory(
    server: Server, settings: tuple[float, float], generations: int, found: dict[str, Any]
) -> list[dict[str, Any]]:
    """Growth of memory over short generations, without the first tenth, which fills caches; and growth a visitor."""
    if not sys.platform.startswith("linux"):
        found["left_out"].append("The server's memory is left out: it is read from /proc, which only Linux has.")
        return []
    seen = memory_over(server, generations, *settings)
    found["resident_bytes"] = seen
    settled = seen[len(seen) // 10 :]
    done, size = ([point[k] for point in settled] for k in (0, 1))
    slope = linear_regression(done, size).slope if len(set(done)) > 1 else 0.0
    growth = generations * slope / 2**20
    visitor = memory_of_visitors(server, VISITORS, *settings) / 2**20
    return [
        figure("resident memory of the server", seen[-1][1] / 2**20, "MiB"),
        figure(f"growth over {generations:,} short generations", growth, "MiB", at_most=GROWTH),
        figure("memory a visitor", visitor, "MiB"),
    ]
