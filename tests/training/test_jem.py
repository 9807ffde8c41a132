"""Training: short real runs in every mode, their losses and stages, and the checkpoints that they leave."""

import dataclasses
import hashlib

import pytest
import pytorch_lightning as pl
import torch
from helpers.brief_training import CHAINS, QUICK, STARTED, fit
from pytorch_lightning.callbacks import EMAWeightAveraging
from torch.nn import functional as F

import ebm
from ebm.checkpoint.files import save
from ebm.data.corpus import to_model_space
from ebm.evaluation.export import export
from ebm.model.mode import Mode
from ebm.sampling.starts import uniform_start
from ebm.training.divergence_guard import DivergenceGuard
from ebm.training.jem import JEM
from ebm.training.recipe import Recipe, recipe
from ebm.training.second_stage import SecondStage
from ebm.training.train import default_name, read_run, train


def cross_entropy(module, corpus):
    with torch.no_grad():
        return float(
            F.cross_entropy(module.net.get_logits(to_model_space(corpus.images["train"])), corpus.labels["train"])
        )


@pytest.mark.parametrize("mode", list(Mode))
def test_a_short_run_learns_in_every_mode(small_corpus, mode):
    pl.seed_everything(0, verbose=False)
    untrained = JEM(Recipe(**(QUICK | {"mode": mode})).to_dict(), len(small_corpus.sorts))
    module, trainer = fit(small_corpus, settings={"mode": mode})
    assert trainer.global_step == 6 * 8 and module.trouble is None
    if mode == "ebm":
        assert module.net.outputs == 1
    else:
        assert cross_entropy(module, small_corpus) < 0.8 * cross_entropy(untrained, small_corpus)
        assert "val/accuracy" in trainer.callback_metrics
    if mode == "classifier":
        assert module.buffer is None
        return
    assert module.buffer is not None and len(module.buffer) > 10  # it fills
    start = uniform_start(6, torch.Generator().manual_seed(0))
    y = torch.arange(6) if module.recipe.unsteered_share < 1 else None
    states = list(ebm.sgld(module.net, start, steps=40, step_size=1.8, noise=0.0, y=y, every=20))
    assert (
        states[-1].energy < module.net.energy(start, *([] if y is None else [y]))
    ).all()  # energy falls along chains
    assert 0 <= float(trainer.callback_metrics["val/auroc smeared"]) <= 1


def test_the_second_stage_is_the_joint_loss_with_matching_kept_on(small_corpus):
    module, _ = fit(small_corpus, settings=STARTED | {"data_noise": 0.0, "jitter": 0.0})
    module.log = module.log_dict = lambda *args, **kwargs: None
    x, y = to_model_space(small_corpus.images["train"][:24]), small_corpus.labels["train"][:24]
    state, buffer = module.random.get_state(), {k: v.clone() for k, v in module.buffer.state_dict().items()}

    def again(step):
        module.random.set_state(state)
        module.buffer.load_state_dict(buffer)
        fake = module.negatives(y)
        torch.empty_like(x).normal_(
            generator=module.random
        )  # the noise on the glyphs, here of size 0; jitter draws nothing
        return float(step(fake).detach())

    module.random.set_state(state)
    whole = float(module.training_step((x, y), 0).detach())
    density = again(lambda fake: module.px_step(x, y, fake) + module.matching_step(x, y))
    classes = again(lambda fake: module.pyx_step(x, y))
    assert whole == pytest.approx(density + module.recipe.ce_weight * classes, rel=1e-5)


def test_each_stage_has_its_own_optimiser_and_the_second_begins_with_the_averaged_weights(small_corpus):
    averaging = EMAWeightAveraging(decay=0.9, use_buffers=False)
    guard, seen = DivergenceGuard(averaging), {}

    class Look(pl.Callback):
        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
            (optimizer,) = trainer.optimizers
            if trainer.global_step in (7, 8):
                weights = {name: p.detach().clone() for name, p in pl_module.net.named_parameters()}
                averaged = {n: p.clone() for n, p in averaging._average_model.module.net.named_parameters()}
                betas = optimizer.param_groups[0]["betas"]
                seen[trainer.global_step] = (betas, len(optimizer.state), weights, averaged)

    callbacks = (averaging, SecondStage(averaging, guard), guard, Look())
    fit(small_corpus, *callbacks, settings={"match_steps": 8, "contrast_steps": 3})
    betas, moments, weights, averaged = seen[7]
    assert betas == (0.9, 0.999) and moments > 0
    assert not torch.equal(weights["features.0.weight"], averaged["features.0.weight"])
    betas, moments, weights, averaged = seen[8]
    assert betas == (0.0, 0.999) and moments == 0
    assert all(torch.equal(weights[name], averaged[name]) for name in weights)


def test_a_quarter_of_the_chains_runs_unsteered_in_slots_of_its_own(small_corpus):
    module, _ = fit(small_corpus, settings=STARTED)
    assert module.slot_groups() == [8] * 6 + [16]  # a quarter of all 64
    filled = module.buffer.steps > 0
    assert 1 <= int(filled[:48].sum()) <= 18 and 1 <= int(filled[48:].sum()) <= 6


def test_the_contrastive_gradient_lowers_real_energies_and_raises_sampled_ones(small_corpus):
    module, _ = fit(small_corpus, settings=STARTED | {"alpha": 0.0})
    module.log = module.log_dict = lambda *args, **kwargs: None
    fake = uniform_start(24, torch.Generator().manual_seed(1))
    x, y = to_model_space(small_corpus.images["train"][:24]), small_corpus.labels["train"][:24]
    before = float((module.net.energy(fake).mean() - module.net.energy(x).mean()).detach())
    module.zero_grad()
    loss = module.px_step(x, y, fake)
    assert float(loss.detach()) == pytest.approx(-before, abs=1e-5)
    loss.backward()
    with torch.no_grad():
        for p in module.net.parameters():
            p -= 0.05 * p.grad
    assert float((module.net.energy(fake).mean() - module.net.energy(x).mean()).detach()) > before


