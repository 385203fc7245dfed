"""Means and quotients are those of float64, whatever comes in; what does not exist is NaN."""

import numpy as np
import pytest

from metrics._finite import divide, mean


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.float16, bool, float])
def test_a_quotient_has_the_precision_of_float64(kind):
    assert divide(kind(1), 3) == 1 / 3
    assert divide(1, np.float16(3)) == divide(np.float16(1), np.float16(3)) == 1 / 3
    assert divide(np.array([1, 1], kind), [3, 4]).tolist() == [1 / 3, 0.25]


def test_what_is_divided_by_zero_is_not_a_number():
    assert np.isnan(divide([0, 1], 0)).all()
    assert np.isnan(divide(1, [0, 2])).tolist() == [True, False]


def test_a_mean_is_that_of_the_finite_values_in_float64():
    large = np.full(4, 60_000, np.float16)  # four of them are more than a float16 holds
    assert mean(large) == large[0]
    assert mean([1, 2, np.nan, 6, np.inf]) == 3
    assert mean([[1, 3], [np.nan, 5]], axis=0).tolist() == [1, 4]
    assert mean([[1, 3], [np.nan, 5]], keepdims=True).tolist() == [[2], [5]]
    assert np.isnan(mean([np.nan, np.inf]))
    assert np.isnan(mean([]))
