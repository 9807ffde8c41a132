"""Scores any number of pictures into Parquet: resumable, on one or several processes, in flat memory.

The list of files is cut into chunks. Process r of w does the chunks r, r + w, r + 2w, ... and waits for the
others only at the end, so slow pictures in one of them hold up nobody, and another number of processes can
go on with the work.
"""

import hashlib
import json
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.exceptions import MisconfigurationException
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from ebm.checkpoint.card import Card
from ebm.checkpoint.files import load
from ebm.data.corpus import SIZE
from ebm.data.picture.to_glyph import to_glyph
from ebm.model.energy import EnergyNet
from ebm.scoring.bulk.file_list import to_text
from ebm.scoring.bulk.progress import Progress
from ebm.scoring.bulk.table import Outputs, Table
from ebm.scoring.bulk.work_folder import WorkFolder

BATCHES_A_CHUNK = 16
STRATEGIES = ("auto", "ddp")


def score_files(
    inputs: Sequence[str], out: Path, checkpoint: Path, *, batch_size: int = 256, workers: int | None = None,
    accelerator: str = "auto", devices: int = 1, num_nodes: int = 1, strategy: str = "auto",
) -> tuple[int, int] | None:  # fmt: skip
    """Scores files into a table with a row each; the same call again goes on after an interruption.

    Args:
        inputs: files, folders and @lists, as in `ebm.scoring.bulk.file_list.find_files`.
        out: NAME.parquet to write; with several processes a folder of that name with one part each.
        checkpoint: a .safetensors file.
        batch_size: glyphs the network sees at once.
        workers: decoding processes beside each scoring process; by default its share of this machine's cores.
        accelerator, devices, num_nodes, strategy: Lightning's; strategy "auto" or "ddp".

    Returns:
        the numbers of files and of those with an error; None on every process but the first.

    Raises:
        ValueError: faulty options or inputs, or a work folder that belongs to another run.
        ConnectionError: another process has ended early; ChildProcessError: a decoding process has.
    """
    if out.suffix != ".parquet":
        raise ValueError(f"--out must end in .parquet, and {out.name!r} does not.")
    if find_spec("pyarrow") is None:
        raise ValueError("Scoring in bulk writes Parquet, which needs pyarrow: pip install pyarrow.")
    if strategy not in STRATEGIES:
        raise ValueError(f"The strategy is {' or '.join(STRATEGIES)}, not {strategy!r}.")
    model, card = load(checkpoint)
    digest, work = _digest(checkpoint, card), WorkFolder(out)
    job = {"inputs": list(inputs), "folder": os.getcwd(), "checkpoint": digest}
    data = BulkData(work, job, card.preprocessing, batch_size, _share_of_cores(devices) if workers is None else workers)
    table = Table(card, digest)
    trainer = _trainer(ChunkWriter(work, table), accelerator, devices, num_nodes, strategy)
    _predict(trainer, Scorer(model, card.temperature), data)
    rank, world = trainer.global_rank, trainer.world_size
    work.merge(rank, world, table.schema)
    try:
        data.wait_for_all()
    except RuntimeError:
        raise ConnectionError("Another process ended early: the same command again goes on.") from None
    return work.publish(world) if rank == 0 else None


def _digest(checkpoint: Path, card: Card) -> str:
    """SHA-256 over all of a checkpoint that decides a row; figures measured later may be added to its card."""
    decisive = (card.preprocessing, card.sorts, card.threshold, card.temperature, card.reference_energies)
    return hashlib.sha256(checkpoint.read_bytes() + json.dumps(decisive).encode()).hexdigest()


