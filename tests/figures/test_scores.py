"""Figures of scores: their traces count right."""

import numpy as np
import pytest

from ebm.figures.reliability import reliability_diagram
from ebm.figures.scores import energy_histogram


def test_histograms_hold_every_score_once_also_those_beyond_their_edges():
    rng = np.random.default_rng(0)
    known, odd = rng.normal(size=300).round(1), rng.normal(1, 1, 200).round(1)
    histogram = energy_histogram(known.tolist(), {"odd": odd.tolist()}, 1.0, mark=50.0)
    assert sum(histogram.data[0].y) == pytest.approx(1) and sum(histogram.data[1].y) == pytest.approx(1)
    with pytest.raises(ValueError, match="At least one score"):
        energy_histogram([], {}, None)


def test_a_classifier_that_is_right_as_often_as_it_says_has_no_calibration_error():
    calibrated = reliability_diagram([0.9] * 10, [True] * 9 + [False])
    too_sure = reliability_diagram([0.9] * 10, [True] * 5 + [False] * 5)
    assert "0.000" in calibrated.layout.title.text and "0.400" in too_sure.layout.title.text
