"""The least time an SGLD step can take: the network's arithmetic and traffic over the machine's measured limits."""

from dataclasses import dataclass

from benchmarks.measuring.machine import Limits
from ebm.data.corpus import SIZE

# (channels in, channels out) in units of the width, side of the kernel, padding; all of stride 2.
# The first convolution has one input channel for every width.
_CONVOLUTIONS = ((0, 1, 5, 4), (1, 2, 3, 1), (2, 4, 3, 1), (4, 4, 3, 1), (4, 4, 3, 1))
BYTES = {"float32": 4, "bfloat16": 2}


@dataclass(frozen=True)
class Layer:
    """One layer.

    Args:
        multiply_adds: of its forward pass, a glyph.
        out: numbers in its output, a glyph.
        weights: number of its weights.
    """

    multiply_adds: int
    out: int
    weights: int


def layers(width: int, outputs: int = 42, head: str = "flat") -> list[Layer]:
    """The five convolutions and the linear layer of an `EnergyNet`, counted from their shapes.

    Multiplications by the zeros of the padding are counted, as is usual. They are less than a tenth of all.

    Args:
        width: of the network.
        outputs: of the network.
        head: "flat" or "pool".

    Returns:
        the layers, in order.
    """
    found, side = [], SIZE
    for channels_in, channels_out, kernel, padding in _CONVOLUTIONS:
        a, b = channels_in * width or 1, channels_out * width
        side = (side + 2 * padding - kernel) // 2 + 1
        found.append(Layer(side**2 * b * a * kernel**2, b * side**2, b * a * kernel**2 + b))
    features = 4 * width * (side**2 if head == "flat" else 1)
    return [*found, Layer(features * outputs, outputs, features * outputs + outputs)]


def step_multiply_adds(width: int, outputs: int = 42, head: str = "flat") -> int:
    """Multiply-adds of one SGLD step of one glyph: the forward pass, and as many for the input gradient.

    Args:
        width: of the network.
        outputs: of the network.
        head: "flat" or "pool".

    Returns:
        their number.
    """
    return 2 * sum(layer.multiply_adds for layer in layers(width, outputs, head))


def step_bytes(batch: int, width: int, dtype: str, outputs: int = 42, head: str = "flat") -> int:
    """Bytes that one step of a batch must move when everything that can be fused is fused.

    Every layer's result is written once in the forward pass and read once in the backward pass, for the slope of
    its SiLU. The glyphs are read and written in float32. The weights are read once in each direction.

    Args:
        batch: number of glyphs.
        width: of the network.
        dtype: of weights and feature maps.
        outputs: of the network.
        head: "flat" or "pool".

    Returns:
        bytes.
    """
    counted = layers(width, outputs, head)
    maps = 2 * batch * sum(layer.out for layer in counted) * BYTES[dtype]
    weights = 2 * sum(layer.weights for layer in counted) * BYTES[dtype]
    return maps + weights + 2 * batch * SIZE**2 * BYTES["float32"]


@dataclass(frozen=True)
class Floor:
    """Least seconds of one step: of its arithmetic and of its traffic. The larger one is the floor.

    The traffic is that of main memory. A batch that fits into the caches may be faster.

    Args:
        arithmetic: seconds of the arithmetic.
        memory: seconds of the traffic.
    """

    arithmetic: float
    memory: float

    @property
    def seconds(self) -> float:
        """The floor, in seconds."""
        return max(self.arithmetic, self.memory)


def step_floor(limits: Limits, batch: int, width: int, dtype: str) -> Floor:
    """The floor of one SGLD step of a batch.

    Args:
        limits: of the machine.
        batch: number of glyphs.
        width: of the network.
        dtype: a key of the measured multiply-adds.

    Returns:
        the floor.
    """
    arithmetic = batch * step_multiply_adds(width) / limits.multiply_adds[dtype]
    return Floor(arithmetic, step_bytes(batch, width, dtype) / limits.bandwidth)
