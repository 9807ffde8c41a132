"""The training of the joint energy-based model as a LightningModule."""

from collections.abc import Callable
from typing import Any

import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor

from ebm.model.energy import EnergyNet
from ebm.sampling.recorded_step import RecordedSteps
from ebm.sampling.replay_buffer import ReplayBuffer
from ebm.training import processes
from ebm.training.losses import JointLosses
from ebm.training.negatives import draw_negatives, slot_groups
from ebm.training.recipe import Recipe
from ebm.training.recorded_loss import Outcome, RecordedLosses
from ebm.training.schedule import learning_rate
from ebm.training.trouble import Signs, trouble_in
from ebm.training.validation import Validation

MATCH_BETAS, CONTRAST_BETAS = (0.9, 0.999), (0.0, 0.999)  # of Adam; no momentum while the negatives move too


class JEM(JointLosses):
    """Trains an `EnergyNet` by Eq. 7 of the sheet: log q(x, y) = log q(x) + log q(y | x).

    Args:
        recipe: the fields of `ebm.training.recipe.Recipe` as a dict of primitives.
        classes: number of classes of the corpus; ignored by the mode "ebm".
        net: a network to train on, with the outputs that the mode needs; by default a new one.

    Attributes:
        net: the network.
        buffer: the replay buffer, made when training starts.
        trouble: the sign of a divergence in the last step; None if there was none.
        fresh: what a selector measured on the last fresh chains, set by `FreshChains`.
    """

    def __init__(self, recipe: dict[str, Any], classes: int, net: EnergyNet | None = None):
        super().__init__()
        self.save_hyperparameters(ignore=["net"])
        self.recipe = Recipe(**recipe)
        outputs = self.recipe.mode.outputs(classes)
        # channels_last makes the convolutions faster, on the CPU and on the GPU.
        self.net = (net or EnergyNet(self.recipe.width, outputs, self.recipe.head)).to(
            memory_format=torch.channels_last
        )
        self.classes = classes
        # Plain objects and not module buffers, because DDP would overwrite rank 1's chains with rank 0's.
        self.buffer: ReplayBuffer | None = None
        self.random = None
        self.recorded_steps, self.recorded_losses = RecordedSteps(), RecordedLosses()
        self._restored: dict[str, Any] | None = None
        self.lr_factor = 1.0
        self.fresh: dict[str, float] = {}
        self.values = {}
        self.trouble: str | None = None
        self.validation = Validation(outputs)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """f of the network, as in `EnergyNet.forward`.

        Args:
            x: glyphs (N, 1, 56, 56) in [-1, 1].
            y: classes (N,) int64, or None.

        Returns:
            f (N,).
        """
        return self.net(x, y)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor | None:
        """The loss of the stage.

        All processes must do the same, so they share the trouble that one of them sees. With several processes
        Lightning forbids None. Then the gradient is zero, and `DivergenceGuard` rolls the step back.

        Args:
            batch: glyphs (N, 1, 56, 56) in [-1, 1] and their classes (N,).
            batch_idx: not used.

        Returns:
            a scalar; None skips the update when the step had trouble.
        """
        x, y = batch
        loss = self.loss(x, y)
        logged = processes.mean({"loss": loss.detach()} | self.values)
        self.log("train/loss", logged.pop("loss"), prog_bar=True)
        self.log_dict({f"train/{name}": value for name, value in logged.items()})
        self.trouble = processes.first_trouble(self.trouble, self.device)
        if self.trouble is None:
            return loss
        return torch.stack([p.sum() * 0 for p in self.parameters()]).sum() if processes.is_shared() else None

    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        """The loss of the present stage, after new chains; sets `values` and `trouble`.

        Args:
            x: real glyphs (N, 1, 56, 56) in [-1, 1].
            y: their classes (N,).

        Returns:
            a scalar.
        """
        has_chains = self.recipe.mode.has_chains and not self.is_matching
        fake = (self.negatives(y, x if self.recipe.data_starts else None),) if has_chains else ()
        outcome = self._outcome(self.first_stage if self.is_matching else self.second_stage, (x, y, *fake))
        self.values = outcome.values
        self.trouble = trouble_in(Signs(*(self.values[name] for name in Signs._fields))) if has_chains else None
        if self.trouble is None and not torch.isfinite(outcome.loss):
            self.trouble = "the loss is not finite"
        return outcome.loss

    def _outcome(self, stage: Callable[..., Tensor], inputs: tuple[Tensor, ...]) -> Outcome:
        """The loss of a stage; on one GPU by a CUDA graph, because Python would start the kernels too slowly."""

        def measured(net: EnergyNet, *inputs: Tensor) -> Outcome:
            self.values, own, self.net = {}, self.net, net
            try:
                return Outcome(stage(*inputs), self.values)
            finally:
                self.net = own

        recorded = self.recorded_losses
        if self.device.type != recorded.device_type or processes.is_shared():
            return measured(self.net, *inputs)
        assert self.random is not None
        return recorded.of(stage.__name__, measured, self.net, inputs, self.random)

    @property
    def is_matching(self) -> bool:
        """Whether training is in its first stage, which runs no chains."""
        return self.global_step < self.recipe.match_steps

    def negatives(self, y: Tensor, data: Tensor | None = None) -> Tensor:
        """Samples of the model for a batch.

        Args:
            y: classes (N,) of the batch.
            data: glyphs (N, 1, 56, 56) that fresh chains start from instead of noise, or None.

        Returns:
            glyphs (N, 1, 56, 56) in [-1, 1].
        """
        assert self.buffer is not None and self.random is not None
        return draw_negatives(self.net, self.buffer, y, self.recipe, self.random, self.recorded_steps, data)

    def on_fit_start(self) -> None:
        """Makes the buffer and the random stream on the right device, or restores the saved ones.

        Each of several processes has its own random stream and its share of the buffer's slots.
        """
        rank, world = self.global_rank, self.trainer.world_size
        self.begin(rank, world, self._restored["step"] if self._restored is not None else 0)
        if self._restored is not None:
            assert self.random is not None
            streams = [state.cpu() for state in self._restored["random"]]
            # The streams of another number of processes or another kind of device do not fit. Then new ones start.
            if len(streams) == world and streams[rank].shape == self.random.get_state().shape:
                self.random.set_state(streams[rank])
            if self.buffer is not None:
                saved = self._restored["buffer"]
                self.buffer.load_state_dict(processes.part(saved, self.slot_groups(), rank, world))
            self._restored = None

    def begin(self, rank: int = 0, world: int = 1, step: int = 0) -> None:
        """Makes an empty buffer and a new random stream on the model's device.

        Args:
            rank: number of the process, from 0.
            world: number of processes.
            step: that the stream begins at; each has a stream of its own.
        """
        r = self.recipe
        self.random = torch.Generator(self.device).manual_seed(processes.seed_of(r.seed, rank, step))
        self.recorded_losses.clear()  # they draw from the generator before
        if r.mode.has_chains:
            *of_classes, unsteered = (processes.share_of(size, rank, world) for size in self.slot_groups())
            self.buffer = ReplayBuffer(
                of_classes[0] if of_classes else 0, len(of_classes), unsteered=unsteered, reinit=r.reinit,
                start=r.start, blank=r.blank_starts, device=self.device,
            )  # fmt: skip

    def slot_groups(self) -> list[int]:
        """The slots of the whole buffer: of each class, and last of chains without a class."""
        return slot_groups(self.recipe, self.classes)

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Measures accuracy, calibration, energy gap to the buffer, and AUROC on two unreported kinds of strangers."""
        self.validation.update(self.net, *batch, self.buffer)

    def on_validation_epoch_end(self) -> None:
        """Logs what the validation steps have measured."""
        values = self.validation.figures(self.fresh, self.global_step / self.recipe.total_steps)
        shared = processes.is_shared()  # the values are the same in all processes, but Lightning asks for this
        self.log_dict({name: float(value) for name, value in values.items()}, prog_bar=False, sync_dist=shared)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Adam, with warm-up and cosine of the learning rate in each stage. `SecondStage` starts a new Adam."""
        r = self.recipe
        optimizer = torch.optim.Adam(self.parameters(), lr=1.0, betas=MATCH_BETAS)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: self.lr_factor * learning_rate(r, step))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def configure_gradient_clipping(
        self, optimizer: torch.optim.Optimizer, gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:  # fmt: skip
        """Clips the norm of the gradient to the stage's limit.

        Args:
            optimizer: of the model.
            gradient_clip_val: Lightning's, not used.
            gradient_clip_algorithm: Lightning's, not used.
        """
        largest = self.recipe.match_clip if self.is_matching else self.recipe.norm_clip
        self.clip_gradients(optimizer, gradient_clip_val=largest, gradient_clip_algorithm="norm")

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Logs the norm of the gradient before Lightning clips it."""
        norms = [p.grad.norm() for p in self.net.parameters() if p.grad is not None]
        if norms:  # empty after a skipped step
            self.log("train/grad_norm", torch.stack(norms).norm())

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the chains and the random streams of all processes, so that a resumed run continues with them."""
        checkpoint["lr_factor"] = self.lr_factor
        checkpoint["stream"] = {"step": self.global_step}
        if self.random is not None:
            checkpoint["stream"]["random"] = processes.gather(self.random.get_state())
        if self.buffer is not None:
            parts = processes.gather({name: value.cpu() for name, value in self.buffer.state_dict().items()})
            checkpoint["stream"]["buffer"] = processes.whole(parts, self.slot_groups())

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keeps the saved chains until training starts and their device is known."""
        self.lr_factor = checkpoint["lr_factor"]
        self._restored = checkpoint["stream"]
