"""Showing at a pace that eyes can follow what is computed as fast as the machine can."""

import time
from collections.abc import Iterator
from queue import SimpleQueue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")


class _Failed:
    """Carries an error of the thread to whoever shows its items."""

    def __init__(self, error: BaseException | None):
        self.error = error  # None: the end


def paced(items: Iterator[T], per_second: float) -> Iterator[T]:
    """Runs an iterator in a thread of its own, ahead, and hands on every item, at most so many a second.

    The sampler is not held up by the pictures that are drawn of its chains: it lets go of the interpreter
    while it computes. When the caller stops early, so does the thread, at the next item.

    Args:
        items: few and small enough to wait in memory.
        per_second: how fast they are handed on.

    Raises:
        whatever the iterator raises, after the items before it.
    """
    waiting: SimpleQueue[T | _Failed] = SimpleQueue()
    left = Event()

    def work() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                waiting.put(item)
                if left.is_set():
                    break
        except BaseException as raised:  # noqa: BLE001  (it is raised again below, where someone can see it)
            error = raised
        waiting.put(_Failed(error))

    thread = Thread(target=work, daemon=True)
    thread.start()
    due = time.monotonic()
    try:
        while True:
            item = waiting.get()
            if isinstance(item, _Failed):
                if item.error is not None:
                    raise item.error
                return
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(due, time.monotonic()) + 1 / per_second
            yield item
    finally:
        left.set()
        thread.join()
