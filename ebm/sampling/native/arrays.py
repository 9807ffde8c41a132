"""What is passed to the compiled step: its structs, and a network's weights."""

import ctypes

import torch
from torch import Tensor, nn

from ebm.model.energy import EnergyNet
from ebm.sampling.step import StepSettings


class Move(ctypes.Structure):
    """`Move` of chain.h: what a step does with the gradient, as in `ebm.sgld`."""

    _fields_ = [(name, ctypes.c_float) for name in ("step", "noise", "clip", "low", "high")]

    @classmethod
    def of(cls, settings: StepSettings) -> "Move":
        """The settings of a step."""
        return cls(settings.step_size, settings.noise, settings.limit, settings.low, settings.high)


def weights_in_order(net: EnergyNet) -> Tensor:
    """All weights of a network as C takes them: float32 (N,), layer by layer, the weights before the biases.

    This is also their order in a checkpoint's names, by which a page puts them together.

    Args:
        net: the network.
    """
    layers = [layer for layer in (*net.features, *net.classifier) if isinstance(layer, nn.Conv2d | nn.Linear)]
    parts = [part for layer in layers for part in (layer.weight, layer.bias) if part is not None]
    return torch.cat([part.detach().flatten() for part in parts])
