"""Drives an installed Firefox by WebDriver BiDi (W3C), because Playwright only drives a Firefox of its own."""

import itertools
import json
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

COMMANDS = ("firefox-esr", "firefox")


def firefox() -> str | None:
    """The command of an installed Firefox, or None."""
    return next((found for name in COMMANDS if (found := shutil.which(name))), None)


class Firefox:
    """One window without a screen, in a profile of its own.

    Args:
        command: of Firefox.
        patience: seconds that an answer may take on a busy machine.

    Attributes:
        errors: what the page wrote to the console as an error.
    """

    def __init__(self, command: str, patience: float = 120):
        from websockets.sync.client import connect

        self.patience, self.errors = patience, list[str]()
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._said = Path(self._profile.name) / "said.txt"
        with self._said.open("w") as said:
            self._process = subprocess.Popen(
                [command, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", self._profile.name],
                stdout=subprocess.DEVNULL, stderr=said,
            )  # fmt: skip
        try:
            self._socket = connect(f"{self._address()}/session", max_size=None, ping_interval=None)
            self._numbers = itertools.count(1)
            self._ask("session.new", capabilities={})
            self._window = self._ask("browsingContext.getTree")["contexts"][0]["context"]
            self._ask("session.subscribe", events=["log.entryAdded"])
        except BaseException:
            self.close()
            raise

    def _address(self) -> str:
        """Where Firefox listens, which it says when it has started."""
        end = time.monotonic() + self.patience
        while time.monotonic() < end and self._process.poll() is None:
            if found := re.search(r"listening on (ws://\S+)", self._said.read_text()):
                return found[1]
            time.sleep(0.1)
        raise AssertionError(f"Firefox did not start: {self._said.read_text()[-500:]}")

    def __enter__(self) -> "Firefox":
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()
        self.close()

    def close(self) -> None:
        """Ends Firefox."""
        self._process.terminate()
        self._process.wait(30)
        self._profile.cleanup()

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            said = json.loads(self._socket.recv(timeout=self.patience))
            if said.get("id") == number:
                assert said["type"] == "success", said
                return said["result"]
            if said.get("method") == "log.entryAdded" and said["params"]["level"] == "error":
                self.errors.append(str(said["params"].get("text")))

    def open(self, url: str, width: int = 1280, height: int = 844) -> None:
        """Opens an address in a window of a size in pixels."""
        self._ask("browsingContext.setViewport", context=self._window, viewport={"width": width, "height": height})
        self._ask("browsingContext.navigate", context=self._window, url=url, wait="complete")

    def evaluate(self, script: str) -> Any:
        """The value of an expression on the page; a promise is waited for."""
        found = self._ask(
            "script.evaluate", expression=f"(async () => JSON.stringify((await ({script})) ?? null))()",
            target={"context": self._window}, awaitPromise=True,
        )  # fmt: skip
        assert found["type"] == "success", found["exceptionDetails"]["text"]
        return json.loads(found["result"]["value"])

    def wait(self, script: str) -> Any:
        """Waits until an expression on the page is true, and gives its value."""
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            if value := self.evaluate(script):
                return value
            time.sleep(0.1)
        raise AssertionError(f"this did not come true: {script}")

    def drag(self, selector: str, points: list[tuple[float, float]]) -> None:
        """Draws with the mouse over an element, in fractions of its sides."""
        self.evaluate(f"document.querySelector('{selector}').scrollIntoView({{ block: 'center' }})")
        box = self.evaluate(f"document.querySelector('{selector}').getBoundingClientRect().toJSON()")
        left, top, width, height = (box[name] for name in ("x", "y", "width", "height"))
        moves = [
            {"type": "pointerMove", "x": round(left + x * width), "y": round(top + y * height), "duration": 50}
            for x, y in points
        ]
        actions = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions}
        self._ask("input.performActions", context=self._window, actions=[mouse])
