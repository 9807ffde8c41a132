"""Losses and sampling run wholly on the device of their inputs.

On the device "meta" tensors have shapes and no values. An operation that reads a value on the host fails there, and so
does one that mixes in a tensor that was left on the CPU. So this stands in for a GPU where there is none.
"""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ebm.model.energy import EnergyNet
from ebm.sampling.langevin import sgld
from ebm.training.matching import cross_entropy_on_lines, matching_loss

META = torch.device("meta")


@pytest.fixture(params=[42, 1], ids=["joint", "ebm"])
def net(request) -> EnergyNet:
    return EnergyNet(16, request.param).to(META)


def glyphs(n: int = 8) -> Tensor:
    return torch.empty((n, 1, 56, 56), device=META)


def labels(n: int = 8) -> Tensor:
    return torch.zeros(n, dtype=torch.int64, device=META)


def test_the_matching_loss_is_differentiated_twice_there(net: EnergyNet) -> None:
    joint = net.outputs > 1
    matched = matching_loss(
        net, glyphs(), glyphs(), torch.empty(8, device=META), scale=50.0, y=labels() if joint else None
    )  # fmt: skip
    loss = matched.loss + cross_entropy_on_lines(matched, labels()) if joint else matched.loss
    loss.backward()
    gradients = [p.grad for p in net.parameters()]
    assert loss.device.type == "meta" and loss.shape == ()
    # The last bias has no part in the slope of f; where f is not read by classes nothing else reaches it.
    assert all(g is not None and g.device.type == "meta" for g in (gradients if joint else gradients[:-1]))


def test_the_contrastive_and_the_predictive_loss_stay_there(net: EnergyNet) -> None:
    f_real, f_fake = net(torch.cat([glyphs(), glyphs()])).chunk(2)
    loss = f_fake.mean() - f_real.mean() + 0.1 * (f_real**2 + f_fake**2).mean()
    if net.outputs > 1:
        loss = loss + F.cross_entropy(net.get_logits(glyphs()), labels())
    loss.backward()
    assert all(p.grad is not None and p.grad.device.type == "meta" for p in net.parameters())


@pytest.mark.parametrize("steered", [False, True])
def test_sampling_reads_no_value_on_the_host(net: EnergyNet, steered: bool) -> None:
    y = labels() if steered and net.outputs > 1 else None
    free = torch.ones((56, 56), dtype=torch.bool, device=META)
    steps = list(sgld(net, glyphs(), steps=3, step_size=1.0, noise=0.01, grad_clip=0.1, y=y, free=free))
    assert [step.index for step in steps] == [1, 2, 3]
    assert all(step.x.device.type == step.energy.device.type == "meta" for step in steps)
    assert all(not step.x.requires_grad for step in steps)
