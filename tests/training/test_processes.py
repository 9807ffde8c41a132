"""What training processes tell one another, between two real ones."""

import os
import tempfile
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from helpers.forked import context

from ebm.training import processes


def _talk(rank: int, folder: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    device = torch.device("cpu")
    said = {
        "gathered": processes.gather({"rank": rank}),
        "mean": {k: float(v) for k, v in processes.mean({"a": torch.tensor(rank + 1.0), "b": torch.tensor(4)}).items()},
        "all well": processes.first_trouble(None, device),
        "one in trouble": processes.first_trouble("saturated" if rank == 1 else None, device),
        "both in trouble": processes.first_trouble(f"ink {rank}", device),
    }
    torch.save(said, Path(folder) / f"{rank}.pt")
    dist.destroy_process_group()


@pytest.mark.skipif(not dist.is_available() or not dist.is_gloo_available(), reason="torch without gloo")
def test_two_processes_agree_on_figures_and_on_trouble():
    with tempfile.TemporaryDirectory() as folder:
        context()  # the server of processes, which has imported everything
        mp.start_processes(_talk, args=(folder,), nprocs=2, start_method="forkserver")
        first, second = (torch.load(os.path.join(folder, f"{rank}.pt")) for rank in (0, 1))
    assert first == second
    assert first["gathered"] == [{"rank": 0}, {"rank": 1}]
    assert first["mean"] == {"a": 1.5, "b": 4.0}
    assert first["all well"] is None
    assert first["one in trouble"] == "saturated (process 1)"
    assert first["both in trouble"] == "ink 0 (process 0)"


def test_one_process_alone_needs_nobody():
    assert not processes.is_shared()
    assert processes.gather(3) == [3]
    assert processes.first_trouble("ink", torch.device("cpu")) == "ink"
    values = {"loss": torch.tensor(1.0)}
    assert processes.mean(values) is values


def test_only_the_loss_of_another_process_is_called_so():
    assert processes.is_lost_connection(RuntimeError("[gloo/transport/tcp/pair.cc:545] Connection reset by peer"))
    assert not processes.is_lost_connection(RuntimeError("The size of tensor a (4) must match"))


def test_a_buffer_is_shared_out_by_groups_and_put_together_again():
    groups = [3, 4, 7]
    state = {"x": torch.arange(14.0).view(14, 1), "steps": torch.arange(14)}
    parts = [processes.part(state, groups, rank, 2) for rank in range(2)]
    assert parts[0]["steps"].tolist() == [0, 2, 3, 5, 7, 9, 11, 13]
    assert parts[1]["steps"].tolist() == [1, 4, 6, 8, 10, 12]
    together = processes.whole(parts, groups)
    assert all(torch.equal(together[name], state[name]) for name in state)
