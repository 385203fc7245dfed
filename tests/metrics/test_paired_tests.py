import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests

from metrics.paired_tests import holm, mcnemar, paired_t


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_the_t_test_is_scipys(alternative):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=6), rng.normal(0.5, size=6)
    expected = stats.ttest_rel(x, y, alternative=alternative)
    ours = paired_t(x, y, alternative=alternative)
    assert ours == pytest.approx((expected.statistic, expected.pvalue, expected.df))


def test_mcnemar_is_statsmodels_exact_one():
    rng = np.random.default_rng(1)
    a, b = rng.random(60) < 0.8, rng.random(60) < 0.6
    table = [[(a & b).sum(), (a & ~b).sum()], [(~a & b).sum(), (~a & ~b).sum()]]
    ours = mcnemar(a, b)
    assert (ours.only_first, ours.only_second) == (table[0][1], table[1][0])
    assert ours.pvalue == pytest.approx(statsmodels_mcnemar(table, exact=True).pvalue)


def test_mcnemar_without_a_difference_is_one():
    assert mcnemar([True, False], [True, False]) == (0, 0, 1.0)


def test_holm_is_statsmodels_among_the_tests_that_were_made():
    p = np.array([0.001, 0.2, 0.03, np.nan, 0.012, 0.9, 0.012])
    made = np.isfinite(p)
    expected = np.full(7, np.nan)
    expected[made] = multipletests(p[made], method="holm")[1]
    np.testing.assert_allclose(holm(p), expected)
    assert np.isnan(holm([np.nan])).all()
