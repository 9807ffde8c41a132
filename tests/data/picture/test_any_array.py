"""Whatever array comes: a glyph, or a ValueError, and no warning."""

import warnings

import numpy as np
import pytest
from helpers.pictures import check_form
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ebm.data.picture.to_glyph import to_glyph

SHAPES = st.one_of(
    arrays.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=70),
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3, 4])),
    arrays.array_shapes(min_dims=0, max_dims=4, max_side=6),
)
NUMBERS = st.sampled_from(["u1", "u2", ">u2", "i4", "i8", "f2", "f4", "f8", "?", "c8"])


def check_glyph_or_value_error(array, preprocessing):
    """No other error, and no warning of this call (an earlier test may leave some to the garbage collector)."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            glyph = to_glyph(array, preprocessing)
        except ValueError:
            return
    check_form(glyph)


@given(NUMBERS.flatmap(lambda kind: arrays.arrays(kind, SHAPES)), st.sampled_from(["pen", "glyphs"]))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_array_gives_a_glyph_or_a_value_error(array, preprocessing):
    check_glyph_or_value_error(array, preprocessing)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 3e38])
def test_numbers_that_are_no_grey_values_are_refused_without_a_warning(value):
    check_glyph_or_value_error(np.array([[0, value], [value, -value]], dtype=np.float32), "pen")
    check_glyph_or_value_error(np.full((1, 1), value, dtype=np.float32), "pen")


@given(SHAPES, st.integers(0, 2**32 - 1), st.sampled_from([2, 8, 256]))
@settings(max_examples=100, deadline=None)
def test_any_dense_array_gives_a_glyph_or_a_value_error(shape, seed, levels):
    array = np.random.default_rng(seed).integers(0, levels, shape).astype(np.uint8)
    check_glyph_or_value_error(array, "pen")


def test_one_dark_and_one_light_pixel():
    array = np.zeros((12, 14), dtype=np.int32)
    array[0, 0], array[9, 6] = 27138284, -11593364
    check_glyph_or_value_error(array, "pen")