def test_training_exports_a_checkpoint_and_resumes(small_corpus, tmp_path):
    chosen = Recipe(**(QUICK | {"match_steps": 8, "contrast_steps": 24, "print_steps": 4}))
    settings = {
        "corpus": small_corpus,
        "out": tmp_path / "out",
        "runs": tmp_path / "runs",
        "accelerator": "cpu",
        "progress": False,
        "reader_steps": 2,
    }
    path = tmp_path / "out" / "jem.safetensors"
    model, card = ebm.load(export(path, train(chosen, **settings), n=20, resamples=2))
    assert card.recipe == chosen.to_dict() and card.sorts == small_corpus.sorts
    assert set(card.set_scores) == {"test", *ebm.data.STRANGERS} and 0 <= card.metrics["accuracy"] <= 1
    assert sum(e <= card.threshold for e in card.reference_energies) / len(card.reference_energies) >= 0.94
    assert ebm.verdict(model, card, to_model_space(small_corpus.images["test"])[0]).top
    (run,) = (tmp_path / "runs").iterdir()
    assert (run / "recipe.json").is_file() and any((run / "fresh").iterdir())
    longer = dataclasses.replace(chosen, contrast_steps=32)
    resumed = train(longer, resume=run, **settings)
    assert resumed.made["steps"] == 40  # it went on from step 32, not from 0
    fields, started = read_run(run)
    assert Recipe(**fields) == longer and started["out"] == str(tmp_path / "out")
    with pytest.raises(ValueError, match="to resume from"):
        train(longer, resume=tmp_path / "nowhere", **settings)


def test_a_run_starts_from_the_weights_of_a_checkpoint(small_corpus, tmp_path):
    settings = {
        "corpus": small_corpus, "runs": tmp_path / "runs", "accelerator": "cpu", "progress": False, "reader_steps": 2,
    }  # fmt: skip
    chosen = Recipe(**(QUICK | {"mode": "classifier", "match_steps": 0, "contrast_steps": 2, "lr": 1e-9, "seed": 5}))
    start, first = tmp_path / "start.safetensors", train(chosen, **settings)
    save(start, first.net, first.card("start"))
    made = train(dataclasses.replace(chosen, seed=6), start_from=start, **settings)
    assert made.made["started_from"] == hashlib.sha256(start.read_bytes()).hexdigest()
    assert "started_from" not in first.made
    run = max((tmp_path / "runs").iterdir(), key=lambda folder: folder.stat().st_mtime)
    longer = dataclasses.replace(chosen, seed=6, contrast_steps=4)
    assert train(longer, resume=run, **settings).made["started_from"] == made.made["started_from"]
    with pytest.raises(ValueError, match="its own weights"):
        train(longer, resume=run, start_from=start, **settings)
    for weight, same in zip(first.net.parameters(), made.net.parameters(), strict=True):
        assert torch.allclose(weight, same, atol=1e-6)  # another seed would have drawn others
    with pytest.raises(ValueError, match="cannot be the start: it is a network"):
        train(dataclasses.replace(chosen, width=8), start_from=start, **settings)
    save(start, first.net, dataclasses.replace(first.card("start"), sorts=list("uvwxyz")))
    with pytest.raises(ValueError, match="its sorts are not those of the data"):
        train(chosen, start_from=start, **settings)


def test_mistyped_and_impossible_hyper_parameters_are_refused():
    with pytest.raises(ValueError, match="learning_rate"):
        recipe("cpu", learning_rate=1.0)
    with pytest.raises(ValueError, match="preset"):
        recipe("tpu")
    wrongs = ({"mode": "gan"}, {"lr": 0.0}, {"reinit": 2.0}, {"alpha": -1.0}, {"alpha": "abc"}, {"width": 16.5})
    wrongs = (*wrongs, {"grad_clip": "no"}, {"grad_clip": 0.0}, {"unsteered": 1.5})
    for wrong in (
        *wrongs,
        {"start": "foo"},
        {"head": "bar"},
        {"lr_decay": -5},
    ):
        with pytest.raises(ValueError):
            Recipe(**wrong)


def test_own_data_never_write_over_the_shipped_checkpoints():
    assert default_name(Mode.JEM) == "jem" and default_name(Mode.CLASSIFIER) == "twin"
    assert default_name(Mode.JEM, "scans/mine") == "jem-mine" and default_name(Mode.EBM, founts="fonts") == "ebm-fonts"


def test_matching_gives_an_ebm_a_slope_from_noise_to_glyphs(small_corpus):
    settings = {"mode": "ebm", "match_steps": 80, "contrast_steps": 40}
    module, _ = fit(small_corpus, settings=settings)
    x = to_model_space(small_corpus.images["test"])
    noise = uniform_start(len(x), torch.Generator().manual_seed(0))
    with torch.no_grad():
        levels = [float(module.net(x + share * (noise - x)).mean()) for share in (0.0, 0.3, 0.6, 1.0)]
    assert levels == sorted(levels, reverse=True) and levels[0] - levels[-1] > 1, levels
    assert len(module.buffer) > 0


def test_chains_can_start_from_data(small_corpus):
    module, _ = fit(small_corpus, settings=CHAINS | {"data_starts": True, "reinit": 1.0})
    assert module.buffer is not None
    x, y = to_model_space(small_corpus.images["train"][:24]), small_corpus.labels["train"][:24]
    moved = (module.negatives(y, x) - x).abs().mean()
    assert float(moved) < 0.5 < float((module.negatives(y) - x).abs().mean())
