"""Suite `load`: many visitors at once, visitors who disconnect, and the server's memory after thousands of calls."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import ebm
from benchmarks.explorer.server import Server, serve
from benchmarks.explorer.visitors import Answer, Visitor, leave, visitors
from benchmarks.measuring import machine
from benchmarks.measuring.figure import figure
from benchmarks.suites.app import picture_of

PEOPLE, AT_ONCE, WAITING = 50, 8, 4
Say = Callable[[str], None]


def measure(checkpoint: Path, *, scores: int, generations: int, say: Say = lambda line: None) -> dict[str, Any]:
    """Measures waiting times under load, and memory over many calls.

    Args:
        checkpoint: of the first page.
        scores: number of scores over which memory is watched, 0 for none.
        generations: number of generations over which memory is watched, 0 for none.
        say: called with a line of text about the next step.

    Returns:
        the figures, and what was left out.

    Raises:
        ValueError: for a checkpoint that cannot be used, or numbers below 0.
    """
    if min(scores, generations) < 0:
        raise ValueError("Scores and generations must be at least 0.")
    sampler = ebm.load(checkpoint)[1].sampler
    settings = [sampler.step_size, sampler.print_noise]
    found: dict[str, Any] = {"checkpoint": checkpoint.name, "left_out": [], "figures": []}
    with tempfile.TemporaryDirectory() as folder, serve(checkpoint) as server:
        picture = picture_of(checkpoint, Path(folder)).read_bytes()
        for title, part in (("people scoring at once", _people), ("generations at once", _generations),
                            ("a visitor who vanishes", _vanished), ("more than the queue holds", _full)):  # fmt: skip
            say(title)
            found["figures"] += asyncio.run(part(server.url, picture, settings))
        if not sys.platform.startswith("linux"):
            found["left_out"].append("The server's memory is left out: it is read from /proc, which only Linux has.")
        elif scores or generations:
            say("memory")
            found["figures"] += asyncio.run(_memory(server, picture, settings, scores, generations))
    return found


def request(settings: list[float], seed: int, count: int = 12, steps: int = 256) -> list[Any]:
    """The data of a request to /generate.

    Args:
        settings: step size and noise.
        seed: of starts and noise.
        count: number of glyphs.
        steps: of SGLD.

    Returns:
        the list of values.
    """
    return ["any", count, steps, *settings, seed, ""]


async def _people(url: str, picture: bytes, settings: list[float]) -> list[dict[str, Any]]:
    """All visitors score four times, each time as soon as they have the answer."""
    people = await visitors(url, PEOPLE)
    await people[0].score(picture)

    async def one(visitor: Visitor) -> list[Answer]:
        return [await visitor.score(picture) for _ in range(4)]

    answers = [a for some in await asyncio.gather(*map(one, people)) for a in some]
    await leave(people)
    seconds = [a.seconds for a in answers]
    return [
        figure(f"{PEOPLE} people scoring again and again, p50", float(np.quantile(seconds, 0.5)), "s"),
        figure(f"{PEOPLE} people scoring again and again, p95", float(np.quantile(seconds, 0.95)), "s", at_most=2),
        figure("errors among them", sum(a.error is not None for a in answers), "", at_most=0),
    ]


async def _generations(url: str, picture: bytes, settings: list[float]) -> list[dict[str, Any]]:
    """Twelve people print; eight are served at once, the others see their places in the queue."""
    people = await visitors(url, AT_ONCE + WAITING)
    answers = await asyncio.gather(*(v.call("generate", request(settings, k)) for k, v in enumerate(people)))
    await leave(people)
    first = sorted(a.first or float("inf") for a in answers)
    told = [max(a.places) for a in answers if a.places and max(a.places) > 0]
    return [
        figure(f"first frame of {AT_ONCE} generations at once, the last of them", first[AT_ONCE - 1], "s", at_most=2),
        figure("generations that ended well", sum(a.error is None for a in answers), "", at_least=len(people)),
        figure("visitors who were told a place behind others", len(told), "", at_least=1),
    ]


async def _vanished(url: str, picture: bytes, settings: list[float]) -> list[dict[str, Any]]:
    """All places are busy; one visitor closes the connection, and the next in the queue waits for a frame."""
    *busy, waiting = await visitors(url, AT_ONCE + 1)
    started = asyncio.Semaphore(0)

    async def watch(visitor: Visitor, answer: Answer) -> None:
        seen = False
        async for kind in visitor.watch("generate", request(settings, 0, 36, 1024), answer):
            if kind == "process_generating" and not seen:
                seen = True
                started.release()

    watching = [asyncio.create_task(watch(v, Answer())) for v in busy]
    for _ in busy:
        await started.acquire()
    answer = Answer()
    asyncio.create_task(watch(waiting, answer)).add_done_callback(lambda task: task.cancelled() or task.exception())
    await asyncio.sleep(0.5)
    assert answer.frames == 0, "the queue let one more in than it should"
    watching[0].cancel()
    began = time.perf_counter()
    await busy[0].http.aclose()
    await asyncio.wait_for(started.acquire(), 60)
    freed = time.perf_counter() - began
    for task in watching[1:]:
        task.cancel()
    await leave([*busy[1:], waiting])
    await asyncio.sleep(3)
    return [figure("from a visitor's vanishing to the next one's first frame", freed, "s", at_most=2)]


async def _full(url: str, picture: bytes, settings: list[float]) -> list[dict[str, Any]]:
    """A hundred people print at once: the queue holds some of them, and the others are refused at once."""
    people = await visitors(url, 100)
    answers = await asyncio.gather(*(v.call("generate", request(settings, 0, 1, 16)) for v in people))
    await leave(people)
    refused = [a for a in answers if a.error]
    slowest = max((a.seconds for a in refused), default=0.0)
    return [
        figure("of 100 people at once, served", len(answers) - len(refused), "", at_least=64),
        figure("the others were told so within", slowest, "s", at_most=2),
    ]


async def _memory(server: Server, picture: bytes, settings: list[float], scores: int, generations: int) -> list[Any]:
    """Resident memory after a tenth of the calls and after all; every call is a separate session."""

    async def score(url: str) -> Answer:
        async with Visitor(url) as one:
            one.functions = known.functions
            return await one.score(picture)

    async def generate(url: str) -> Answer:
        async with Visitor(url) as one:
            one.functions = known.functions
            return await one.call("generate", request(settings, 0, 1, 16))

    async with Visitor(server.url) as known:
        await known.find()
        jobs = [generate] * generations + [score] * scores
        warm = [generate] * (generations // 10) + [score] * (scores // 10)
        wrong = 0
        sizes = []
        for part in (warm, jobs):
            for few in (part[k : k + 8] for k in range(0, len(part), 8)):
                wrong += sum(a.error is not None for a in await asyncio.gather(*(job(server.url) for job in few)))
            await asyncio.sleep(2)
            sizes.append(machine.resident_bytes(server.pid) / 2**20)
    growth = 100 * (sizes[1] / sizes[0] - 1)
    return [
        figure("resident memory after warming up", sizes[0], "MiB"),
        figure(f"growth over {generations:,} generations and {scores:,} scores", growth, "%", at_most=10),
        figure("errors among these", wrong, "", at_most=0),
    ]
