"""SGLD, the laws its chains start from, and the replay buffer; the only place with Langevin steps."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ebm.data.corpus import SIZE
from ebm.energy import EnergyNet, check_glyphs
from ebm.input_gradient import InputGradient
from ebm.native import Move, NativeStep, fits, library

GLYPH = (1, SIZE, SIZE)
TINY = 1e-12  # a gradient of this size or less does not move a chain


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
    smooth: bool = False,
    normalize: bool = False,
    anneal: float = 0.0,
    clamp: tuple[float, float] | None = (-1.0, 1.0),
    y: Tensor | None = None,
    free: Tensor | None = None,
    generator: torch.Generator | None = None,
    every: int = 1,
) -> Iterator[Step]:
    """Langevin dynamics on the energy surface: x <- x - step_size * clip(dE/dx) + noise * N(0, 1).

    Eq. 5 of the sheet (Welling & Teh 2011) is step_size = eta / 2 and noise = sqrt(eta). In
    practice the two are set apart; their ratio then is a temperature noise^2 / (2 step_size), far
    below 1 in every trained recipe here: small unclipped steps would sample exp(-E / temperature).

    Args:
        model: has `energy(x)` and, with labels, `energy(x, y)`; a plain callable must return E.
        x: the chains' starts (N, ...); never changed in place.
        steps: how many steps; step_size: factor of the gradient; noise: standard deviation a step.
        grad_clip: largest size of each component of dE/dx (normalised, if it is); None = unclipped.
        smooth: blurs dE/dx with the binomial kernel (1, 2, 1) / 4 along both axes, first of all. The
            kernel's frequency response is nowhere negative, so this preconditions the drift: coarse
            forms move as before, grain hardly (and is hotter, since the noise stays white).
        normalize: divides each chain's gradient by its root mean square, so that step_size is the way
            that a pixel goes in a step, on average, on a flat surface as on a steep one.
        anneal: share of the steps, at the end, over which step_size and noise fall to zero, in [0, 1].
        clamp: range the state is kept in; None = the whole space.
        y: class labels (N,) int64 that steer every chain to its class.
        free: mask that can be broadcast to x, True or 1 where pixels may move. Elsewhere every state is
            exactly the start's, also outside `clamp` (inpainting: the known pixels). What `smooth` and
            `normalize` make of the gradient, they make of the whole gradient.
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
    take_step = _step(model, x, extra, grad_clip, smooth, normalize, clamp)
    for index in range(1, steps + 1):
        left = min(1.0, (steps - index + 1) / (anneal * steps)) if anneal else 1.0
        white = torch.empty_like(x).normal_(generator=generator) if noise else None
        x = take_step(x, white, left * step_size, left * noise)
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
    model: nn.Module | Callable[..., Tensor], x: Tensor, extra: tuple[Tensor, ...], clip: float | None, smooth: bool,
    normalize: bool, clamp: tuple[float, float] | None,
) -> Callable[[Tensor, Tensor | None, float, float], Tensor]:  # fmt: skip
    """One step as a function of x, standard normal noise or None, and the sizes of drift and noise.

    On a CPU the compiled step takes over as soon as it is there, be it in the middle of a run.
    """
    slope: Callable[[Tensor], Tensor] | None = None
    native: NativeStep | None = None
    native_fits = fits(model, x)
    low, high = clamp if clamp is not None else (-math.inf, math.inf)
    limit = clip if clip is not None else math.inf

    def take_step(x: Tensor, white: Tensor | None, drift: float, spread: float) -> Tensor:
        nonlocal slope, native
        if native is None and native_fits and (code := library().code) is not None:
            assert isinstance(model, EnergyNet)
            check_glyphs(x)
            native = NativeStep(code, model, torch.get_num_threads())
        if native is not None:
            how = Move(smooth, normalize, drift, spread, limit, low, high, TINY)
            return native(x, extra[0] if extra else None, how, white)[1]
        slope = slope or gradient_of(model, x, *extra)
        gradient = slope(x)
        if smooth:
            gradient = binomial(binomial(gradient, -1), -2)
        if normalize:
            size = gradient.flatten(1).square().mean(1).sqrt().clamp_min(TINY)
            gradient = gradient / size.view(-1, *[1] * (gradient.dim() - 1))
        x = x - drift * gradient.clamp(-limit, limit)
        if white is not None:
            x = x + spread * white
        return x.clamp_(low, high)

    return take_step


def binomial(x: Tensor, dim: int) -> Tensor:
    """(1, 2, 1) / 4 along one axis, zeros beyond the ends: sums of slices, ten times as fast as a pooling layer."""
    n = x.shape[dim]
    blurred = x / 2
    blurred.narrow(dim, 0, n - 1).add_(x.narrow(dim, 1, n - 1), alpha=0.25)
    blurred.narrow(dim, 1, n - 1).add_(x.narrow(dim, 0, n - 1), alpha=0.25)
    return blurred


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


STARTS: dict[str, Callable[[int, torch.Generator], Tensor]] = {"uniform": uniform_start, "gaussian": gaussian_start}


class ReplayBuffer:
    """The reservoir of chains that training restarts from (Du & Mordatch 2019; sheet, Sec. 4.1).

    One tensor of slots, divided among the classes. A drawn chain starts afresh when its slot is
    still empty or with probability `reinit`; a fresh start is noise, or data where data are given.

    Args:
        per_class: slots a class; classes: 1 for unconditional chains.
        reinit: probability of a fresh start.
        start: the law of fresh noise, a key of `STARTS`.
        device: where the slots live.

    Raises:
        ValueError: for an unknown start, a reinit outside [0, 1] or a size below 1.
    """

    def __init__(
        self,
        per_class: int,
        classes: int = 1,
        *,
        reinit: float = 0.05,
        start: str = "uniform",
        device: str | torch.device = "cpu",
    ):
        if start not in STARTS:
            raise ValueError(f"A chain starts from {' or '.join(map(repr, STARTS))}, not {start!r}.")
        if not 0 <= reinit <= 1 or per_class < 1 or classes < 1:
            raise ValueError(
                f"The buffer needs 0 <= reinit <= 1 and sizes of at least 1, not {reinit}, {per_class}, {classes}."
            )
        self.per_class, self.classes, self.reinit, self.start = per_class, classes, reinit, start
        self.x = torch.zeros((classes * per_class, *GLYPH), device=device)
        self.steps = torch.zeros(classes * per_class, dtype=torch.int64, device=device)  # 0 = empty slot

    def __len__(self) -> int:
        """How many slots hold a chain."""
        return int((self.steps > 0).sum())

    def draw(self, y: Tensor, generator: torch.Generator, data: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Draws one start per label.

        Args:
            y: classes (N,) int64; all zeros when unconditional.
            generator: on the buffer's device.
            data: glyphs (N, 1, 56, 56) for fresh starts instead of noise (contrastive divergence).

        Returns:
            starts (N, 1, 56, 56) and the slots (N,) to put the finished chains into.
        """
        device = generator.device
        slots = y * self.per_class + torch.randint(self.per_class, y.shape, generator=generator, device=device)
        fresh = (self.steps[slots] == 0) | (torch.rand(y.shape, generator=generator, device=device) < self.reinit)
        self.steps[slots[fresh]] = 0
        starts = self.x[slots]
        starts[fresh] = STARTS[self.start](int(fresh.sum()), generator) if data is None else data[fresh]
        return starts, slots

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
