"""The network's arithmetic and traffic against numbers worked out by hand."""

import pytest
import torch
from torch import nn

from benchmarks.measuring import floor, machine
from ebm.model.energy import EnergyNet

# Width 16 by hand. First layer: 30 * 30 positions * 16 channels * 25 products, and so on down to 2 * 2.
BY_HAND = [
    30 * 30 * 16 * 25,  # 360,000
    15 * 15 * 32 * 16 * 9,  # 1,036,800
    8 * 8 * 64 * 32 * 9,  # 1,179,648
    4 * 4 * 64 * 64 * 9,  # 589,824
    2 * 2 * 64 * 64 * 9,  # 147,456
    256 * 42,  # 10,752
]


def test_multiply_adds_by_hand() -> None:
    assert [layer.multiply_adds for layer in floor.layers(16)] == BY_HAND
    assert sum(BY_HAND) == 3_324_480
    assert floor.step_multiply_adds(16) == 6_648_960
    assert floor.step_multiply_adds(16, outputs=1, head="pool") == 2 * (3_324_480 - 10_752 + 64)


def test_bytes_by_hand() -> None:
    maps = 30 * 30 * 16 + 15 * 15 * 32 + 8 * 8 * 64 + 4 * 4 * 64 + 2 * 2 * 64 + 42  # 27,018 numbers a glyph
    weights = sum(p.numel() for p in EnergyNet(16).parameters())
    glyph = 2 * 56 * 56 * 4
    assert floor.step_bytes(10, 16, "float32") == 10 * (2 * 4 * maps + glyph) + 2 * 4 * weights
    assert floor.step_bytes(10, 16, "bfloat16") == 10 * (2 * 2 * maps + glyph) + 2 * 2 * weights


@pytest.mark.parametrize(("width", "outputs", "head"), [(16, 42, "flat"), (5, 1, "pool"), (64, 3, "flat")])
def test_counts_follow_the_network_itself(width: int, outputs: int, head: str) -> None:
    net, counted = EnergyNet(width, outputs, head), floor.layers(width, outputs, head)
    assert sum(layer.weights for layer in counted) == sum(p.numel() for p in net.parameters())
    found = []
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(lambda _, __, out: found.append(out[0].numel()))
    net.get_logits(torch.zeros(1, 1, 56, 56))
    assert [layer.out for layer in counted] == found


def test_floor_divides_by_the_limits() -> None:
    limits = machine.Limits({"float32": 6_648_960.0}, bandwidth=float(floor.step_bytes(2, 16, "float32")))
    found = floor.step_floor(limits, 2, 16, "float32")
    assert (found.arithmetic, found.memory, found.seconds) == (2.0, 1.0, 2.0)


def test_the_machine_is_measured_and_described() -> None:
    limits = machine.limits("cpu", 1)
    assert limits.multiply_adds["float32"] > 0 and limits.bandwidth > 0
    assert ("bfloat16" in limits.multiply_adds) == machine.has_bfloat16("cpu")
    assert {"processor", "threads", "torch", "load_average"} <= machine.facts("cpu", 1).keys()


def test_a_device_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(ValueError, match="cpu or cuda, not 'tpu'"):
        machine.check_device("tpu")
