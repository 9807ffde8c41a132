"""The states of a training run on disk: complete or not there, so that a run can always be resumed."""

import io
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.plugins.io.torch_io import TorchCheckpointIO
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.utilities import rank_zero_warn
from pytorch_lightning.utilities.exceptions import SIGTERMException

from ebm.system.whole_file import whole_file

LAST = "last.ckpt"


class WholeCheckpoints(TorchCheckpointIO):
    """Writes Lightning's checkpoints completely or not at all.

    If the newest state cannot be written, there is a warning, and the previous one is still there. The error is
    caught here and not in the callback, because with several processes only the first one writes, and the others
    then wait for it.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None) -> None:
        """Writes a checkpoint to a path of this machine.

        Args:
            checkpoint: Lightning's dict.
            path: of the file.
            storage_options: must be None.
        """
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            whole = io.BytesIO()  # because torch's own writer hides why a file cannot be written
            torch.save(checkpoint, whole)
            with whole_file(path) as file:
                file.write(whole.getbuffer())
        except OSError as error:
            if path.name != LAST:
                raise OSError(f"{path} cannot be written ({error.strerror})") from error
            rank_zero_warn(f"The state of step {checkpoint.get('global_step')} could not be kept ({error.strerror}).")


class LatestState(Checkpoint):
    """Saves the newest state of a run in one file: after some steps, after every epoch, and at SIGTERM.

    Args:
        folder: of the file last.ckpt.
        every: optimiser steps between two states.
    """

    def __init__(self, folder: Path, every: int):
        self.path, self.every = folder / LAST, every
        self._kept = -1  # the step of the state on disk

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Saves a state in the middle of an epoch."""
        if trainer.global_step % self.every == 0 or trainer.received_sigterm:
            self._keep(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Saves a state after validation, so that a resumed run need not validate again."""
        self._keep(trainer)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Saves a state at SIGTERM after a step. During a validation the state before it is enough, to the bit."""
        if isinstance(exception, SIGTERMException) and trainer.training and self._kept != trainer.global_step:
            self._keep(trainer)

    def _keep(self, trainer: pl.Trainer) -> None:
        trainer.save_checkpoint(self.path)
        self._kept = trainer.global_step
