"""What counts while training: fresh chains from noise, looked at by a selector that is not the model."""

from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import TensorBoardLogger
from torch import Tensor

from ebm.data.picture.grid import to_image
from ebm.sampling.chains import chains, last_of
from ebm.training.jem import JEM
from ebm.training.selector import Selector

PER_SORT = 4  # chains that are steered by each sort
UNSTEERED = 168  # chains on log q(x) itself
SHOWN = 84  # chains of a grid


class FreshChains(pl.Callback):
    """At every validation: prints each sort from noise, logs what a selector says of it, keeps the grid.

    Must come after the weight averaging in the list of callbacks, so that it sees averaged weights.

    Args:
        selector: used for choosing a checkpoint and never in a report; None in a process that only follows the
            first, which looks for all of them.
        sorts: how many there are; folder: where the grids go; seed: of the chains.
    """

    def __init__(self, selector: Selector | None, sorts: int, folder: Path, seed: int):
        self.selector, self.sorts, self.folder, self.seed = selector, sorts, folder, seed

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Runs the chains with the weights that validation uses."""
        assert isinstance(pl_module, JEM)
        if pl_module.is_matching or not pl_module.recipe.mode.has_chains:
            return
        if trainer.is_global_zero:
            self._look(trainer, pl_module)
        pl_module.fresh = trainer.strategy.broadcast(pl_module.fresh)

    def _look(self, trainer: pl.Trainer, pl_module: JEM) -> None:
        """Prints, judges, keeps the grids."""
        assert self.selector is not None
        printed, pl_module.fresh = [], {}
        if pl_module.net.outputs > 1:
            wanted = torch.arange(self.sorts, device=pl_module.device).repeat(PER_SORT)
            x = self._print(pl_module, len(wanted), wanted)
            printed.append(x[:SHOWN])
            pl_module.fresh["realistic"] = self.selector.realistic(x, wanted)
            pl_module.fresh["recognised"] = self.selector.recognised(x, wanted)
            pl_module.fresh["grain"] = self.selector.grain(x)
        if pl_module.recipe.unsteered_share:
            x = self._print(pl_module, UNSTEERED, None)
            printed.append(x[:SHOWN])
            pl_module.fresh["unsteered"] = self.selector.realistic(x)
            pl_module.fresh["unsteered_grain"] = self.selector.grain(x)
        x = torch.cat(printed)
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

    def _print(self, module: JEM, n: int, labels: Tensor | None) -> Tensor:
        """Fresh chains as long as printing's: glyphs (N, 1, 56, 56)."""
        recipe = module.recipe
        return last_of(chains(module.net, n, sampler=recipe, labels=labels, seed=self.seed, every=recipe.print_steps))


def _show(trainer: pl.Trainer, name: str, picture) -> None:
    """Sends a picture to TensorBoard where that is the logger."""
    from torchvision.transforms.functional import pil_to_tensor  # a second to import, for TensorBoard only

    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.experiment.add_image(name, pil_to_tensor(picture), trainer.global_step)
