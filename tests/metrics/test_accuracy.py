import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score
from statsmodels.stats.proportion import proportion_confint

from metrics.accuracy import accuracy, share_right, wilson_interval


def test_accuracy_is_sklearns_on_the_images_seen():
    rng = np.random.default_rng(0)
    truth, labels = rng.integers(5, size=80), rng.integers(-1, 5, size=(80, 4))
    seen = labels >= 0
    expected = [accuracy_score(truth[s], column[s]) for s, column in zip(seen.T, labels.T, strict=True)]
    np.testing.assert_allclose(accuracy(labels, truth), expected)
    assert accuracy(labels[:, 0], truth) == pytest.approx(expected[0])


def test_who_saw_nothing_has_no_accuracy():
    assert np.isnan(accuracy([-1, -1], [0, 1]))


def test_share_right_counts_people():
    rng = np.random.default_rng(1)
    answers, truth = rng.integers(4, size=(30, 50)), rng.integers(4, size=30)
    counts = np.stack([np.bincount(row, minlength=4) for row in answers])
    np.testing.assert_allclose(share_right(counts, truth), (answers == truth[:, None]).mean(1))


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(("right", "n"), [(0, 7), (3, 7), (7, 7), (8282, 10_000)])
def test_wilson_is_that_of_two_other_libraries(right, n, level):
    ours = wilson_interval(right, n, level)
    assert ours == pytest.approx(tuple(binomtest(right, n).proportion_ci(level, method="wilson")), abs=1e-12)
    assert ours == pytest.approx(proportion_confint(right, n, 1 - level, method="wilson"), abs=1e-12)


def test_wilson_of_no_images_is_nan():
    assert np.isnan(wilson_interval([0, 0], 0)).all()


def test_wilson_leaves_the_unit_interval_nowhere_and_is_95_percent_unless_told():
    n = np.arange(1, 200)
    low, high = wilson_interval([0 * n, n], n)
    assert low.min() == 0
    assert high.max() == 1
    assert wilson_interval(3, 7) == wilson_interval(3, 7, 0.95) != wilson_interval(3, 7, 0.9)
