"""What every request passes: security headers, a limit to its size, a line in the log without what was sent.

Plain ASGI, because a streamed answer must not wait in a buffer.
"""

import logging
import time

from fastapi.responses import PlainTextResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_FILE = 25 * 2**20  # bytes of one upload
LARGEST_REQUEST = LARGEST_FILE + 2**20  # of the requests that upload
LARGEST_CALL = 2 * 2**20  # bytes of every other request
log = logging.getLogger("glyph_ebm.requests")


class SecurityHeaders:
    """Adds the security headers to every answer."""

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

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, answer if scope["type"] == "http" else send)


class SizeLimit:
    """Refuses requests that are larger than what is accepted, whether or not they state their length."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        uploads = scope["path"].endswith("/upload")
        most, stated = (LARGEST_REQUEST, LARGEST_FILE) if uploads else (LARGEST_CALL, LARGEST_CALL)
        came, begun = 0, False

        async def bounded() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > most:  # it came in pieces, so its length was not stated
                raise _TooLarge
            return message

        async def answer(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            length = dict(scope["headers"]).get(b"content-length", b"0")
            if length.isdigit() and int(length) > most:
                raise _TooLarge
            await self.app(scope, bounded, answer)
        except _TooLarge:
            if not begun:
                refusal = PlainTextResponse(f"At most {stated // 2**20} MiB are accepted.", status_code=413)
                await refusal(scope, receive, send)


class RequestLog:
    """Logs one line a request: neither the query (a link may hold a drawing) nor the address of the visitor."""

    def __init__(self, app: ASGIApp):
        self.app = app

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
            await send(message)

        await self.app(scope, receive, answer)
        log.info("%s %s %d %.0f ms", scope["method"], scope["path"], status, 1e3 * (time.monotonic() - began))


class _TooLarge(Exception):
    """A request is larger than what is accepted."""
