"""Visitors of a running explorer as HTTP clients: what a browser sends, without the browser."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx

FILE = {"_type": "gradio.FileData"}


@dataclass
class Answer:
    """What became of one call.

    Args:
        seconds: until it was over; first: until the first frame, None where none came.
        frames: how many came; places: every place in the queue that came; value: the last data.
        error: the sentence of a refusal, None where there was none.
    """

    seconds: float = 0.0
    first: float | None = None
    frames: int = 0
    places: list[int] = field(default_factory=list)
    value: Any = None
    error: str | None = None


class Visitor:
    """One session; `async with Visitor(url) as visitor`."""

    def __init__(self, url: str, patience: float = 120.0):
        self.http = httpx.AsyncClient(base_url=url.rstrip("/") + "/gradio_api", timeout=patience, verify=False)
        self.session = secrets.token_hex(8)
        self.functions: dict[str, int] = {}

    async def __aenter__(self) -> "Visitor":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.http.aclose()

    async def find(self) -> None:
        """Asks the page which functions it has; others may be given what one visitor found."""
        config = (await self.http.get(str(self.http.base_url).replace("/gradio_api", "") + "config")).json()
        self.functions = {d["api_name"]: d["id"] for d in config["dependencies"] if isinstance(d["api_name"], str)}

    async def upload(self, picture: bytes) -> dict[str, Any]:
        """Uploads a picture and gives what stands for it in a call."""
        sent = await self.http.post("/upload", files={"files": ("glyph.png", picture, "image/png")})
        sent.raise_for_status()
        return {"path": sent.json()[0], "meta": FILE}

    async def score(self, picture: bytes) -> Answer:
        """Uploads a picture and asks for its energy."""
        began = time.perf_counter()
        answer = await self.call("score", [await self.upload(picture), ""])
        answer.seconds = time.perf_counter() - began
        return answer

    async def call(self, name: str, data: list[Any]) -> Answer:
        """Calls a function and waits for its end."""
        answer, began = Answer(), time.perf_counter()
        async for _ in self.watch(name, data, answer):
            pass
        answer.seconds = time.perf_counter() - began
        return answer

    async def watch(self, name: str, data: list[Any], answer: Answer) -> AsyncIterator[str]:
        """Calls a function and yields the kind of every message as it comes; stop early, and the visitor is gone."""
        began = time.perf_counter()
        body = {"data": data, "fn_index": self.functions[name], "session_hash": self.session}
        joined = await self.http.post("/queue/join", json=body)
        if joined.status_code != 200:
            answer.error = str(joined.json().get("detail"))
            return
        async with self.http.stream("GET", "/queue/data", params={"session_hash": self.session}) as stream:
            async for line in stream.aiter_lines():
                if not line.startswith("data:"):
                    continue
                message = json.loads(line[5:])
                kind = message["msg"]
                if kind == "estimation" and message.get("rank") is not None:
                    answer.places.append(message["rank"])
                if kind in ("process_generating", "process_completed"):
                    output = message.get("output") or {}
                    answer.value = output.get("data", answer.value) if kind == "process_completed" else answer.value
                    answer.error = output.get("error")
                if kind == "process_generating":
                    answer.frames += 1
                    answer.first = answer.first or time.perf_counter() - began
                yield kind
                if kind in ("process_completed", "close_stream", "unexpected_error"):
                    return


async def visitors(url: str, count: int) -> list[Visitor]:
    """So many visitors, who know the page's functions; close them with `leave`."""
    found = [Visitor(url) for _ in range(count)]
    await found[0].find()
    for visitor in found:
        visitor.functions = found[0].functions
    return found


async def leave(those: list[Visitor]) -> None:
    """All of them go."""
    await asyncio.gather(*(visitor.http.aclose() for visitor in those))
