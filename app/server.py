"""The explorer as a web server: health, login, log, security headers, a clean stop."""

import asyncio
import logging
import os
import time
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.page.page import build
from app.page.style import CSS, HEAD, theme
from app.visitors.sessions import keep_small

LARGEST_FILE = 25 * 2**20  # bytes of one upload
LARGEST_REQUEST = LARGEST_FILE + 2**20  # of the requests that upload
LARGEST_CALL = 2 * 2**20  # bytes of every other request
LOGIN = "GLYPH_EBM_LOGIN"  # NAME:PASSWORD
FRAMED_BY = "GLYPH_EBM_FRAMED_BY"  # which sites may show the page in a frame, as in `frame-ancestors`
STOP_WITHIN = 3  # seconds that requests have to end in when the server is told to stop
log = logging.getLogger("glyph_ebm.requests")


def create(checkpoint: str | Path, training: bool = True, root_path: str | None = None) -> FastAPI:
    """The explorer as an ASGI application.

    Args:
        checkpoint, training: as in `app.page.page.build`.
        root_path: the path below which a reverse proxy shows it, such as "/glyphs".

    Raises:
        ValueError: one sentence, for a checkpoint or a login that cannot be used.
    """
    login = _login(os.environ.get(LOGIN))
    page = build(checkpoint, training)
    page.has_launched = True  # a mounted page never launches, and Gradio checks no path before that
    app = FastAPI(title="Glyph EBM", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz", response_class=PlainTextResponse)
    def healthz() -> str:
        """The process answers."""
        return "ok"

    @app.get("/readyz", response_class=PlainTextResponse)
    def readyz() -> str:
        """The page and the first model are loaded: `create` has returned."""
        return "ready"

    head = f"<script>{HEAD.read_text(encoding='utf-8')}</script>"
    app = gr.mount_gradio_app(
        app, page, "/", theme=theme(), css_paths=CSS, head=head, ssr_mode=False, allowed_paths=[], show_error=False,
        max_file_size=LARGEST_FILE, footer_links=["api"], run_history=False, enable_monitoring=False, auth=login,
        auth_message="This explorer asks for a name and a password.", root_path=root_path,
    )  # fmt: skip
    keep_small(app, page)
    app.add_middleware(_Manners, framed_by=os.environ.get(FRAMED_BY, "'self'"))
    return app


def run(app: FastAPI, host: str, port: int) -> None:
    """Serves until SIGTERM or Ctrl-C, then lets requests end and stops."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    for chatty in ("httpx", "uvicorn.error"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_is_no_cancellation)
    # One worker: Gradio's queue lives in the process. More processes need sticky routing in front (docs/deploy.md).
    uvicorn.run(
        app, host=host, port=port, workers=1, access_log=False, log_config=None, server_header=False,
        timeout_graceful_shutdown=STOP_WITHIN,
    )  # fmt: skip


def _is_no_cancellation(record: logging.LogRecord) -> bool:
    """False for the traces of requests that were cut off because the server stops: an open page always holds one."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def _login(text: str | None) -> tuple[str, str] | None:
    """Name and password of the environment variable; None where it is not set."""
    if not text:
        return None
    name, colon, password = text.partition(":")
    if not (name and colon and password):
        raise ValueError(f"The environment variable {LOGIN} must be NAME:PASSWORD.")
    return name, password


class _TooLarge(Exception):
    """A request is larger than what is accepted."""


class _Manners:
    """Adds the security headers, refuses oversized requests, and logs one line a request, without what was sent.

    Plain ASGI, because a streamed answer must not wait in a buffer.
    """

    def __init__(self, app: ASGIApp, framed_by: str):
        self.app = app
        self.headers = {
            # Gradio's page has inline scripts, and its HTML component makes functions of text.
            "content-security-policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
            "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' "
            f"blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; frame-ancestors {framed_by}",
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "permissions-policy": "camera=(self), microphone=(), geolocation=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.monotonic(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
            await send(message)

        uploads = scope["path"].endswith("/upload")
        most, said = (LARGEST_REQUEST, LARGEST_FILE) if uploads else (LARGEST_CALL, LARGEST_CALL)
        came = 0

        async def bounded() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > most:  # it came in pieces, so its length was not stated
                raise _TooLarge
            return message

        try:
            length = dict(scope["headers"]).get(b"content-length", b"0")
            if length.isdigit() and int(length) > most:
                raise _TooLarge
            await self.app(scope, bounded, answer)
        except _TooLarge:
            if not status:
                refusal = PlainTextResponse(f"At most {said // 2**20} MiB are accepted.", status_code=413)
                await refusal(scope, receive, answer)
        # Neither the query (a link may hold a drawing) nor the address of the visitor.
        log.info("%s %s %d %.0f ms", scope["method"], scope["path"], status, 1e3 * (time.monotonic() - began))
