"""How large the normalising constant Z is: annealed importance sampling, forward and reverse.

On the box [-1, 1]^d every network has a density exp(f(x) / T) / Z(T) at every temperature T. SGLD with
its trained step and noise runs near T = noise^2 / (2 step_size), far below a thousandth, so T = 1 and
what the sampler follows are very different models.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ebm.checkpoint.card import Card
from ebm.data.corpus import SIZE, Corpus, to_model_space
from ebm.model.energy import EnergyNet
from ebm.model.gradient import InputGradient
from ebm.sampling.diagnostics import temperature
from ebm.scoring.scores import score

ValueAndGradient = Callable[[Tensor], tuple[Tensor, Tensor]]
GREY = 127.5  # grey levels per unit of [-1, 1]
TEMPERATURES = {"temperature_1": 1.0, "temperature_1e-2": 1e-2, "temperature_1e-3": 1e-3}
TARGET = 0.65  # share of proposals accepted, near the best for HMC (Beskos et al. 2013)


@dataclass(frozen=True)
class Annealed:
    """What one annealing run gives.

    Args:
        betas: inverse temperatures (K,), 0 first. log_z: estimate of log Z at each (K,).
        accepted: share of accepted proposals at each (K,). step_sizes: of the leapfrog at each (K,).
        x: where the chains ended (N, ...).
    """

    betas: Tensor
    log_z: Tensor
    accepted: Tensor
    step_sizes: Tensor
    x: Tensor


def ladder(highest: float, steps: int, lowest: float = 0.1) -> Tensor:
    """Inverse temperatures (steps + 1,): 0, then in equal ratios from lowest to highest."""
    return torch.cat([torch.zeros(1), torch.logspace(math.log10(lowest), math.log10(highest), steps)]).double()


def anneal(
    f: ValueAndGradient, x: Tensor, betas: Tensor, step_sizes: Tensor | float, *, generator: torch.Generator,
    leapfrog: int = 5, reverse: bool = False,
) -> Annealed:  # fmt: skip
    """Annealed importance sampling between the uniform law on [-1, 1]^d and exp(beta f) (Neal 2001).

    Forward, from draws of the uniform law, E[Z-estimate] = Z, so log_z lies below log Z on average.
    In reverse, from draws of exp(beta f) at the last beta, it lies above (Grosse et al. 2015): together
    they are a bracket, as far as the reverse run's starts really are such draws.

    Args:
        f: x (N, ...) -> f (N,) and df/dx.
        x: the starts (N, ...); betas: (K,), 0 first, growing.
        step_sizes: of the leapfrog at each beta (K,); a number is where a pilot run starts to adapt it,
            which makes that run's log_z slightly wrong: run again with the step sizes it found.
        leapfrog: steps of a proposal.

    Returns:
        `Annealed`; in reverse log_z holds the estimate for the last beta in every entry.
    """
    pilot = not isinstance(step_sizes, Tensor)
    sizes = step_sizes if isinstance(step_sizes, Tensor) else torch.full(betas.shape, step_sizes)
    order = range(len(betas) - 1, 0, -1) if reverse else range(1, len(betas))
    uniform = x[0].numel() * math.log(2.0)
    log_w = torch.zeros(len(x), dtype=torch.float64)
    log_z, accepted = torch.full(betas.shape, uniform, dtype=torch.float64), torch.ones(betas.shape)
    value, gradient = f(x)
    size = float(sizes[0])
    for k in order:
        if not pilot:
            size = float(sizes[k])
        if reverse:  # leave beta_k by a transition that keeps it, then step down
            x, value, gradient, accepted[k] = _hmc(f, x, value, gradient, float(betas[k]), size, leapfrog, generator)
            log_w += ((betas[k] - betas[k - 1]) * value.double()).cpu()
        else:
            log_w += ((betas[k] - betas[k - 1]) * value.double()).cpu()
            log_z[k] = uniform + torch.logsumexp(log_w, 0) - math.log(len(x))
            x, value, gradient, accepted[k] = _hmc(f, x, value, gradient, float(betas[k]), size, leapfrog, generator)
        if pilot:
            sizes[k] = size
            size = min(size * (1.1 if accepted[k] > TARGET else 0.9), 1.0)
    if reverse:
        log_z[:] = uniform - (torch.logsumexp(-log_w, 0) - math.log(len(x)))
    return Annealed(betas, log_z, accepted, sizes, x)


def _hmc(
    f: ValueAndGradient, x: Tensor, value: Tensor, gradient: Tensor, beta: float, size: float, leapfrog: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor, float]:  # fmt: skip
    """One Hamiltonian proposal that bounces off the walls of the box, accepted or not (Neal 2011, Sec. 5.5.1.5)."""
    momentum = torch.empty_like(x).normal_(generator=generator)
    start = beta * value - momentum.square().flatten(1).sum(1) / 2
    at, g, moving, v = x, gradient, momentum, value
    for _ in range(leapfrog):
        moving = moving + size / 2 * beta * g
        unfolded = (at + size * moving + 1).remainder(4)
        bounced = unfolded > 2
        at = torch.where(bounced, 4 - unfolded, unfolded) - 1
        moving = torch.where(bounced, -moving, moving)
        v, g = f(at)
        moving = moving + size / 2 * beta * g
    end = beta * v - moving.square().flatten(1).sum(1) / 2
    take = torch.rand(len(x), generator=generator, device=x.device).log() < end - start
    wide = take.view(-1, *[1] * (x.dim() - 1))
    return (
        torch.where(wide, at, x), torch.where(take, v, value), torch.where(wide, g, gradient),
        float(take.double().mean()),
    )  # fmt: skip


def bits_per_dimension(f: Tensor, beta: float, log_z: float, dimensions: int) -> float:
    """The mean negative log2-likelihood a pixel of grey-level pictures, from f (N,) on [-1, 1]^d."""
    nats = float(log_z - beta * f.double().mean()) / dimensions
    return nats / math.log(2) + math.log2(GREY)


def measure_likelihood(
    model: EnergyNet, card: Card, corpus: Corpus, *, chains: int = 16, steps: int = 600, seed: int = 0
) -> dict[str, Any]:
    """Brackets log Z, and gives bits per dimension of the test split, at each of `TEMPERATURES`.

    The reverse runs start where the forward runs ended, after more transitions at the last temperature:
    nearly draws of that law, and the upper side of the bracket is as good as they are. The sampler's own
    temperature is reported too, without a bracket: annealing does not reach it (tried at 3e-7 with 600
    rungs, where the forward estimate came out above the reverse one).

    Args:
        chains: of every run; steps: inverse temperatures of the longest ladder.
    """
    device = next(model.parameters()).device
    x = to_model_space(corpus.images["test"])
    f, f_test = _value_and_gradient(model), -score(model, x, "energy")
    generator = torch.Generator(device).manual_seed(seed)
    result: dict[str, Any] = {
        "uniform_bits_per_dimension": round(math.log2(2 * GREY), 4),
        "chains": chains,
        "sampler_temperature": temperature(card.sampler.step_size, card.sampler.noise),
    }
    for name, wanted in TEMPERATURES.items():
        betas = ladder(1 / wanted, max(10, steps // 10 if wanted == 1 else steps))
        sizes = _forward(f, betas, 0.05, chains, generator).step_sizes
        forward = _forward(f, betas, sizes, chains, generator)
        settled = _settle(f, forward.x, float(betas[-1]), float(sizes[-1]), generator)
        reverse = anneal(f, settled, betas, sizes, generator=generator, reverse=True)
        result[name] = _bracket(forward, reverse, f_test)
    return result


def _forward(
    f: ValueAndGradient, betas: Tensor, sizes: Tensor | float, chains: int, generator: torch.Generator
) -> Annealed:
    """A forward run from fresh draws of the uniform law."""
    noise = torch.rand((chains, 1, SIZE, SIZE), generator=generator, device=generator.device) * 2 - 1
    return anneal(f, noise, betas, sizes, generator=generator)


def _bracket(forward: Annealed, reverse: Annealed, f_test: Tensor) -> dict[str, Any]:
    """What the report says of the two runs at their last inverse temperature."""
    beta = float(forward.betas[-1])
    ends = sorted(float(run.log_z[-1]) for run in (forward, reverse))
    return {
        "temperature": 1 / beta,
        "log_z": [round(v, 2) for v in ends],
        "forward_below_reverse": bool(forward.log_z[-1] <= reverse.log_z[-1]),
        "accepted": round(float(forward.accepted[1:].mean()), 3),
        "bits_per_dimension": [round(bits_per_dimension(f_test, beta, v, SIZE * SIZE), 4) for v in ends],
    }


def _settle(f: ValueAndGradient, x: Tensor, beta: float, size: float, generator: torch.Generator) -> Tensor:
    """100 transitions at one temperature."""
    value, gradient = f(x)
    for _ in range(100):
        x, value, gradient, _ = _hmc(f, x, value, gradient, beta, size, 5, generator)
    return x


def _value_and_gradient(model: EnergyNet) -> ValueAndGradient:
    """f and df/dx of a network, by hand on a CPU."""
    by_hand = InputGradient(model)

    def f(x: Tensor) -> tuple[Tensor, Tensor]:
        energy, gradient = by_hand(x)
        return -energy, -gradient

    return f
