"""The judge: the shipped one for the corpus it was trained on, a new and then cached one for any other."""

import dataclasses

import torch

from ebm.data.corpus import to_model_space
from ebm.evaluation.judge import RECIPE, judge_for
from ebm.training.recipe import recipe

QUICK = {"width": 8, "contrast_steps": 300, "batch_size": 16, "lr": 5e-3, "ema": 0.9}


def weights_in(folder):
    return [path for path in folder.glob("judge-*.safetensors") if ".examples" not in path.name]


def test_a_judge_is_trained_once_for_a_corpus_of_ones_own(small_corpus, tmp_path):
    judge = judge_for(small_corpus, cache=tmp_path, **QUICK)
    x, y = to_model_space(small_corpus.images["test"]), small_corpus.labels["test"]
    assert float((judge.read(x) == y).double().mean()) > 0.8
    features = judge.features(x)
    assert features.shape == (len(x), 4 * QUICK["width"])
    assert torch.equal(judge.net.classifier[-1](features).argmax(1), judge.read(x))
    (weights,) = weights_in(tmp_path)
    stamp = weights.stat().st_mtime_ns
    again = judge_for(small_corpus, cache=tmp_path, **QUICK)
    assert torch.equal(again.features(x), features) and weights.stat().st_mtime_ns == stamp


def test_another_corpus_has_another_judge(small_corpus, tmp_path):
    little = QUICK | {"contrast_steps": 2}
    judge_for(small_corpus, cache=tmp_path, **little)
    other = dataclasses.replace(small_corpus, images=small_corpus.images | {"val": 255 - small_corpus.images["val"]})
    judge_for(other, cache=tmp_path, **little)
    assert len(weights_in(tmp_path)) == 2


def test_the_judge_has_another_architecture_and_seed_than_the_models():
    judge = recipe("cpu", **RECIPE)
    model = recipe("cpu")
    assert (judge.width, judge.head, judge.seed) != (model.width, model.head, model.seed) and judge.head != model.head
