"""Accuracy per level of difficulty, and the straight line through it.

    accuracy(level) = intercept + slope · X(level)

The study, Section 3.2, Figure 3 and Tests 2 and 3. What X is decides what the slope means:

- `accuracy_by_level`: X is the mean difficulty of the images in the level. The honest reading.
- `identity_slope_levels`: X is the machines' own mean accuracy in the level, as in the study, whose machine
  slope of 1.0000 and intercept of 1e-16 are an identity. Only the people's slope says anything there.

Levels are sums over images, so that they bootstrap by weights (`level_cells`, `levels_from_sums`).
"""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from statsmodels.regression.linear_model import OLS

from . import _finite


@dataclass(frozen=True, eq=False)
class Levels:
    """Accuracy of m classifiers on each of some levels of difficulty; empty levels are NaN.

    Parameters
    ----------
    difficulty : (..., bins) float
        X of each level: mean difficulty of its answers (or what `identity_slope_levels` puts there).
    count : (..., bins, m) float
        Answers of each classifier in each level.
    accuracies : (..., bins, m) float
        Accuracy of each classifier in each level.
    """

    difficulty: NDArray[np.float64]
    count: NDArray[np.float64]
    accuracies: NDArray[np.float64]

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """(..., bins) mean accuracy over the classifiers."""
        return _finite.mean(self.accuracies)

    @property
    def low(self) -> NDArray[np.float64]:
        """(..., bins) accuracy of the worst classifier."""
        return np.fmin.reduce(self.accuracies, axis=-1)

    @property
    def high(self) -> NDArray[np.float64]:
        """(..., bins) accuracy of the best classifier."""
        return np.fmax.reduce(self.accuracies, axis=-1)


class Line(NamedTuple):
    """An ordinary least squares line, the 95 % interval of its slope, and p-values against 0."""

    slope: float
    intercept: float
    slope_low: float
    slope_high: float
    slope_p: float
    intercept_p: float


class SlopeDifference(NamedTuple):
    """Slope of the first line less slope of the second, its standard error and two-sided p-value."""

    difference: float
    se: float
    p: float


