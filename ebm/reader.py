"""A small classifier, apart from the model, that reads generated glyphs."""

import torch
from torch.nn import functional as F

from ebm.data.corpus import Corpus, to_model_space
from ebm.energy import EnergyNet

STEPS = 400
GRAIN = 0.1  # samples have a grain of their own, so the reader learns to read through one


def train_reader(corpus: Corpus, seed: int, device: torch.device | str = "cpu") -> EnergyNet:
    """Trains a reader on the training split: 400 steps of cross-entropy, some seconds on a CPU.

    Args:
        corpus: what it learns to read; seed: its own, apart from any model's; device: where it runs.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = EnergyNet(8, len(corpus.sorts)).to(device)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    images, labels = corpus.images["train"], corpus.labels["train"]
    for _ in range(STEPS):
        picks = torch.randint(len(labels), (64,), generator=generator)
        x = to_model_space(images[picks])
        x = x + GRAIN * torch.empty_like(x).normal_(generator=generator)
        loss = F.cross_entropy(net.get_logits(x.to(device)), labels[picks].to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.eval().requires_grad_(False)
