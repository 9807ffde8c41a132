"""The explorer as a web server: health, login, a clean stop."""

import asyncio
import logging
import os
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse, PlainTextResponse

from app.engine.slot import modules
from app.middleware import LARGEST_FILE, RequestLog, SecurityHeaders, SizeLimit
from app.page.page import build
from app.page.style import CSS, HEAD, theme
from app.visitors.gradio_overrides import check_paths, keep_small

LOGIN = "GLYPH_EBM_LOGIN"  # NAME:PASSWORD
FRAMED_BY = "GLYPH_EBM_FRAMED_BY"  # which sites may show the page in a frame, as in `frame-ancestors`
STOP_WITHIN = 3  # seconds that requests have to end in when the server stops


def create(
    checkpoint: str | Path, training: bool = True, root_path: str | None = None, engine: str = "page"
) -> FastAPI:
    """The explorer as an ASGI application.

    Args:
        checkpoint: as in `app.page.page.build`.
        training: as in `app.page.page.build`.
        root_path: the path below which a reverse proxy shows it, such as "/glyphs".
        engine: as in `app.page.page.build`.

    Returns:
        the application.

    Raises:
        ValueError: one sentence, for a checkpoint or a login that cannot be used.
    """
    login = _login(os.environ.get(LOGIN))
    page = build(checkpoint, training, engine)
    check_paths(page)
    app = FastAPI(title="Glyph EBM", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz", response_class=PlainTextResponse)
    def healthz() -> str:
        """The process answers."""
        return "ok"

    @app.get("/readyz", response_class=PlainTextResponse)
    def readyz() -> str:
        """The page and the first model are loaded: `create` has returned."""
        return "ready"

    files = modules()

    @app.get("/modules/{name:path}")
    def module(name: str) -> FileResponse:
        """A file that the page fetches by itself; a browser asks each time whether it has changed."""
        if name not in files:
            raise HTTPException(404)
        kind = "application/wasm" if name.endswith(".wasm") else "text/javascript"
        return FileResponse(files[name], media_type=kind, headers={"cache-control": "no-cache"})

    head = f"<script>{HEAD.read_text(encoding='utf-8')}</script>"
    app = gr.mount_gradio_app(
        app, page, "/", theme=theme(), css_paths=CSS, head=head, ssr_mode=False, allowed_paths=[], show_error=False,
        max_file_size=LARGEST_FILE, footer_links=["api"], run_history=False, enable_monitoring=False, auth=login,
        auth_message="This explorer asks for a name and a password.", root_path=root_path,
    )  # fmt: skip
    keep_small(app, page)
    app.add_middleware(SizeLimit)
    app.add_middleware(SecurityHeaders, framed_by=os.environ.get(FRAMED_BY, "'self'"))
    app.add_middleware(RequestLog)  # the last one added is the first one passed
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
