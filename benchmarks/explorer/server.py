"""The explorer as a separate process, and the times of its API."""

import http.client
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradio_client import Client, handle_file

from benchmarks.measuring import machine, timing
from benchmarks.peers.environments import ROOT

HOST = "127.0.0.1"
PATIENCE = 120.0  # seconds until a server that does not answer is given up
GENERATION = ("any", 16, 256)  # sort, count, steps of the generations that are timed
SHORT = ("any", 1, 16)


@dataclass(frozen=True)
class Server:
    """A running explorer.

    Args:
        url: its address.
        pid: its process.
        seconds: from its start to its first byte.
    """

    url: str
    pid: int
    seconds: float

    def client(self) -> Client:
        """A session through the API that downloads no files."""
        return Client(self.url, download_files=False, verbose=False)


@contextmanager
def serve(checkpoint: Path) -> Iterator[Server]:
    """Starts `python -m app` on a free port, and ends it.

    Args:
        checkpoint: of the first page.

    Yields:
        the running explorer.

    Raises:
        ValueError: when it ends by itself or does not answer; the message contains its last output.
    """
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "app", "--no-browser", "--host", HOST, "--port", str(port)]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--checkpoint", str(checkpoint.resolve())], cwd=ROOT, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    said: list[str] = []
    assert process.stderr is not None
    listener = threading.Thread(target=lambda stream: said.extend(stream), args=(process.stderr,), daemon=True)
    listener.start()
    try:
        while not _answers(port):
            if process.poll() is not None or time.perf_counter() - started > PATIENCE:
                listener.join(1)
                reason = said[-1].strip() if said else "it said nothing"
                raise ValueError(f"The explorer did not start: {reason}")
            time.sleep(0.01)
        yield Server(f"http://{HOST}:{port}", process.pid, time.perf_counter() - started)
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    """Whether the server sends the first byte of the page."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read(1) != b""
    except OSError:
        return False
    finally:
        connection.close()


def score_seconds(server: Server, picture: Path, times: int) -> list[float]:
    """Seconds of each score over the network interface, with the upload.

    Args:
        server: the explorer.
        picture: file to upload.
        times: number of scores.

    Returns:
        seconds of each.
    """
    client = server.client()
    score = timing.timed(lambda: client.predict(handle_file(str(picture)), api_name="/score"))
    return [score() for _ in range(times + 3)][3:]


@dataclass(frozen=True)
class Generation:
    """One generation through the API.

    Args:
        seconds: from the request to every frame.
        steps: SGLD steps of every frame.
    """

    seconds: list[float]
    steps: list[int]

    @property
    def rate(self) -> float:
        """Sampler steps per second between the first frame and the last one before the final frame."""
        return (self.steps[-2] - self.steps[0]) / (self.seconds[-2] - self.seconds[0])


def generate(client: Client, request: tuple[str, int, int], step_size: float, noise: float) -> Generation:
    """Requests a generation and notes its frames.

    Args:
        client: a session.
        request: sort, count and steps.
        step_size: of SGLD.
        noise: of SGLD.

    Returns:
        the generation.
    """
    started, seconds, steps = time.perf_counter(), [], []
    for report, _ in client.submit(*request, step_size, noise, 0, api_name="/generate"):
        seconds.append(time.perf_counter() - started)
        steps.append(report["step"])
    return Generation(seconds, steps)


def generate_together(
    clients: list[Client], request: tuple[str, int, int], step_size: float, noise: float
) -> list[Generation]:
    """Several generations at once, started together.

    Args:
        clients: sessions, one for each generation.
        request: as in `generate`.
        step_size: of SGLD.
        noise: of SGLD.

    Returns:
        the generations.
    """
    found: list[Generation | None] = [None] * len(clients)
    barrier = threading.Barrier(len(clients))

    def one(k: int) -> None:
        barrier.wait()
        found[k] = generate(clients[k], request, step_size, noise)

    threads = [threading.Thread(target=one, args=(k,)) for k in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if None in found:
        raise RuntimeError("A generation at the same time as another one did not come to its end.")
    return [generation for generation in found if generation is not None]


def memory_over(server: Server, generations: int, step_size: float, noise: float) -> list[tuple[int, int]]:
    """Resident memory of the server over short generations, at about 20 moments.

    Args:
        server: the explorer.
        generations: number of generations.
        step_size: of SGLD.
        noise: of SGLD.

    Returns:
        (generations so far, bytes) of each moment.
    """
    client, every = server.client(), max(1, generations // 20)
    found = []
    for k in range(1, generations + 1):
        generate(client, SHORT, step_size, noise)
        if k % every == 0:
            found.append((k, machine.resident_bytes(server.pid)))
    return found


def memory_of_visitors(server: Server, visitors: int, step_size: float, noise: float) -> float:
    """How much the server's resident memory grows with each further visitor who prints once.

    Args:
        server: the explorer.
        visitors: number of visitors.
        step_size: of SGLD.
        noise: of SGLD.

    Returns:
        bytes a visitor.
    """
    before = machine.resident_bytes(server.pid)
    clients: list[Any] = []
    for _ in range(visitors):
        clients.append(server.client())
        generate(clients[-1], SHORT, step_size, noise)
    return (machine.resident_bytes(server.pid) - before) / visitors
