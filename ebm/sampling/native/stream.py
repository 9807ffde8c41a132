"""Random numbers by counting: the same in a page, in Python and tomorrow, whatever the machine."""

import ctypes

import torch
from torch import Tensor

from ebm.data.corpus import SIZE

LARGEST_SEED = 2**64 - 1


class Stream:
    """Starts and noise of chains, of which each number is known from its seed, chain, step and pixel alone.

    Source: Philox4x32-10 (Salmon et al. 2011); stream.h says how its counter is used.

    Args:
        code: of a `Library`.
        seed: whole number from 0 to 2^64 - 1.
        done: steps that the chains have already run, so that they go on with new noise.

    Raises:
        ValueError: for a seed out of its range.
    """

    def __init__(self, code: ctypes.CDLL, seed: int, done: int = 0):
        if not 0 <= seed <= LARGEST_SEED:
            raise ValueError(f"A seed is a whole number from 0 to {LARGEST_SEED}, not {seed}.")
        self.code, self.seed, self.done = code, seed, done

    def uniform(self, n: int) -> Tensor:
        """The starts of n chains: (n, 1, 56, 56), uniform in [-1, 1)."""
        out = torch.empty((n, 1, SIZE, SIZE))
        self.code.fill_uniform(self.seed, n, out.data_ptr())
        return out

    def normal(self, n: int, step: int) -> Tensor:
        """Standard normal noise of n chains for their step, counted from 1: (n, 1, 56, 56)."""
        out = torch.empty((n, 1, SIZE, SIZE))
        self.code.fill_normal(self.seed, n, self.done + step, out.data_ptr())
        return out
