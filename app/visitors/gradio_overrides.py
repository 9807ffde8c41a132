"""Every place where the app reaches into Gradio: what is overridden, why, and until when.

One more is in the browser: app/page/link.js has Gradio's client handle all messages of a run in their order.

None of it is part of Gradio's interface. requirements.txt holds the minor version that this was tried with, and
tests/app/visitors/test_gradio_overrides.py fails with a sentence when another version differs in what is used here.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from types import SimpleNamespace
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio import blocks
from gradio.blocks import Blocks
from gradio.routes import App
from gradio.state_holder import SessionState, StateHolder
from starlette.routing import Mount

from app.visitors.gate import is_upload, paths_in

KEPT = 1000  # sessions
_FORM = "What was sent does not have the form that this asks for; the page's API description says which it is."
_FOREIGN = "Upload the file first: neither a path on this server nor an address elsewhere is read."
_FAULT = "Something went wrong on the server; what you sent is still yours. Try again, or try something simpler."
log = logging.getLogger("glyph_ebm.faults")


@contextmanager
def _no_server() -> Iterator[None]:
    """Has `gr.Blocks` make no server meanwhile."""
    made = blocks.App
    setattr(blocks, "App", SimpleNamespace(create_app=lambda *_, **__: None))  # noqa: B010 (mypy: a type, not a value)
    try:
        yield
    finally:
        setattr(blocks, "App", made)  # noqa: B010


class Page(gr.Blocks):
    """A page whose functions get no path but an upload's, whoever calls them, and whose every failure is a sentence."""

    # Why: Gradio makes a whole server when a page begins, when it ends and when it gets its queue. None of them serves:
    # a mounted page has another. They cost a second of the start.
    # Until: Gradio makes a page's server when it is launched or mounted.
    def __init__(self, *args: Any, **kwargs: Any):
        with _no_server():
            super().__init__(*args, **kwargs)

    def __exit__(self, *args: Any) -> None:
        with _no_server():
            super().__exit__(*args)

    def queue(self, *args: Any, **kwargs: Any) -> "Page":
        """Sets the queue up, as Gradio does."""
        with _no_server():
            super().queue(*args, **kwargs)
        return self

    # Why: Gradio checks paths only after `launch`, which a mounted page never does, and it fetches an address that
    # stands where a path should. What does not fit a component raises errors that show the server's insides.
    # Until: Gradio checks every path of a mounted page against its upload folder, and fetches nothing.
    async def preprocess_data(
        self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False
    ) -> list[Any]:
        """Checks what came before Gradio touches it.

        Raises:
            gr.Error: one sentence, for too few or too many values, a wrong form, or a path that is no upload's.
        """
        if (given := len(inputs)) != (needed := len(block_fn.inputs)):
            raise gr.Error(f"This takes {needed} values; {given} were sent.", print_exception=False)
        for path in paths_in(inputs):
            if not is_upload(path):
                raise gr.Error(_FOREIGN, print_exception=False)
        try:
            return await super().preprocess_data(block_fn, inputs, state, explicit_call)
        except gr.Error:
            raise
        except Exception as error:
            log.info("refused a call of %s: %s", block_fn.api_name, type(error).__name__)
            raise gr.Error(_FORM, print_exception=False) from None

    # Why: with show_error=False Gradio answers a fault with nothing at all, with True it shows the server's insides.
    # Until: Gradio can be given the sentence that callers get.
    async def process_api(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Runs one call; a fault of ours goes to the log, and the caller gets one sentence.

        Raises:
            gr.Error: for anything that went wrong.
        """
        try:
            return await super().process_api(*args, **kwargs)
        except gr.Error:
            raise
        except Exception:
            log.exception("a call failed")
            raise gr.Error(_FAULT, print_exception=False) from None


# Why: Gradio makes a full description of every component for every session, 35 ms and some hundred kilobytes of it,
# only to serve its deep links, which this page does not have (its links hold all that is needed). Every call of a
# program that brings no session is a session of its own. So 50 people scoring at once waited for descriptions, and
# memory grew.
# Until: Gradio makes the descriptions when a deep link is asked for.
class Session(SessionState):
    """One visitor's values, without descriptions of the components."""

    def __init__(self, blocks: Blocks):
        self.blocks_config = copy(blocks.default_config)
        self.config_values: dict[int, Any] = {}
        self.state_data: dict[int, Any] = {}
        self._state_ttl: dict[int, Any] = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = 3600  # seconds, Gradio's own: a visitor may come back

    def __setitem__(self, key: int, value: Any) -> None:
        """Keeps a value, and not what was sent or shown before."""
        super().__setitem__(key, value)
        self.config_values.clear()

    def _update_config(self, key: int) -> None:
        """Nothing describes the component, so nothing changes."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """What a visitor sends is not kept beyond the call."""


# Why: Gradio keeps the 10,000 sessions used last, so programs that bring no session push out visitors who hold a run.
# Until: Gradio lets go of sessions without values first.
class Sessions(StateHolder):
    """The sessions, at most `kept`: those that hold nothing of a visitor's go first, then the longest unused."""

    def __init__(self, kept: int = KEPT):
        super().__init__()
        self.kept = kept

    def __getitem__(self, session_id: str) -> SessionState:
        """The session of that name, a fresh one where there is none."""
        if session_id not in self.session_data:
            self.session_data[session_id] = Session(self.blocks)
        return super().__getitem__(session_id)

    def update(self, session_id: str) -> None:
        """Notes that a session is in use, and lets go of one where there are too many."""
        with self.lock:
            if session_id in self.session_data:
                self.session_data.move_to_end(session_id)
            while len(self.session_data) > self.kept:
                others = (name for name in self.session_data if name != session_id)
                empty = next((n for n in others if not self.session_data[n].state_data), None)
                gone = next(iter(self.session_data)) if empty is None else empty
                self.session_data.pop(gone)
                self.time_last_used.pop(gone, None)


# Why: Gradio checks the paths of files that functions hand out only after `launch`.
# Until: Gradio checks them on a mounted page too.
def check_paths(page: Blocks) -> None:
    """Has Gradio check paths on a page that will be mounted."""
    page.has_launched = True


def keep_small(app: FastAPI, page: Blocks) -> None:
    """Has a mounted page remember its visitors in `Sessions`; Gradio makes the app that it mounts by itself."""
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, App):
            route.app.state_holder = Sessions()
            route.app.state_holder.set_blocks(page)
