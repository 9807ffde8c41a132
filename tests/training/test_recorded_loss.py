"""Recorded losses: what a CPU can show of them, and the graphs themselves where there is a GPU."""

import copy

import pytest
import torch
from helpers.recording import Recorder
from torch import Tensor

from ebm.model.energy import EnergyNet
from ebm.training.jem import JEM
from ebm.training.recipe import recipe
from ebm.training.recorded_loss import RecordedLosses

SMALL = {"batch_size": 12, "match_steps": 3, "contrast_steps": 5, "buffer_per_class": 4, "steps": 3, "seed": 1}
SETTINGS = [{"mode": "jem"}, {"mode": "conditional"}, {"mode": "ebm"}, {"mode": "classifier"}]


def batch(step: int, device: str = "cpu") -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(step)
    x = torch.rand((12, 1, 56, 56), generator=generator) * 2 - 1
    return x.to(device), (torch.arange(12) % 5).to(device)


class Module(JEM):
    """A JEM that counts its steps itself."""

    index = 0

    @property
    def is_matching(self) -> bool:
        return self.index < self.recipe.match_steps


def train(recorded: RecordedLosses | None, settings: dict, device: str = "cpu", steps: int = 8) -> tuple[Module, list]:
    """Some steps of both stages; the losses and what was measured."""
    torch.manual_seed(0)
    module = Module(recipe("cpu", **(SMALL | settings)).to_dict(), 5).to(device)
    module.recorded_losses = recorded or RecordedLosses(device_type="none")
    module.begin()
    optimizer, seen = torch.optim.Adam(module.net.parameters(), lr=1e-3), []
    for module.index in range(steps):
        loss = module.loss(*batch(module.index, device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen.append(
            (float(loss.detach()), {name: float(value) for name, value in module.values.items()}, module.trouble)
        )
    return module, seen


def assert_alike(some: list, others: list, tolerance: float) -> None:
    """The same up to rounding, which differs because chains take the compiled step as soon as there is one."""
    for (loss, values, trouble), (other, other_values, other_trouble) in zip(some, others, strict=True):
        assert loss == pytest.approx(other, rel=tolerance, abs=tolerance) and trouble == other_trouble
        assert values == pytest.approx(other_values, rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings["mode"])
def test_a_recorded_training_is_the_same_training(settings: dict) -> None:
    recorder = Recorder()
    plain, expected = train(None, settings)
    module, seen = train(RecordedLosses(recorder, "cpu"), settings)
    assert_alike(seen, expected, 1e-4)
    for mine, other in zip(module.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(mine, other, atol=1e-4)
    assert torch.equal(module.random.get_state(), plain.random.get_state())
    assert recorder.recordings == 2  # one for each stage


def test_a_new_start_records_again_because_it_has_a_new_generator() -> None:
    recorder = Recorder()
    module, _ = train(RecordedLosses(recorder, "cpu"), SETTINGS[0])
    module.begin(step=8)
    module.loss(*batch(8))
    assert recorder.recordings == 3


def test_a_copy_of_the_module_has_no_recordings() -> None:
    recorder = Recorder()
    module, _ = train(RecordedLosses(recorder, "cpu"), SETTINGS[0], steps=2)
    copied = copy.deepcopy(module)
    copied.loss(*batch(2))
    assert recorder.recordings == 2


def test_another_size_of_a_batch_is_recorded_by_itself() -> None:
    recorder = Recorder()
    module, _ = train(RecordedLosses(recorder, "cpu"), SETTINGS[0], steps=1)
    x, y = batch(1)
    loss = module.loss(x[:6], y[:6])
    loss.backward()
    assert recorder.recordings == 2 and torch.isfinite(loss)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings["mode"])
@pytest.mark.parametrize("stage", ["first_stage", "second_stage"])
def test_no_loss_reads_a_value_on_the_host(settings: dict, stage: str) -> None:
    """Tensors on "meta" have no values, so reading one fails there as it does while a graph is recorded."""

    class Meta(torch.Generator):
        """A generator whose device is said to be "meta", which has none of its own."""

        device = torch.device("meta")

    module = Module(recipe("cpu", **(SMALL | settings)).to_dict(), 5, net=None)
    module.net = EnergyNet(16, module.net.outputs).to("meta")
    module.random = Meta()
    x, y = torch.empty((12, 1, 56, 56), device="meta"), torch.zeros(12, dtype=torch.int64, device="meta")
    fake = (x,) if settings["mode"] != "classifier" and stage == "second_stage" else ()
    loss = getattr(module, stage)(x, y, *fake)
    loss.backward()
    assert loss.device.type == "meta" and all(value.device.type == "meta" for value in module.values.values())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings["mode"])
def test_a_graph_on_a_gpu_trains_the_same(settings: dict) -> None:
    precise = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        plain, expected = train(None, settings, "cuda")
        module, seen = train(RecordedLosses(), settings, "cuda")
    finally:
        torch.backends.cudnn.allow_tf32 = precise
    assert torch.equal(module.random.get_state().cpu(), plain.random.get_state().cpu())
    assert_alike(seen, expected, 1e-2)
