"""Items are shown at a pace."""

import time

import pytest

from app.parts.pace import paced


def test_every_item_comes_in_order_and_not_faster_than_the_pace():
    begun = time.monotonic()
    assert list(paced(iter(range(6)), 50)) == list(range(6))
    assert time.monotonic() - begun >= 5 / 50


def test_nothing_is_computed_that_nobody_waits_for():
    made = []

    def work():
        for k in range(10):
            made.append(k)
            yield k

    shown = paced(work(), 100)
    assert next(shown) == 0
    shown.close()
    assert made == [0]


def test_an_error_comes_after_the_items_before_it():
    def work():
        yield 1
        raise ValueError("no more ink")

    shown = paced(work(), 100)
    assert next(shown) == 1
    with pytest.raises(ValueError, match="no more ink"):
        next(shown)
