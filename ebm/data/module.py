"""The Lightning data module over a corpus."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ebm.data.corpus import SPLITS, Corpus, to_model_space


class GlyphDataset(Dataset):
    """One split; hands out whole batches, so that no time goes into stacking single glyphs."""

    def __init__(self, images: Tensor, labels: Tensor):
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """One glyph: x float32 (1, 56, 56) in [-1, 1] and y int64 ()."""
        return to_model_space(self.images[index : index + 1])[0], self.labels[index]

    def __getitems__(self, indices: list[int]) -> tuple[Tensor, Tensor]:
        """A batch: x float32 (N, 1, 56, 56) in [-1, 1] and y int64 (N,)."""
        return to_model_space(self.images[indices]), self.labels[indices]


class GlyphDataModule(pl.LightningDataModule):
    """Train, validation and test loaders over a corpus.

    Args:
        corpus: as `ebm.data.load_corpus` gives it.
        batch_size, workers: of the loaders; seed: of the shuffling.
    """

    def __init__(self, corpus: Corpus, batch_size: int = 64, workers: int = 0, seed: int = 0):
        super().__init__()
        self.corpus, self.batch_size, self.workers, self.seed = corpus, batch_size, workers, seed
        self.sets = {split: GlyphDataset(corpus.images[split], corpus.labels[split]) for split in SPLITS}

    def _loader(self, split: str, batch_size: int, **options) -> DataLoader:
        return DataLoader(
            self.sets[split], batch_size=batch_size, num_workers=self.workers, collate_fn=_as_is,
            persistent_workers=self.workers > 0, **options,
        )  # fmt: skip

    def train_dataloader(self) -> DataLoader:
        """Shuffled by seed and epoch; the last incomplete batch is left out, unless it is the only one."""
        epoch = self.trainer.current_epoch if self.trainer is not None else 0
        shuffle = torch.Generator().manual_seed(self.seed + 7919 * epoch)
        full = len(self.sets["train"]) >= self.batch_size
        return self._loader("train", self.batch_size, shuffle=True, drop_last=full, generator=shuffle)

    def val_dataloader(self) -> DataLoader:
        """The validation split in order."""
        return self._loader("val", 256)

    def test_dataloader(self) -> DataLoader:
        """The test split in order."""
        return self._loader("test", 256)


def _as_is(batch: Any) -> Any:
    """`__getitems__` has made the batch already."""
    return batch
