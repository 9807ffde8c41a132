"""Suite `buffer`: `draw` and `put` of `ebm.ReplayBuffer` against the notebook's list of tensors."""

from dataclasses import asdict
from statistics import median
from typing import Any

import torch

import ebm
from benchmarks.measuring import timing
from benchmarks.measuring.figure import figure
from benchmarks.peers.worker.notebook import ListBuffer

CLASSES, REINIT, GLYPH = 42, 0.05, (1, 56, 56)
PER_ROUND = 50  # draws and returns of one timed run


def measure(*, batches: tuple[int, ...], per_class: int, rounds: int, threads: int) -> dict[str, Any]:
    """Seconds of one draw and return of each buffer, filled, with the same capacity, on the CPU.

    Args:
        batches: numbers of chains a draw.
        per_class: slots for each class.
        rounds: interleaved runs of each.
        threads: of torch.

    Returns:
        rows, figures and ratios.

    Raises:
        ValueError: for sizes below 1.
    """
    if not batches or min(*batches, per_class) < 1:
        raise ValueError("The batch and the slots a class must be at least 1.")
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        rows = [_row(batch, per_class, rounds) for batch in batches]
    finally:
        torch.set_num_threads(before)
    figures = [
        figure(f"{name}, batch {row['batch']}: a draw and return", 1e6 * median(seconds), "us")
        for row in rows
        for name, seconds in row["seconds"].items()
    ]
    return {"rows": rows, "figures": figures, "ratios": {f"list, batch {r['batch']}": r["ratio"] for r in rows}}


def _row(batch: int, per_class: int, rounds: int) -> dict[str, Any]:
    random = torch.Generator().manual_seed(0)
    ours = ebm.ReplayBuffer(per_class, CLASSES, reinit=REINIT)
    filled = torch.rand((len(ours.steps), *GLYPH), generator=random) * 2 - 1
    ours.put(torch.arange(len(filled)), filled, 20)
    peer = ListBuffer(len(filled), GLYPH, REINIT)
    labels = torch.randint(CLASSES, (batch,), generator=random)

    def use_ours() -> None:
        for _ in range(PER_ROUND):
            x, slots = ours.draw(labels, random)
            ours.put(slots, x, 20)

    def use_list() -> None:
        for _ in range(PER_ROUND):
            peer.put(peer.draw(batch))

    use_ours()
    use_list()
    seconds = timing.interleave({"ours": timing.timed(use_ours), "list": timing.timed(use_list)}, rounds)
    seconds = {name: [value / PER_ROUND for value in values] for name, values in seconds.items()}
    return {"batch": batch, "seconds": seconds, "ratio": asdict(timing.ratio(seconds["list"], seconds["ours"]))}
