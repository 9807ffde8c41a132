"""What several training processes share, and how a checkpoint keeps what each has of its own."""

from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor


def is_shared() -> bool:
    """Whether this process trains together with others."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def share_of(total: int, rank: int, world: int) -> int:
    """How many of `total` slots belong to process `rank` of `world`: slots rank, rank + world, ...

    Raises:
        ValueError: where there are slots, but fewer than processes.
    """
    if 0 < total < world:
        raise ValueError(f"A buffer of {total} slots a class cannot be shared by {world} processes.")
    return len(range(rank, total, world))


def part(state: dict[str, Tensor], groups: list[int], rank: int, world: int) -> dict[str, Tensor]:
    """One process's slots of a whole replay buffer's state: every `world`-th of each group, from `rank` on.

    Args:
        state: of `ReplayBuffer`: x (slots, 1, 56, 56), steps (slots,).
        groups: how many slots each class has, and the chains that none steers; their sum is `slots`.
        rank: of the process.
        world: how many processes there are.
    """
    return {
        name: torch.cat([group[rank::world] for group in value.split(groups)]) for name, value in state.items()
    }  # fmt: skip


def whole(parts: list[dict[str, Tensor]], groups: list[int]) -> dict[str, Tensor]:
    """The state of the whole replay buffer from its parts by rank: the inverse of `part`."""
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
    """What every process has, by rank; must be called by all of them."""
    if not is_shared():
        return [value]
    values: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(values, value)
    return values


def mean(values: dict[str, Tensor]) -> dict[str, Tensor]:
    """Scalars averaged over the processes, in one exchange; must be called by all of them."""
    if not is_shared():
        return values
    stacked = torch.stack([value.float() for value in values.values()])
    dist.all_reduce(stacked)
    return dict(zip(values, stacked / dist.get_world_size(), strict=True))


def is_lost_connection(error: RuntimeError) -> bool:
    """Whether an error means that another process could not be reached: gloo has no type for it, NCCL has."""
    return isinstance(error, dist.DistError) or "gloo" in str(error).lower()


def first_trouble(trouble: str | None, device: torch.device) -> str | None:
    """What the first process in trouble saw, so that all roll back together; must be called by all.

    One number is exchanged a step; the sentences only when there is trouble.
    """
    if not is_shared():
        return trouble
    count = torch.tensor(0.0 if trouble is None else 1.0, device=device)
    dist.all_reduce(count)
    if not count:
        return None
    return next(f"{seen} (process {rank})" for rank, seen in enumerate(gather(trouble)) if seen is not None)


def seed_of(seed: int, rank: int, step: int) -> int:
    """A seed for a process's random stream, other for every process and for every step it begins at."""
    if step == 0 and rank == 0:
        return seed
    return int(np.random.SeedSequence([seed, rank, step]).generate_state(1, np.uint64)[0] >> 1)
