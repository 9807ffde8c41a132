"""What several training processes share, and how a checkpoint keeps the state of each process."""

from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor


def is_shared() -> bool:
    """Whether this process trains together with other processes."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def share_of(total: int, rank: int, world: int) -> int:
    """The number of slots of one process, which has the slots rank, rank + world, ...

    Args:
        total: number of slots.
        rank: number of the process, from 0.
        world: number of processes.

    Returns:
        the number of its slots.

    Raises:
        ValueError: where there are slots, but fewer than processes.
    """
    if 0 < total < world:
        raise ValueError(f"A buffer of {total} slots a class cannot be shared by {world} processes.")
    return len(range(rank, total, world))


def part(state: dict[str, Tensor], groups: list[int], rank: int, world: int) -> dict[str, Tensor]:
    """One process's part of a replay buffer's state: every `world`-th slot of each group, from `rank` on.

    Args:
        state: of `ReplayBuffer`: x (slots, 1, 56, 56), steps (slots,).
        groups: number of slots of each class, and of the chains without a class; their sum is `slots`.
        rank: number of the process, from 0.
        world: number of processes.

    Returns:
        the state of its slots.
    """
    return {
        name: torch.cat([group[rank::world] for group in value.split(groups)]) for name, value in state.items()
    }  # fmt: skip


def whole(parts: list[dict[str, Tensor]], groups: list[int]) -> dict[str, Tensor]:
    """The state of the whole replay buffer from its parts: the inverse of `part`.

    Args:
        parts: of all processes, by rank.
        groups: as in `part`.

    Returns:
        the whole state.
    """
    world, merged = len(parts), {}
    for name, first in parts[0].items():
        of_ranks = [
            part[name].split([len(range(rank, size, world)) for size in groups]) for rank, part in enumerate(parts)
        ]
        out = first.new_empty(sum(groups), *first.shape[1:])
        for k, group in enumerate(out.split(groups)):
            for rank, views in enumerate(of_ranks):
                group[rank::world] = views[k]
        merged[name] = out
    return merged


def gather(value: Any) -> list[Any]:
    """The values of all processes, by rank; all of them must call it."""
    if not is_shared():
        return [value]
    values: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(values, value)
    return values


def mean(values: dict[str, Tensor]) -> dict[str, Tensor]:
    """Scalars averaged over the processes, in one exchange; all of them must call it."""
    if not is_shared():
        return values
    stacked = torch.stack([value.float() for value in values.values()])
    dist.all_reduce(stacked)
    return dict(zip(values, stacked / dist.get_world_size(), strict=True))


def is_lost_connection(error: RuntimeError) -> bool:
    """Whether an error means that another process could not be reached; NCCL has a type for it, gloo has not."""
    return isinstance(error, dist.DistError) or "gloo" in str(error).lower()


def first_trouble(trouble: str | None, device: torch.device) -> str | None:
    """The trouble of the first process that has one, so that all roll back together; all of them must call it.

    One number is exchanged a step. Sentences are exchanged only when there is trouble.

    Args:
        trouble: what this process saw, or None.
        device: of the exchange.

    Returns:
        the sentence, or None if no process has trouble.
    """
    if not is_shared():
        return trouble
    count = torch.tensor(0.0 if trouble is None else 1.0, device=device)
    dist.all_reduce(count)
    if not count:
        return None
    return next(f"{seen} (process {rank})" for rank, seen in enumerate(gather(trouble)) if seen is not None)


def seed_of(seed: int, rank: int, step: int) -> int:
    """A seed for the random stream of one process, different for every process and every first step.

    Args:
        seed: of the run.
        rank: number of the process, from 0.
        step: at which the stream begins.

    Returns:
        the seed.
    """
    if step == 0 and rank == 0:
        return seed
    return int(np.random.SeedSequence([seed, rank, step]).generate_state(1, np.uint64)[0] >> 1)
