"""Figures of scores: their traces count right."""

import numpy as np
import pytest

from ebm.figures.reliability import reliability_diagram
from ebm.figures.scores import energy_histogram, roc_curves


def test_histograms_hold_every_score_once_also_those_beyond_their_edges():
    rng = np.random.default_rng(0)
    known, odd = rng.normal(size=300).round(1), rng.normal(1, 1, 200).round(1)
    histogram = energy_histogram(known.tolist(), {"odd": odd.tolist()}, 1.0, mark=50.0)
    assert sum(histogram.data[0].y) == pytest.approx(1) and sum(histogram.data[1].y) == pytest.approx(1)
    with pytest.raises(ValueError, match="At least one score"):
        energy_histogram([], {}, None)


def test_a_set_far_away_leaves_the_known_glyphs_their_room_and_is_named():
    rng = np.random.default_rng(0)
    histogram = energy_histogram(rng.normal(size=300), {"noise": rng.normal(90, 1, 300)}, 1.6)
    low, high = histogram.layout.xaxis.range
    assert low < -2 and 3 < high < 20
    assert histogram.data[1].name == "noise (100% further right)"
    assert histogram.layout.yaxis.range[1] < 0.5


def test_the_rates_at_the_threshold_are_points_on_the_roc_curves():
    figure = roc_curves([0.0, 1.0, 2.0, 3.0], {"odd": [2.5, 4.0]}, 2.2)
    point = next(trace for trace in figure.data if trace.mode == "markers")
    assert point.x == (0.25,) and point.y == (1.0,)


def test_a_classifier_that_is_right_as_often_as_it_says_has_no_calibration_error():
    calibrated = reliability_diagram([0.9] * 10, [True] * 9 + [False])
    too_sure = reliability_diagram([0.9] * 10, [True] * 5 + [False] * 5)
    assert "0.000" in calibrated.layout.title.text and "0.400" in too_sure.layout.title.text
