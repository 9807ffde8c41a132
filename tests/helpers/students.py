"""The exercise's network as a student writes it, and its Lightning checkpoint; it shares nothing with `ebm`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class StudentNet(nn.Module):
    """Five convolutions, x * sigmoid(x) between them, the average over the picture, one linear layer."""

    def __init__(self, channels: int = 8, classes: int = 6, averaged: bool = True):
        super().__init__()
        c, self.averaged = channels, averaged
        sizes = [(1, c, 5, 4), (c, 2 * c, 3, 1), (2 * c, 4 * c, 3, 1), (4 * c, 4 * c, 3, 1), (4 * c, 4 * c, 3, 1)]
        layers: list[nn.Module] = []
        for inputs, outputs, kernel, padding in sizes:
            layers += [nn.Conv2d(inputs, outputs, kernel, stride=2, padding=padding), nn.Identity()]
        self.cnn_layers = nn.Sequential(*layers)
        self.fc_layers = nn.Sequential(nn.Flatten(), nn.Linear(4 * c * (1 if averaged else 4), classes))

    def get_logits(self, x: Tensor) -> Tensor:
        for layer in self.cnn_layers[::2]:
            x = layer(x)
            x = x * torch.sigmoid(x)
        return self.fc_layers(F.adaptive_avg_pool2d(x, 1) if self.averaged else x)


def save_student(
    path: Path, net: nn.Module, edit: Callable[[dict[str, Any]], Any] = lambda saved: None, **hyper: Any
) -> Path:
    """Writes what Lightning does of a module whose attribute `cnn` is the network."""
    saved = {
        "epoch": 3, "global_step": 120, "pytorch-lightning_version": "2.1.0", "loops": {}, "callbacks": {},
        "state_dict": {f"cnn.{name}": value.clone() for name, value in net.state_dict().items()},
        "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(3)}}}],
        "hyper_parameters": {"img_shape": (1, 56, 56), "num_classes": 6, "ccond_sample": False, "lr": 1e-4} | hyper,
    }  # fmt: skip
    edit(saved)
    torch.save(saved, path)
    return path
