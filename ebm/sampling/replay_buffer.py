"""The replay buffer: the reservoir of chains that training restarts from."""

import torch
from torch import Tensor

from ebm.sampling.starts import GLYPH, STARTS, blank_start


class ReplayBuffer:
    """The reservoir of chains that training restarts from (Du & Mordatch 2019; sheet, Sec. 4.1).

    One tensor of slots: some for each class, and some for chains that no class steers. A drawn chain starts afresh
    when its slot is still empty or with probability `reinit`; a fresh start is noise, or data where data are given.

    Args:
        per_class: slots a class.
        classes: how many classes steer chains; 0 where none does.
        unsteered: slots of the chains that no class steers.
        reinit: probability of a fresh start, in [0, 1].
        start: where fresh chains start, a key of `STARTS`.
        blank: share of the fresh chains that start on blank paper instead.
        device: where the slots live.

    Raises:
        ValueError: for an unknown start, a reinit outside [0, 1], or no slot at all.
    """

    def __init__(
        self,
        per_class: int,
        classes: int = 0,
        *,
        unsteered: int = 0,
        reinit: float = 0.05,
        start: str = "uniform",
        blank: float = 0.0,
        device: str | torch.device = "cpu",
    ):
        if start not in STARTS:
            raise ValueError(f"A chain starts from {' or '.join(map(repr, STARTS))}, not {start!r}.")
        slots = classes * per_class + unsteered
        if not 0 <= reinit <= 1 or min(per_class, classes, unsteered) < 0 or slots < 1:
            raise ValueError(
                f"The buffer needs 0 <= reinit <= 1 and at least one slot, not reinit {reinit}, {classes} classes "
                f"of {per_class} slots and {unsteered} more."
            )
        self.per_class, self.classes, self.unsteered = per_class, classes, unsteered
        self.reinit, self.start, self.blank = reinit, start, blank
        self.x = torch.zeros((slots, *GLYPH), device=device)
        self.steps = torch.zeros(slots, dtype=torch.int64, device=device)  # 0 = empty slot

    def __len__(self) -> int:
        """How many slots hold a chain."""
        return int((self.steps > 0).sum())

    def draw(self, y: Tensor, generator: torch.Generator, data: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Draws one start per chain.

        Args:
            y: classes (N,) int64 that steer the chains, -1 for a chain that none steers.
            generator: on the buffer's device.
            data: glyphs (N, 1, 56, 56) for fresh starts instead of noise (contrastive divergence).

        Returns:
            starts (N, 1, 56, 56) and the slots (N,) to put the finished chains into.
        """
        device = generator.device
        sizes = torch.where(y < 0, self.unsteered, self.per_class)
        first = torch.where(y < 0, self.classes * self.per_class, y * self.per_class)
        slots = first + (torch.rand(y.shape, generator=generator, device=device) * sizes).long()
        fresh = (self.steps[slots] == 0) | (torch.rand(y.shape, generator=generator, device=device) < self.reinit)
        self.steps[slots[fresh]] = 0
        starts = self.x[slots]
        starts[fresh] = self._begin(int(fresh.sum()), generator) if data is None else data[fresh]
        return starts, slots

    def _begin(self, n: int, generator: torch.Generator) -> Tensor:
        """Fresh starts (n, 1, 56, 56), some of them on blank paper, which chains from noise never come across."""
        starts = STARTS[self.start](n, generator)
        if self.blank:
            on_paper = torch.rand(n, generator=generator, device=generator.device) < self.blank
            starts[on_paper] = blank_start(int(on_paper.sum()), generator)
        return starts

    def put(self, slots: Tensor, x: Tensor, steps: int) -> None:
        """Returns chains (N, 1, 56, 56) that have run `steps` more steps to their slots (N,).

        Of several chains from one slot the last is kept: left to the indexing, threads would race for it.
        """
        order = torch.arange(len(slots), device=slots.device)
        last = torch.zeros_like(self.steps).scatter_reduce(0, slots, order, "amax")
        kept = last[slots] == order
        self.x[slots[kept]] = x.detach().to(self.x)[kept]
        self.steps[slots[kept]] += steps

    def state_dict(self) -> dict[str, Tensor]:
        """Everything a resumed run needs: the chains and how long each has run."""
        return {"x": self.x, "steps": self.steps}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Takes the chains of another buffer of the same size."""
        if state["x"].shape != self.x.shape:
            raise ValueError(f"The saved buffer has {len(state['x'])} slots, this one {len(self.x)}.")
        self.x.copy_(state["x"])
        self.steps.copy_(state["steps"])
