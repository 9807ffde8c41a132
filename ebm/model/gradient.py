"""The gradient of the energy in x: by autograd, and by hand for an `EnergyNet` on the CPU or in a recorded step.

Autograd works for every network and device. It is slower on a CPU for two reasons, both measured. First, the input
gradient of a stride-2 convolution with one input channel is the slowest operation of a step. Second, the flattening
before the head makes the backward pass use another memory format than the forward pass. By hand, the first
convolution is a stride-1 convolution of the picture's four half-resolution phases (`pixel_unshuffle`), and everything
stays in channels_last.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ebm.model.energy import EnergyNet, check_glyphs, f_of

silu_backward = torch.ops.aten.silu_backward


class InputGradient:
    """Energies and their gradient in x, with the network's weights as they are now.

    Args:
        net: its weights are copied into the layout that is fast. When they have changed, `update` copies them again.
    """

    def __init__(self, net: EnergyNet):
        layout = torch.channels_last
        convolutions = [layer for layer in net.features if isinstance(layer, nn.Conv2d)]
        first = convolutions[0]
        # 5x5 with stride 2 is 3x3 with stride 1 over four phases: pad the kernel to 6x6 and take its phases too.
        self.first = F.pixel_unshuffle(F.pad(first.weight.detach(), (0, 1, 0, 1)), 2).contiguous(memory_format=layout)
        # The input gradient of a stride-1 convolution is a convolution with the flipped, transposed kernel.
        self.first_back = self.first.flip(2, 3).transpose(0, 1).contiguous(memory_format=layout)
        self.weights = [c.weight.detach().contiguous(memory_format=layout) for c in convolutions[1:]]
        self.biases = [c.bias.detach() for c in convolutions if c.bias is not None]
        (linear,) = (layer for layer in net.classifier if isinstance(layer, nn.Linear))
        self.pooled = net.head == "pool"
        self.head_bias = linear.bias.detach()
        weight = linear.weight.detach()
        if not self.pooled:  # its columns in the order of channels_last memory
            weight = weight.view(net.outputs, 4 * net.width, 2, 2).permute(0, 2, 3, 1).flatten(1)
        self.head = weight.contiguous()

    @torch.no_grad()
    def __call__(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The energy (N,) and dE/dx (N, 1, 56, 56) of glyphs (N, 1, 56, 56); y (N,) as in `EnergyNet.energy`."""
        check_glyphs(x)
        phases = F.pixel_unshuffle(x, 2).contiguous(memory_format=torch.channels_last)
        inner = [F.conv2d(phases, self.first, self.biases[0], padding=2)]  # before each SiLU
        for weight, bias in zip(self.weights, self.biases[1:], strict=True):
            inner.append(F.conv2d(F.silu(inner[-1]), weight, bias, stride=2, padding=1))
        top = F.silu(inner[-1])
        features = top.mean((2, 3)) if self.pooled else top.permute(0, 2, 3, 1).flatten(1)
        logits = torch.addmm(self.head_bias, features, self.head.T)
        energy = -f_of(logits, y)
        back = -(logits.softmax(1) @ self.head) if y is None else -self._rows(logits, y)
        gradient = self._top_gradient(back, top)
        for k in range(len(self.weights) - 1, -1, -1):
            gradient = silu_backward(gradient, inner[k + 1])
            even = 1 - inner[k].shape[-1] % 2  # without it an even side would be one pixel too short
            gradient = F.conv_transpose2d(gradient, self.weights[k], stride=2, padding=1, output_padding=even)
        gradient = F.conv2d(silu_backward(gradient, inner[0]), self.first_back)
        return energy, F.pixel_shuffle(gradient, 2)

    def _rows(self, logits: Tensor, y: Tensor) -> Tensor:
        """The gradient of f in the features (N, features): a row of the head, or their mean where there is no class."""
        own = self.head[y.clamp(min=0)]
        return torch.where(y[:, None] < 0, logits.softmax(1) @ self.head, own)

    def update(self, net: EnergyNet) -> None:
        """Copies the present weights of a network of the same architecture into the memory that is in use.

        Args:
            net: the network.
        """
        for mine, new in zip(self._tensors(), InputGradient(net)._tensors(), strict=True):
            mine.copy_(new)

    def _tensors(self) -> list[Tensor]:
        return [self.first, self.first_back, *self.weights, *self.biases, self.head, self.head_bias]

    def _top_gradient(self, back: Tensor, top: Tensor) -> Tensor:
        """Turns the head's gradient (N, features) into that of the last feature map (N, 4 width, 2, 2)."""
        if self.pooled:
            cells = back[:, :, None, None] / (top.shape[2] * top.shape[3])
            return cells.expand_as(top).contiguous(memory_format=torch.channels_last)
        n, c, h, w = top.shape
        return back.view(n, h, w, c).permute(0, 3, 1, 2)


def gradient_of(
    model: nn.Module | Callable[..., Tensor], x: Tensor, y: Tensor | None = None
) -> Callable[[Tensor], Tensor]:
    """dE/dx as a function of x: by hand where that is faster, otherwise by autograd.

    Args:
        model: as in `ebm.sgld`, with its weights as they are now. Its parameters stay out of the graph.
        x: an example of the states (N, ...); only its device and type matter.
        y: class labels (N,) int64, or None, as the model takes them.

    Returns:
        a function of states (N, ...) that returns dE/dx, of the same shape.
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

    A model with frozen parameters, as `ebm.load` returns it, is not changed. So several threads may sample from it
    at once.

    Args:
        model: a module; for anything else nothing is done.
    """
    learning = [p for p in model.parameters() if p.requires_grad] if isinstance(model, nn.Module) else []
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
