"""Training runs behind one signature: ours through Lightning, and the peer `notebook`'s loop. Inside a worker only."""

import logging
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

TrainSteps = Callable[[int], list[float]]  # how many optimiser steps -> seconds of each
WARM_UP = 3  # steps of a run that are not counted


def ours(data: dict[str, Tensor], recipe: dict[str, Any], device: str) -> TrainSteps:
    """A JEM with the whole recipe, with averaged weights; every run of steps is a new fit.

    Args:
        data: images and labels.
        recipe: its fields.
        device: "cpu" or "cuda".

    Returns:
        a function of the number of steps that returns the seconds of each.
    """
    import pytorch_lightning as pl
    from pytorch_lightning.callbacks import EMAWeightAveraging

    from ebm.data.batches import GlyphDataModule
    from ebm.training.jem import JEM

    class Clock(pl.Callback):
        def __init__(self) -> None:
            self.ticks: list[float] = []

        def on_train_batch_end(self, *_: Any) -> None:
            _wait(device)
            self.ticks.append(time.perf_counter())

    corpus = _corpus()

    def run(steps: int) -> list[float]:
        clock, averaging = Clock(), EMAWeightAveraging(decay=recipe["ema"], use_buffers=False)
        module = JEM(recipe, len(corpus.sorts))
        trainer = _trainer(device, recipe, [averaging, clock], max_steps=steps + WARM_UP)
        trainer.fit(module, GlyphDataModule(corpus, recipe["batch_size"], recipe["workers"], recipe["seed"]))
        return [after - before for before, after in zip(clock.ticks, clock.ticks[1:], strict=False)][-steps:]

    return run


def notebook(data: dict[str, Tensor], recipe: dict[str, Any], device: str) -> TrainSteps:
    """The course's step on the same glyphs, network and number of sampler steps; one run that continues.

    Args:
        data: images and labels.
        recipe: its fields.
        device: "cpu" or "cuda".

    Returns:
        a function of the number of steps that returns the seconds of each.
    """
    from net import PlainNet
    from notebook import ListBuffer, train_step
    from torch.utils.data import DataLoader, TensorDataset

    torch.manual_seed(recipe["seed"])
    x = data["images"].float().div(127.5).sub(1)[:, None]
    labels = data["labels"]
    classes = int(labels.max()) + 1
    net = PlainNet(recipe["width"], classes, recipe["head"]).to(device)
    optimizer = torch.optim.Adam(net.parameters(), lr=recipe["lr"], betas=(0.0, 0.999))
    buffer = ListBuffer(recipe["buffer_per_class"] * classes, tuple(x.shape[1:]), recipe["reinit"], recipe["seed"])
    batch = min(recipe["batch_size"], len(x))
    loader = DataLoader(TensorDataset(x, labels), batch, shuffle=True, drop_last=True)
    sampler = {"steps": recipe["steps"], "step_size": 10.0, "noise": recipe["noise"], "grad_clip": 0.02}

    def batches() -> Iterator[list[Tensor]]:
        while True:
            yield from loader

    endless = batches()

    def run(steps: int) -> list[float]:
        seconds = []
        for _ in range(WARM_UP + steps):
            started = time.perf_counter()
            glyphs, y = (part.to(device) for part in next(endless))
            train_step(
                net, optimizer, buffer, glyphs, y, sampler=sampler, alpha=recipe["alpha"],
                data_noise=recipe["data_noise"], norm_clip=recipe["norm_clip"],
            )  # fmt: skip
            _wait(device)
            seconds.append(time.perf_counter() - started)
        return seconds[WARM_UP:]

    return run


RUNS: dict[str, Callable[[dict[str, Tensor], dict[str, Any], str], TrainSteps]] = {"ours": ours, "notebook": notebook}


def reach(recipe: dict[str, Any], accuracy: float, every: int, device: str) -> dict[str, Any]:
    """Trains with the whole recipe until a validation accuracy is reached.

    The clock stops while the accuracy is measured.

    Args:
        recipe: its fields.
        accuracy: in [0, 1].
        every: steps between two measurements of the accuracy.
        device: "cpu" or "cuda".

    Returns:
        seconds, steps and the accuracy; seconds are None if the run ended below it.
    """
    import pytorch_lightning as pl
    from pytorch_lightning.callbacks import EMAWeightAveraging

    from ebm.data.batches import GlyphDataModule
    from ebm.data.corpus import to_model_space
    from ebm.training.divergence_guard import DivergenceGuard
    from ebm.training.jem import JEM
    from ebm.training.second_stage import SecondStage

    corpus = _corpus()
    x, y = to_model_space(corpus.images["val"]).to(device), corpus.labels["val"].to(device)

    class Goal(pl.Callback):
        best, steps, seconds, reached = 0.0, 0, 0.0, False
        resumed = 0.0

        def on_train_start(self, *_: Any) -> None:
            self.resumed = time.perf_counter()

        def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
            if trainer.global_step % every:
                return
            _wait(device)
            self.seconds += time.perf_counter() - self.resumed
            self.best, self.steps = max(self.best, _accuracy(module.net, x, y)), trainer.global_step
            self.reached = trainer.should_stop = self.best >= accuracy
            self.resumed = time.perf_counter()

    module = JEM(recipe, len(corpus.sorts))
    goal, averaging = Goal(), EMAWeightAveraging(decay=recipe["ema"], use_buffers=False)
    guard = DivergenceGuard(averaging)
    callbacks = [averaging, SecondStage(averaging, guard), guard, goal]
    trainer = _trainer(device, recipe, callbacks, max_steps=module.recipe.total_steps)
    trainer.fit(module, GlyphDataModule(corpus, recipe["batch_size"], recipe["workers"], recipe["seed"]))
    return {"seconds": goal.seconds if goal.reached else None, "steps": goal.steps, "accuracy": goal.best}


@torch.no_grad()
def _accuracy(net: Any, x: Tensor, y: Tensor) -> float:
    """Share of glyphs (N, 1, 56, 56) whose largest logit is that of their class (N,)."""
    pairs = zip(x.split(256), y.split(256), strict=True)
    return float(sum((net.get_logits(a).argmax(1) == b).sum() for a, b in pairs)) / len(y)


def _corpus() -> Any:
    from ebm.data.sources import load_corpus

    return load_corpus("pen", progress=False)


def _trainer(device: str, recipe: dict[str, Any], callbacks: list[Any], **length: Any) -> Any:
    """A trainer that only trains: no validation, no files, no progress bar."""
    import pytorch_lightning as pl

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning|lightning_fabric")
    pl.seed_everything(recipe["seed"], workers=True, verbose=False)
    return pl.Trainer(
        accelerator="gpu" if device == "cuda" else "cpu", devices=1, callbacks=callbacks, logger=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        limit_val_batches=0, num_sanity_val_steps=0, inference_mode=False, **length,
    )  # fmt: skip


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
