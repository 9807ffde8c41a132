"""Recorded steps: what a CPU can show of them, and the graphs themselves where there is a GPU."""

import copy

import pytest
import torch
from helpers.recording import Recorder
from torch import Tensor

from ebm.model.energy import EnergyNet
from ebm.sampling.langevin import Step, sgld
from ebm.sampling.recorded_step import KEPT, RecordedSteps


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def glyphs() -> Tensor:
    return torch.rand((6, 1, 56, 56), generator=torch.Generator().manual_seed(0)) * 2 - 1


def net_of(seed: int, width: int = 16, head: str = "flat") -> EnergyNet:
    torch.manual_seed(seed)
    return EnergyNet(width, 5, head)


def run(model: EnergyNet, x: Tensor, recorded: RecordedSteps | None, y: Tensor | None = None, **settings) -> list[Step]:
    generator = torch.Generator(x.device).manual_seed(3)
    given = {"steps": 6, "step_size": 1.5, "noise": 0.02, "every": 2} | settings
    return list(sgld(model, x, y=y, generator=generator, recorded=recorded, **given))


def assert_same(some: list[Step], others: list[Step], tolerance: float = 1e-5) -> None:
    assert [step.index for step in some] == [step.index for step in others]
    for one, other in zip(some, others, strict=True):
        assert torch.allclose(one.x, other.x, atol=tolerance)
        assert torch.allclose(one.energy, other.energy, atol=10 * tolerance)


@pytest.mark.parametrize("head", ["flat", "pool"])
@pytest.mark.parametrize("steered", [False, True])
@pytest.mark.parametrize("settings", [{}, {"grad_clip": 0.001}, {"clamp": None}, {"noise": 0.0}])
def test_a_recorded_step_does_what_a_step_does(recorder, glyphs, head: str, steered: bool, settings: dict) -> None:
    model, y = net_of(0, head=head), torch.arange(len(glyphs)) % 5 if steered else None
    assert_same(
        run(model, glyphs, RecordedSteps(recorder, "cpu"), y, **settings), run(model, glyphs, None, y, **settings)
    )
    assert recorder.recordings == 1


def test_masked_pixels_stay(recorder, glyphs) -> None:
    free = torch.zeros(56, 56, dtype=torch.bool)
    free[:, 28:] = True
    states = run(net_of(0), glyphs, RecordedSteps(recorder, "cpu"), free=free)
    assert all(torch.equal(step.x[..., :28], glyphs[..., :28]) for step in states)
    assert not torch.equal(states[-1].x[..., 28:], glyphs[..., 28:])


def test_it_is_recorded_once_and_follows_weights_and_classes(recorder, glyphs) -> None:
    model, recorded = net_of(0), RecordedSteps(recorder, "cpu")
    for seed in range(3):
        with torch.no_grad():  # as an optimiser does it, in place
            for mine, other in zip(model.parameters(), net_of(seed).parameters(), strict=True):
                mine.copy_(other)
        y = torch.full((len(glyphs),), seed)
        assert_same(run(model, glyphs, recorded, y), run(model, glyphs, None, y))
    assert recorder.recordings == 1


def test_networks_of_one_architecture_share_a_recording_but_no_weights(recorder, glyphs) -> None:
    one, other, recorded = net_of(0), net_of(1), RecordedSteps(recorder, "cpu")
    before = copy.deepcopy(one.state_dict())
    first = run(one, glyphs, recorded)
    assert_same(run(other, glyphs, recorded), run(other, glyphs, None))
    assert all(torch.equal(value, before[name]) for name, value in one.state_dict().items())
    assert_same(run(one, glyphs, recorded), first)
    assert recorder.recordings == 1


def test_states_are_not_overwritten_by_later_steps(recorder, glyphs) -> None:
    recorded = RecordedSteps(recorder, "cpu")
    states = run(net_of(0), glyphs, recorded, every=1)
    kept = [step.x.clone() for step in states]
    run(net_of(1), -glyphs, recorded)
    assert all(torch.equal(step.x, x) for step, x in zip(states, kept, strict=True))


def test_few_recordings_are_kept(recorder, glyphs) -> None:
    recorded = RecordedSteps(recorder, "cpu")
    for n in range(1, KEPT + 2):
        run(net_of(0), glyphs[:1].expand(n, 1, 56, 56), recorded)
    run(net_of(0), glyphs[:1].expand(KEPT + 1, 1, 56, 56), recorded)  # still there
    assert recorder.recordings == KEPT + 1
    run(net_of(0), glyphs[:1], recorded)  # the oldest went
    assert recorder.recordings == KEPT + 2


def test_a_copy_is_empty(recorder, glyphs) -> None:
    recorded = RecordedSteps(recorder, "cpu")
    run(net_of(0), glyphs, recorded)
    run(net_of(0), glyphs, copy.deepcopy(recorded))
    assert recorder.recordings == 2


class Sum(torch.nn.Module):
    """An energy that is no network of ours."""

    def energy(self, x: Tensor) -> Tensor:
        return x.flatten(1).sum(1)


@pytest.mark.parametrize("model", [Sum(), lambda x: x.flatten(1).sum(1)])
def test_another_energy_runs_without_a_recording(recorder, glyphs, model) -> None:
    assert_same(run(model, glyphs, RecordedSteps(recorder, "cpu")), run(model, glyphs, None))
    assert recorder.recordings == 0


def test_another_precision_or_device_runs_without_a_recording(recorder, glyphs) -> None:
    double, x = net_of(0).double(), glyphs.double()
    assert_same(run(double, x, RecordedSteps(recorder, "cpu")), run(double, x, None))
    assert_same(run(net_of(0), glyphs, RecordedSteps(recorder, "cuda")), run(net_of(0), glyphs, None))
    assert recorder.recordings == 0


@pytest.mark.parametrize("steered", [False, True])
def test_a_recorded_step_reads_no_value_on_the_host(recorder, steered: bool) -> None:
    """Tensors on "meta" have no values, so reading one fails there as it does while a graph is recorded."""
    x = torch.empty((6, 1, 56, 56), device="meta")
    y = torch.zeros(6, dtype=torch.int64, device="meta") if steered else None
    recorded = RecordedSteps(recorder, "meta")
    steps = list(
        sgld(net_of(0).to("meta"), x, steps=3, step_size=1.0, noise=0.01, grad_clip=0.1, y=y, recorded=recorded)
    )
    assert recorder.recordings == 1 and [step.x.device.type for step in steps] == ["meta"] * 3


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("steered", [False, True])
def test_a_graph_on_a_gpu_gives_the_same_chains(glyphs, steered: bool) -> None:
    model, x, recorded = net_of(0).cuda(), glyphs.cuda(), RecordedSteps()
    y = torch.arange(len(glyphs), device="cuda") % 5 if steered else None
    for seed in range(3):
        with torch.no_grad():
            for mine, other in zip(model.parameters(), net_of(seed).parameters(), strict=True):
                mine.copy_(other)
        # The GPU's convolutions round to TF32, with other kernels for each way.
        assert_same(run(model, x, recorded, y), run(model, x, None, y), tolerance=5e-3)
