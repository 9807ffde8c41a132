"""The notebook's loop samples as `ebm.sgld` does, on a Gaussian with a known variance and on a network."""

import pytest
import torch

import ebm
from benchmarks.measuring import timing
from benchmarks.peers.worker.net import PlainNet
from benchmarks.peers.worker.notebook import ListBuffer, langevin, train_step


def test_both_have_the_known_variance_of_a_quadratic_energy() -> None:
    # E = x^2 / 2: x' = (1 - s) x + n * noise has, in the long run, the variance n^2 / (1 - (1 - s)^2).
    step, noise, chains = 0.3, 0.5, 20_000

    def energy(x: torch.Tensor) -> torch.Tensor:
        return x.square().sum(1) / 2

    x = torch.zeros(chains, 1)
    settings = {"steps": 40, "step_size": step, "noise": noise, "clamp": None}
    theirs = langevin(energy, x, generator=torch.Generator().manual_seed(1), **settings)
    *_, ours = ebm.sgld(energy, x, generator=torch.Generator().manual_seed(2), **settings)
    variance = noise**2 / (1 - (1 - step) ** 2)
    for found in (theirs, ours.x):
        assert found.mean().item() == pytest.approx(0, abs=5 * (variance / chains) ** 0.5)
        assert found.var().item() == pytest.approx(variance, rel=5 * (2 / chains) ** 0.5)


@pytest.mark.parametrize("clip", [None, 0.02])
def test_both_have_the_same_distribution_on_a_network(clip: float | None) -> None:
    torch.manual_seed(0)
    net = ebm.EnergyNet(4)
    plain = PlainNet(4, 42, "flat")
    for parameter in net.parameters():
        parameter.data.mul_(3)  # not flat
    plain.load_state_dict(net.state_dict())
    x = torch.rand((256, 1, 56, 56), generator=torch.Generator().manual_seed(0)) * 2 - 1
    settings = {"steps": 8, "step_size": 0.5, "noise": 0.05, "grad_clip": clip}
    theirs = langevin(plain, x, generator=torch.Generator().manual_seed(1), **settings)
    *_, ours = ebm.sgld(net, x, generator=torch.Generator().manual_seed(2), **settings)
    *_, wrong = ebm.sgld(net, x, generator=torch.Generator().manual_seed(3), **settings | {"step_size": 1.5})
    with torch.no_grad():
        e_theirs, e_ours, e_wrong = (plain(found).tolist() for found in (theirs, ours.x, wrong.x))
    assert abs(timing.z_score(e_ours, e_theirs)) < timing.MAX_Z
    assert abs(timing.z_score(e_wrong, e_theirs)) > timing.MAX_Z  # the check has power


@pytest.mark.parametrize(("outputs", "head"), [(42, "flat"), (3, "pool")])
def test_the_plain_network_is_the_energy_network(outputs: int, head: str) -> None:
    net, plain = ebm.EnergyNet(4, outputs, head), PlainNet(4, outputs, head)
    plain.load_state_dict(net.state_dict())
    x = torch.rand(3, 1, 56, 56, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(plain.get_logits(x), net.get_logits(x))
    torch.testing.assert_close(plain(x), net.energy(x))


def test_the_loop_without_noise_goes_down_and_leaves_its_start_alone() -> None:
    x = torch.full((2, 3), 0.8)
    found = langevin(lambda x: x.square().sum(1), x, steps=1, step_size=0.25, noise=0.0)
    torch.testing.assert_close(found, torch.full((2, 3), 0.4))
    assert x.eq(0.8).all() and not found.requires_grad
    clipped = langevin(lambda x: x.square().sum(1), x, steps=1, step_size=0.25, noise=0.0, grad_clip=0.4)
    torch.testing.assert_close(clipped, torch.full((2, 3), 0.7))


def test_the_loop_computes_the_weights_gradients_too() -> None:
    plain = PlainNet(2, 2, "flat")
    langevin(plain, torch.zeros(1, 1, 56, 56), steps=1, step_size=0.1, noise=0.01)
    assert all(parameter.grad is not None for parameter in plain.parameters())


def test_the_list_keeps_the_newest_chains() -> None:
    buffer = ListBuffer(4, (1, 2, 2), reinit=0.0)
    buffer.put(torch.full((3, 1, 2, 2), 7.0))
    assert len(buffer.chains) == 4 and sum(bool(chain.eq(7).all()) for chain in buffer.chains) == 3
    assert buffer.draw(5).shape == (5, 1, 2, 2)
    assert not ListBuffer(4, (1, 2, 2), reinit=1.0).draw(5).eq(7).any()


def test_a_training_step_changes_the_weights_and_fills_the_list() -> None:
    torch.manual_seed(0)
    plain, buffer = PlainNet(2, 3, "flat"), ListBuffer(6, (1, 56, 56))
    before = [parameter.clone() for parameter in plain.parameters()]
    loss = train_step(
        plain, torch.optim.Adam(plain.parameters()), buffer, torch.zeros(4, 1, 56, 56), torch.tensor([0, 1, 2, 0]),
        sampler={"steps": 2, "step_size": 1.0, "noise": 0.01}, alpha=0.1, data_noise=0.01, norm_clip=1.0,
    )  # fmt: skip
    assert loss == loss and len(buffer.chains) == 6
    assert any(not torch.equal(a, b) for a, b in zip(before, plain.parameters(), strict=True))
