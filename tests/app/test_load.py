"""Many visitors at once, as HTTP clients on loopback: everybody gets the right answer, a place, or a sentence."""

import asyncio
import io
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from gradio.blocks import Blocks
from PIL import Image

import ebm
from app.visitors.gradio_overrides import Sessions
from benchmarks.explorer.visitors import Answer, Visitor, leave, visitors

PEOPLE, AT_ONCE = 50, 8
T = TypeVar("T")


def together(story: Coroutine[Any, Any, T]) -> T:
    """Runs a story in a thread of its own: in the main one Playwright's event loop may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, story).result()


def picture(k: int) -> bytes:
    """A stroke unlike that of any other k."""
    sheet = np.full((80, 80), 240, np.uint8)
    sheet[10:70, 20 + k % 10 : 32 + k % 10] = 20
    sheet[12 + k : 20 + k, 20:60] = 20
    stream = io.BytesIO()
    Image.fromarray(sheet).save(stream, "PNG")
    return stream.getvalue()


def asked(count: int = 1, steps: int = 16, seed: int = 0) -> list:
    return ["any", count, steps, 10.0, 0.01, seed, ""]


def test_fifty_people_score_at_once_and_each_gets_its_own_answer(url: str, checkpoint: Path, tmp_path: Path) -> None:
    model, card = ebm.load(checkpoint)
    pictures, wanted = [picture(k) for k in range(PEOPLE)], []
    for data in pictures:
        (tmp_path / "one.png").write_bytes(data)
        wanted.append(ebm.verdict(model, card, ebm.to_glyph(tmp_path / "one.png")).energy)
    assert len(set(wanted)) == PEOPLE

    async def all_at_once() -> list[Answer]:
        people = await visitors(url, PEOPLE)
        answers = await asyncio.gather(*(v.score(data) for v, data in zip(people, pictures, strict=True)))
        await leave(people)
        return answers

    answers = together(all_at_once())
    assert [a.error for a in answers] == [None] * PEOPLE
    assert [a.value[0]["energy"] for a in answers] == pytest.approx(wanted, rel=1e-4)


def test_eight_print_at_once_and_the_others_are_told_their_places(url: str) -> None:
    async def all_at_once() -> list[Answer]:
        people = await visitors(url, AT_ONCE + 3)
        answers = await asyncio.gather(*(v.call("generate", asked(4, 256, k)) for k, v in enumerate(people)))
        await leave(people)
        return answers

    answers = together(all_at_once())
    assert all(a.error is None and a.value[0]["step"] == 256 for a in answers)
    first = sorted(a.first for a in answers)
    ends = sorted(a.seconds for a in answers)
    assert first[AT_ONCE - 1] < ends[0] < first[AT_ONCE], "eight at once, and the ninth after the first has ended"
    waited = [a.places for a in answers if a.first > ends[0]]
    assert len(waited) == 3 and all(places for places in waited)


def test_a_visitor_who_vanishes_frees_the_press_for_the_next(url: str) -> None:
    async def watch(visitor: Visitor, answer: Answer, begun: asyncio.Event) -> None:
        async for kind in visitor.watch("generate", asked(36, 1024), answer):
            if kind == "process_generating":
                begun.set()

    async def story() -> bool:
        *busy, waiting = await visitors(url, AT_ONCE + 1)
        begun = [asyncio.Event() for _ in range(AT_ONCE + 1)]
        tasks = [asyncio.create_task(watch(v, Answer(), e)) for v, e in zip(busy, begun, strict=False)]
        await asyncio.gather(*(e.wait() for e in begun[:-1]))
        tasks.append(asyncio.create_task(watch(waiting, Answer(), begun[-1])))
        await asyncio.sleep(0.2)
        assert not begun[-1].is_set()
        tasks[0].cancel()
        await busy[0].http.aclose()
        await asyncio.wait_for(begun[-1].wait(), 120)
        others_run = not any(task.done() for task in tasks[1:-1])
        for task in tasks:
            task.cancel()
        await leave([*busy[1:], waiting])
        return others_run

    assert together(story()), "the place came from the visitor who vanished, not from one who was done"


def test_a_full_queue_says_so_at_once(url: str) -> None:
    async def rush() -> list[Answer]:
        people = await visitors(url, 100)
        answers = await asyncio.gather(*(v.call("generate", asked()) for v in people))
        await leave(people)
        return answers

    refused = [a.error for a in together(rush()) if a.error]
    assert 0 < len(refused) < 50 and all("Queue is full" in error for error in refused)


@pytest.mark.parametrize(
    "data",
    [asked(101), asked(0), asked(10**9), asked(1, 10**9), asked(1, 1), asked("many"), asked(None), asked(1, [16]),
     asked(1, 16, -1), asked(1, 16, 2**40), asked(1, 16)[:3] + ["nan", 0.1, 0, ""],
     asked(1, 16)[:4] + [1e9, 0, ""], ["no such sort", *asked()[1:]]],
)  # fmt: skip
def test_what_a_call_asks_for_is_bounded_on_the_server(url: str, data: list) -> None:
    async def ask() -> Answer:
        async with Visitor(url) as visitor:
            await visitor.find()
            return await visitor.call("generate", data)

    error = together(ask()).error
    assert error and len(error.splitlines()) == 1 and error.endswith(".")


def test_sessions_that_hold_something_outlive_those_that_hold_nothing() -> None:
    with Blocks() as page:
        pass
    kept = Sessions(kept=3)
    kept.set_blocks(page)
    kept["mine"].state_data[1] = "a run"
    for k in range(20):
        assert kept[f"program {k}"].state_data == {}
    assert "mine" in kept and len(kept.session_data) == 3
    assert "program 19" in kept and "program 0" not in kept
    for k in range(3):
        kept[f"holder {k}"].state_data[1] = "a run"
    assert "mine" not in kept and len(kept.session_data) == 3
