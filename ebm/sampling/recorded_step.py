"""The Langevin step in torch's operators, and as a CUDA graph: the fast path of `ebm.sgld` on a GPU."""

from collections import OrderedDict
from copy import deepcopy

import torch
from torch import Tensor

from ebm.model.energy import EnergyNet
from ebm.model.gradient import InputGradient
from ebm.sampling.step import StepSettings, moved
from ebm.system.cuda_graph import Record, record

KEPT = 4  # graphs of other shapes or settings that are kept with their memory


class RecordedStep:
    """One step of chains of one shape.

    Args:
        net: its present weights are used until `update`.
        x: chains (N, 1, 56, 56), for their shape, type and device.
        y: classes (N,) int64, or None.
        settings: of the step.
        recorder: records the work.
    """

    def __init__(self, net: EnergyNet, x: Tensor, y: Tensor | None, settings: StepSettings, recorder: Record):
        self.settings = settings
        self.slope = deepcopy(InputGradient(net))  # in memory of its own, which `update` may write to
        self.x = x.clone(memory_format=torch.contiguous_format)
        self.white = torch.zeros_like(self.x)
        self.y = None if y is None else y.clone()
        self.replay, (self.energy, self.after) = recorder(self._work, None)

    def _work(self) -> tuple[Tensor, ...]:
        energy, gradient = self.slope(self.x, self.y)
        return energy, moved(self.x, gradient, self.white if self.settings.noise else None, self.settings)

    def update(self, net: EnergyNet, y: Tensor | None) -> None:
        """Takes over the network's present weights, and the classes (N,) of the next chains."""
        self.slope.update(net)
        if self.y is not None:
            assert y is not None
            self.y.copy_(y)

    def __call__(self, x: Tensor, white: Tensor | None) -> tuple[Tensor, Tensor]:
        """The energies (N,) of x, and x after a step, both in memory of their own.

        Args:
            x: chains (N, 1, 56, 56).
            white: standard normal noise of x's shape; None where the settings have no noise.
        """
        self.x.copy_(x)
        if white is not None:
            self.white.copy_(white)
        self.replay()
        return self.energy.clone(), self.after.clone()


class RecordedSteps:
    """Recorded steps that several calls of `ebm.sgld` share, because recording one takes as long as many steps.

    Args:
        recorder: records the work of a step. Tests give another one, because only a GPU has graphs.
        device_type: of the chains that are run by recorded steps.
    """

    def __init__(self, recorder: Record = record, device_type: str = "cuda"):
        self.recorder, self.device_type = recorder, device_type
        self._kept: OrderedDict[tuple[object, ...], RecordedStep] = OrderedDict()

    def __deepcopy__(self, memo: dict[int, object]) -> "RecordedSteps":
        """An empty one, because a graph cannot be copied; Lightning copies whole modules."""
        return RecordedSteps(self.recorder, self.device_type)

    def fits(self, model: object, x: Tensor) -> bool:
        """Whether these chains can be run by a recorded step: an `EnergyNet` in float32, with chains to run."""
        return (
            type(model) is EnergyNet and x.device.type == self.device_type and x.dtype == torch.float32
            and next(model.parameters()).dtype == torch.float32 and len(x) > 0
        )  # fmt: skip

    def step(self, net: EnergyNet, x: Tensor, y: Tensor | None, settings: StepSettings) -> RecordedStep:
        """The step for these chains, recorded at the first call, with the network's present weights.

        Args:
            net: that `fits`.
            x: chains (N, 1, 56, 56).
            y: classes (N,) int64 that steer them, or None.
            settings: of the step.

        Returns:
            the step. It is for one run at a time.
        """
        key = (*net.architecture().values(), tuple(x.shape), x.device, y is None, settings)
        if key not in self._kept:
            self._kept[key] = RecordedStep(net, x, y, settings, self.recorder)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        self._kept[key].update(net, y)
        return self._kept[key]
