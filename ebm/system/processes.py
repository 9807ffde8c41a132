"""The processes that share one job, on this machine and on others: Lightning starts them, gloo lets them wait."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, NamedTuple

import torch


@dataclass(frozen=True)
class Processes:
    """The processes of a job.

    Args:
        workers: processes that read files, for each process; None = its share of this machine's cores.
        accelerator: Lightning's: "auto", "cpu" or "gpu".
        devices: processes on this machine.
        num_nodes: machines.
        strategy: "auto" or "ddp".
    """

    workers: int | None = None
    accelerator: str = "auto"
    devices: int = 1
    num_nodes: int = 1
    strategy: str = "auto"


class Team(NamedTuple):
    """The processes of a job, as one of them sees them.

    Args:
        rank: of this process, from 0.
        size: how many there are, on all machines.
        device: of this process.
        wait: returns when every process has called it; raises a ConnectionError where one has ended early.
    """

    rank: int
    size: int
    device: torch.device
    wait: Callable[[], None]


def join(processes: Processes) -> Team:
    """Starts the other processes; in each of them the same command runs, until it comes to this call.

    Args:
        processes: that share the job.

    Returns:
        the team that they are.

    Raises:
        ValueError: for processes that this machine cannot start.
    """
    if processes.strategy not in ("auto", "ddp"):
        raise ValueError(f"The strategy is auto or ddp, not {processes.strategy!r}.")
    if processes.devices * processes.num_nodes == 1 and processes.accelerator in ("auto", "cpu"):
        found = None if processes.accelerator == "cpu" else torch.accelerator.current_accelerator(check_available=True)
        return Team(0, 1, found or torch.device("cpu"), lambda: None)
    from lightning_fabric import Fabric  # takes seconds

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # hides lists of devices
    try:
        fabric = Fabric(**{option: value for option, value in asdict(processes).items() if option != "workers"})
    except (ValueError, RuntimeError) as error:  # no such accelerator, or too few devices
        raise ValueError(str(error).strip().splitlines()[0]) from None
    fabric.launch()
    if fabric.world_size == 1:
        return Team(0, 1, fabric.device, lambda: None)
    # One process may finish hours before another.
    group: Any = torch.distributed.new_group(backend="gloo", timeout=timedelta(days=1000))

    def wait() -> None:
        try:
            torch.distributed.barrier(group)
        except RuntimeError:
            raise ConnectionError("Another process ended early: the same command again goes on.") from None

    return Team(fabric.global_rank, fabric.world_size, fabric.device, wait)
