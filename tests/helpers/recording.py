"""Stands in for a GPU's graphs on a CPU."""

import torch

from ebm.system.cuda_graph import Recording, Work


class Recorder:
    """Does the work again instead of replaying it, and writes to the tensors of the first time.

    Attributes:
        recordings: how many there were.
    """

    def __init__(self) -> None:
        self.recordings = 0

    def __call__(self, work: Work, generator: torch.Generator | None = None) -> Recording:
        """As `ebm.system.cuda_graph.record`, which also leaves the generator as it was."""
        self.recordings += 1
        state = None if generator is None else generator.get_state()
        results = work()
        if generator is not None and state is not None:
            generator.set_state(state)

        def replay() -> None:
            for old, new in zip(results, work(), strict=True):
                old.copy_(new)

        return replay, results
