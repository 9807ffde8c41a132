"""Training that can be watched: a small model learns a few sorts in about two minutes on a CPU."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, EMAWeightAveraging
from torch import Tensor

from ebm.checkpoint.provenance import provenance
from ebm.data.batches import GlyphDataModule
from ebm.data.corpus import Corpus, to_bytes
from ebm.data.synthetic.small_corpus import small_corpus
from ebm.model.energy import EnergyNet
from ebm.model.mode import Mode
from ebm.sampling.chains import chains, last_of
from ebm.training.divergence_guard import DivergenceGuard
from ebm.training.jem import JEM
from ebm.training.recipe import Recipe
from ebm.training.second_stage import SecondStage
from ebm.training.trained import Trained

LONGEST = 300  # seconds
EVERY = 0.5  # seconds between two moments
REFRESH = 4.0  # seconds between two looks at fresh chains
SHOWN = 32  # chains of the buffer in a moment
FRESH = 12  # fresh chains in a moment
MODES = (Mode.JEM, Mode.EBM)
# Tried on two cores with a, o, p: fresh chains become letters after half a minute to a minute.
_BASE: dict[str, Any] = {
    "width": 16, "batch_size": 32, "match_steps": 150, "contrast_steps": 100_000, "lr_decay": 1.0,
    "buffer_per_class": 40, "ema": 0.97,
}  # fmt: skip
# What a visitor may set: name -> smallest and largest value.
SETTINGS: dict[str, tuple[float, float]] = {
    "match_steps": (1, 2000), "lr": (1e-5, 1e-2), "steps": (1, 60), "alpha": (0.0, 2.0), "noise": (0.0, 0.2),
    "reinit": (0.0, 1.0),
}  # fmt: skip
_making = threading.Lock()  # because weights are drawn from torch's one global generator


@dataclass(frozen=True)
class Moment:
    """What a run shows at one moment.

    Args:
        step: optimiser steps so far.
        seconds: since the start of training.
        stage: "matching" before the first chain, then "chains".
        losses: name -> value of the last step (matching, gap, l2, cross_entropy; not all of them always exist).
        real: energies (n,) of glyphs of the last batch.
        sampled: energies (n,) of chains in the buffer.
        accuracy: on the last batch, in [0, 1]; None for an EBM.
        buffer: chains of the replay buffer, uint8 (n, 56, 56).
        ages: number of steps that each of these chains has run.
        fresh: chains from noise with the averaged weights, uint8 (n, 56, 56), made every few seconds.
        rollbacks: what was seen at each rollback, in words.
    """

    step: int
    seconds: float
    stage: str
    losses: dict[str, float]
    real: list[float]
    sampled: list[float]
    accuracy: float | None
    buffer: Tensor
    ages: list[int]
    fresh: Tensor
    rollbacks: list[str] = field(default_factory=list)


def recipe_of(mode: str = "jem", seed: int = 0, **settings: float) -> Recipe:
    """The recipe of a live run.

    Args:
        mode: "jem" or "ebm".
        seed: of everything random.
        **settings: of `SETTINGS`, where they differ from the recipe.

    Returns:
        the recipe.

    Raises:
        ValueError: for an unknown mode, or a setting that is unknown or out of range.
    """
    if mode not in MODES:
        raise ValueError(f"The mode is one of {', '.join(MODES)}, not {str(mode)[:40]!r}.")
    for name, value in settings.items():
        if name not in SETTINGS:
            raise ValueError(f"There is no setting {name!r}; there are: {', '.join(SETTINGS)}.")
        low, high = SETTINGS[name]
        if not low <= value <= high:
            raise ValueError(f"{name} must lie between {low:g} and {high:g}, not {value:g}.")
    whole = {name: int(value) if name in ("steps", "match_steps") else float(value) for name, value in settings.items()}
    return Recipe(**(_BASE | whole), mode=Mode(mode), seed=seed)


def train_live(
    sorts: Sequence[str], *, mode: str = "jem", seconds: float = 120, seed: int = 0, **settings: float
) -> "Run":
    """Trains in a separate thread, as a run that can be watched.

    Args:
        sorts: 1 to 8 names of sorts.
        mode: "jem" or "ebm".
        seconds: 1 to 300.
        seed: of glyphs, weights and noise.
        **settings: of `SETTINGS`, where they differ from the recipe.

    Returns:
        the run. It yields a `Moment` twice a second, and at the end a `Trained`.

    Raises:
        ValueError: for what `recipe_of` and `small_corpus` refuse, or a time out of range.
        Diverged: from the run, at the third trouble in a row.
    """
    if not 1 <= seconds <= LONGEST:
        raise ValueError(f"A live training takes 1 to {LONGEST} seconds, not {seconds:g}.")
    recipe = recipe_of(mode, seed, **settings)
    return Run(recipe, small_corpus(sorts, seed), seconds)


class Run(Iterator["Moment | Trained"]):
    """A training run to iterate over; `stop` ends it early and keeps the result, `close` does not keep it.

    Args:
        recipe: the hyper-parameters.
        corpus: the glyphs.
        seconds: length of the training.
    """

    def __init__(self, recipe: Recipe, corpus: Corpus, seconds: float):
        self._queue: SimpleQueue[Moment | Trained | BaseException] = SimpleQueue()
        self._stop = threading.Event()
        self._over = False
        arguments = (recipe, corpus, seconds, self._queue, self._stop)
        self._thread = threading.Thread(target=_train, args=arguments, daemon=True)
        self._thread.start()

    def __next__(self) -> "Moment | Trained":
        """The next moment; the `Trained` is the last item."""
        if self._over:
            raise StopIteration
        seen = self._queue.get()
        self._over = not isinstance(seen, Moment)
        if isinstance(seen, BaseException):
            raise seen
        return seen

    def stop(self) -> None:
        """Ends training after the present step; the last moments and the `Trained` still come."""
        self._stop.set()

    def close(self) -> None:
        """Ends training and waits until it has ended."""
        self.stop()
        self._thread.join()


def _train(recipe: Recipe, corpus: Corpus, seconds: float, queue: SimpleQueue, left: threading.Event) -> None:
    """The thread: Lightning's trainer with a callback that watches."""
    try:
        with _making, torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            module = JEM(recipe.to_dict(), len(corpus.sorts))
        averaging = EMAWeightAveraging(decay=recipe.ema, use_buffers=False)
        guard = DivergenceGuard(averaging)
        watch = _Watch(seconds, queue, left, averaging, guard)
        trainer = pl.Trainer(
            max_steps=recipe.total_steps, accelerator="cpu", devices=1, logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False, limit_val_batches=0, num_sanity_val_steps=0,
            callbacks=[averaging, SecondStage(averaging, guard), guard, watch], use_distributed_sampler=False,
        )  # fmt: skip
        trainer.fit(module, GlyphDataModule(corpus, recipe.batch_size, 0, recipe.seed))
        net = watch.averaged(module)
        made: dict[str, Any] = {"command": "trained live in the explorer", "seconds": round(watch.elapsed())}
        queue.put(Trained(net, recipe, corpus, made | {"steps": trainer.global_step} | provenance()))
    except BaseException as error:  # noqa: BLE001  (raised again where the moments are taken)
        queue.put(error)


