"""The explorer as a server: health, headers, login, log, limits, a clean stop."""

import logging
import signal
from pathlib import Path

import pytest
from helpers.server import get, process

from app.middleware import LARGEST_REQUEST
from app.server import LOGIN, create

ROOT = Path(__file__).resolve().parents[2]


def test_health_and_readiness(url: str) -> None:
    for path, said in (("/healthz", b"ok"), ("/readyz", b"ready")):
        answer = get(url, path)
        assert answer.status == 200 and answer.read() == said


def test_every_answer_has_the_security_headers(url: str) -> None:
    for path in ("/", "/healthz", "/no-such-page", "/config"):
        answer = get(url, path)
        assert answer.getheader("x-content-type-options") == "nosniff", path
        assert "frame-ancestors 'self'" in str(answer.getheader("content-security-policy")), path
        assert "default-src 'self'" in str(answer.getheader("content-security-policy")), path


def test_an_oversized_request_is_refused_before_it_is_read(url: str) -> None:
    answer = get(url, "/gradio_api/upload", "POST", **{"content-length": str(LARGEST_REQUEST + 1)})
    assert answer.status == 413 and b"At most 25 MiB" in answer.read()


def test_the_log_has_a_line_a_request_without_what_was_asked(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "glyph_ebm.requests"):
        get(url, "/healthz?draw=secret").read()
    (line,) = [record.getMessage() for record in caplog.records if record.name == "glyph_ebm.requests"]
    assert line.startswith("GET /healthz 200 ") and "secret" not in line


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=../../../../etc/passwd",
        "/gradio_api/file=" + str(ROOT / "README.md"),
        "/gradio_api/file=" + str(ROOT / "checkpoints" / "jem.json"),
        "/gradio_api/file=https://example.org/",
        "/gradio_api/proxy=https://example.org/",
        "/static/../../app.py",
        "/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/theme.css/../../../etc/passwd",
    ],
)
def test_no_path_outside_the_pages_own_is_served(url: str, path: str) -> None:
    answer = get(url, path)
    body = answer.read()
    assert answer.status in (400, 401, 403, 404) and b"root:" not in body and b"Glyph EBM" not in body


def test_a_login_can_be_asked_for(checkpoint: Path, monkeypatch: pytest.MonkeyPatch, serving) -> None:
    monkeypatch.setenv(LOGIN, "reader:sesame")
    with serving(checkpoint) as url:
        assert get(url, "/config").status == 401 and get(url, "/healthz").status == 200
    monkeypatch.setenv(LOGIN, "no colon")
    with pytest.raises(ValueError, match="NAME:PASSWORD"):
        create(checkpoint)


def test_sigterm_ends_the_server_cleanly_with_a_visitor_on_the_page(checkpoint: Path) -> None:
    with process(checkpoint) as (server, url):
        watching = get(url, "/gradio_api/heartbeat/somebody")  # what an open page holds
        assert watching.status == 200
        server.send_signal(signal.SIGTERM)
        said, _ = server.communicate(timeout=600)
    assert server.returncode in (0, -signal.SIGTERM) and "Traceback" not in said
    assert "GET /readyz 200" in said