def _share_of_cores(processes: int) -> int:
    """The cores that this process may use, divided among so many like it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // max(1, processes))


def _trainer(writer: "ChunkWriter", accelerator: str, devices: int, num_nodes: int, strategy: str) -> pl.Trainer:
    try:
        return pl.Trainer(
            accelerator=accelerator, devices=devices, num_nodes=num_nodes, strategy=strategy, callbacks=[writer],
            use_distributed_sampler=False, logger=False, enable_checkpointing=False, enable_progress_bar=False,
            enable_model_summary=False,
        )  # fmt: skip
    except (MisconfigurationException, RuntimeError) as error:  # no such accelerator, not so many devices
        raise ValueError(str(error).strip().splitlines()[0]) from None


def _predict(trainer: pl.Trainer, scorer: "Scorer", data: "BulkData") -> None:
    """Lightning's predict, without its advice, and with a sentence for the one thing that is nobody's mistake."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="pytorch_lightning")
            trainer.predict(scorer, datamodule=data, return_predictions=False)
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise ChildProcessError(
            "A decoding process was killed, perhaps for want of memory: "
            "the same command goes on, with fewer --workers if you like."
        ) from error


class Batch(NamedTuple):
    """Some decoded files of one chunk.

    Args:
        chunk: its number; last: whether the chunk ends with this batch.
        files: their names; errors: for each, why it is no glyph, or None.
        x: (n, 1, 56, 56), the glyphs of the n files without an error.
    """

    chunk: int
    last: bool
    files: list[str]
    errors: list[str | None]
    x: Tensor


class GlyphFiles(IterableDataset):
    """The unfinished chunks of one process as decoded batches, in order, shared out among the loader's workers."""

    def __init__(self, work: WorkFolder, chunks: Sequence[int], preprocessing: str, batch_size: int):
        self.files, self.preprocessing = work.files, preprocessing
        self.spans = [(chunk, work.span(chunk)) for chunk in chunks]
        self.batch_size = batch_size

    def __iter__(self) -> Iterator[Batch]:
        pieces = (
            (chunk, span[first : first + self.batch_size], first + self.batch_size >= len(span))
            for chunk, span in self.spans
            for first in range(0, len(span), self.batch_size)
        )
        worker = get_worker_info()
        # The loader asks its workers in turn, so every w-th batch each keeps the order.
        for chunk, span, last in islice(pieces, worker.id, None, worker.num_workers) if worker else pieces:
            names = self.files.read(span.start, span.stop)
            with warnings.catch_warnings():  # a million odd pictures would bring a million of them
                warnings.simplefilter("ignore")
                read = [_decode(name, self.preprocessing) for name in names]
            glyphs = [glyph for glyph in read if isinstance(glyph, Tensor)]
            x = torch.stack(glyphs) if glyphs else torch.empty(0, 1, SIZE, SIZE)
            yield Batch(chunk, last, [to_text(n) for n in names], [r if isinstance(r, str) else None for r in read], x)


def _decode(name: bytes, preprocessing: str) -> Tensor | str:
    """The glyph (1, 56, 56) in a file, or the reason why there is none."""
    try:
        return to_glyph(os.fsdecode(name), preprocessing)
    except (ValueError, OSError) as error:
        reason = f"{os.fsdecode(name)} is a folder that cannot be read" if os.path.isdir(name) else str(error)
    except Exception as error:  # whatever one picture sets off, it must not end a run over a million
        reason = f"cannot be read ({type(error).__name__}: {error})"
    return reason.encode("utf-8", "backslashreplace").decode()  # names that are not UTF-8 stand in it


