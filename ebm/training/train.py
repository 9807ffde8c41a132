"""Training, from a recipe to a network with averaged weights."""

import hashlib
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
from ebm.checkpoint.files import load
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
from ebm.training.reader import STEPS
from ebm.training.recipe import Recipe
from ebm.training.run_states import LAST, LatestState, WholeCheckpoints
from ebm.training.second_stage import SecondStage
from ebm.training.selector import Selector
from ebm.training.trained import Trained

SAVE_EVERY = 100  # steps between two states to resume from
VALIDATE_EVERY = 500  # approximate steps between two validations


def train(
    recipe: Recipe, *, source: str = "pen", founts: str | None = None, corpus: Corpus | None = None,
    name: str | None = None,
    out: str | Path = "checkpoints", runs: str | Path = "runs", resume: str | Path | None = None,
    start_from: str | Path | None = None,
    accelerator: str = "auto", devices: int = 1, num_nodes: int = 1, strategy: str = "auto",
    save_every: int = SAVE_EVERY, reader_steps: int = STEPS, progress: bool = True, command: str = "",
) -> Trained | None:  # fmt: skip
    """Trains a model and takes its best state.

    Nothing is measured here: `ebm.evaluation.export` does that. With several devices every process calls this, and
    only the first gets the network.

    Args:
        recipe: the hyper-parameters.
        source: of the glyphs, as in `ebm.data.load_corpus`.
        founts: as in `ebm.data.load_corpus`.
        corpus: the glyphs, if they are already loaded.
        name: of the checkpoint; by default `default_name`.
        out: folder that the caller will export to; it is saved with the run, for a resumed run.
        runs: folder of the run's logs and states.
        resume: a run folder or a Lightning checkpoint to continue from.
        start_from: a checkpoint whose weights a new run starts from; None = random weights. A resumed run has its own.
        accelerator: Lightning's; "auto" uses a GPU when there is one.
        devices: processes a machine. Each takes batches of `recipe.batch_size`, and gradients are averaged.
        num_nodes: machines.
        strategy: Lightning's, "auto" or "ddp".
        save_every: steps between two states to resume from; there is also one after each epoch.
        reader_steps: of the classifier that reads fresh chains, which choose the best state.
        progress: whether to show progress bars.
        command: written into the card.

    Returns:
        the network and what made it; None on every process but the first.

    Raises:
        Diverged: at the third trouble in a row.
        ProcessLost: when another process of a shared run has ended.
        Stopped: at SIGTERM.
        OSError: when a file cannot be written, for instance on a full disk.
        ValueError: for a wrong source, a resume path without a checkpoint, a checkpoint of another network or other
            sorts to start from, or both a run to resume and a checkpoint to start from.
    """
    started, origin = time.monotonic(), provenance()
    corpus = corpus or load_corpus(source, founts=founts, progress=progress)
    pl.seed_everything(recipe.seed, workers=True, verbose=False)
    name = name or default_name(recipe.mode, source, founts)
    check_title(Path(f"{name}.safetensors").stem)  # checked now, because hours later the card could not be read
    check_sorts(corpus.sorts)
    if resume is not None and start_from is not None:
        raise ValueError("A resumed run goes on with its own weights, not with those of another checkpoint.")
    first = _first_net(start_from, recipe, corpus) if start_from is not None else None
    last = _last_checkpoint(resume) if resume is not None else None
    folder = last.parent if last is not None else Path(runs) / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
    if last is not None:
        _check_data(last.parent, corpus)
    started_from = read_run(folder)[1]["started_from"] if last is not None else _digest(start_from)
    origin_of_run = {
        "source": source, "founts": founts, "name": name, "out": str(out), "digest": corpus.digest(),
        "started_from": started_from,
    }  # fmt: skip
    _write_recipe(folder, recipe.to_dict() | origin_of_run)
    module = JEM(recipe.to_dict(), len(corpus.sorts), first)
    averaging = EMAWeightAveraging(decay=recipe.ema, use_buffers=False)
    guard, best, timer = DivergenceGuard(averaging), _best(folder), Timer()
    trainer = pl.Trainer(
        max_steps=recipe.total_steps, accelerator=accelerator, devices=devices, num_nodes=num_nodes, strategy=strategy,
        callbacks=[
            averaging, SecondStage(averaging, guard), guard,
            *_fresh(recipe, corpus, folder, reader_steps, accelerator), timer, best, LatestState(folder, save_every),
        ],
        check_val_every_n_epoch=None, val_check_interval=_between_validations(recipe), num_sanity_val_steps=0,
        log_every_n_steps=10, logger=_logger(folder),
        plugins=[WholeCheckpoints()], inference_mode=False, enable_progress_bar=progress, enable_model_summary=False,
        use_distributed_sampler=False,  # `ShuffledBatches` divides the glyphs, so that a run can be resumed exactly
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
    if started_from is not None:
        made["started_from"] = started_from
    return Trained(net, recipe, corpus, made)


def _digest(path: str | Path | None) -> str | None:
    """The SHA-256 of the weights that a run starts from; None where these are random."""
    return None if path is None else hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _first_net(path: str | Path, recipe: Recipe, corpus: Corpus) -> EnergyNet:
    """The network of a checkpoint, to be trained on.

    Raises:
        ValueError: for another architecture than the recipe's, or other sorts than the corpus has.
    """
    net, card = load(path)
    wanted = {"width": recipe.width, "outputs": recipe.mode.outputs(len(corpus.sorts)), "head": recipe.head}
    if net.architecture() != wanted:
        raise ValueError(f"{path} cannot be the start: it is a network of {net.architecture()}, not of {wanted}.")
    if card.sorts and card.sorts != corpus.sorts:
        raise ValueError(f"{path} cannot be the start: its sorts are not those of the data.")
    return net.train().requires_grad_(True)


def _fit(trainer: pl.Trainer, module: JEM, data: GlyphDataModule, folder: Path, last: Path | None) -> None:
    """Trains; when it is interrupted (a lost process, a full disk, SIGTERM), the error says how to resume."""
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
        raise OSError(f"Training stopped at step {trainer.global_step}: {error}. Once that is solved, {on}.") from error
    except SIGTERMException:
        raise Stopped(f"Training was told to stop (SIGTERM) and did at step {trainer.global_step}; {on}.") from None


def _check_data(run: Path, corpus: Corpus) -> None:
    """Raises a ValueError if the glyphs are not those that the run started with."""
    before = read_run(run)[1].get("digest")
    if before is not None and before != corpus.digest():
        raise ValueError(
            f"The glyphs have changed since the run {run.name} began (SHA-256 {before[:12]}... then, "
            f"{corpus.digest()[:12]}... now), so it can't be resumed: give it the data it had, or start a new run."
        )


def default_name(mode: Mode, source: str = "pen", founts: str | None = None) -> str:
    """The default name of a checkpoint; a model of other data never overwrites the shipped ones.

    Args:
        mode: of the model.
        source: as in `train`.
        founts: as in `train`.

    Returns:
        the name.
    """
    origin = founts or source
    return mode.default_name if origin == "pen" else f"{mode.default_name}-{Path(origin).resolve().name}"


@rank_zero_only
def _write_recipe(folder: Path, fields: dict[str, Any]) -> None:
    """Writes what the run was started with, for `read_run`."""
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / "recipe.json") as file:
        file.write(json.dumps(fields, indent=1).encode())


