"""The change from the first stage of training to the second."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback, EMAWeightAveraging

from ebm.training.divergence_guard import DivergenceGuard
from ebm.training.jem import CONTRAST_BETAS, JEM


class SecondStage(Callback):
    """Starts the second stage: with the averaged weights of the first, and with a new Adam.

    It acts before a step and not after one. So a run that was interrupted exactly between the stages does the same.

    Args:
        averaging: the callback that averages the weights.
        guard: forgets the states of the first stage, because the second must not roll back to them.
    """

    def __init__(self, averaging: EMAWeightAveraging, guard: DivergenceGuard):
        self.averaging, self.guard = averaging, guard

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Acts before the first step of the second stage."""
        assert isinstance(pl_module, JEM)
        if trainer.global_step != pl_module.recipe.match_steps:
            return
        averaged = self.averaging._average_model
        if averaged is not None:
            assert isinstance(averaged.module, JEM)
            pl_module.net.load_state_dict(averaged.module.net.state_dict())
        (optimizer,) = trainer.optimizers
        optimizer.state.clear()
        for group in optimizer.param_groups:
            group["betas"] = CONTRAST_BETAS
        self.guard.begin(trainer, pl_module)
