"""Training that can be watched: moments, stopping, keeping, several at once."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import ebm
from ebm.data.corpus import Corpus
from ebm.data.synthetic.small_corpus import small_corpus
from ebm.evaluation.export import export
from ebm.training.live import LONGEST, Moment, Run, recipe_of, train_live
from ebm.training.trained import Trained


def test_the_same_sorts_and_seed_give_the_same_glyphs():
    few = {"train": 3, "val": 2, "test": 1}
    one, same, other = (small_corpus(["a", "o"], seed, few) for seed in (0, 0, 1))
    assert {split: len(labels) for split, labels in one.labels.items()} == {"train": 6, "val": 4, "test": 2}
    assert one.digest() == same.digest() != other.digest()
    assert one.sorts == ["a", "o"] and set(one.labels["val"].tolist()) == {0, 1}
    for wrong in ([], ["a", "martian"], list("abcdefghi")):
        with pytest.raises(ValueError, match="sort"):
            small_corpus(wrong)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return small_corpus(["a", "o"])


@pytest.fixture(scope="module", params=["jem", "ebm"])
def run(request: pytest.FixtureRequest, corpus: Corpus) -> list[Moment | Trained]:
    """A run that is stopped once both stages have been seen."""
    run = Run(replace(recipe_of(request.param, match_steps=30, steps=4), width=8), corpus, LONGEST)
    moments = []
    for moment in run:
        moments.append(moment)
        if isinstance(moment, Moment) and moment.stage == "chains" and moment.step >= 45 and len(moments) > 3:
            run.stop()
    return moments


def test_moments_tell_what_is_going_on(run: list[Moment | Trained]):
    *moments, end = run
    assert isinstance(end, Trained) and all(isinstance(m, Moment) for m in moments) and len(moments) > 3
    steps = [m.step for m in moments]
    assert steps == sorted(steps) and moments[0].stage == "matching" and not len(moments[0].buffer)
    last = moments[-1]
    assert last.stage == "chains" and "gap" in last.losses and len(last.real) == 32
    assert len(last.sampled) == len(last.buffer) == len(last.ages) > 0 and min(last.ages) >= 4
    assert last.fresh.dtype == torch.uint8 and last.fresh.shape[1:] == (56, 56) and len(last.fresh)
    assert (last.accuracy is None) == (end.recipe.mode == "ebm")
    later = [m.accuracy for m in moments if m.accuracy is not None and m.step > 10]
    assert not later or sum(later) / len(later) > 0.8  # two sorts are soon told apart; one batch alone may vary


def test_what_was_learnt_is_kept_as_a_checkpoint(run: list[Moment | Trained], tmp_path: Path):
    end = run[-1]
    assert isinstance(end, Trained)
    model, card = ebm.load(export(tmp_path / "mine.safetensors", end, n=20, resamples=2))
    x = torch.rand(4, 1, 56, 56)
    assert torch.equal(model.get_logits(x), end.net.get_logits(x))
    assert card.sorts == ["a", "o"] and "live" in card.made_with["command"] and "Synthetic" in card.data["source"]
    assert card.reference_energies and card.set_scores["noise"]["energy"]


def test_a_run_is_stopped_or_thrown_away_at_any_moment():
    before = threading.active_count()
    run = train_live(["a", "o"], seconds=LONGEST)
    next(run)
    run.stop()
    *_, end = run
    assert isinstance(end, Trained) and end.made["seconds"] < LONGEST
    thrown = Run(recipe_of(), end.corpus, LONGEST)
    next(thrown)
    thrown.close()
    assert threading.active_count() <= before + 1


def test_runs_and_samplers_do_not_disturb_each_other(corpus: Corpus):
    model = ebm.EnergyNet(4, 3).eval().requires_grad_(False)
    alone = ebm.sample(model, 2, steps=40, sort=1, seed=3)
    runs = [Run(recipe_of(), corpus, LONGEST) for _ in range(2)]
    firsts = [next(run) for run in runs]
    assert torch.allclose(ebm.sample(model, 2, steps=40, sort=1, seed=3), alone, atol=1e-4)
    for run in runs:
        run.close()
    assert all(isinstance(m, Moment) for m in firsts)


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"mode": "gan"}, "mode is one of jem, ebm"),
        ({"seconds": 10_000}, "1 to 300 seconds"),
        ({"lr": 3.0}, "lr must lie between"),
        ({"momentum": 1}, "no setting 'momentum'"),
    ],
)
def test_wrong_settings_are_refused_in_a_sentence(wishes: dict, said: str):
    with pytest.raises(ValueError, match=said):
        train_live(["a", "o"], **wishes)
