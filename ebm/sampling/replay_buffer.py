"""The replay buffer: the reservoir of chains that training restarts from."""

import torch
from torch import Tensor

from ebm.sampling.starts import GLYPH, STARTS, blank_start, check_start


class ReplayBuffer:
    """The reservoir of chains that training restarts from (Du & Mordatch 2019; sheet, Sec. 4.1).

    It is one tensor of slots: some for each class, and some for chains without a class. A chain gets a fresh start
    when its slot is still empty, and otherwise with probability `reinit`. A fresh start is noise, or data if given.

    Args:
        per_class: slots a class.
        classes: number of classes; 0 if no chain has a class.
        unsteered: slots of chains without a class.
        reinit: probability of a fresh start, in [0, 1].
        start: where fresh chains start, a key of `STARTS`.
        blank: share of the fresh chains that start on blank paper instead, in [0, 1].
        device: of the slots.

    Raises:
        ValueError: for an unknown start, a reinit outside [0, 1], or no slots.
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
        check_start(start)
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
        """The number of slots that hold a chain."""
        return int((self.steps > 0).sum())

    def draw(self, y: Tensor, generator: torch.Generator, data: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Draws one start per chain.

        Args:
            y: classes (N,) int64 of the chains, -1 for a chain without a class.
            generator: on the buffer's device.
            data: glyphs (N, 1, 56, 56) for fresh starts instead of noise (contrastive divergence), or None.

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
        """Fresh starts (n, 1, 56, 56), some of them on blank paper, which chains from noise never reach."""
        starts = STARTS[self.start](n, generator)
        if self.blank:
            on_paper = torch.rand(n, generator=generator, device=generator.device) < self.blank
            starts[on_paper] = blank_start(int(on_paper.sum()), generator)
        return starts

    def put(self, slots: Tensor, x: Tensor, steps: int) -> None:
        """Puts chains back into their slots.

        When several chains have one slot, the last one is kept. Plain indexing would leave this to chance.

        Args:
            slots: (N,), as `draw` returns them.
            x: the chains (N, 1, 56, 56).
            steps: how many steps they have run since they were drawn.
        """
        order = torch.arange(len(slots), device=slots.device)
        last = torch.zeros_like(self.steps).scatter_reduce(0, slots, order, "amax")
        kept = last[slots] == order
        self.x[slots[kept]] = x.detach().to(self.x)[kept]
        self.steps[slots[kept]] += steps

    def state_dict(self) -> dict[str, Tensor]:
        """What a resumed run needs: the chains, and how many steps each has run."""
        return {"x": self.x, "steps": self.steps}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Loads the chains of another buffer of the same size.

        Args:
            state: as `state_dict` returns it.

        Raises:
            ValueError: for a buffer of another size.
        """
        if state["x"].shape != self.x.shape:
            raise ValueError(f"The saved buffer has {len(state['x'])} slots, this one {len(self.x)}.")
        self.x.copy_(state["x"])
        self.steps.copy_(state["steps"])