def _fresh(recipe: Recipe, corpus: Corpus, folder: Path, reader_steps: int, accelerator: str) -> list[pl.Callback]:
    """The callback that watches fresh chains, if there are chains."""
    if not recipe.mode.has_chains:
        return []
    on_gpu = accelerator in ("auto", "gpu", "cuda") and torch.cuda.is_available()
    device = "cuda" if on_gpu else "cpu"
    selector = Selector(corpus, device, reader_steps) if getattr(rank_zero_only, "rank", 0) == 0 else None
    return [FreshChains(selector, len(corpus.sorts), folder / "fresh", recipe.seed)]


def _between_validations(recipe: Recipe) -> int:
    """Steps between two validations; the last one is at the end of the run or shortly before."""
    return recipe.total_steps // max(1, round(recipe.total_steps / VALIDATE_EVERY))


def _best(folder: Path) -> ModelCheckpoint:
    """The callback that keeps the state with the best fresh chains, accuracy and validation strangers."""
    name = "best-{step:06d}"
    return ModelCheckpoint(folder, name, monitor="val/selection", mode="max", auto_insert_metric_name=False)


def _logger(folder: Path) -> CSVLogger | TensorBoardLogger:
    """TensorBoard if it is installed, otherwise CSV files."""
    if find_spec("tensorboard"):
        return TensorBoardLogger(str(folder), name="", version="logs")
    return CSVLogger(str(folder), name="", version="logs")


def read_run(resume: str | Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a run was started with.

    Args:
        resume: the run folder, or a checkpoint in it.

    Returns:
        the recipe's fields; and source, founts, name, out, the digest of the glyphs, and that of the weights it
        started from.

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
    started = {key: fields.pop(key, None) for key in ("source", "founts", "name", "out", "digest", "started_from")}
    return fields, started


def _last_checkpoint(resume: str | Path) -> Path:
    path = Path(resume)
    path = path / LAST if path.is_dir() else path
    if not path.is_file():
        raise ValueError(f"There is no checkpoint {path} to resume from; give a run folder or a .ckpt file.")
    read_state(path)  # Lightning reads it in the same way, but a damaged file would end with a traceback
    return path


def _averaged(checkpoint: Path, recipe: Recipe, classes: int) -> EnergyNet:
    """The network with the averaged weights, which are a Lightning checkpoint's state_dict."""
    state = read_state(checkpoint)["state_dict"]
    net = EnergyNet(recipe.width, recipe.mode.outputs(classes), recipe.head)
    net.load_state_dict({key.removeprefix("net."): value for key, value in state.items() if key.startswith("net.")})
    return net.eval().requires_grad_(False)
