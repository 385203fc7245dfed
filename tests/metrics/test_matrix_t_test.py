import numpy as np
import pytest
from scipy import stats

from metrics.matrix_t_test import matrix_t_test, p_from_t, t_test


def two_matrices(seed=0, k=10):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(k), k) + 0.2 * np.eye(k), rng.dirichlet(np.ones(k), k)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("part", ["diagonal", "off-diagonal"])
def test_statistic_p_and_df_are_scipys(part, paired):
    first, second = two_matrices()
    first[3] = np.nan  # an empty row
    chosen = np.eye(10, dtype=bool) == (part == "diagonal")
    x, y = first[chosen], second[chosen]
    expected = (stats.ttest_rel if paired else stats.ttest_ind)(x, y, nan_policy="omit")
    ours = matrix_t_test(first, second, part=part, paired=paired)
    assert ours == pytest.approx((expected.statistic, expected.pvalue, expected.df))


@pytest.mark.parametrize(
    ("t", "df", "printed"),
    [(12.57, 18, 2.40e-10), (11.56, 18, 9.14e-10), (-12.37, 178, 9.22e-26), (-10.44, 178, 3.40e-20)],
)
def test_the_studys_p_values_have_the_degrees_of_freedom_of_an_independent_test(t, df, printed):
    least, most = p_from_t(abs(t) + np.array([0.005, -0.005]), df)  # t is printed with two decimals,
    assert least < printed * 1.005  # p with three digits
    assert most > printed * 0.995
    paired = p_from_t(abs(t) - 0.005, df / 2)
    assert paired > 100 * printed


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_one_sided_p_is_scipys(alternative):
    x, y = two_matrices()
    expected = stats.ttest_rel(x[0], y[0], alternative=alternative)
    assert p_from_t(expected.statistic, expected.df, alternative=alternative) == pytest.approx(expected.pvalue)


def test_replicates_are_tested_at_once():
    pairs = [two_matrices(seed) for seed in range(4)]
    at_once = matrix_t_test(*(np.stack(matrices) for matrices in zip(*pairs, strict=True)))
    one_by_one = [matrix_t_test(first, second).statistic for first, second in pairs]
    np.testing.assert_allclose(at_once.statistic, one_by_one)


@pytest.mark.parametrize("paired", [True, False])
def test_without_spread_there_is_a_limit_or_nothing(paired):
    assert t_test([2, 2, 2], [1, 1, 1], paired=paired)[:2] == (np.inf, 0)
    assert np.isnan(t_test([1, 1, 1], [1, 1, 1], paired=paired)[:2]).all()
    assert np.isnan(t_test([1], [2], paired=paired)[:2]).all()
    assert np.isnan(t_test([], [], paired=paired)[:2]).all()


def test_left_to_itself_it_tests_independent_samples_and_the_diagonal():
    first, second = two_matrices()
    assert t_test(first[0], second[0]) == t_test(first[0], second[0], paired=False)
    assert t_test(first[0], second[0]) != t_test(first[0], second[0], paired=True)
    assert matrix_t_test(first, second) == matrix_t_test(first, second, part="diagonal", paired=False)
    stacks = [np.tile(matrix, (2, 3, 1, 1)) for matrix in (first, second)]
    np.testing.assert_array_equal(matrix_t_test(*stacks).statistic, np.full((2, 3), matrix_t_test(first, second)[0]))


def test_one_degree_of_freedom_is_enough():
    x, y = [0.3, 0.9], [0.1, 0.4]
    assert t_test(x, y, paired=True) == pytest.approx((*stats.ttest_rel(x, y), 1))
    assert t_test(x, y[:1]) == pytest.approx((*stats.ttest_ind(x, y[:1]), 1))
    assert t_test(x, y, paired=True).df.dtype == np.float64


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@pytest.mark.parametrize("kind", [np.uint8, np.float16])
def test_a_statistic_of_another_kind_has_the_same_p(kind, alternative):
    assert p_from_t(kind(2), 5, alternative=alternative) == p_from_t(2.0, 5, alternative=alternative)
