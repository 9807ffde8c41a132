"""One training that a visitor or a program asked for: checked settings, its moments, its end."""

from collections.abc import Callable, Generator
from typing import Any

SECONDS = (10, 180)
STRANGERS, RESAMPLES = 60, 20  # a trained model is measured quickly: a visitor waits
FIRST = ["a", "o", "p"]  # the sorts offered first


def learn(
    sorts: Any, mode: Any, *, seconds: Any, seed: Any, is_stopped: Callable[[], bool] = lambda: False, **settings: Any
) -> Generator[Any, None, None]:
    """Trains a small model and closes the training however it ends.

    Args:
        sorts: names of up to eight sorts.
        mode: "jem" or "ebm".
        seconds: how long at most, within `SECONDS`.
        seed: of everything.
        is_stopped: asked after every moment; True ends the training, which keeps what was learnt.
        settings: learning rate (lr), SGLD steps (steps) and alpha, where they differ from the recipe.

    Yields:
        the training's moments (`Moment`), then what came of it (`Trained`).

    Raises:
        ValueError: one sentence, for settings that cannot be used or a training that diverged.
    """
    from ebm.training.errors import Diverged
    from ebm.training.live import train_live  # Lightning: not before someone trains

    numbers = _numbers(seconds=seconds, seed=seed, **settings)
    limit = numbers.pop("seconds")
    if not SECONDS[0] <= limit <= SECONDS[1]:
        raise ValueError(f"A training takes {SECONDS[0]} to {SECONDS[1]} seconds.")
    run = train_live(
        list(sorts or []), mode=str(mode), seconds=limit, seed=int(numbers.pop("seed")) % 2**31, **numbers
    )  # fmt: skip
    try:
        for seen in run:
            yield seen
            if is_stopped():
                run.stop()
    except Diverged as error:
        raise ValueError(str(error)) from None
    finally:
        run.close()


def _numbers(**given: Any) -> dict[str, float]:
    """The settings as numbers.

    Raises:
        ValueError: for what is none.
    """
    try:
        return {name: float(value) for name, value in given.items()}
    except (TypeError, ValueError):
        raise ValueError("Seconds, learning rate, steps, alpha and seed must be numbers.") from None
