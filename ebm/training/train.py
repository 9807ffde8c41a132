"""Training, from a recipe to a network with averaged weights."""

import json
import time
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EMAWeightAveraging, ModelCheckpoint, Timer
from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger
from pytorch_lightning.utilities import rank_zero_only
from pytorch_lightning.utilities.exceptions import SIGTERMException

from ebm.checkpoint.card import check_sorts, check_title
from ebm.checkpoint.provenance import provenance
from ebm.data.batches import GlyphDataModule
from ebm.data.corpus import Corpus
from ebm.data.sources import load_corpus
from ebm.model.energy import EnergyNet
from ebm.model.mode import Mode
from ebm.system.whole_file import whole_file
from ebm.training import processes
from ebm.training.divergence_guard import DivergenceGuard
from ebm.training.errors import ProcessLost, Stopped
from ebm.training.fresh_chains import FreshChains
from ebm.training.jem import JEM
from ebm.training.lightning_file import read_state
from ebm.training.recipe import Recipe
from ebm.training.run_states import LAST, LatestState, WholeCheckpoints
from ebm.training.second_stage import SecondStage
from ebm.training.selector import Selector
from ebm.training.trained import Trained

SAVE_EVERY = 100  # steps between two states to resume from
VALIDATE_EVERY = 500  # steps between two validations, about


def train(
    recipe: Recipe, *, source: str = "pen", founts: str | None = None, corpus: Corpus | None = None,
    name: str | None = None,
    out: str | Path = "checkpoints", runs: str | Path = "runs", resume: str | Path | None = None,
    accelerator: str = "auto", devices: int = 1, num_nodes: int = 1, strategy: str = "auto",
    save_every: int = SAVE_EVERY, progress: bool = True, command: str = "",
) -> Trained | None:  # fmt: skip
    """Trains a model and takes its best state. Nothing is measured: `ebm.evaluation.export` does that.

    With several devices every process calls this, and only the first is given the network.

    Args:
        recipe: the hyper-parameters.
        source, founts: of the glyphs, as in `ebm.data.load_corpus`; corpus: one that is loaded already.
        name: of the checkpoint; by default `default_name`.
        out: folder that the caller will export to, kept with the run for whoever resumes it.
        runs: folder of the run's logs and states.
        resume: a run folder or a Lightning checkpoint to go on from.
        accelerator, devices, num_nodes, strategy: Lightning's; "auto" takes a GPU when there is one.
            devices are processes a machine; each takes batches of `recipe.batch_size`, gradients are averaged.
        save_every: steps between two states to resume from (there is one after each epoch as well).
        progress: whether to show progress bars; command: noted in the card.

    Returns:
        the network and what made it; None on every process but the first.

    Raises:
        Diverged: when three rollbacks in a row did not help.
        ProcessLost: when another process of a shared run is gone. Stopped: when it was told to stop.
        OSError: when the disk is full.
        ValueError: for a faulty source or a resume path without a checkpoint.
    """
    started, origin = time.monotonic(), provenance()
    corpus = corpus or load_corpus(source, founts=founts, progress=progress)
    pl.seed_everything(recipe.seed, workers=True, verbose=False)
    name = name or default_name(recipe.mode, source, founts)
    check_title(Path(f"{name}.safetensors").stem)  # now, not when hours later the card could not be read
    check_sorts(corpus.sorts)
    last = _last_checkpoint(resume) if resume is not None else None
    folder = last.parent if last is not None else Path(runs) / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
    if last is not None:
        _check_data(last.parent, corpus)
    origin_of_run = {"source": source, "founts": founts, "name": name, "out": str(out), "digest": corpus.digest()}
    _write_recipe(folder, recipe.to_dict() | origin_of_run)
    module = JEM(recipe.to_dict(), len(corpus.sorts))
    averaging = EMAWeightAveraging(decay=recipe.ema, use_buffers=False)
    guard, best, timer = DivergenceGuard(averaging), _best(folder), Timer()
    trainer = pl.Trainer(
        max_steps=recipe.total_steps, accelerator=accelerator, devices=devices, num_nodes=num_nodes, strategy=strategy,
        callbacks=[
            averaging, SecondStage(averaging, guard), guard, *_fresh(recipe, corpus, folder), timer, best,
            LatestState(folder, save_every),
        ],
        check_val_every_n_epoch=None, val_check_interval=_between_validations(recipe), num_sanity_val_steps=0,
        log_every_n_steps=10, logger=_logger(folder),
        plugins=[WholeCheckpoints()], inference_mode=False, enable_progress_bar=progress, enable_model_summary=False,
        use_distributed_sampler=False,  # `ShuffledBatches` shares the glyphs out, so that a run can be resumed exactly
    )  # fmt: skip
    data = GlyphDataModule(corpus, recipe.batch_size, recipe.workers, recipe.seed)
    _fit(trainer, module, data, folder, last)
    if not trainer.is_global_zero:
        return None
    net = _averaged(Path(best.best_model_path), recipe, len(corpus.sorts))
    made: dict[str, Any] = {
        "command": command, "seconds": round(time.monotonic() - started),
        "training_seconds": round(timer.time_elapsed("train")),  # of all sessions of a resumed run
        "accelerator": type(trainer.accelerator).__name__, "processes": trainer.world_size,
        "threads": torch.get_num_threads(), "steps": trainer.global_step, "best": Path(best.best_model_path).name,
        "rollbacks": guard.rollbacks,
    } | origin  # fmt: skip
    return Trained(net, recipe, corpus, made)


