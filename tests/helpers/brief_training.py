"""Short trainings in this process, for tests of what a training does."""

import pytorch_lightning as pl

from ebm.data.batches import GlyphDataModule
from ebm.training.jem import JEM
from ebm.training.recipe import Recipe

QUICK = {
    "width": 4, "batch_size": 24, "match_steps": 24, "contrast_steps": 24, "match_lr": 5e-3, "lr": 2e-4, "steps": 5,
    "buffer_per_class": 8, "ema": 0.9,
}  # fmt: skip
CHAINS = {"match_steps": 0, "contrast_steps": 8}  # the second stage alone
STARTED = CHAINS | {"contrast_steps": 1}  # no more than it takes to have a buffer and an optimiser


def fit(corpus, *callbacks, settings=None, **trainer_settings):
    """Trains briefly; gives the module (with its current, not its averaged weights) and the trainer."""
    chosen = Recipe(**(QUICK | (settings or {})))
    pl.seed_everything(0, verbose=False)
    module = JEM(chosen.to_dict(), len(corpus.sorts))
    trainer = pl.Trainer(
        max_steps=chosen.total_steps, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=0, inference_mode=False,
        callbacks=list(callbacks), **trainer_settings,
    )  # fmt: skip
    trainer.fit(module, GlyphDataModule(corpus, chosen.batch_size))
    return module, trainer
