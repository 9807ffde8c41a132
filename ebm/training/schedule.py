"""The learning rate: in each of the two stages a short rise, then half a cosine."""

import math

from ebm.training.recipe import Recipe

MATCH_WARM_UP, CONTRAST_WARM_UP = 100, 50  # steps over which the learning rate rises, at most a tenth of the stage


def learning_rate(recipe: Recipe, step: int) -> float:
    """The learning rate of an optimiser step.

    Args:
        recipe: of the run.
        step: from 0 at the start of the first stage.

    Returns:
        at most the stage's `match_lr` or `lr`.
    """
    if step < recipe.match_steps:
        return recipe.match_lr * _course(step, recipe.match_steps, MATCH_WARM_UP, recipe.lr_decay)
    return recipe.lr * _course(step - recipe.match_steps, recipe.contrast_steps, CONTRAST_WARM_UP, recipe.lr_decay)


def _course(step: int, steps: int, warm_up: int, last: float) -> float:
    """The share of the largest rate at a step of a stage: a linear rise, then half a cosine from 1 to `last`."""
    rise = min(1.0, (step + 1) / (1 + min(warm_up, steps // 10)))
    done = min(1.0, step / max(1, steps))
    return rise * (last + (1 - last) * 0.5 * (1 + math.cos(math.pi * done)))
