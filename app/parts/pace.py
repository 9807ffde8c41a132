"""Frames at a pace that eyes can follow, and that leaves the server free for others."""

import time
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")

FRAMES_A_SECOND = 24


def paced(items: Iterator[T], per_second: float = FRAMES_A_SECOND) -> Iterator[T]:
    """Hands on every item, at most so many a second.

    Args:
        items: anything.
        per_second: above 0.

    Yields:
        the items.
    """
    due = time.monotonic()
    for item in items:
        time.sleep(max(0.0, due - time.monotonic()))
        due = max(due, time.monotonic()) + 1 / per_second
        yield item