class BulkData(pl.LightningDataModule):
    """Lists the files once, on the first process, and deals the chunks to all.

    Args:
        work, job: as in `WorkFolder.open`; the others as in `score_files`.
    """

    def __init__(self, work: WorkFolder, job: dict, preprocessing: str, batch_size: int, workers: int):
        super().__init__()
        self.work, self.job, self.preprocessing = work, job, preprocessing
        self.batch_size, self.workers = batch_size, workers
        self.prepare_data_per_node = False
        self.failure: str | None = None
        self.wait_for_all: Callable[[], object] = lambda: None

    def prepare_data(self) -> None:
        """On the first process only, while the others wait, however long it takes."""
        try:
            self.work.open(self.job, BATCHES_A_CHUNK * self.batch_size)
        except (ValueError, OSError) as error:
            self.failure = str(error)  # for `setup`: raised here, the others would wait in vain

    def setup(self, stage: str) -> None:
        """On every process."""
        assert self.trainer is not None
        if failure := self.trainer.strategy.broadcast(self.failure):
            raise ValueError(failure) if self.trainer.is_global_zero else SystemExit(2)
        if self.trainer.world_size > 1:  # one process may be done hours before another
            group = torch.distributed.new_group(backend="gloo", timeout=timedelta(days=1000))
            self.wait_for_all = partial(torch.distributed.barrier, group)
        self.work.join()

    def predict_dataloader(self) -> DataLoader:
        """Whole batches, decoded in the workers."""
        assert self.trainer is not None
        chunks = self.work.unfinished(self.trainer.global_rank, self.trainer.world_size)
        return DataLoader(
            GlyphFiles(self.work, chunks, self.preprocessing, self.batch_size), batch_size=None,
            collate_fn=_as_is, num_workers=self.workers, pin_memory=self.trainer.strategy.root_device.type == "cuda",
        )  # fmt: skip

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        """Moves the glyphs; names stay where they are."""
        return batch._replace(x=batch.x.to(device, non_blocking=True))


def _as_is(batch: Any) -> Any:
    return batch


class Scorer(pl.LightningModule):
    """The network as Lightning's `predict` wants it."""

    def __init__(self, net: EnergyNet, temperature: float):
        super().__init__()
        self.net, self.temperature = net, temperature

    def predict_step(self, batch: Batch) -> Outputs:
        """Of n glyphs: the energy, the likeliest class and its calibrated probability, each (n,)."""
        logits = self.net.get_logits(batch.x)
        probability, best = (logits / self.temperature).softmax(1).max(1)
        return -torch.logsumexp(logits, 1), best, probability


class ChunkWriter(pl.Callback):
    """Collects what Lightning predicts and writes a file a chunk."""

    def __init__(self, work: WorkFolder, table: Table):
        self.work, self.table = work, table
        self.files: list[str] = []
        self.errors: list[str | None] = []
        self.outputs: list[Outputs] = []
        self.progress: Progress | None = None
        self.parent = os.getppid()

    def on_predict_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Only the first process tells of its progress."""
        if trainer.is_global_zero:
            rank, world = trainer.global_rank, trainer.world_size
            todo = sum(len(self.work.span(k)) for k in self.work.unfinished(rank, world))
            share = sum(len(self.work.span(k)) for k in self.work.chunks(rank, world))
            whose = f" by process 1 of {world}" if world > 1 else ""
            self.progress = Progress(share, share - todo, whose)

    def on_predict_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Outputs, batch: Batch, batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:  # fmt: skip
        """The results stay on the device up to the end of the chunk, so no batch waits for another's."""
        self.files += batch.files
        self.errors += batch.errors
        self.outputs.append(outputs)
        if batch.last:
            self.work.write_chunk(batch.chunk, self.table.rows(self.files, self.errors, self.outputs))
            self.files, self.errors, self.outputs = [], [], []
        if self.progress is not None:
            self.progress.advance(len(batch.files))
        if trainer.received_sigterm:  # Lightning only takes note of it
            raise SystemExit(128 + signal.SIGTERM)
        if trainer.global_rank > 0 and os.getppid() != self.parent:
            raise ConnectionError("The process that started this one is gone.")

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Says what to do after an interruption by hand."""
        if isinstance(exception, KeyboardInterrupt | SystemExit) and self.progress is not None:
            self.progress.close()
            print("Stopped; the same command goes on from here.", file=sys.stderr)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Leaves the terminal as it was."""
        if self.progress is not None:
            self.progress.close()
