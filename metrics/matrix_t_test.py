"""Test 1: do two confusion matrices differ, on the diagonal or off it?

    independent  t = (x̄ - ȳ) / √(s² (1/a + 1/b)),   s² pooled,   df = a + b - 2
    paired       t = d̄ / √(s_d² / a),               d = x - y,   df = a - 1

The study, Section 3.1, Test 1, calls its test paired; its p-values are those of the independent one (10 and
10 entries on the diagonal, df 18; 90 and 90 off it, df 178). Both are here, in closed form over leading
axes, so that a bootstrap of the statistic is one call.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr

from . import _finite

Alternative = Literal["two-sided", "less", "greater"]


class TTest(NamedTuple):
    """A t statistic, its two-sided p-value and its degrees of freedom; each (...) float."""

    statistic: NDArray[np.float64]
    pvalue: NDArray[np.float64]
    df: NDArray[np.float64]


def p_from_t(t: ArrayLike, df: ArrayLike, *, alternative: Alternative = "two-sided") -> NDArray[np.float64]:
    """p-value of a t statistic.

    Parameters
    ----------
    t, df : (...) float
        Statistic and degrees of freedom (may be infinite: the normal distribution).
    alternative : {"two-sided", "less", "greater"}
        What the mean (of first - second) is under the alternative, measured from 0.

    Returns
    -------
    (...) float
        In [0, 1]; NaN where t is NaN or df is not positive.

    Examples
    --------
    The study's Test 4 at 0.6 (six pre-trained methods): two-sided as printed, one-sided as it should be.

    >>> round(float(p_from_t(-2.49, 5)), 3), round(float(p_from_t(-2.49, 5, alternative="less")), 3)
    (0.055, 0.028)
    """
    t = np.asarray(t, dtype=np.float64)
    if alternative == "two-sided":
        return 2 * stdtr(df, -np.abs(t))
    return stdtr(df, t if alternative == "less" else -t)


def t_test(first: ArrayLike, second: ArrayLike, *, paired: bool = False) -> TTest:
    """Student's t-test along the last axis, NaN entries (paired: NaN pairs) left out.

    Parameters
    ----------
    first, second : (..., a) and (..., b) float
        Two samples; a = b where paired. Leading axes broadcast.
    paired : bool
        Test the differences; else two independent samples of one variance.

    Returns
    -------
    TTest
        Statistic positive where `first` is larger. Without any spread the statistic is infinite (p is 0)
        where the means differ; it is NaN where they are equal, or where no degree of freedom is left.

    Examples
    --------
    >>> t_test([1, 2, 3], [2, 2, 5], paired=True).df.item()
    2.0
    """
    samples = [np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)]
    if paired:
        samples = [samples[0] - samples[1]]
    counts = [np.isfinite(sample).sum(-1) for sample in samples]
    means = [_finite.mean(sample) for sample in samples]
    squares = [
        _finite.mean((sample - mean[..., None]) ** 2) * count
        for sample, mean, count in zip(samples, means, counts, strict=True)
    ]
    difference = means[0] if paired else means[0] - means[1]
    df = np.asarray(sum(counts) - len(samples), dtype=np.float64)
    usable = (df > 0) & np.isfinite(difference)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(sum(squares) / df * sum(1 / count for count in counts))
        statistic = np.where(usable, difference / spread, np.nan)
    return TTest(statistic[()], p_from_t(statistic, df), df)


def matrix_t_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    part: Literal["diagonal", "off-diagonal"] = "diagonal",
    paired: bool = False,
) -> TTest:
    """Test 1: compare the entries of two confusion matrices.

    Parameters
    ----------
    first, second : (..., k, k) float
        Row-normalised matrices; entries of empty rows are NaN and left out.
    part : {"diagonal", "off-diagonal"}
        The k entries of the same mistake, or the k(k - 1) others.
    paired : bool
        Whether entry and entry are paired, as the study says, or not, as its p-values show.

    Returns
    -------
    TTest
        Positive where `first` has the larger entries.

    Examples
    --------
    >>> import numpy as np
    >>> test = matrix_t_test(np.diag([0.5, 0.6, 0.7]), np.diag([0.1, 0.3, 0.2]))
    >>> print(f"t = {test.statistic:.2f}, df = {test.df:.0f}, p = {test.pvalue:.4f}")
    t = 4.90, df = 4, p = 0.0080
    """
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    chosen = np.eye(first.shape[-1], dtype=bool) == (part == "diagonal")
    return t_test(first[..., chosen], second[..., chosen], paired=paired)
