"""What validation measures of a model in training: reading, the gap to its chains, two kinds of strangers."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import MeanMetric, MetricCollection
from torchmetrics.classification import BinaryAUROC, MulticlassAccuracy, MulticlassCalibrationError

from ebm.model.energy import EnergyNet
from ebm.sampling.replay_buffer import ReplayBuffer

# Of states whose fresh chains differ by chance the later one is the better: its learning rate has fallen further. The
# shares of 168 chains have a standard error of 0.02 each. Two runs had kept states that were ahead by 0.002 and 0.012,
# and their last ones were better in nearly every figure that was measured of both.
LATER = 0.05


def validation_strangers(x: Tensor) -> dict[str, Tensor]:
    """Two cheap kinds of strangers made from glyphs (N, 1, 56, 56), only for choosing a checkpoint.

    They are never reported. `ebm.data.STRANGERS` has other kinds.
    """
    return {"halves swapped": x.roll(28, 2), "smeared": F.avg_pool2d(x, (1, 15), stride=1, padding=(0, 7))}


class Validation(nn.Module):
    """Gathers the figures of one pass over the validation split.

    Args:
        outputs: of the network.
    """

    def __init__(self, outputs: int):
        super().__init__()
        self.reading = MetricCollection(
            {"accuracy": MulticlassAccuracy(outputs, average="micro"), "ece": MulticlassCalibrationError(outputs)}
            if outputs > 1
            else {}
        )
        self.auroc = nn.ModuleDict({name: BinaryAUROC() for name in validation_strangers(torch.zeros(1, 1, 56, 56))})
        self.gap = MeanMetric()

    def update(self, net: EnergyNet, x: Tensor, y: Tensor, buffer: ReplayBuffer | None) -> None:
        """Takes in a batch.

        Args:
            net: the model.
            x: glyphs (N, 1, 56, 56) of the validation split.
            y: their classes (N,).
            buffer: of the chains, whose energies are compared with the glyphs'.
        """
        if net.outputs > 1:
            self.reading.update(net.get_logits(x), y)
        energy = net.energy(x)
        metrics = self._aurocs()
        for name, strangers in validation_strangers(x).items():
            target = torch.cat([torch.zeros_like(y), torch.ones_like(y)])
            metrics[name].update(torch.cat([energy, net.energy(strangers)]), target)
        if buffer is not None and len(buffer):
            filled = (buffer.steps > 0).nonzero().squeeze(1)
            spread = torch.linspace(0, len(filled) - 1, min(len(x), len(filled)), device=filled.device).long()
            chains = buffer.x[filled[spread]]  # of all classes, because the slots are in the order of the classes
            self.gap.update(net.energy(chains).mean() - energy.mean())

    def figures(self, fresh: dict[str, float], done: float) -> dict[str, Any]:
        """The figures of what was taken in, which is then forgotten.

        Args:
            fresh: what a selector measured on the last fresh chains.
            done: share of the training that is done, in [0, 1].

        Returns:
            name -> value; "val/selection" is what a checkpoint is chosen by, and never the contrastive loss, which does
            not show convergence.
        """
        aurocs = self._aurocs()
        values: dict[str, Any] = {f"val/auroc {name}": metric.compute() for name, metric in aurocs.items()}
        if len(self.reading):
            values |= {f"val/{name}": value for name, value in self.reading.compute().items()}
        if self.gap.update_count:
            values["val/contrastive_divergence"] = self.gap.compute()
        auroc = torch.stack([values[f"val/auroc {name}"] for name in aurocs]).mean()
        age = LATER * done if fresh else 0.0
        values["val/selection"] = float(auroc) + sum(fresh.values()) + float(values.get("val/accuracy", 0.0)) + age
        values |= {f"val/fresh_{name}": value for name, value in fresh.items()}
        self.reading.reset()
        for metric in (*aurocs.values(), self.gap):
            metric.reset()
        return values

    def _aurocs(self) -> dict[str, BinaryAUROC]:
        return {name: metric for name, metric in self.auroc.items() if isinstance(metric, BinaryAUROC)}
