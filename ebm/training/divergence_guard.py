"""Handles divergence: rolls back to the last good state, halves the learning rate, and reports it."""

import copy
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback, EMAWeightAveraging
from pytorch_lightning.utilities import rank_zero_warn

from ebm.training.errors import Diverged
from ebm.training.jem import JEM

MAX_IN_A_ROW = 3


class DivergenceGuard(Callback):
    """Checks `JEM.trouble` after every step, and rolls back if there is any.

    Args:
        averaging: the callback that averages the weights; its average is rolled back too.
        every: good steps between two snapshots (weights, average, optimiser, replay buffer).

    Attributes:
        rollbacks: what was seen and at which step, for the run's report.
    """

    def __init__(self, averaging: EMAWeightAveraging | None = None, every: int = 100):
        self.averaging, self.every = averaging, every
        self.rollbacks: list[dict[str, Any]] = []
        self._snapshots: list[dict[str, Any]] = []  # the last two, because the newest may already be bad
        self._good = 0
        self._in_a_row = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Takes the first snapshot, so that there is always one for a rollback."""
        assert isinstance(pl_module, JEM)
        self.begin(trainer, pl_module)

    def begin(self, trainer: pl.Trainer, module: JEM) -> None:
        """Makes the present state the only one for a rollback.

        Args:
            trainer: of the run.
            module: the model in training.
        """
        self._snapshots = [self._snapshot(trainer, module)]

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Takes a snapshot after some good steps; rolls back when the step had trouble.

        Args:
            trainer: of the run.
            pl_module: the model in training.
            outputs: of the step, not used.
            batch: of the step, not used.
            batch_idx: of the step, not used.

        Raises:
            Diverged: at the third trouble without a good snapshot between them.
        """
        assert isinstance(pl_module, JEM)
        if pl_module.trouble is None:
            self._good += 1
            if self._good % self.every == 0:
                self._in_a_row = 0
                self._snapshots = [*self._snapshots[-1:], self._snapshot(trainer, pl_module)]
            return
        self._in_a_row += 1
        self.rollbacks.append(
            {"step": trainer.global_step, "seen": pl_module.trouble, "lr_factor": pl_module.lr_factor / 2}
        )
        if self._in_a_row >= MAX_IN_A_ROW:
            raise Diverged(
                f"Training stopped at step {trainer.global_step} with trouble {MAX_IN_A_ROW} times in a row; "
                f"last seen: {pl_module.trouble}. Try a smaller lr or step_size, or a larger alpha."
            )
        rank_zero_warn(f"Step {trainer.global_step}: {pl_module.trouble}. Rolled back; the learning rate is halved.")
        self._snapshots = self._snapshots[:1]  # the newer one may already have been bad
        self._restore(trainer, pl_module, self._snapshots[0])
        pl_module.lr_factor /= 2
        for group in trainer.optimizers[0].param_groups:
            group["lr"] /= 2  # because the scheduler has already set the next step's rate, without the new factor
        self._good = 0

    def state_dict(self) -> dict[str, Any]:
        """The rollbacks, which a resumed run must still report."""
        return {"rollbacks": self.rollbacks}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Loads the rollbacks of the run that is resumed."""
        self.rollbacks = list(state_dict["rollbacks"])

    def _snapshot(self, trainer: pl.Trainer, module: JEM) -> dict[str, Any]:
        state = {"net": module.net.state_dict(), "optimizer": trainer.optimizers[0].state_dict()}
        if module.buffer is not None:
            state["buffer"] = module.buffer.state_dict()
        if self.averaging is not None and self.averaging._average_model is not None:
            state["average"] = self.averaging._average_model.state_dict()
        return copy.deepcopy(state)

    def _restore(self, trainer: pl.Trainer, module: JEM, state: dict[str, Any]) -> None:
        state = copy.deepcopy(state)  # because the optimiser keeps the tensors that it is given
        module.net.load_state_dict(state["net"])
        trainer.optimizers[0].load_state_dict(state["optimizer"])
        if module.buffer is not None:
            module.buffer.load_state_dict(state["buffer"])
        if self.averaging is not None and self.averaging._average_model is not None:
            self.averaging._average_model.load_state_dict(state["average"])
