"""The Lightning data module of a corpus. A resumed run continues in the data order where it stopped."""

from collections.abc import Iterator
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler, SequentialSampler

from ebm.data.corpus import SPLITS, Corpus, to_model_space


class GlyphDataset(Dataset):
    """One split that returns whole batches, so that no time is spent on stacking single glyphs.

    Args:
        images: uint8 (N, 56, 56), ink = 255.
        labels: int64 (N,).
    """

    def __init__(self, images: Tensor, labels: Tensor):
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, indices: list[int] | Tensor) -> tuple[Tensor, Tensor]:
        """A batch: x float32 (N, 1, 56, 56) in [-1, 1] and y int64 (N,)."""
        return to_model_space(self.images[indices]), self.labels[indices]


class ShuffledBatches(Sampler[list[int]]):
    """The order of the training glyphs: a pure function of seed, epoch, process and position.

    All processes shuffle in the same way and cut the order into batches for all of them together. Each takes its
    own part of every batch. So N processes with batches of B see the same glyphs in a step as one process with
    batches of N * B.

    Args:
        size: number of glyphs.
        batch_size: glyphs a step and process.
        seed: of the shuffles.
        rank: number of this process, from 0.
        world: number of processes.

    Attributes:
        first: number of batches to skip in the next pass, because they were trained on already.
    """

    def __init__(self, size: int, batch_size: int, seed: int, rank: int = 0, world: int = 1):
        self.size, self.seed, self.rank, self.world = size, seed, rank, world
        self.batch_size = min(batch_size, max(1, size // world))  # a corpus smaller than a batch is one batch
        self.epoch = self.first = 0

    def set_epoch(self, epoch: int) -> None:
        """Chooses the shuffle; Lightning calls it before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return max(1, self.size // (self.batch_size * self.world))

    def __iter__(self) -> Iterator[list[int]]:
        generator = torch.Generator().manual_seed(self.seed + 7919 * self.epoch)
        order = torch.randperm(self.size, generator=generator)
        for k in range(self.first, len(self)):
            start = (k * self.world + self.rank) * self.batch_size
            yield order[start : start + self.batch_size].tolist()


class ResumableLoader(DataLoader):
    """A loader over `ShuffledBatches` whose state can be saved in the middle of an epoch.

    It counts the batches that it has yielded, not those that worker processes have fetched ahead.

    Args:
        dataset: returns a whole batch for a list of indices.
        batches: the order of the glyphs.
        workers: processes that fetch; 0 fetches in this process.
    """

    def __init__(self, dataset: Dataset, batches: ShuffledBatches, workers: int):
        super().__init__(
            dataset, sampler=batches, batch_size=None, num_workers=workers, persistent_workers=workers > 0
        )  # fmt: skip
        self._done = 0
        self._skip = 0

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # DataLoader names its private iterator
        """Yields the batches of an epoch; after a resume the first pass skips those that are done.

        This is a generator, so that nothing is drawn before Lightning has set the epoch.
        """
        assert isinstance(self.sampler, ShuffledBatches)
        self.sampler.first = self._done = self._skip
        self._skip = 0
        for batch in super().__iter__():
            self._done += 1
            yield batch

    def state_dict(self) -> dict[str, int]:
        """How many batches of this epoch have been yielded."""
        return {"done": self._done}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Skips those batches once. An epoch that was finished skips nothing in the next one."""
        self._skip = state["done"] if state["done"] < len(self) else 0


class GlyphDataModule(pl.LightningDataModule):
    """Train, validation and test loaders over a corpus.

    Args:
        corpus: as `ebm.data.load_corpus` gives it.
        batch_size: glyphs a step and process.
        workers: processes that fetch; 0 fetches in this process.
        seed: of the shuffling.
    """

    def __init__(self, corpus: Corpus, batch_size: int = 64, workers: int = 0, seed: int = 0):
        super().__init__()
        self.corpus, self.batch_size, self.workers, self.seed = corpus, batch_size, workers, seed
        self.sets = {split: GlyphDataset(corpus.images[split], corpus.labels[split]) for split in SPLITS}
        self._training: ResumableLoader | None = None
        self._restored: dict[str, int] | None = None

    def state_dict(self) -> dict[str, int]:
        """How far training has come in this epoch.

        Lightning keeps the state of a stateful loader too. But it loses that state when anything asks for the number
        of steps before the loops are restored, and `JEM.configure_optimizers` must ask.
        """
        return self._training.state_dict() if self._training is not None else {}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Makes the next training loader continue there."""
        self._restored = state_dict or None

    def _rank(self) -> tuple[int, int]:
        """(this process, of how many)."""
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer is not None else (0, 1)

    def train_dataloader(self) -> DataLoader:
        """Shuffled by seed and epoch; the last incomplete batch is left out, unless it is the only one."""
        rank, world = self._rank()
        batches = ShuffledBatches(len(self.sets["train"]), self.batch_size, self.seed, rank, world)
        if self.trainer is not None:
            batches.set_epoch(self.trainer.current_epoch)
        self._training = ResumableLoader(self.sets["train"], batches, self.workers)
        if self._restored is not None:
            self._training.load_state_dict(self._restored)
            self._restored = None
        return self._training

    def _in_order(self, split: str) -> DataLoader:
        """This process's share of a split, in order, every glyph once."""
        rank, world = self._rank()
        chosen = GlyphDataset(self.sets[split].images[rank::world], self.sets[split].labels[rank::world])
        in_order = torch.utils.data.BatchSampler(SequentialSampler(chosen), 256, drop_last=False)
        return DataLoader(
            chosen, sampler=in_order, batch_size=None, num_workers=self.workers, persistent_workers=self.workers > 0
        )

    def val_dataloader(self) -> DataLoader:
        """The validation split in order."""
        return self._in_order("val")

    def test_dataloader(self) -> DataLoader:
        """The test split in order."""
        return self._in_order("test")
