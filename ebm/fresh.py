"""What counts while training: fresh chains from noise, read by a classifier that is not the model."""

from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import TensorBoardLogger
from torch import Tensor

from ebm.energy import EnergyNet
from ebm.generate import chains
from ebm.jem import JEM
from ebm.pictures import to_image

CHAIN_STEPS = 256


class FreshChains(pl.Callback):
    """At every validation: prints each sort from noise, logs how many a reader reads, keeps the grid.

    Must come after the weight averaging in the list of callbacks, so that it sees averaged weights.

    Args:
        selector: a reader as `train_reader` gives it, used for choosing a checkpoint and never in a
            report; None for an EBM, whose glyphs have no wanted sort.
        folder: where the grids go; seed: of the chains.
    """

    def __init__(self, selector: EnergyNet | None, folder: Path, seed: int):
        self.selector, self.folder, self.seed = selector, folder, seed

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Runs the chains with the weights that validation uses."""
        assert isinstance(pl_module, JEM)
        if pl_module.is_classifying or not pl_module.recipe.has_chains:
            pl_module.fresh_recognised = 0.0
            return
        x, wanted = self._print(pl_module)
        if self.selector is not None:
            read = self.selector.to(x.device).get_logits(x).argmax(1)
            pl_module.fresh_recognised = float((read == wanted).float().mean())
        name = f"step-{trainer.global_step:06d}"
        self.folder.mkdir(parents=True, exist_ok=True)
        grid = to_image(x, 14)
        grid.save(self.folder / f"fresh-{name}.png")
        _show(trainer, "fresh chains", grid)
        if pl_module.buffer is not None and len(pl_module.buffer):
            buffered = pl_module.buffer.x[pl_module.buffer.steps > 0]
            spread = torch.linspace(0, len(buffered) - 1, min(42, len(buffered))).long()
            grid = to_image(buffered[spread], 14)
            grid.save(self.folder / f"buffer-{name}.png")
            _show(trainer, "buffer", grid)

    def _print(self, module: JEM) -> tuple[Tensor, Tensor]:
        """Two fresh chains of 256 steps per class: glyphs (N, 1, 56, 56) and the wanted classes (N,)."""
        sampler = {k: v for k, v in module.recipe.sampler().items() if k != "steps"}
        wanted = torch.arange(module.net.outputs if module.net.outputs > 1 else 42, device=module.device).repeat(2)
        labels = wanted if module.recipe.is_steered else None
        run = chains(
            module.net, len(wanted), steps=CHAIN_STEPS, labels=labels, seed=self.seed, every=CHAIN_STEPS, **sampler
        )
        *_, last = run
        return last.x, wanted


def _show(trainer: pl.Trainer, name: str, picture) -> None:
    """Sends a picture to TensorBoard where that is the logger."""
    from torchvision.transforms.functional import pil_to_tensor

    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.experiment.add_image(name, pil_to_tensor(picture), trainer.global_step)
