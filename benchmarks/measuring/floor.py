"""The least time an SGLD step can take: the network's arithmetic and traffic over the machine's measured limits."""

from dataclasses import dataclass

from benchmarks.measuring.machine import Limits
from ebm.data.corpus import SIZE

# (channels in, channels out) in units of the width, side of the kernel, padding; all of stride 2.
# The first convolution has one channel in, whatever the width.
_CONVOLUTIONS = ((0, 1, 5, 4), (1, 2, 3, 1), (2, 4, 3, 1), (4, 4, 3, 1), (4, 4, 3, 1))
BYTES = {"float32": 4, "bfloat16": 2}


@dataclass(frozen=True)
class Layer:
    """One layer: multiply-adds of its forward pass a glyph, its numbers out a glyph, its weights."""

    multiply_adds: int
    out: int
    weights: int


def layers(width: int, outputs: int = 42, head: str = "flat") -> list[Layer]:
    """The five convolutions and the linear layer of an `EnergyNet`, counted from their shapes.

    Multiplications by the zeros of the padding are counted, as is usual: less than a tenth of all.
    """
    found, side = [], SIZE
    for channels_in, channels_out, kernel, padding in _CONVOLUTIONS:
        a, b = channels_in * width or 1, channels_out * width
        side = (side + 2 * padding - kernel) // 2 + 1
        found.append(Layer(side**2 * b * a * kernel**2, b * side**2, b * a * kernel**2 + b))
    features = 4 * width * (side**2 if head == "flat" else 1)
    return [*found, Layer(features * outputs, outputs, features * outputs + outputs)]


def step_multiply_adds(width: int, outputs: int = 42, head: str = "flat") -> int:
    """Multiply-adds of one SGLD step of one glyph: the forward pass and, with as many again, the input gradient."""
    return 2 * sum(layer.multiply_adds for layer in layers(width, outputs, head))


def step_bytes(batch: int, width: int, dtype: str, outputs: int = 42, head: str = "flat") -> int:
    """Bytes that one step of a batch must move when everything that can be fused is fused.

    Every layer's result is written once going forward and read once coming back (its SiLU's slope needs it);
    the glyphs are read and written in float32; the weights are read once in each direction.
    """
    counted = layers(width, outputs, head)
    maps = 2 * batch * sum(layer.out for layer in counted) * BYTES[dtype]
    weights = 2 * sum(layer.weights for layer in counted) * BYTES[dtype]
    return maps + weights + 2 * batch * SIZE**2 * BYTES["float32"]


@dataclass(frozen=True)
class Floor:
    """Least seconds of one step: of its arithmetic and of its traffic. The larger one is the floor.

    The traffic is that of main memory: a batch that fits into the caches may be faster than it.
    """

    arithmetic: float
    memory: float

    @property
    def seconds(self) -> float:
        """The floor itself."""
        return max(self.arithmetic, self.memory)


def step_floor(limits: Limits, batch: int, width: int, dtype: str) -> Floor:
    """The floor of one SGLD step of a batch in a dtype that the machine was measured in."""
    arithmetic = batch * step_multiply_adds(width) / limits.multiply_adds[dtype]
    return Floor(arithmetic, step_bytes(batch, width, dtype) / limits.bandwidth)
