"""Items are computed ahead and shown at a pace."""

import threading
import time

import pytest

from app.parts.pace import paced


def test_every_item_comes_in_order_and_not_faster_than_the_pace():
    begun = time.monotonic()
    assert list(paced(iter(range(6)), 50)) == list(range(6))
    assert time.monotonic() - begun >= 5 / 50


def test_the_work_runs_ahead_of_what_is_shown():
    over = threading.Event()

    def work():
        yield from range(5)
        over.set()

    shown = paced(work(), 4)
    next(shown)
    assert over.wait(120), "the work waits until its items are shown"
    shown.close()


def test_an_early_end_stops_the_work_and_leaves_no_thread():
    made = []

    def work():
        for k in range(10_000):
            made.append(k)
            time.sleep(0.01)
            yield k

    threads = threading.active_count()
    shown = paced(work(), 100)
    next(shown)
    shown.close()
    assert threading.active_count() == threads and len(made) < 100


def test_an_error_comes_after_the_items_before_it():
    def work():
        yield 1
        raise ValueError("no more ink")

    shown = paced(work(), 100)
    assert next(shown) == 1
    with pytest.raises(ValueError, match="no more ink"):
        next(shown)
