"""The loss of a training step and its gradient as a CUDA graph: the fast path of training on a GPU."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ebm.system.cuda_graph import Record, record


class Outcome(NamedTuple):
    """What comes of the loss of a step.

    Args:
        loss: a scalar with a gradient.
        values: scalars without a gradient that were measured on the way.
    """

    loss: Tensor
    values: dict[str, Tensor]


Loss = Callable[..., Outcome]


class RecordedLoss:
    """One loss for inputs of one shape.

    Args:
        loss: a network and tensors -> an outcome. It draws from `generator` only, and reads no value on the host.
        net: the network. Its parameters may change in place.
        inputs: an example of the tensors.
        generator: on the inputs' device.
        recorder: records the work.
    """

    def __init__(
        self, loss: Loss, net: nn.Module, inputs: Sequence[Tensor], generator: torch.Generator, recorder: Record
    ):
        self.loss, self.parameters = loss, list(net.parameters())
        self.net = in_the_same_memory(net)
        self.inputs = [each.clone() for each in inputs]
        self.names: list[str] = []
        self.replay, (self.numbers, *self.gradients) = recorder(self._work, generator)

    def _work(self) -> tuple[Tensor, ...]:
        with torch.enable_grad():
            loss, values = self.loss(self.net, *self.inputs)
            gradients = torch.autograd.grad(loss, list(self.net.parameters()), allow_unused=True)
        self.names = list(values)
        known = [torch.zeros_like(p) if g is None else g for p, g in zip(self.parameters, gradients, strict=True)]
        return torch.stack([loss.detach(), *(value.detach().float() for value in values.values())]), *known

    def __call__(self, *inputs: Tensor) -> Outcome:
        """The outcome for tensors of the recorded shapes; call `backward` before the next call."""
        for mine, new in zip(self.inputs, inputs, strict=True):
            mine.copy_(new)
        self.replay()
        loss, *values = self.numbers.clone().unbind()
        known: Any = _KnownGradient.apply(loss, self.gradients, *self.parameters)
        return Outcome(known, dict(zip(self.names, values, strict=True)))


def in_the_same_memory(net: nn.Module) -> nn.Module:
    """A network whose parameters are in the memory of another one's, and have no part in its autograd graphs.

    Autograd remembers the stream on which a parameter was first used. While a loss of an earlier step is alive, its
    parameters are bound to the usual stream, and nothing that uses them can be recorded.

    Args:
        net: the other network.

    Returns:
        the network.
    """
    copied = deepcopy(net)
    for mine, other in zip(copied.parameters(), net.parameters(), strict=True):
        mine.data, mine.grad = other.data, None
    return copied


class _KnownGradient(torch.autograd.Function):
    """Gives a scalar a gradient that is known already, so that `backward` of a trainer works as ever."""

    @staticmethod
    def forward(ctx: Any, loss: Tensor, gradients: list[Tensor], *parameters: Tensor) -> Tensor:
        ctx.gradients = gradients
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Any:
        return None, None, *(gradient * grad_outputs[0] for gradient in ctx.gradients)


class RecordedLosses:
    """The recorded losses of a training, each of which is recorded at its first use.

    Args:
        recorder: records the work of a loss. Tests give another one, because only a GPU has graphs.
        device_type: of the trainings that use them.
    """

    def __init__(self, recorder: Record = record, device_type: str = "cuda"):
        self.recorder, self.device_type = recorder, device_type
        self._kept: dict[tuple[object, ...], RecordedLoss] = {}

    def __deepcopy__(self, memo: dict[int, object]) -> "RecordedLosses":
        """An empty one, because a graph cannot be copied; Lightning copies whole modules."""
        return RecordedLosses(self.recorder, self.device_type)

    def clear(self) -> None:
        """Forgets all recordings, for instance because there is a new generator."""
        self._kept.clear()

    def of(
        self, name: str, loss: Loss, net: nn.Module, inputs: Sequence[Tensor], generator: torch.Generator
    ) -> Outcome:
        """The outcome of a loss, which is recorded at the first call with this name and these shapes.

        Args:
            name: of the loss.
            loss: as in `RecordedLoss`.
            net: as in `RecordedLoss`.
            inputs: of the loss.
            generator: as in `RecordedLoss`.

        Returns:
            the outcome. Call `backward` before the next call, which overwrites the gradient.
        """
        key = (name, *(tuple(each.shape) for each in inputs))
        if key not in self._kept:
            self._kept[key] = RecordedLoss(loss, net, inputs, generator, self.recorder)
        return self._kept[key](*inputs)
