"""The joint energy-based model as a LightningModule: contrastive loss + L2 + cross-entropy."""

import math
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import MeanMetric, MetricCollection
from torchmetrics.classification import BinaryAUROC, MulticlassAccuracy, MulticlassCalibrationError

from ebm import processes
from ebm.energy import EnergyNet
from ebm.recipe import Recipe
from ebm.sampling import STARTS, ReplayBuffer, sgld

CLASSIFY_L2 = 0.05  # weight of f^2 while classifying first: chains must start on a moderate surface
MAX_ENERGY = 1e3
MAX_GAP = 10.0  # f(real) - f(fake); healthy runs stay below 2, one early trial was dead at 10
MIN_GAP = -50.0  # below 0 is normal in the first steps, when chains find the flaws of a classifier
MAX_INK = 0.6  # share of pixels above 0.99; of real glyphs 0.001 (and 0.13 above 0.5)
ANCHOR = 0.3  # weight of an EBM's first loss when chains run; without it f goes flat, as it would without cross-entropy
BLEND_DEPTH = 4.0  # how far below a glyph's f that of pure noise is put before an EBM's chains start
MAX_ROUGHNESS = 0.9  # neighbouring pixels of uniform noise differ by 2/3, of a checkerboard by 2


def validation_strangers(x: Tensor) -> dict[str, Tensor]:
    """Two cheap kinds of strangers made from glyphs (N, 1, 56, 56), for choosing a checkpoint only.

    They are never reported: `ebm.data.STRANGERS` holds other kinds.
    """
    return {"halves swapped": x.roll(28, 2), "smeared": F.avg_pool2d(x, (1, 15), stride=1, padding=(0, 7))}


