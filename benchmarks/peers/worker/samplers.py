"""Every sampler behind one signature: ours and the peers', on the same weights.

This is imported inside a worker only. Each function takes the network and its shape, and returns the ways to run the
sampler. A way is what a user can set without rewriting the library (memory format, autocast, frozen weights). The
first one is the library with its defaults.
"""

import copy
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from net import PlainNet
from torch import Tensor, nn


@dataclass(frozen=True)
class Drift:
    """The settings of every sampler: x <- clamp(x - step_size * clip(dE/dx) + noise * N(0, 1)).

    Args:
        step_size: factor of the gradient.
        noise: standard deviation of the noise a step.
        grad_clip: largest size of each component of dE/dx; None = unclipped.
    """

    step_size: float
    noise: float
    grad_clip: float | None


Run = Callable[[Tensor, int, Drift, int], Tensor]  # starts, steps, recipe, seed of the noise -> states


def ours(net: PlainNet, shape: dict[str, Any], device: str) -> dict[str, Run]:
    """`ebm.sgld`, which is in float32 as it is called by default."""
    import ebm
    from ebm.sampling.recorded_step import RecordedSteps

    recorded = RecordedSteps()
    model = (
        ebm.EnergyNet(**shape).to(memory_format=torch.channels_last).to(device)
    )  # as `ebm.training.jem.JEM` keeps it
    model.load_state_dict(net.state_dict())
    model.eval().requires_grad_(False)

    def run(x: Tensor, steps: int, drift: Drift, seed: int) -> Tensor:
        generator = torch.Generator(device).manual_seed(seed)
        (last,) = ebm.sgld(
            model, x, steps=steps, step_size=drift.step_size, noise=drift.noise, grad_clip=drift.grad_clip,
            generator=generator, every=steps, recorded=recorded,
        )  # fmt: skip
        return last.x

    return {"float32": run, "default": run}


def notebook(net: PlainNet, shape: dict[str, Any], device: str) -> dict[str, Run]:
    """The course's loop; its weights are never frozen."""
    from notebook import langevin

    def way(model: nn.Module) -> Run:
        def run(x: Tensor, steps: int, drift: Drift, seed: int) -> Tensor:
            generator = torch.Generator(device).manual_seed(seed)
            states = langevin(
                model, x, steps=steps, step_size=drift.step_size, noise=drift.noise, grad_clip=drift.grad_clip,
                generator=generator,
            )  # fmt: skip
            model.zero_grad()
            return states

        return run

    return _ways(way, net, device, can_freeze=False)


def torchebm(net: PlainNet, shape: dict[str, Any], device: str) -> dict[str, Run]:
    """torchebm's `LangevinDynamics`: its noise is sqrt(2 step_size) * noise_scale; it cannot clip gradients."""
    from torchebm.core import BaseModel
    from torchebm.samplers import LangevinDynamics

    class Energy(BaseModel):
        def __init__(self, inner: nn.Module):
            super().__init__(device=device)
            self.inner = inner

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x)

    def way(model: nn.Module) -> Run:
        energy = Energy(model)

        def run(x: Tensor, steps: int, drift: Drift, seed: int) -> Tensor:
            if drift.grad_clip is not None:
                raise ValueError("torchebm's LangevinDynamics cannot clip the gradient.")
            scale = drift.noise / (2 * drift.step_size) ** 0.5
            sampler = LangevinDynamics(
                energy, step_size=drift.step_size, noise_scale=scale, clamp=(-1.0, 1.0), device=device
            )
            return sampler.sample(x=x, n_steps=steps, generator=torch.Generator(device).manual_seed(seed))

        return run

    return _ways(way, net, device, can_freeze=True)


def ebmkit(net: PlainNet, shape: dict[str, Any], device: str) -> dict[str, Run]:
    """ebmkit's `LangevinDynamics`; it freezes the weights by itself and takes its noise from torch's global stream."""
    from ebm.samplers import LangevinDynamics

    def way(model: nn.Module) -> Run:
        def run(x: Tensor, steps: int, drift: Drift, seed: int) -> Tensor:
            torch.manual_seed(seed)
            sampler = LangevinDynamics(
                step_size=drift.step_size, noise_scale=drift.noise, grad_clip=drift.grad_clip, clamp=(-1.0, 1.0)
            )  # type: ignore[call-arg]
            return sampler.sample(model, x, steps=steps)

        return run

    return _ways(way, net, device, can_freeze=False)


SAMPLERS: dict[str, Callable[[PlainNet, dict[str, Any], str], dict[str, Run]]] = {
    "ours": ours, "notebook": notebook, "torchebm": torchebm, "ebmkit": ebmkit,
}  # fmt: skip


def _ways(way: Callable[[nn.Module], Run], net: PlainNet, device: str, can_freeze: bool) -> dict[str, Run]:
    """As it comes; with channels_last; with bfloat16 autocast on top. Frozen where that is not the library's work."""
    learning = copy.deepcopy(net).requires_grad_(True)
    tuned = copy.deepcopy(net).to(memory_format=torch.channels_last).requires_grad_(not can_freeze)
    frozen = ", frozen weights" if can_freeze else ""
    return {
        "as it comes": _cast(way(learning), device, False),
        f"channels_last{frozen}": _cast(way(tuned), device, False),
        f"channels_last, bfloat16 autocast{frozen}": _cast(way(tuned), device, True),
    }


def _cast(run: Run, device: str, bfloat16: bool) -> Run:
    def cast(x: Tensor, steps: int, drift: Drift, seed: int) -> Tensor:
        with torch.autocast(device, torch.bfloat16) if bfloat16 else nullcontext():
            return run(x, steps, drift, seed)

    return cast
