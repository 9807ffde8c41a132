"""The explorer as a process of its own, and plain HTTP requests to it."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

ROOT = Path(__file__).resolve().parents[2]


def get(url: str, path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    """The answer to a request, its body unread."""
    connection = http.client.HTTPConnection(urlparse(url).netloc, timeout=120)
    connection.request(method, path, headers=headers)
    return connection.getresponse()


@contextmanager
def process(checkpoint: Path) -> Iterator[tuple[subprocess.Popen, str]]:
    """`python -m app` on a free port, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "app", "--no-browser", "--port", str(port), "--checkpoint", str(checkpoint)]
    started = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ.copy()
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(6000):
            try:
                get(url, "/readyz").read()
                break
            except OSError:
                assert started.poll() is None, started.communicate()[0]
                time.sleep(0.1)
        yield started, url
    finally:
        started.kill()
        started.wait()