class _Watch(Callback):
    """Reports moments of a run, and ends it when its time is over or nobody watches any more."""

    def __init__(
        self, seconds: float, queue: SimpleQueue, left: threading.Event, averaging: EMAWeightAveraging,
        guard: DivergenceGuard,
    ):  # fmt: skip
        self.seconds, self.queue, self.left, self.averaging, self.guard = seconds, queue, left, averaging, guard
        self.began = self.looked = self.printed = time.monotonic()
        self.fresh = torch.empty((0, 56, 56), dtype=torch.uint8)

    def elapsed(self) -> float:
        """Seconds since training began."""
        return time.monotonic() - self.began

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the clock."""
        self.began = self.looked = self.printed = time.monotonic()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Reports a moment, if it is time, and stops the run, if it must end."""
        assert isinstance(pl_module, JEM)
        now = time.monotonic()
        if self.left.is_set() or now - self.began >= self.seconds:
            trainer.should_stop = True
        elif now - self.looked < EVERY:
            return
        if trainer.should_stop or now - self.printed >= REFRESH:
            self.fresh, self.printed = self._print(pl_module), now
        self.looked = now
        self.queue.put(self._moment(trainer, pl_module, batch))

    def averaged(self, module: JEM) -> EnergyNet:
        """A new network with the averaged weights."""
        net = EnergyNet(module.net.width, module.net.outputs, module.net.head)
        kept = self.averaging._average_model
        learnt = module if kept is None else kept.module
        assert isinstance(learnt, JEM)
        net.load_state_dict(learnt.net.state_dict())
        return net.eval().requires_grad_(False)

    def _print(self, module: JEM) -> Tensor:
        """Fresh chains from noise, with the sorts in turn."""
        recipe, every = module.recipe, module.recipe.print_steps
        wanted = torch.arange(FRESH) % module.classes if module.net.outputs > 1 else None
        return to_bytes(last_of(chains(self.averaged(module), FRESH, sampler=recipe, labels=wanted, every=every)))

    @torch.no_grad()
    def _moment(self, trainer: pl.Trainer, module: JEM, batch: tuple[Tensor, Tensor]) -> Moment:
        x, y = batch
        logits = module.net.get_logits(x)
        sampled, shown, ages = torch.empty(0), torch.empty((0, 56, 56), dtype=torch.uint8), []
        if module.buffer is not None and len(module.buffer):
            filled = module.buffer.steps.nonzero().flatten()
            some = filled[torch.linspace(0, len(filled) - 1, min(SHOWN, len(filled))).long()]
            sampled, shown = module.net.energy(module.buffer.x[some]), to_bytes(module.buffer.x[some])
            ages = module.buffer.steps[some].tolist()
        values = {name.removeprefix("train/"): float(v) for name, v in trainer.callback_metrics.items()}
        return Moment(
            trainer.global_step, self.elapsed(), "matching" if module.is_matching else "chains",
            {name: values[name] for name in ("matching", "gap", "l2", "cross_entropy") if name in values},
            (-torch.logsumexp(logits, 1)).tolist(), sampled.tolist(),
            None if module.net.outputs == 1 else float((logits.argmax(1) == y).float().mean()),
            shown, ages, self.fresh, [f"step {r['step']}: {r['seen']}" for r in self.guard.rollbacks],
        )  # fmt: skip
