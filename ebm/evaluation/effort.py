"""How much work goes into the parts of a report that take minutes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """Sizes of the parts "samples", "robustness" and "likelihood"; the defaults are those of shipped reports.

    Args:
        sample_steps: SGLD steps of every sample; None takes the card's.
        long_steps: SGLD steps of the chains that run on, a multiple of 40; by default ten times the most that a
            sample is given.
        learning_steps: optimiser steps of the classifiers that learn from samples.
        attacked: test glyphs that are attacked, about.
        annealing_chains: chains of every run of annealed importance sampling.
        annealing_steps: inverse temperatures of its longest ladder.
    """

    sample_steps: int | None = None
    long_steps: int = 2560
    learning_steps: int = 400
    attacked: int = 500
    annealing_chains: int = 16
    annealing_steps: int = 600


FULL = Effort()