def _fit(trainer: pl.Trainer, module: JEM, data: GlyphDataModule, folder: Path, last: Path | None) -> None:
    """Trains; an end from outside (a lost process, a full disk, SIGTERM) says how to go on."""
    on = f"`python -m ebm train --resume {folder}` goes on from the last state that was kept"
    try:
        trainer.fit(module, data, ckpt_path=last, weights_only=True)
    except RuntimeError as error:
        if not processes.is_lost_connection(error):
            raise
        raise ProcessLost(
            f"Training stopped at step {trainer.global_step}: another of the {trainer.world_size} processes cannot be "
            f"reached any more. {on}."
        ) from error
    except OSError as error:
        raise OSError(f"Training stopped at step {trainer.global_step}: {error}. Once that is mended, {on}.") from error
    except SIGTERMException:
        raise Stopped(f"Training was told to stop (SIGTERM) and did at step {trainer.global_step}; {on}.") from None


def _check_data(run: Path, corpus: Corpus) -> None:
    """Raises a ValueError where the glyphs are not those that a run began with."""
    before = read_run(run)[1].get("digest")
    if before is not None and before != corpus.digest():
        raise ValueError(
            f"The glyphs have changed since the run {run.name} began (SHA-256 {before[:12]}... then, "
            f"{corpus.digest()[:12]}... now), so it can't be resumed: give it the data it had, or start a new run."
        )


def default_name(mode: Mode, source: str = "pen", founts: str | None = None) -> str:
    """The name of a checkpoint that was given none; own data never write over the shipped ones."""
    origin = founts or source
    return mode.default_name if origin == "pen" else f"{mode.default_name}-{Path(origin).resolve().name}"


@rank_zero_only
def _write_recipe(folder: Path, fields: dict[str, Any]) -> None:
    """What the run was started with, for `read_run`."""
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / "recipe.json") as file:
        file.write(json.dumps(fields, indent=1).encode())


def _fresh(recipe: Recipe, corpus: Corpus, folder: Path) -> list[pl.Callback]:
    """Looks at fresh chains, where there are chains at all."""
    if not recipe.mode.has_chains:
        return []
    selector = Selector(corpus) if getattr(rank_zero_only, "rank", 0) == 0 else None
    return [FreshChains(selector, len(corpus.sorts), folder / "fresh", recipe.seed)]


def _between_validations(recipe: Recipe) -> int:
    """Steps from one validation to the next, so that the last comes at the end of the run or just before."""
    return recipe.total_steps // max(1, round(recipe.total_steps / VALIDATE_EVERY))


def _best(folder: Path) -> ModelCheckpoint:
    """Keeps the state whose fresh chains, accuracy and validation strangers were best."""
    name = "best-{step:06d}"
    return ModelCheckpoint(folder, name, monitor="val/selection", mode="max", auto_insert_metric_name=False)


def _logger(folder: Path) -> CSVLogger | TensorBoardLogger:
    """TensorBoard where it is installed, else CSV files."""
    if find_spec("tensorboard"):
        return TensorBoardLogger(str(folder), name="", version="logs")
    return CSVLogger(str(folder), name="", version="logs")


def read_run(resume: str | Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a run folder (or a checkpoint in it) was started with.

    Returns:
        the recipe's fields; and source, founts, name, out and the digest of the glyphs.

    Raises:
        ValueError: where there is no recipe.json to read.
    """
    path = Path(resume)
    saved = (path if path.is_dir() else path.parent) / "recipe.json"
    if not saved.is_file():
        raise ValueError(f"There is no {saved} to resume from; give a run folder that `train` has made.")
    try:
        fields = dict(json.loads(saved.read_text(encoding="utf-8")))
    except ValueError:
        raise ValueError(f"{saved} is damaged: it should hold the recipe that `train` wrote, as JSON.") from None
    started = {key: fields.pop(key, None) for key in ("source", "founts", "name", "out", "digest")}
    return fields, started


def _last_checkpoint(resume: str | Path) -> Path:
    path = Path(resume)
    path = path / LAST if path.is_dir() else path
    if not path.is_file():
        raise ValueError(f"There is no checkpoint {path} to resume from; give a run folder or a .ckpt file.")
    read_state(path)  # Lightning would read it the same way, but end with a traceback where that is impossible
    return path


def _averaged(checkpoint: Path, recipe: Recipe, classes: int) -> EnergyNet:
    """The network with the averaged weights that a Lightning checkpoint keeps as its state_dict."""
    state = read_state(checkpoint)["state_dict"]
    net = EnergyNet(recipe.width, recipe.mode.outputs(classes), recipe.head)
    net.load_state_dict({key.removeprefix("net."): value for key, value in state.items() if key.startswith("net.")})
    return net.eval().requires_grad_(False)
