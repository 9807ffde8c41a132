"""Medians, ratios and z-scores against values worked out by hand; no test asserts a speed."""

import random

import pytest

from benchmarks.measuring import timing


def test_ratio_is_that_of_medians_and_its_spread_that_of_rounds() -> None:
    found = timing.ratio([6.0, 4.0, 10.0], [2.0, 1.0, 4.0])
    assert found == timing.Ratio(median=3.0, low=2.5, high=4.0)


def test_ratio_needs_the_same_rounds() -> None:
    with pytest.raises(ValueError, match="same rounds of both, not 1 and 2"):
        timing.ratio([1.0], [1.0, 2.0])


def test_interleaved_runs_take_turns_and_each_round_starts_with_another() -> None:
    order: list[str] = []

    def run(name: str):
        def call() -> float:
            order.append(name)
            return float(len(order))

        return call

    seconds = timing.interleave({name: run(name) for name in "abc"}, 3)
    assert "".join(order) == "abcbcacab"
    assert seconds == {"a": [1.0, 6.0, 8.0], "b": [2.0, 4.0, 9.0], "c": [3.0, 5.0, 7.0]}


def test_no_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="At least one round"):
        timing.interleave({"a": lambda: 1.0}, 0)


def test_z_score_of_pairs_by_hand() -> None:
    # Differences 1, 2, 3: mean 2, standard deviation 1, standard error 1 / sqrt(3).
    assert timing.z_score([2.0, 4.0, 6.0], [1.0, 2.0, 3.0]) == pytest.approx(2 * 3**0.5)
    assert timing.z_score([1.0, 1.0], [1.0, 1.0]) == 0
    assert timing.z_score([2.0, 2.0], [1.0, 1.0]) == float("inf")


def test_z_score_is_small_for_one_distribution_and_large_for_two() -> None:
    draw = random.Random(0)
    ours = [draw.gauss(0, 1) for _ in range(2000)]
    same = [draw.gauss(0, 1) for _ in range(2000)]
    other = [draw.gauss(0.3, 1) for _ in range(2000)]
    assert abs(timing.z_score(ours, same)) < timing.MAX_Z < abs(timing.z_score(ours, other))
