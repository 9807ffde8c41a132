"""No caller gets the server to read a path or an address of the caller's choice, and every failure is one sentence."""

import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from gradio.utils import get_upload_folder
from PIL import Image, ImageDraw

from app.middleware import LARGEST_CALL
from app.visitors.gate import is_upload

FILE = {"_type": "gradio.FileData"}
CALLS = {  # endpoint: what it is sent, given a file
    "score": lambda f: [f, ""],
    "influence": lambda f: [f, ""],
    "restore": lambda f: [f, None, "any", "gaps", 8, 0, ""],
    "strangers_own": lambda f: [[f], None, ""],
}


def ask(url: str, path: str, body: bytes | None = None, method: str = "POST") -> tuple[int, str]:
    """Status and text of one request."""
    connection = http.client.HTTPConnection(urlparse(url).netloc, timeout=120)
    connection.request(method, path, body, {"content-type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def call(url: str, name: str, data: list[Any]) -> str:
    """What an endpoint answers, as its event stream."""
    status, text = ask(url, f"/gradio_api/call/{name}", json.dumps({"data": data}).encode())
    assert status == 200, text
    return ask(url, f"/gradio_api/call/{name}/{json.loads(text)['event_id']}", method="GET")[1]


def sentence(stream: str) -> str:
    """The one sentence of a refusal."""
    assert stream.startswith("event: error"), stream
    said = json.loads(stream.split("data: ", 1)[1])["error"]
    assert isinstance(said, str) and said.endswith("."), stream
    return said


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture on the server that nobody uploaded."""
    path = tmp_path_factory.mktemp("server") / "secret.png"
    picture = Image.new("L", (56, 56), 255)
    ImageDraw.Draw(picture).rectangle((24, 6, 32, 50), fill=0)
    picture.save(path)
    return path


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A web server, and the requests that it got."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Writes no log."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/picture.png", asked
    server.shutdown()


@pytest.mark.parametrize("name", CALLS)
def test_a_path_on_the_server_is_not_read(url: str, secret: Path, name: str) -> None:
    upload = Path(get_upload_folder())
    before = set(upload.rglob("secret*"))
    for path in (str(secret), f"{upload}/../{secret.relative_to('/')}", f"{upload}/../..{secret}"):
        for extra in ({"meta": FILE}, {}, {"meta": FILE, "url": "/gradio_api/file=" + path, "orig_name": "a.png"}):
            stream = call(url, name, CALLS[name]({"path": path, **extra}))
            assert "Upload the file first" in sentence(stream)
            assert str(secret.parent) not in stream
    assert set(upload.rglob("secret*")) == before, "the file was copied to where it can be fetched"


@pytest.mark.parametrize("name", CALLS)
def test_no_address_is_fetched(url: str, elsewhere: tuple[str, list[str]], name: str) -> None:
    address, asked = elsewhere
    for file in (
        {"path": address, "meta": FILE}, {"path": address, "url": address, "meta": FILE},
        {"path": "file:///etc/passwd", "meta": FILE}, {"path": "x.png", "url": address, "meta": FILE},
    ):  # fmt: skip
        sentence(call(url, name, CALLS[name](file)))
    assert asked == []


@pytest.mark.parametrize(
    "data",
    [[], ["a"], [1, ""], [[], ""], ["text", ""], [{"path": {}}, ""], [{"path": "\0"}, ""], [{"url": "x"}, ""],
     [None, {"a": 1}], [None, ["jem"]], [True, None], [{"path": "a" * 5000, "meta": FILE}, ""]],
)  # fmt: skip
def test_values_of_a_wrong_form_get_one_sentence(url: str, data: list[Any]) -> None:
    said = sentence(call(url, "score", data))
    assert len(said) < 200 and "Traceback" not in said and "/" not in said


def test_a_large_call_is_refused_whether_or_not_its_length_is_stated(url: str) -> None:
    body = json.dumps({"data": ["x" * (LARGEST_CALL + 1), ""]}).encode()
    assert ask(url, "/gradio_api/call/score", body)[0] == 413
    connection = http.client.HTTPConnection(urlparse(url).netloc, timeout=120)
    pieces = (body[i : i + 65536] for i in range(0, len(body), 65536))
    connection.request(
        "POST", "/gradio_api/call/score", pieces, {"content-type": "application/json"}, encode_chunked=True
    )
    assert connection.getresponse().status in (400, 413)


def test_deeply_nested_and_broken_json_is_refused(url: str) -> None:
    for body in (b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}", b'{"data": [', b"\xff\xfe", b"[]"):
        status, text = ask(url, "/gradio_api/call/score", body)
        assert status in (400, 422) and "Traceback" not in text


def test_only_files_in_the_upload_folder_are_uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "mine.png").write_bytes(b"x")
    (tmp_path / "outside.png").write_bytes(b"x")
    (tmp_path / "uploads" / "link.png").symlink_to(tmp_path / "outside.png")
    assert is_upload(str(tmp_path / "uploads" / "mine.png"))
    for path in ("uploads", "uploads/none.png", "uploads/../outside.png", "uploads/link.png", "outside.png"):
        assert not is_upload(str(tmp_path / path))
    for odd in (None, 3, "", b"x", "http://a/b.png", "\0"):
        assert not is_upload(odd)
