"""What is passed to the compiled step: its structs, and a network's weights in its layout."""

import ctypes

from torch import Tensor, nn

from ebm.model.energy import EnergyNet

LAYERS = 5


class Net(ctypes.Structure):
    """`Net` of network.h: pointers to float32 arrays, which the caller must keep alive."""

    _fields_ = [
        ("width", ctypes.c_long),
        ("outputs", ctypes.c_long),
        ("pooled", ctypes.c_long),
        ("forward", ctypes.c_void_p * LAYERS),
        ("backward", ctypes.c_void_p * LAYERS),
        ("bias", ctypes.c_void_p * LAYERS),
        ("head", ctypes.c_void_p),
        ("head_bias", ctypes.c_void_p),
    ]


class Move(ctypes.Structure):
    """`Move` of langevin_step.c: what a step does with the gradient, as in `ebm.sgld`."""

    _fields_ = [(name, ctypes.c_float) for name in ("step", "noise", "clip", "low", "high")]


def pack(net: EnergyNet) -> tuple[Net, list[Tensor]]:
    """A network's weights in the library's layout.

    Convolutions (out, in, rows, columns) become (taps, in, out) for the forward pass. For the backward pass they
    become (taps, out, in), and the first layer (out, taps). The head's columns are in channels-last order.

    Args:
        net: the network.

    Returns:
        the pointers, and the tensors that must stay alive while the pointers are used.
    """
    kept: list[Tensor] = []

    def keep(tensor: Tensor) -> int:
        kept.append(tensor.detach().contiguous())
        return kept[-1].data_ptr()

    packed = Net(net.width, net.outputs, net.head == "pool")
    for k, layer in enumerate(layer for layer in net.features if isinstance(layer, nn.Conv2d)):
        weight = layer.weight
        assert layer.bias is not None
        packed.forward[k] = keep(weight.permute(2, 3, 1, 0))
        packed.backward[k] = keep(weight.permute(2, 3, 0, 1) if k else weight[:, 0].flatten(1))
        packed.bias[k] = keep(layer.bias)
    (linear,) = (layer for layer in net.classifier if isinstance(layer, nn.Linear))
    head = linear.weight
    if net.head != "pool":
        head = head.view(net.outputs, 4 * net.width, 2, 2).permute(0, 2, 3, 1).flatten(1)
    packed.head, packed.head_bias = keep(head), keep(linear.bias)
    return packed, kept
