"""Never a silent divergence: roll back to the last good state, halve the learning rate, say so."""

import copy
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback, EMAWeightAveraging
from pytorch_lightning.utilities import rank_zero_warn

from ebm.training.errors import Diverged
from ebm.training.jem import JEM

MAX_IN_A_ROW = 3


class DivergenceGuard(Callback):
    """Watches `JEM.trouble` after every step.

    Args:
        averaging: the callback that averages the weights, whose average is rolled back with them.
        every: good steps between two snapshots (weights, average, optimiser, replay buffer).

    Attributes:
        rollbacks: what was seen and at which step, for the run's report.

    Raises (from training):
        Diverged: after three rollbacks with no good snapshot between them.
    """

    def __init__(self, averaging: EMAWeightAveraging | None = None, every: int = 100):
        self.averaging, self.every = averaging, every
        self.rollbacks: list[dict[str, Any]] = []
        self._snapshots: list[dict[str, Any]] = []  # the last two: the newest may already be sick
        self._good = 0
        self._in_a_row = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Takes the first snapshot, so that there is always one to go back to."""
        assert isinstance(pl_module, JEM)
        self.begin(trainer, pl_module)

    def begin(self, trainer: pl.Trainer, module: JEM) -> None:
        """Makes the state of now the only one to go back to."""
        self._snapshots = [self._snapshot(trainer, module)]

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Takes a snapshot now and then; rolls back when the step saw trouble."""
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
                f"Training stopped at step {trainer.global_step} after {MAX_IN_A_ROW} rollbacks in a row; "
                f"last seen: {pl_module.trouble}. Try a smaller lr or step_size, or a larger alpha."
            )
        rank_zero_warn(f"Step {trainer.global_step}: {pl_module.trouble}. Rolled back; the learning rate is halved.")
        self._snapshots = self._snapshots[:1]  # the newer one may be of the branch that went wrong
        self._restore(trainer, pl_module, self._snapshots[0])
        pl_module.lr_factor /= 2
        for group in trainer.optimizers[0].param_groups:
            group["lr"] /= 2  # the scheduler has set the next step's rate already, without the new factor
        self._good = 0

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run must still report."""
        return {"rollbacks": self.rollbacks}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes up the report of the run that is resumed."""
        self.rollbacks = list(state_dict["rollbacks"])

    def _snapshot(self, trainer: pl.Trainer, module: JEM) -> dict[str, Any]:
        state = {"net": module.net.state_dict(), "optimizer": trainer.optimizers[0].state_dict()}
        if module.buffer is not None:
            state["buffer"] = module.buffer.state_dict()
        if self.averaging is not None and self.averaging._average_model is not None:
            state["average"] = self.averaging._average_model.state_dict()
        return copy.deepcopy(state)

    def _restore(self, trainer: pl.Trainer, module: JEM, state: dict[str, Any]) -> None:
        state = copy.deepcopy(state)  # the optimiser takes over the tensors it is given
        module.net.load_state_dict(state["net"])
        trainer.optimizers[0].load_state_dict(state["optimizer"])
        if module.buffer is not None:
            module.buffer.load_state_dict(state["buffer"])
        if self.averaging is not None and self.averaging._average_model is not None:
            self.averaging._average_model.load_state_dict(state["average"])
