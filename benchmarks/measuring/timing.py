"""Interleaved runs and what is made of them: medians, ratios with their spread, z-scores."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median, stdev

MAX_Z = 4.0  # above it two samplers do not draw from the same distribution


@dataclass(frozen=True)
class Ratio:
    """How many times as long as ours a peer takes: the ratio of medians, and the extremes of the rounds' ratios."""

    median: float
    low: float
    high: float


def interleave(
    runs: Mapping[str, Callable[[], float]], rounds: int, say: Callable[[str], None] = lambda line: None
) -> dict[str, list[float]]:
    """Calls every run once a round, so that whatever else the machine does meets all of them alike.

    Args:
        runs: name -> a run, which gives its own seconds. They are called one after the other, and
            each round starts with another one, so that none always follows the same neighbour.
        rounds: how often; say: is told of every round.

    Returns:
        name -> seconds, one a round.

    Raises:
        ValueError: for less than one round.
    """
    if rounds < 1:
        raise ValueError(f"At least one round is needed, not {rounds}.")
    names = list(runs)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for k in range(rounds):
        say(f"round {k + 1} of {rounds}")
        first = k % len(names) if names else 0
        for name in names[first:] + names[:first]:
            seconds[name].append(runs[name]())
    return seconds


def timed(action: Callable[[], object]) -> Callable[[], float]:
    """Makes of an action a run for `interleave`: called, it gives the seconds that the action took."""

    def run() -> float:
        started = time.perf_counter()
        action()
        return time.perf_counter() - started

    return run


def ratio(peer: Sequence[float], ours: Sequence[float]) -> Ratio:
    """The peer's seconds over ours, both one a round of the same rounds.

    Raises:
        ValueError: when the two have not the same number of rounds, or none.
    """
    if len(peer) != len(ours) or not ours:
        raise ValueError(f"A ratio needs the same rounds of both, not {len(peer)} and {len(ours)}.")
    rounds = [theirs / own for theirs, own in zip(peer, ours, strict=True)]
    return Ratio(median(peer) / median(ours), min(rounds), max(rounds))


def z_score(ours: Sequence[float], peer: Sequence[float]) -> float:
    """How many standard errors the means of paired values lie apart: of the same starts, with independent noise.

    Pairing takes the variance of the starts out, which leaves that of the noise alone: more power.

    Raises:
        ValueError: for samples of different sizes, or below 2 pairs.
    """
    if len(ours) != len(peer) or len(ours) < 2:
        raise ValueError(f"A z-score needs at least two pairs, not {len(ours)} and {len(peer)} values.")
    apart = [own - theirs for own, theirs in zip(ours, peer, strict=True)]
    error = stdev(apart) / len(apart) ** 0.5
    if error == 0:
        return 0.0 if mean(apart) == 0 else float("inf")
    return mean(apart) / error
