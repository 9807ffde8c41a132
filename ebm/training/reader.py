"""A small classifier, separate from the model, that reads generated glyphs."""

import torch
from torch import Tensor
from torch.nn import functional as F

from ebm.model.energy import EnergyNet

STEPS = 400
GRAIN = 0.1  # noise on the glyphs, because samples have grain and the reader must learn to ignore it


def train_reader(
    x: Tensor, y: Tensor, classes: int, seed: int, device: torch.device | str = "cpu", steps: int = STEPS
) -> EnergyNet:
    """Trains a reader with cross-entropy alone, in some seconds on a CPU.

    Args:
        x: glyphs (N, 1, 56, 56) in [-1, 1] to learn from.
        y: their classes (N,), 0 to classes - 1.
        classes: number of classes.
        seed: of weights, batches and noise; use another one than the model's.
        device: of the training.
        steps: of the optimiser, with 64 glyphs each.

    Returns:
        the reader.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = EnergyNet(8, classes).to(device)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    for _ in range(steps):
        picks = torch.randint(len(y), (64,), generator=generator)
        grainy = x[picks] + GRAIN * torch.empty_like(x[picks]).normal_(generator=generator)
        loss = F.cross_entropy(net.get_logits(grainy.to(device)), y[picks].to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.eval().requires_grad_(False)