class JEM(pl.LightningModule):
    """Trains an `EnergyNet` by Eq. 7 of the sheet: log q(x, y) = log q(x) + log q(y | x).

    Args:
        recipe: the fields of `ebm.recipe.Recipe` as a dict of primitives.
        classes: number of classes of the corpus; ignored by the mode "ebm".

    Attributes:
        net: the network. buffer: the replay buffer, made when training starts. trouble: what the
        last step saw that must not go on; None while all is well. fresh: shares of the last fresh chains
        that a selector found realistic and recognised, set by `FreshChains`.
    """

    def __init__(self, recipe: dict[str, Any], classes: int):
        super().__init__()
        self.save_hyperparameters()
        self.recipe = Recipe(**recipe)
        outputs = 1 if self.recipe.mode == "ebm" else classes
        # channels_last: the convolutions are faster so, on the CPU and on the GPU.
        self.net = EnergyNet(self.recipe.width, outputs, self.recipe.head).to(memory_format=torch.channels_last)
        self.classes = classes
        # Plain objects, not module buffers: DDP would overwrite rank 1's chains with rank 0's.
        self.buffer: ReplayBuffer | None = None
        self.random: torch.Generator | None = None
        self._restored: dict[str, Any] | None = None
        self.lr_factor = 1.0
        self.fresh: dict[str, float] = {}
        self.trouble: str | None = None
        if outputs > 1:
            self.val_metrics = MetricCollection(
                {"accuracy": MulticlassAccuracy(outputs, average="micro"), "ece": MulticlassCalibrationError(outputs)}
            )
        self.val_auroc = torch.nn.ModuleDict(
            {name: BinaryAUROC() for name in validation_strangers(torch.zeros(1, 1, 56, 56))}
        )
        self.val_gap = MeanMetric()

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """f of the network, as `EnergyNet.forward`."""
        return self.net(x, y)

    # The three steps of exercise 3.4 ---------------------------------------------------------

    def px_step(self, x: Tensor, y: Tensor) -> Tensor:
        """The generative loss, Eqs. 3 and 4 with the L2 of Sec. 4.2 (Du & Mordatch 2019).

        Args:
            x: real glyphs (N, 1, 56, 56) in [-1, 1]; y: their classes (N,).

        Returns:
            scalar mean f(fake) - mean f(real) + alpha * mean(f(real)^2 + f(fake)^2).
        """
        fake = self.negatives(y, x if self.recipe.data_starts else None)
        real = x + self.recipe.data_noise * torch.empty_like(x).normal_(generator=self.random)
        labels = torch.cat([y, y]) if self.recipe.mode == "conditional" else None
        f_real, f_fake = self.net(torch.cat([real, fake]), labels).chunk(2)
        gap = f_real.mean() - f_fake.mean()
        l2 = (f_real**2 + f_fake**2).mean()
        roughness = torch.stack([fake.diff(dim=dim).abs().mean() for dim in (2, 3)]).mean()
        ink = (fake > 0.99).float().mean()
        self._watch(f_real.detach(), f_fake.detach(), gap.detach(), roughness, ink)
        values = {"f_real": f_real.mean(), "f_fake": f_fake.mean(), "gap": gap, "l2": l2}
        values |= {"roughness": roughness, "ink": ink}
        self._log({f"train/{name}": value for name, value in values.items()})
        return self.recipe.alpha * l2 - gap

    def pyx_step(self, x: Tensor, y: Tensor) -> Tensor:
        """The predictive loss, Eq. 6: the cross-entropy of the logits, a scalar."""
        if self.recipe.ce_noise:
            x = x + self.recipe.ce_noise * torch.empty_like(x).normal_(generator=self.random)
        return F.cross_entropy(self.net.get_logits(x), y)

    def before_chains(self, x: Tensor) -> Tensor:
        """What the first stage asks of f, so that chains start on a moderate surface: a scalar.

        A JEM, which learns to read meanwhile, is only kept near f = 0. An EBM has nothing else to learn, and
        on the flat surface of an untrained network chains never find their way: it learns to tell how much
        of a glyph (N, 1, 56, 56) has been replaced by a fresh chain's noise.
        """
        if self.net.outputs > 1:
            return CLASSIFY_L2 * (self.net(x) ** 2).mean()
        assert self.random is not None
        share = torch.rand((len(x), 1, 1, 1), generator=self.random, device=x.device)
        noise = STARTS[self.recipe.start](len(x), self.random)
        f_real, f_blend = self.net(torch.cat([x, x + share * (noise - x)])).chunk(2)
        return (f_real**2).mean() + ((f_blend + BLEND_DEPTH * share.flatten()) ** 2).mean()

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor | None:
        """Eq. 7: the sum of both losses. None, which skips the update, when the step must not count.

        Several processes must all do the same: they share what one of them sees, and where Lightning
        forbids None the update is of gradient zero, until `DivergenceGuard` rolls it back.
        """
        x, y = batch
        self.trouble = None
        loss = torch.zeros((), device=self.device)
        if self.net.outputs > 1:
            cross_entropy = self.pyx_step(x, y)
            self._log({"train/cross_entropy": cross_entropy}, prog_bar=True)
            loss = loss + self.recipe.ce_weight * cross_entropy
        if self.recipe.has_chains:
            loss = loss + (self.before_chains(x) if self.is_classifying else self.px_step(x, y))
            if self.net.outputs == 1 and not self.is_classifying:
                loss = loss + ANCHOR * self.before_chains(x)
        self._log({"train/loss": loss}, prog_bar=True)
        if not torch.isfinite(loss):
            self.trouble = "the loss is not finite"
        self.trouble = processes.first_trouble(self.trouble, self.device)
        if self.trouble is None:
            return loss
        return torch.stack([p.sum() * 0 for p in self.parameters()]).sum() if processes.is_shared() else None

    # What they need --------------------------------------------------------------------------

    @property
    def is_classifying(self) -> bool:
        """Whether training is still in its first stage, before any chain is run."""
        return self.global_step < self.classify_steps

    @property
    def classify_steps(self) -> int:
        """Length of the first stage: `classify_first`, but on a small corpus at most a third of the run."""
        return min(self.recipe.classify_first, int(self.trainer.estimated_stepping_batches) // 3)

    def negatives(self, y: Tensor, data: Tensor | None = None) -> Tensor:
        """Samples of the model (N, 1, 56, 56): chains from the buffer, some steps further.

        Args:
            y: classes (N,) of the batch, which steer the chains if the recipe says so: with y drawn
                as in the data and x from q(x | y), x is a draw of q(x).
            data: glyphs (N, 1, 56, 56) that fresh chains start from instead of noise.
        """
        assert self.buffer is not None and self.random is not None
        r = self.recipe
        slot_class = y if r.is_steered else torch.zeros_like(y)
        start, slots = self.buffer.draw(slot_class, self.random, data)
        run = sgld(
            self.net, start.contiguous(memory_format=torch.channels_last), steps=r.steps, step_size=r.step_size,
            noise=r.noise, grad_clip=r.grad_clip, normalize=r.normalize, anneal=r.anneal,
            y=y if r.is_steered else None, generator=self.random, every=r.steps,
        )  # fmt: skip
        (last,) = run
        self.buffer.put(slots, last.x, r.steps)
        return last.x

    def _watch(self, f_real: Tensor, f_fake: Tensor, gap: Tensor, roughness: Tensor, ink: Tensor) -> None:
        """Notes the signs of a divergence: they are not all visible in the loss."""
        largest = max(float(f_real.abs().max()), float(f_fake.abs().max()))
        if not math.isfinite(largest) or largest > MAX_ENERGY:
            self.trouble = f"an energy of size {largest:.3g} (at most {MAX_ENERGY:g} is sane)"
        elif not MIN_GAP < float(gap) < MAX_GAP:
            self.trouble = f"real and sampled energies {float(gap):.3g} apart ({MIN_GAP:g} to {MAX_GAP:g} is sane)"
        elif float(ink) > MAX_INK:
            self.trouble = f"samples of solid ink ({float(ink):.0%} of their pixels)"
        elif float(roughness) > MAX_ROUGHNESS:
            self.trouble = f"samples of saturated pixels (neighbours {float(roughness):.2f} apart, noise has 0.67)"

    def on_fit_start(self) -> None:
        """Makes the buffer and the random stream on the right device, or takes up the saved ones.

        Of several processes each has a random stream of its own and its share of the buffer's slots.
        """
        r, rank, world = self.recipe, self.global_rank, self.trainer.world_size
        step = self._restored["step"] if self._restored is not None else 0
        self.random = torch.Generator(self.device).manual_seed(processes.seed_of(r.seed, rank, step))
        if r.has_chains:
            buffer_classes = self.classes if r.is_steered else 1
            per_class = processes.share_of(r.buffer_per_class * (1 if r.is_steered else self.classes), rank, world)
            self.buffer = ReplayBuffer(per_class, buffer_classes, reinit=r.reinit, start=r.start, device=self.device)
        if self._restored is not None:
            streams = [state.cpu() for state in self._restored["random"]]
            # The streams of another number of processes or another kind of device do not fit: then new ones begin.
            if len(streams) == world and streams[rank].shape == self.random.get_state().shape:
                self.random.set_state(streams[rank])
            if self.buffer is not None:
                saved = self._restored["buffer"]
                self.buffer.load_state_dict(processes.part(saved, self.buffer.classes, rank, world))
            self._restored = None

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Accuracy, calibration, energy gap to the buffer and AUROC on two unreported kinds of strangers."""
        x, y = batch
        if self.net.outputs > 1:
            self.val_metrics.update(self.net.get_logits(x), y)
        energy = self.net.energy(x)
        metrics = self._aurocs()
        for name, strangers in validation_strangers(x).items():
            target = torch.cat([torch.zeros_like(y), torch.ones_like(y)])
            metrics[name].update(torch.cat([energy, self.net.energy(strangers)]), target)
        if self.buffer is not None and len(self.buffer):
            filled = (self.buffer.steps > 0).nonzero().squeeze(1)
            spread = torch.linspace(0, len(filled) - 1, min(len(x), len(filled)), device=filled.device).long()
            chains = self.buffer.x[filled[spread]]  # of all classes: the slots are in their order
            self.val_gap.update(self.net.energy(chains).mean() - energy.mean())

    def _aurocs(self) -> dict[str, BinaryAUROC]:
        return {name: metric for name, metric in self.val_auroc.items() if isinstance(metric, BinaryAUROC)}

    def on_validation_epoch_end(self) -> None:
        """Logs what the validation steps gathered."""
        values: dict[str, Any] = {f"val/auroc {name}": metric.compute() for name, metric in self._aurocs().items()}
        if self.net.outputs > 1:
            values |= {f"val/{name}": value for name, value in self.val_metrics.compute().items()}
            self.val_metrics.reset()
        if self.val_gap.update_count:
            values["val/contrastive_divergence"] = self.val_gap.compute()
        auroc = torch.stack([values[f"val/auroc {name}"] for name in self._aurocs()]).mean()
        # What a checkpoint is chosen by; never the contrastive loss, which says nothing of convergence.
        values["val/selection"] = float(auroc) + sum(self.fresh.values()) + float(values.get("val/accuracy", 0.0))
        values |= {f"val/fresh_{name}": value for name, value in self.fresh.items()}
        for metric in (*self._aurocs().values(), self.val_gap):
            metric.reset()
        shared = processes.is_shared()  # the values are the same in all processes, but only so is Lightning content
        self.log_dict({name: float(value) for name, value in values.items()}, prog_bar=False, sync_dist=shared)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Adam without momentum (betas 0, 0.999), one learning rate for each stage."""
        r = self.recipe
        optimizer = torch.optim.Adam(self.parameters(), lr=1.0, betas=(0.0, 0.999))
        total = max(1, int(self.trainer.estimated_stepping_batches))

        first = self.classify_steps

        def rate(step: int) -> float:
            if step < first:
                return r.classify_lr * self.lr_factor
            done = min(1.0, (step - first) / max(1, total - first))
            return self.lr_factor * r.lr * (r.lr_decay + (1 - r.lr_decay) * 0.5 * (1 + math.cos(math.pi * done)))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Logs the norm of the gradient before Lightning clips it."""
        norms = [p.grad.norm() for p in self.net.parameters() if p.grad is not None]
        if norms:  # none after a step that was skipped
            self.log("train/grad_norm", torch.stack(norms).norm())

    def _log(self, values: dict[str, Tensor], prog_bar: bool = False) -> None:
        """Logs scalars of a training step, averaged over the processes."""
        self.log_dict(processes.mean({name: value.detach() for name, value in values.items()}), prog_bar=prog_bar)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the chains and the random streams of all processes, so that a resumed run goes on with them."""
        checkpoint["lr_factor"] = self.lr_factor
        checkpoint["stream"] = {"step": self.global_step}
        if self.random is not None:
            checkpoint["stream"]["random"] = processes.gather(self.random.get_state())
        if self.buffer is not None:
            parts = processes.gather({name: value.cpu() for name, value in self.buffer.state_dict().items()})
            checkpoint["stream"]["buffer"] = processes.whole(parts, self.buffer.classes)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keeps the saved chains until training starts and their device is known."""
        self.lr_factor = checkpoint["lr_factor"]
        self._restored = checkpoint["stream"]
