"""Paired tests: the same methods, or the same images, under two conditions; and many tests at once.

    paired t   t = d̄ / √(s_d² / n)                     over methods (the study's Test 4)
    McNemar    Binomial(only first right; m, 1/2)      over images, m those on which one is right
    Holm       p(i) (m - i + 1), running maximum       over a family of m tests

McNemar, Psychometrika 12, 1947. Holm, Scandinavian Journal of Statistics 6, 1979.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom, binomtest

from .matrix_t_test import Alternative, TTest, p_from_t, t_test


class McNemar(NamedTuple):
    """Images that only one of two is right on, and the p-value."""

    only_first: int
    only_second: int
    pvalue: float


def paired_t(first: ArrayLike, second: ArrayLike, *, alternative: Alternative = "two-sided") -> TTest:
    """Paired t-test along the last axis.

    Parameters
    ----------
    first, second : (..., a) float
        A number for each method under two conditions; NaN pairs are left out.
    alternative : {"two-sided", "less", "greater"}
        What first - second is under the alternative. A best value chosen on the same images can only be
        larger: that test is one-sided.

    Returns
    -------
    TTest
        As `matrix_t_test.t_test` for differences.

    Examples
    --------
    >>> test = paired_t([89.0, 90.1, 90.2], [90.0, 90.4, 90.9], alternative="less")
    >>> print(f"t = {test.statistic:.2f}, p = {test.pvalue:.3f}")
    t = -3.29, p = 0.041
    """
    test = t_test(first, second, paired=True)
    return test._replace(pvalue=p_from_t(test.statistic, test.df, alternative=alternative))


def mcnemar(
    right_a: ArrayLike, right_b: ArrayLike, *, alternative: Alternative = "two-sided", margin: float = 0.0
) -> McNemar:
    """Is one of two classifiers right more often? Exact test on the images that only one is right on.

    With a margin the test asks whether one is right more often *by more than the margin*: before the m images are
    split by a fair coin, half the margin's images change sides. At 0 that is the exact test; beyond it, it is
    conservative, since (only a) - (only b) then has variance n (m/n - margin²) and the coin's m.

    Parameters
    ----------
    right_a, right_b : (n,) bool
        Whether each is right.
    alternative : {"two-sided", "less", "greater"}
        Whether a is right more often or less often under the alternative.
    margin : float
        Share of the n images, not negative; none for a two-sided test.

    Returns
    -------
    McNemar
        p is 1 where the two are right on the same images.

    Examples
    --------
    >>> mcnemar([True, True, True, False], [False, False, True, False])
    McNemar(only_first=2, only_second=0, pvalue=0.5)
    >>> mcnemar([True] * 20, [False] * 20, alternative="greater", margin=0.5).pvalue < 0.05
    True
    """
    right_a, right_b = np.asarray(right_a, dtype=bool), np.asarray(right_b, dtype=bool)
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    if alternative == "two-sided":
        p = float(binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0
    else:
        more = only_a if alternative == "greater" else only_b
        p = float(binom.sf(np.ceil(more - margin * len(right_a) / 2) - 1, only_a + only_b, 0.5))
    return McNemar(only_a, only_b, p)


def holm(pvalues: ArrayLike) -> NDArray[np.float64]:
    """Holm's adjustment: rejecting where it is below alpha keeps the chance of any false rejection below alpha.

    Parameters
    ----------
    pvalues : (a,) float
        p-values of one family; a NaN is a test that was not made, and does not count.

    Returns
    -------
    (a,) float
        Adjusted p-values; NaN stays NaN.

    Examples
    --------
    >>> holm([0.01, float("nan"), 0.04, 0.03]).round(3).tolist()
    [0.03, nan, 0.06, 0.06]
    """
    adjusted = np.array(pvalues, dtype=np.float64)
    order = np.argsort(adjusted)[: np.isfinite(adjusted).sum()]  # NaN is sorted last
    tests_left = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(adjusted[order] * tests_left), 1)
    return adjusted
