"""Divergences are noticed, reported and rolled back."""

import pytest
import pytorch_lightning as pl
import torch
from helpers.brief_training import CHAINS, STARTED, fit
from pytorch_lightning.callbacks import EMAWeightAveraging

from ebm.data.corpus import to_model_space
from ebm.training.divergence_guard import DivergenceGuard
from ebm.training.errors import Diverged
from ebm.training.second_stage import SecondStage


class Poison(pl.Callback):
    """Puts a NaN into the data of the given steps."""

    def __init__(self, *steps):
        self.steps = steps

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if batch_idx in self.steps:
            batch[0][0, 0, 0, 0] = float("nan")


class Wreck(pl.Callback):
    """Spoils weights, average and buffer after the given steps, as a divergence would, and remembers what was there."""

    def __init__(self, averaging, *steps):
        self.averaging, self.steps, self.before = averaging, steps, {}

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if batch_idx == min(self.steps) - 1:
            self.before = {name: p.detach().clone() for name, p in pl_module.net.named_parameters()}
        if batch_idx in self.steps:
            pl_module.trouble = "wrecked on purpose"
            pl_module.buffer.x.fill_(7.0)
            for net in (pl_module.net, self.averaging._average_model):
                for p in net.parameters():
                    p.data.fill_(99.0)


def test_a_divergence_is_rolled_back_reported_and_halves_the_learning_rate(small_corpus):
    averaging = EMAWeightAveraging(decay=0.9, use_buffers=False)
    guard, wreck = DivergenceGuard(averaging, every=1), Wreck(averaging, 5)
    settings = CHAINS | {"lr": 1e-12}  # so slow that the weights stay where they were
    with pytest.warns(UserWarning, match="wrecked on purpose. Rolled back"):
        module, trainer = fit(small_corpus, averaging, wreck, guard, settings=settings)
    assert [event["seen"] for event in guard.rollbacks] == ["wrecked on purpose"]
    assert module.lr_factor == 0.5
    for name, parameter in module.net.named_parameters():
        assert torch.allclose(parameter, wreck.before[name], atol=1e-6), name
    assert all(p.abs().max() < 10 for p in averaging._average_model.parameters())
    assert module.buffer.x.abs().max() <= 1
    assert guard.state_dict()["rollbacks"] == guard.rollbacks


def test_each_rollback_goes_back_behind_the_one_before(small_corpus):
    averaging = EMAWeightAveraging(decay=0.9, use_buffers=False)
    guard = DivergenceGuard(averaging, every=1)
    with pytest.warns(UserWarning, match="Rolled back"):
        module, _ = fit(small_corpus, averaging, Wreck(averaging, 4, 6), guard, settings=CHAINS)
    assert len(guard.rollbacks) == 2 and module.lr_factor == 0.25
    assert all(p.abs().max() < 10 for p in module.net.parameters())


def test_a_rollback_never_goes_behind_the_second_stage(small_corpus):
    averaging = EMAWeightAveraging(decay=0.9, use_buffers=False)
    guard = DivergenceGuard(averaging, every=1000)
    wreck = Wreck(averaging, 6)
    with pytest.warns(UserWarning, match="Rolled back"):
        _, trainer = fit(
            small_corpus, averaging, SecondStage(averaging, guard), wreck, guard,
            settings={"match_steps": 4, "contrast_steps": 3},
        )  # fmt: skip
    assert trainer.optimizers[0].param_groups[0]["betas"] == (0.0, 0.999)


def test_a_nan_in_the_data_is_noticed_and_never_reaches_the_weights(small_corpus):
    guard = DivergenceGuard(every=2)
    with pytest.warns(UserWarning, match="Rolled back"):
        module, _ = fit(small_corpus, guard, Poison(5), settings={"match_steps": 2, "contrast_steps": 6})
    (event,) = guard.rollbacks
    assert "finite" in event["seen"] or "nan" in event["seen"]
    assert all(torch.isfinite(p).all() for p in module.parameters())


@pytest.mark.parametrize(
    ("fake", "words"),
    [
        (torch.ones(24, 1, 56, 56), "solid ink"),
        (torch.ones(24, 1, 56, 56) - 2 * (torch.arange(56) % 2), "saturated"),
        ((torch.ones(24, 1, 56, 56) - 2 * (torch.arange(56) % 2)).mT + 0.5 * torch.randn(56), "saturated"),
    ],
)
def test_saturated_samples_are_noticed_though_the_loss_is_fine(small_corpus, fake, words):
    module, _ = fit(small_corpus, settings=STARTED)
    module.log = module.log_dict = lambda *args, **kwargs: None
    module.negatives = lambda y, data=None: fake.clamp(-1, 1)
    x, y = to_model_space(small_corpus.images["train"][:24]), small_corpus.labels["train"][:24]
    module.training_step((x, y), 0)
    assert module.trouble is not None and words in module.trouble


def test_a_far_too_large_learning_rate_ends_with_a_clear_message(small_corpus):
    with pytest.raises(Diverged, match="3 times in a row"), pytest.warns(UserWarning):
        fit(small_corpus, DivergenceGuard(every=50), settings=CHAINS | {"contrast_steps": 320, "lr": 200.0})
