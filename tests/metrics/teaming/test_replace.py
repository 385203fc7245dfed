import numpy as np
import pytest

from metrics.teaming._replace import replaced, share_right


def test_the_prior_is_one_answer_that_is_right_three_times_in_four():
    assert share_right([1, 1, -1], [1, 0, 0]) == pytest.approx((1 + 0.75) / 3)
    assert share_right([-1, -1], [0, 1]) == 0.75


def test_an_answer_stays_the_most_probable_class_however_seldom_it_is_right():
    machine = np.array([[0.1, 0.2, 0.7], [0.6, 0.3, 0.1]])
    found = replaced(machine, [0, -1], 0.05)
    assert found[0].argmax() == 0
    assert found[0].sum() == pytest.approx(1)
    np.testing.assert_array_equal(found[1], machine[1])
    np.testing.assert_allclose(replaced(machine, [0, -1], 0.8)[0], [0.8, 0.1, 0.1])
