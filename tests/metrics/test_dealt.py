import numpy as np
import pytest
from scipy.stats import multivariate_hypergeom

from metrics._dealt import dealt


def test_as_many_are_dealt_as_are_wanted_and_no_more_than_there_are():
    pooled = np.array([[3, 0, 2], [0, 0, 0], [1, 1, 1]])
    drawn = dealt(np.random.default_rng(0), pooled, np.array([4, 0, 3]))
    assert drawn.sum(1).tolist() == [4, 0, 3]
    assert (drawn <= pooled).all()
    assert (drawn >= 0).all()


def test_what_is_dealt_is_multivariate_hypergeometric():
    pooled, wanted = np.array([5, 3, 2]), 4
    drawn = dealt(np.random.default_rng(0), np.tile(pooled, (40_000, 1)), np.full(40_000, wanted))
    law = multivariate_hypergeom(pooled, wanted)
    assert drawn.mean(0) == pytest.approx(law.mean(), abs=0.02)
    np.testing.assert_allclose(np.cov(drawn.T), law.cov(), atol=0.02)
