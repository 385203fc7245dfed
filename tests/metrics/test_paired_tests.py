import numpy as np
import pytest
from scipy import stats
from scipy.stats import binomtest, norm
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


@pytest.mark.parametrize("alternative", ["less", "greater"])
def test_mcnemar_to_one_side_is_scipys_binomial(alternative):
    rng = np.random.default_rng(1)
    a, b = rng.random(300) < 0.8, rng.random(300) < 0.7
    ours = mcnemar(a, b, alternative=alternative)
    more = {"less": ours.only_second, "greater": ours.only_first}[alternative]
    assert ours.pvalue == pytest.approx(
        binomtest(more, ours.only_first + ours.only_second, alternative="greater").pvalue
    )
    assert ours.pvalue == mcnemar(b, a, alternative={"less": "greater", "greater": "less"}[alternative]).pvalue


def test_mcnemar_with_a_margin_is_close_to_the_score_test():
    """Tango, Statistics in Medicine 17, 1998: the score test of a paired difference against a margin."""
    n, margin, only_a, only_b = 10_000, 0.018, 700, 450
    loss = (np.arange(n) < only_a, (np.arange(n) >= only_a) & (np.arange(n) < only_a + only_b))
    b = -only_a - only_b + (2 * n - only_a + only_b) * margin  # restricted maximum of the likelihood
    other = (np.sqrt(b * b + 8 * n * only_b * margin * (1 - margin)) - b) / (4 * n)
    z = (only_a - only_b - n * margin) / np.sqrt(n * (2 * other + margin * (1 - margin)))
    ours = mcnemar(*loss, alternative="greater", margin=margin).pvalue
    step = 2 / np.sqrt(only_a + only_b)  # of z, where one image more is only a's
    assert norm.sf(z) < ours < norm.sf(z - step)  # exact and a little conservative, so a little larger


def test_mcnemar_with_a_margin_rejects_too_seldom_rather_than_too_often():
    rng = np.random.default_rng(0)
    n, margin, draws = 2000, 0.02, 2000
    found = 0
    for _ in range(draws):
        kind = rng.choice(3, n, p=[0.05 + margin, 0.05, 0.9 - margin])  # only a, only b, alike
        found += mcnemar(kind == 0, kind == 1, alternative="greater", margin=margin).pvalue <= 0.05
    assert 0.03 < found / draws < 0.06


def test_a_p_value_stays_below_one_and_is_a_float64():
    assert holm([0.4, 0.6, 0.7]).tolist() == [1, 1, 1]
    narrow = holm(np.array([0.2, 0.3], np.float16))
    assert narrow.dtype == np.float64
    assert holm([0, 1]).tolist() == [0, 1]


def test_left_to_itself_the_t_test_is_two_sided():
    x, y = [0.1, 0.5, 0.4], [0.3, 0.6, 0.4]
    assert paired_t(x, y) == paired_t(x, y, alternative="two-sided")
    assert paired_t(x, y).pvalue == pytest.approx(stats.ttest_rel(x, y).pvalue)


def test_mcnemar_takes_zeros_and_ones():
    assert mcnemar([1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0]) == mcnemar([1, 1, 0, 1], [0, 1, 1, 0]) == (2, 1, 1.0)
