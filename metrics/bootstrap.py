"""The bootstrap over images, by sufficient statistics.

A metric that depends on the images through sums of per-image cells is resampled by weighting the cells:

    sums[b] = Σₓ weights[b, x] · cells[x],   weights[b] ~ multinomial(n; 1/n, ..., 1/n)

one matrix product for all replicates. The same weights serve every metric of a study, so that differences
between metrics are paired by image. A metric is then `statistic(cells.sum(0))`, its replicates
`statistic(bootstrap_sums(cells, weights))` and its jackknife `statistic(jackknife_sums(cells))`.

Efron & Tibshirani, An Introduction to the Bootstrap, 1993: percentile interval (13.3), BCa (14.9 to 14.15).
Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987: two one-sided tests.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from . import _finite
from .matrix_t_test import p_from_t

BLOCK = 64  # replicates per matrix product: the weights turned to floats then stay in the cache
SPARSE = 0.5  # where a smaller share of the images counts at all, the others are left out of the product
EXACT = 2**24  # float32 holds every whole number up to here


def resample_counts(
    n: int, replicates: int = 2000, seed: int = 0, groups: ArrayLike | None = None
) -> NDArray[np.uint8]:
    """How often each image occurs in each bootstrap sample.

    Parameters
    ----------
    n : int
        Number of images.
    replicates : int
        Number of bootstrap samples B.
    seed : int
        The same seed gives the same samples.
    groups : (n,) int, optional
        Images that are drawn together (a worker's batch of ten): as many whole groups are drawn as there are.

    Returns
    -------
    (B, n) uint8
        Without groups every row sums to n. (A count above 255 has a chance of 1e-507.)

    Examples
    --------
    >>> resample_counts(4, replicates=2, seed=1)
    array([[0, 1, 1, 2],
           [2, 0, 0, 2]], dtype=uint8)
    """
    if groups is not None:
        names, member = np.unique(groups, return_inverse=True)
        return resample_counts(len(names), replicates, seed)[:, member]
    rng = np.random.default_rng(seed)
    counts = np.zeros((replicates, n), dtype=np.uint8)
    for row in counts:
        row[:] = np.bincount(rng.integers(n, size=n, dtype=np.uint32), minlength=n)
    return counts


def bootstrap_sums(cells: ArrayLike, weights: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Sums of per-image cells over each bootstrap sample.

    Whole-number cells are summed in float32 where that is exact, float32 cells too (to about six digits), and
    everything else in float64. Where most images' cells are all zero these are left out; merging images of equal
    cells costs more than it saves.

    Parameters
    ----------
    cells : (n, c) number
        Each image's contribution to c sums.
    weights : (B, n) uint8
        From `resample_counts`.

    Returns
    -------
    (B, c) float64
        Weighted sums.

    Examples
    --------
    >>> import numpy as np
    >>> bootstrap_sums([[1, 0], [1, 1]], np.array([[2, 0], [1, 1]], dtype=np.uint8)).tolist()
    [[2.0, 0.0], [2.0, 1.0]]
    """
    cells = np.asarray(cells)
    carrying = np.flatnonzero(cells.any(1))
    sparse = len(carrying) < SPARSE * len(cells)
    cells = cells[carrying] if sparse else cells
    largest = np.abs(cells).sum(0, dtype=np.float64).max(initial=0) * weights.max(initial=0)
    exact = not np.issubdtype(cells.dtype, np.floating) and largest <= EXACT
    kind = np.float32 if exact or cells.dtype == np.float32 else np.float64
    cells = cells.astype(kind)
    sums = np.empty((len(weights), cells.shape[1]))
    for start in range(0, len(weights), BLOCK):
        block = weights[start : start + BLOCK]
        sums[start : start + BLOCK] = (block.take(carrying, axis=1) if sparse else block).astype(kind) @ cells
    return sums


def jackknife_sums(cells: ArrayLike, groups: ArrayLike | None = None) -> NDArray[np.float64]:
    """Sums of per-image cells with one image (or one group of images) left out.

    Parameters
    ----------
    cells : (n, c) number
        Each image's contribution to c sums.
    groups : (n,) int, optional
        Images that are left out together, as they are drawn together in `resample_counts`.

    Returns
    -------
    (n, c) float64
        Or (number of groups, c).

    Examples
    --------
    >>> jackknife_sums([[1.0], [2.0], [4.0]]).tolist()
    [[6.0], [5.0], [3.0]]
    """
    cells = np.asarray(cells, dtype=np.float64)
    if groups is not None:
        names, member = np.unique(groups, return_inverse=True)
        grouped = np.zeros((len(names), cells.shape[1]))
        np.add.at(grouped, member, cells)
        cells = grouped
    return cells.sum(0) - cells


def leave_out_counts(
    n: int, replicates: int | None = None, seed: int | None = None, groups: ArrayLike | None = None
) -> NDArray[np.uint8]:
    """The jackknife as weights: what `bootstrap_sums` makes of them are `jackknife_sums`.

    Parameters
    ----------
    n : int
        Number of images.
    replicates, seed : int, optional
        Not used: there is one sample for each image, or group. (So this can stand for `resample_counts`.)
    groups : (n,) int, optional
        Images that are left out together.

    Returns
    -------
    (n, n) or (number of groups, n) uint8
        1 for each image but the ones left out.

    Examples
    --------
    >>> leave_out_counts(3, groups=[0, 1, 1])
    array([[0, 1, 1],
           [1, 0, 0]], dtype=uint8)
    """
    names, member = np.unique(np.arange(n) if groups is None else groups, return_inverse=True)
    return (member != np.arange(len(names))[:, None]).astype(np.uint8)


def degenerate_share(replicates: ArrayLike, axis: int = 0) -> NDArray[np.float64]:
    """Share of the replicates that are not finite: the ones that every interval leaves out.

    Parameters
    ----------
    replicates : (B, ...) float
        Replicates of a metric.
    axis : int
        The axis of the replicates.

    Returns
    -------
    (...) float
        In [0, 1].

    Examples
    --------
    >>> float(degenerate_share([1.0, float("nan"), 2.0, 3.0]))
    0.25
    """
    return _finite.mean(~np.isfinite(replicates), axis)


def _sorted_finite(replicates: ArrayLike, axis: int) -> tuple[NDArray, NDArray]:
    """Replicates first and in order, the degenerate ones last as NaN; and how many are finite."""
    replicates = np.moveaxis(np.asarray(replicates, dtype=np.float64), axis, 0)
    finite = np.isfinite(replicates)
    return np.sort(np.where(finite, replicates, np.nan), 0), finite.sum(0)


def _quantile(ordered: NDArray, count: NDArray, q: ArrayLike) -> NDArray[np.float64]:
    """Linear interpolation between order statistics, as numpy.quantile does it; NaN without any."""
    if not len(ordered):
        return np.full(count.shape, np.nan)[()]
    position = np.nan_to_num(q * (np.maximum(count, 1) - 1))
    below = np.floor(position).astype(int)[None]
    above = np.minimum(below + 1, np.maximum(count, 1) - 1)
    low, high = (np.take_along_axis(ordered, place, 0)[0] for place in (below, above))
    return np.where(np.isnan(q), np.nan, low + (high - low) * (position - below[0]))[()]


def percentile_interval(
    replicates: ArrayLike, level: float = 0.95, axis: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile interval: the middle of the replicates.

    Parameters
    ----------
    replicates : (B, ...) float
        Replicates of a metric; degenerate ones are left out (`degenerate_share` says how many).
    level : float
        Confidence level, in (0, 1).
    axis : int
        The axis of the replicates.

    Returns
    -------
    low, high : (...) float
        NaN where no replicate is finite.

    Examples
    --------
    >>> low, high = percentile_interval(range(201))
    >>> round(float(low), 6), round(float(high), 6)
    (5.0, 195.0)
    """
    ordered, count = _sorted_finite(replicates, axis)
    tail = (1 - level) / 2
    return _quantile(ordered, count, tail), _quantile(ordered, count, 1 - tail)


def bca_interval(
    value: ArrayLike, replicates: ArrayLike, jackknife: ArrayLike, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bias-corrected and accelerated interval: second-order accurate where the metric is skewed or biased.

    Parameters
    ----------
    value : (...) float
        The metric on all images.
    replicates : (B, ...) float
        Its replicates; degenerate ones are left out.
    jackknife : (n, ...) float
        The metric with each image (or group) left out; degenerate ones are left out.
    level : float
        Confidence level, in (0, 1).

    Returns
    -------
    low, high : (...) float
        NaN where no replicate is finite, or where `value` lies beyond all of them. A jackknife without any
        spread has acceleration 0.

    Examples
    --------
    >>> import numpy as np
    >>> seconds = np.array([1.0, 2.0, 2.0, 3.0, 9.0])
    >>> replicates = bootstrap_sums(seconds[:, None], resample_counts(5))[:, 0] / 5
    >>> low, high = bca_interval(seconds.mean(), replicates, jackknife_sums(seconds[:, None])[:, 0] / 4)
    >>> bool(low < 3.4 < high)
    True
    """
    ordered, count = _sorted_finite(replicates, 0)
    ranks = ((ordered < value).sum(0) + (ordered <= value).sum(0)) / 2
    bias = ndtri(_finite.divide(ranks, count))
    jackknife = np.asarray(jackknife, dtype=np.float64)
    pull = np.nan_to_num(_finite.mean(jackknife, 0) - jackknife, posinf=0, neginf=0)
    acceleration = np.nan_to_num(_finite.divide((pull**3).sum(0), 6 * (pull**2).sum(0) ** 1.5))
    ends = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        with np.errstate(invalid="ignore", divide="ignore"):
            moved = bias + ndtri(tail)
            q = ndtr(bias + moved / (1 - acceleration * moved))
        ends.append(_quantile(ordered, count, np.where(np.isfinite(bias), q, np.nan)))
    return ends[0], ends[1]


def standard_error(replicates: ArrayLike, axis: int = 0) -> NDArray[np.float64]:
    """Standard deviation of the replicates, degenerate ones left out.

    Parameters
    ----------
    replicates : (B, ...) float
        Replicates of a metric.
    axis : int
        The axis of the replicates.

    Returns
    -------
    (...) float
        NaN with fewer than two finite replicates.

    Examples
    --------
    >>> float(standard_error([1.0, 3.0, 5.0, float("nan")]))
    2.0
    """
    replicates = np.asarray(replicates, dtype=np.float64)
    count = np.isfinite(replicates).sum(axis)
    variance = _finite.mean((replicates - _finite.mean(replicates, axis, keepdims=True)) ** 2, axis)
    return np.sqrt(_finite.divide(variance * count, count - 1))


def equivalence_p(
    value: ArrayLike, se: ArrayLike, df: ArrayLike = np.inf, margin: ArrayLike = 0.0
) -> NDArray[np.float64]:
    """TOST: p-value of "the difference is at least `margin` in size"; a small one shows equivalence.

    Parameters
    ----------
    value, se : (...) float
        A difference and its standard error (`standard_error` of its replicates, with infinite df).
    df : (...) float
        Degrees of freedom of the standard error.
    margin : (...) float
        The smallest difference that matters, not negative.

    Returns
    -------
    (...) float
        The larger of the two one-sided p-values, in [0, 1]; NaN where the value or its error is. With no
        error at all it is 0 inside the margin and 1 outside or on it.

    Examples
    --------
    >>> round(float(equivalence_p(0.01, 0.01, margin=0.05)), 5)
    3e-05
    """
    value, se = np.asarray(value, dtype=np.float64), np.asarray(se, dtype=np.float64)
    distance = np.abs(value) - margin
    exact = np.where(distance < 0, -np.inf, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(se == 0, np.where(np.isnan(distance), np.nan, exact), distance / se)
    return p_from_t(t, df, alternative="less")