def level_edges(
    difficulty: ArrayLike, *, bins: int = 10, kind: Literal["width", "count"] = "width"
) -> NDArray[np.float64]:
    """Borders between levels.

    Parameters
    ----------
    difficulty : array of float
        Difficulties; NaN is left out.
    bins : int
        Number of levels.
    kind : {"width", "count"}
        Levels of equal width from the least to the greatest difficulty, or of equal numbers of images (as
        nearly as ties allow: equal difficulties are never parted, so that a level may be empty).

    Returns
    -------
    (bins + 1,) float
        Not decreasing.

    Examples
    --------
    >>> level_edges([0.0, 0.1, 0.2, 1.0], bins=2).tolist()
    [0.0, 0.5, 1.0]
    >>> level_edges([0.0, 0.1, 0.2, 1.0], bins=2, kind="count").round(3).tolist()
    [0.0, 0.15, 1.0]
    """
    finite = np.asarray(difficulty, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    if kind == "width" or not finite.size:
        return np.histogram_bin_edges(finite, bins)
    return np.quantile(finite, np.linspace(0, 1, bins + 1))


def _columns(values: ArrayLike) -> NDArray[np.float64]:
    """(n,) or (n, m) as (n, m)."""
    values = np.asarray(values, dtype=np.float64)
    return values[:, None] if values.ndim == 1 else values


def level_cells(
    difficulty: ArrayLike,
    right: ArrayLike,
    *,
    bins: int | ArrayLike = 10,
    kind: Literal["width", "count"] = "width",
) -> NDArray[np.float64]:
    """Each image's own contribution to the sums behind `accuracy_by_level`.

    Parameters
    ----------
    difficulty, right, bins, kind
        As in `accuracy_by_level`.

    Returns
    -------
    (n, 3 * bins * m) float
        For `bootstrap.bootstrap_sums`; sums go to `levels_from_sums`. The levels stay those of all images.

    Examples
    --------
    >>> level_cells([0.2, 0.8], [[True], [False]], bins=2).reshape(2, 3, 2)[0].tolist()
    [[1.0, 0.0], [0.2, 0.0], [1.0, 0.0]]
    """
    right, difficulty = _columns(right), _columns(difficulty)
    edges = (
        level_edges(difficulty, bins=int(bins), kind=kind) if isinstance(bins, int | np.integer) else np.asarray(bins)
    )
    level = np.searchsorted(edges[1:-1], difficulty, side="right")
    known = np.isfinite(right) & np.isfinite(difficulty)
    member = (level[:, None] == np.arange(len(edges) - 1)[:, None]) & known[:, None]
    sums = [np.ones_like(right), np.broadcast_to(difficulty, right.shape), right]
    cells = np.stack([np.where(member, value[:, None], 0.0) for value in sums], 1)
    return cells.reshape(len(cells), 3 * (len(edges) - 1) * right.shape[1])


def levels_from_sums(sums: ArrayLike, classifiers: int) -> Levels:
    """Levels from sums of `level_cells`.

    Parameters
    ----------
    sums : (..., 3 * bins * m) float
        Sums over images, or over bootstrap samples of them.
    classifiers : int
        Number of classifiers m.

    Returns
    -------
    Levels
        With the leading axes of `sums`.

    Examples
    --------
    >>> cells = level_cells([0.2, 0.8], [[True], [False]], bins=2)
    >>> levels_from_sums(cells.sum(0), classifiers=1).accuracy.tolist()
    [1.0, 0.0]
    """
    sums = np.asarray(sums)
    count, difficulty, right = np.moveaxis(sums.reshape(*sums.shape[:-1], 3, -1, classifiers), -3, 0)
    return Levels(_finite.divide(difficulty.sum(-1), count.sum(-1)), count, _finite.divide(right, count))


def accuracy_by_level(
    difficulty: ArrayLike,
    right: ArrayLike,
    *,
    bins: int | ArrayLike = 10,
    kind: Literal["width", "count"] = "width",
) -> Levels:
    """Accuracy of each classifier on each level of difficulty; X is the mean difficulty (the honest reading).

    Parameters
    ----------
    difficulty : (n,) or (n, m) float
        Difficulty of each image, for all or for each classifier by itself (its own confidence, the
        leave-one-out agreement of the others).
    right : (n,) or (n, m) bool or float
        Whether each classifier is right, or the share of people who are; NaN did not see.
    bins : int or (bins + 1,) float
        Number of levels, or their edges; what lies beyond the edges joins the outermost level.
    kind : {"width", "count"}
        As in `level_edges`.

    Returns
    -------
    Levels
        Empty levels are NaN.

    Examples
    --------
    >>> levels = accuracy_by_level([0.1, 0.2, 0.9, 1.0], [[0, 0], [0, 1], [1, 1], [1, 0]], bins=2)
    >>> levels.difficulty.round(2).tolist(), levels.accuracy.tolist(), levels.low.tolist()
    ([0.15, 0.95], [0.25, 0.75], [0.0, 0.5])
    """
    cells = level_cells(difficulty, right, bins=bins, kind=kind)
    return levels_from_sums(cells.sum(0), _columns(right).shape[1])


def identity_slope_levels(judged: Levels, machines: Levels) -> Levels:
    """The study's own reading: X is the machines' mean accuracy in the level, not their difficulty.

    Parameters
    ----------
    judged : Levels
        Of people, or of the machines themselves, whose slope is then 1 and intercept 0 by construction.
    machines : Levels
        Of the machines, on the same levels.

    Returns
    -------
    Levels
        `judged` with another X.

    Examples
    --------
    >>> levels = accuracy_by_level([0.1, 0.2, 0.3, 0.9], [0, 0, 1, 1], bins=3)
    >>> identity_slope_levels(levels, levels).difficulty.round(2).tolist()
    [0.33, nan, 1.0]
    """
    return replace(judged, difficulty=machines.accuracy)


def _pairs(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    known = np.isfinite(x) & np.isfinite(y)
    return x[known], y[known]


def fit_line(x: ArrayLike, y: ArrayLike) -> Line:
    """Ordinary least squares line through the levels.

    Parameters
    ----------
    x, y : (bins,) float
        Difficulty and accuracy; levels with a NaN are left out.

    Returns
    -------
    Line
        All NaN with fewer than three levels or only one difficulty.

    Examples
    --------
    >>> line = fit_line([0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 5.0])
    >>> print(f"{line.slope:.2f} [{line.slope_low:.2f}, {line.slope_high:.2f}], p = {line.slope_p:.3f}")
    1.30 [0.55, 2.05], p = 0.017
    """
    x, y = _pairs(x, y)
    if len(x) < 3 or np.ptp(x) == 0:
        return Line(*[np.nan] * 6)
    with np.errstate(divide="ignore", invalid="ignore"):  # a perfect fit has no error to divide by
        fit = OLS(y, np.column_stack([np.ones_like(x), x])).fit()
        low, high = fit.conf_int()[1]
        return Line(*map(float, (fit.params[1], fit.params[0], low, high, fit.pvalues[1], fit.pvalues[0])))


def slope(x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
    """Slopes alone, along the last axis: for replicates of levels.

    Parameters
    ----------
    x, y : (..., bins) float
        Difficulty and accuracy; levels with a NaN are left out.

    Returns
    -------
    (...) float
        NaN with fewer than two levels or only one difficulty.

    Examples
    --------
    >>> slope([[0.0, 1.0, 2.0], [0.0, 1.0, 1.0]], [0.0, 2.0, 4.0]).round(9).tolist()
    [2.0, 3.0]
    """
    x, y = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    known = np.isfinite(x) & np.isfinite(y)
    x, y = (
        np.where(known, value - _finite.mean(np.where(known, value, np.nan), keepdims=True), 0.0) for value in (x, y)
    )
    return _finite.divide((x * y).sum(-1), (x * x).sum(-1))


def slope_difference(x1: ArrayLike, y1: ArrayLike, x2: ArrayLike, y2: ArrayLike) -> SlopeDifference:
    """Difference of two slopes, tested as the interaction term of one regression.

    Parameters
    ----------
    x1, y1, x2, y2 : (bins,) float
        Difficulty and accuracy of machines and of people, say; levels with a NaN are left out.

    Returns
    -------
    SlopeDifference
        First less second; all NaN where either line has fewer than three levels or only one difficulty.

    Examples
    --------
    >>> steep, flat = [0.1, 1.0, 2.1, 2.9], [0.4, 0.6, 0.5, 0.7]
    >>> test = slope_difference([0, 1, 2, 3], steep, [0, 1, 2, 3], flat)
    >>> print(f"{test.difference:.2f} (se {test.se:.3f}), p = {test.p:.5f}")
    0.87 (se 0.057), p = 0.00011
    """
    pairs = [_pairs(x1, y1), _pairs(x2, y2)]
    if any(len(x) < 3 or np.ptp(x) == 0 for x, _ in pairs):
        return SlopeDifference(np.nan, np.nan, np.nan)
    x, y = (np.concatenate(values) for values in zip(*pairs, strict=True))
    first = np.repeat([1.0, 0.0], [len(pairs[0][0]), len(pairs[1][0])])
    with np.errstate(divide="ignore", invalid="ignore"):
        fit = OLS(y, np.column_stack([np.ones_like(x), x, first, first * x])).fit()
        return SlopeDifference(float(fit.params[3]), float(fit.bse[3]), float(fit.pvalues[3]))
