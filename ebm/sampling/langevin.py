"""SGLD, the laws its chains start from, and the replay buffer; the only place with Langevin steps."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ebm.data.corpus import SIZE
from ebm.model.energy import EnergyNet, check_glyphs
from ebm.model.gradient import InputGradient
from ebm.sampling.native import Move, NativeStep, fits, library

GLYPH = (1, SIZE, SIZE)


@dataclass(frozen=True)
class Step:
    """One state of the chains, or of a path: x (N, 1, 56, 56), its energy (N,), and how many steps led there."""

    x: Tensor
    energy: Tensor
    index: int


def sgld(
    model: nn.Module | Callable[..., Tensor],
    x: Tensor,
    *,
    steps: int,
    step_size: float,
    noise: float,
    grad_clip: float | None = None,
    clamp: tuple[float, float] | None = (-1.0, 1.0),
    y: Tensor | None = None,
    free: Tensor | None = None,
    generator: torch.Generator | None = None,
    every: int = 1,
) -> Iterator[Step]:
    """Langevin dynamics on the energy surface: x <- x - step_size * clip(dE/dx) + noise * N(0, 1).

    Eq. 5 of the sheet (Welling & Teh 2011) is step_size = eta / 2 and noise = sqrt(eta). In
    practice the two are set apart. Their ratio then is a temperature, noise^2 / (2 step_size), far
    below 1 in every trained recipe here: small unclipped steps would sample exp(-E / temperature).

    Args:
        model: has `energy(x)` and, with labels, `energy(x, y)`; a plain callable must return E.
        x: the chains' starts (N, ...); never changed in place.
        steps: how many steps; step_size: factor of the gradient; noise: standard deviation a step.
        grad_clip: largest size of each component of dE/dx; None = unclipped.
        clamp: range the state is kept in; None = the whole space.
        y: class labels (N,) int64 that steer every chain to its class.
        free: mask that can be broadcast to x, True or 1 where pixels may move. Elsewhere every state is
            exactly the start's, also outside `clamp` (inpainting: the known pixels).
        generator: on x's device, makes the noise reproducible.
        every: yields after each `every` steps, and always after the last.

    Yields:
        `Step`, detached. Between yields, and when abandoned or on an exception, the model's
        parameters have their flags and gradients as before.

    Raises:
        ValueError: for a mask that does not fit x.
    """
    energy = getattr(model, "energy", model)
    extra = () if y is None else (y,)
    start = x = x.detach()
    moving = None if free is None else _mask(free, x)
    take_step = _step(model, x, extra, step_size, noise, grad_clip, clamp)
    for index in range(1, steps + 1):
        white = torch.empty_like(x).normal_(generator=generator) if noise else None
        x = take_step(x, white)
        if moving is not None:
            x = torch.where(moving, x, start)
        if index % every == 0 or index == steps:
            with torch.no_grad():
                now = energy(x, *extra)
            yield Step(x, now, index)


def _mask(free: Tensor, x: Tensor) -> Tensor:
    """A mask as booleans on x's device that can be broadcast to x."""
    try:
        torch.broadcast_to(free, x.shape)
    except RuntimeError:
        raise ValueError(f"The mask {tuple(free.shape)} does not fit chains {tuple(x.shape)}.") from None
    return free.to(x.device).bool()


def _step(
    model: nn.Module | Callable[..., Tensor], x: Tensor, extra: tuple[Tensor, ...], step_size: float, noise: float,
    clip: float | None, clamp: tuple[float, float] | None,
) -> Callable[[Tensor, Tensor | None], Tensor]:  # fmt: skip
    """One step as a function of x and of standard normal noise or None.

    On a CPU the compiled step takes over as soon as it is there, be it in the middle of a run.
    """
    slope: Callable[[Tensor], Tensor] | None = None
    native: NativeStep | None = None
    native_fits = fits(model, x)
    low, high = clamp if clamp is not None else (-math.inf, math.inf)
    limit = clip if clip is not None else math.inf
    move = Move(step_size, noise, limit, low, high)

    def take_step(x: Tensor, white: Tensor | None) -> Tensor:
        nonlocal slope, native
        if native is None and native_fits and (code := library().code) is not None:
            assert isinstance(model, EnergyNet)
            check_glyphs(x)
            native = NativeStep(code, model, torch.get_num_threads())
        if native is not None:
            return native(x, extra[0] if extra else None, move, white)[1]
        slope = slope or gradient_of(model, x, *extra)
        x = x - step_size * slope(x).clamp(-limit, limit)
        if white is not None:
            x = x + noise * white
        return x.clamp_(low, high)

    return take_step


def gradient_of(
    model: nn.Module | Callable[..., Tensor], x: Tensor, y: Tensor | None = None
) -> Callable[[Tensor], Tensor]:
    """dE/dx as a function of x, parameters out of the graph: by hand where that is faster, else by autograd.

    Args:
        model: as in `sgld`, with its weights as they are now.
        x: only its device and type matter; y: class labels (N,) int64, or None.
    """
    extra = () if y is None else (y,)
    if type(model) is EnergyNet and x.device.type == "cpu" and x.dtype == torch.float32:
        by_hand = InputGradient(model)
        return lambda x: by_hand(x, *extra)[1]
    energy = getattr(model, "energy", model)

    def by_autograd(x: Tensor) -> Tensor:
        with frozen(model), torch.enable_grad():
            at = x.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(energy(at, *extra).sum(), at)
        return gradient

    return by_autograd


@contextmanager
def frozen(model: object) -> Iterator[None]:
    """Keeps a model's parameters out of the graph inside the block, then restores their flags.

    A model whose parameters are frozen already (as `ebm.load` gives it) is not touched at all, so
    several threads may sample from it at once.
    """
    learning = [p for p in model.parameters() if p.requires_grad] if isinstance(model, nn.Module) else []
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)


def uniform_start(n: int, generator: torch.Generator) -> Tensor:
    """Every pixel uniform in [-1, 1]: (n, 1, 56, 56) on the generator's device."""
    return torch.rand((n, *GLYPH), generator=generator, device=generator.device) * 2 - 1


def gaussian_start(n: int, generator: torch.Generator) -> Tensor:
    """The sheet's small Gaussian, N(0, 0.01^2): (n, 1, 56, 56) on the generator's device."""
    return torch.randn((n, *GLYPH), generator=generator, device=generator.device) * 0.01


def blank_start(n: int, generator: torch.Generator) -> Tensor:
    """Blank paper of some shade in [-1, -0.6] with a little grain: (n, 1, 56, 56) on the generator's device."""
    shade = -1 + 0.4 * torch.rand((n, 1, 1, 1), generator=generator, device=generator.device)
    grain = 0.05 * torch.randn((n, *GLYPH), generator=generator, device=generator.device)
    return (shade + grain).clamp_(-1, 1)


STARTS: dict[str, Callable[[int, torch.Generator], Tensor]] = {"uniform": uniform_start, "gaussian": gaussian_start}


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
