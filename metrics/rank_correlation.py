"""Rank correlation: do two measures put the same things in the same order?

    ρ = cor(rank(x), rank(y)),   ties share their mean rank

Spearman, American Journal of Psychology 15, 1904. The study's order of methods (Table 1), its two 13 x 17
matrices (Figure 7) and its measures of difficulty (Section 3.3) are compared by it.

In a bootstrap sample of images the rank of a value v, ties included, is W(<v) + (W(=v) + 1) / 2, with W the
weight of the images that have such values; so resampling needs one sort per measure, not one per sample.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from . import _finite

BLOCK = 64  # replicates at a time: bounds the memory at 64 · n · d floats


def rank_correlation(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Spearman's rank correlation along the last axis.

    Parameters
    ----------
    first, second : (..., n) float
        Two measures of the same n things; leading axes (replicates, say) broadcast.

    Returns
    -------
    (...) float
        In [-1, 1]; NaN where a measure is constant, empty or holds a NaN.

    Examples
    --------
    >>> float(rank_correlation([84.5, 85.0, 90.0], [84.0, 86.0, 85.0]))
    0.5
    """
    ranks = [rankdata(values, axis=-1) for values in (first, second)]
    x, y = (rank - _finite.mean(rank, keepdims=True) for rank in ranks)
    return _finite.divide((x * y).sum(-1), np.sqrt((x**2).sum(-1) * (y**2).sum(-1)))


def resampled_rank_correlations(measures: ArrayLike, weights: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Rank correlations among several measures, in each bootstrap sample of the images.

    Parameters
    ----------
    measures : (n, d) float
        d measures of each image; images for which any is NaN are left out.
    weights : (B, n) uint8
        From `bootstrap.resample_counts`.

    Returns
    -------
    (B, d, d) float
        As `rank_correlation` of the repeated images.

    Examples
    --------
    >>> import numpy as np
    >>> weights = np.array([[1, 1, 1], [2, 1, 0]], dtype=np.uint8)
    >>> resampled_rank_correlations([[1, 1], [2, 3], [3, 2]], weights)[:, 0, 1].round(9).tolist()
    [0.5, 1.0]
    """
    measures = np.asarray(measures, dtype=np.float64)
    complete = ~np.isnan(measures).any(1)
    kept, weights = measures[complete], weights[:, complete]
    n, d = kept.shape
    values = [np.unique(column, return_inverse=True, return_counts=True)[1:] for column in kept.T]
    result = np.full((len(weights), d, d), np.nan)
    for start in range(0, len(weights), BLOCK):
        weight = weights[start : start + BLOCK].astype(np.float64)
        ranks = np.empty((len(weight), d, n))
        for j, (inverse, count) in enumerate(values):
            order = np.argsort(inverse, kind="stable")
            tied = np.add.reduceat(weight[:, order], np.cumsum(count) - count, axis=1)
            ranks[:, j] = (tied.cumsum(1) - (tied - 1) / 2)[:, inverse]
        ranks -= (weight.sum(1) + 1)[:, None, None] / 2
        products = (ranks * weight[:, None]) @ ranks.swapaxes(1, 2)
        scale = np.sqrt(np.diagonal(products, axis1=1, axis2=2))
        result[start : start + BLOCK] = _finite.divide(products, scale[:, :, None] * scale[:, None])
    return result
