"""Rates and areas: by hand, and as scikit-learn has them."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from ebm.scoring.rates import auroc, detection, roc_points


def test_by_hand():
    """Known 0, 1, 2, 3 and strangers 2, 4: of 8 pairs 6 and a tie are in order."""
    found = detection(np.array([0.0, 1, 2, 3]), np.array([2.0, 4]), resamples=0)
    assert found["auroc"] == pytest.approx(6.5 / 8) and "interval" not in found
    assert found["aupr"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 4)  # at 4: 1 of 1; at 2: 2 of 4
    assert found["fpr95"] == pytest.approx(2 / 4)  # all strangers are caught at 2, with 2 and 3 of the known


@pytest.mark.parametrize("ties", [False, True])
def test_they_are_scikit_learns(ties):
    rng = np.random.default_rng(0)
    known, strangers = rng.normal(size=300), rng.normal(1.0, 1.0, size=200)
    if ties:
        known, strangers = known.round(), strangers.round()
    target, score = np.r_[np.zeros(300), np.ones(200)], np.r_[known, strangers]
    found = detection(known, strangers, resamples=0)
    assert found["auroc"] == pytest.approx(roc_auc_score(target, score), abs=1e-5)
    assert found["aupr"] == pytest.approx(average_precision_score(target, score), abs=1e-5)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    """AUROC of two unit Gaussians 1 apart is Phi(1 / sqrt 2) = 0.7602; 95 % intervals of 100 draws."""
    rng = np.random.default_rng(1)
    covered = 0
    for seed in range(100):
        low, high = detection(rng.normal(size=150), rng.normal(1.0, 1.0, size=150), 200, seed)["interval"]["auroc"]
        covered += low <= 0.7602 <= high
    assert 86 <= covered <= 100


def test_perfect_and_inverted_scores():
    apart = detection(np.zeros(5), np.ones(5))
    assert apart["auroc"] == apart["aupr"] == 1 and apart["fpr95"] == 0 and apart["interval"]["auroc"] == [1, 1]
    same = detection(np.zeros(5), np.zeros(5))
    assert same["auroc"] == 0.5 and same["fpr95"] == 1


def test_auroc_is_the_area_under_its_roc_points():
    assert auroc([0, 1], [2, 3]) == 1 and auroc([2, 3], [0, 1]) == 0 and auroc([1, 1], [1]) == 0.5
    rng = np.random.default_rng(0)
    known, odd = rng.normal(size=300).round(1), rng.normal(1, 1, 200).round(1)
    for one, other in ((np.array([0.0, 1.0]), np.array([1.0, 2.0])), (known, odd)):
        false, true = roc_points(one, other)
        assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
        assert np.sum(np.diff(false) * (true[1:] + true[:-1]) / 2) == pytest.approx(auroc(one, other))


def test_no_scores_are_refused_in_one_sentence():
    for measure in (auroc, roc_points):
        with pytest.raises(ValueError, match="At least one score is needed"):
            measure([], [1.0])
