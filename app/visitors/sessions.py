"""What the server remembers of each visitor, kept small.

Gradio makes a full description of every component for every session, 35 ms and some hundred kilobytes of it, only to
serve its deep links, which this page does not have (its links say all themselves). Every call of a program that
brings no session is a session of its own. So 50 people scoring at once waited for descriptions, and memory grew.
"""

from copy import copy
from typing import Any

from fastapi import FastAPI
from gradio.blocks import Blocks
from gradio.routes import App
from gradio.state_holder import SessionState, StateHolder
from starlette.routing import Mount

KEPT = 1000  # sessions


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


class Sessions(StateHolder):
    """The sessions, at most `KEPT`: those that hold nothing of a visitor's go first, then the longest unused."""

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
            while len(self.session_data) > KEPT:
                others = (name for name in self.session_data if name != session_id)
                empty = next((n for n in others if not self.session_data[n].state_data), None)
                gone = next(iter(self.session_data)) if empty is None else empty
                self.session_data.pop(gone)
                self.time_last_used.pop(gone, None)


def keep_small(app: FastAPI, page: Blocks) -> None:
    """Has a mounted page remember its visitors in this way."""
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, App):
            route.app.state_holder = Sessions()
            route.app.state_holder.set_blocks(page)
