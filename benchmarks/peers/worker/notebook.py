"""The peer `notebook`: the loop that courses on deep energy models teach, written here from its description.

Its habits are kept, because they are what is measured. The whole network stays in the graph, so every sampler step
also computes the gradients of the weights. States are changed in place, outside of autograd. Chains are kept in a
list of single tensors.
"""

import random
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Energy = Callable[[Tensor], Tensor]


def langevin(
    energy: Energy, x: Tensor, *, steps: int, step_size: float, noise: float, grad_clip: float | None = None,
    clamp: tuple[float, float] | None = (-1.0, 1.0), generator: torch.Generator | None = None,
) -> Tensor:  # fmt: skip
    """Runs chains from x (N, ...) for some steps: the states they reach, of x's shape."""
    state = x.clone().detach().requires_grad_(True)
    jitter = torch.empty_like(x)
    for _ in range(steps):
        jitter.normal_(0, noise, generator=generator)
        energy(state).sum().backward()
        assert state.grad is not None
        slope = state.grad.data
        if grad_clip is not None:
            slope.clamp_(-grad_clip, grad_clip)
        state.data.add_(slope, alpha=-step_size)
        state.data.add_(jitter)
        if clamp is not None:
            state.data.clamp_(*clamp)
        state.grad.detach_()
        state.grad.zero_()
    return state.detach()


class ListBuffer:
    """Past chains as a Python list of tensors (1, ...), the newest first.

    Args:
        capacity: largest number of chains.
        shape: of one chain.
        reinit: probability of a fresh start, in [0, 1].
        seed: of the draws.
    """

    def __init__(self, capacity: int, shape: tuple[int, ...], reinit: float = 0.05, seed: int = 0):
        self.capacity, self.shape, self.reinit = capacity, shape, reinit
        self.draws = random.Random(seed)
        self.noise = torch.Generator().manual_seed(seed)
        self.chains = [self._fresh(1) for _ in range(capacity)]

    def _fresh(self, n: int) -> Tensor:
        return torch.rand((n, *self.shape), generator=self.noise) * 2 - 1

    def draw(self, n: int) -> Tensor:
        """Starts (n, ...): some are fresh, the others come from the list."""
        fresh = sum(self.draws.random() < self.reinit for _ in range(n))
        old = self.draws.choices(self.chains, k=n - fresh)
        return torch.cat([self._fresh(fresh), *old])

    def put(self, x: Tensor) -> None:
        """Puts chains (N, ...) at the front of the list and drops the oldest."""
        self.chains = [*x.detach().cpu().chunk(len(x)), *self.chains][: self.capacity]


def train_step(
    net: nn.Module, optimizer: torch.optim.Optimizer, buffer: ListBuffer, x: Tensor, y: Tensor, *,
    sampler: dict[str, float], alpha: float, data_noise: float, norm_clip: float,
) -> float:  # fmt: skip
    """One optimiser step on a batch: contrastive loss + alpha L2 of energies + cross-entropy; its loss.

    Args:
        net: a call returns energies (N,), and `get_logits` returns logits.
        optimizer: of the net's parameters.
        buffer: of the chains.
        x: glyphs (N, 1, 56, 56) in [-1, 1].
        y: their classes (N,).
        sampler: keyword arguments of `langevin`.
        alpha: weight of the L2 of energies.
        data_noise: standard deviation of the noise on the glyphs.
        norm_clip: largest norm of the gradient.

    Returns:
        the loss.
    """
    fake = langevin(net, buffer.draw(len(x)).to(x.device), **sampler)  # type: ignore[arg-type]
    buffer.put(fake)
    real = x + data_noise * torch.randn_like(x)
    e_real, e_fake = net(torch.cat([real, fake])).chunk(2)
    contrastive = e_real.mean() - e_fake.mean()
    regular = alpha * (e_real**2 + e_fake**2).mean()
    loss = contrastive + regular + F.cross_entropy(net.get_logits(x), y)  # type: ignore[operator]
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), norm_clip)
    optimizer.step()
    return loss.item()
