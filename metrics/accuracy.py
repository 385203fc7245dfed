"""Accuracy: the share of the images seen that are labelled right, and its Wilson interval.

    accuracy = right / n
    Wilson   = (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n),   p = right / n

The study, Table 1. Wilson, Journal of the American Statistical Association 22, 1927:
unlike p ± z·se it has a width where nobody, or everybody, is right.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from ._finite import divide


def accuracy(labels: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """Share of right labels among the images that were seen.

    Parameters
    ----------
    labels : (n,) or (n, m) int
        Labels of one classifier, or one column a classifier; -1 did not see.
    truth : (n,) int
        True classes.

    Returns
    -------
    float or (m,) float
        In [0, 1]; NaN for who saw nothing.

    Examples
    --------
    >>> accuracy([[0, 1], [1, 1], [-1, 0]], [0, 1, 2]).tolist()
    [1.0, 0.3333333333333333]
    """
    labels, truth = np.asarray(labels), np.asarray(truth)
    seen = labels >= 0
    right = seen & (truth == labels.T).T
    return divide(right.sum(0), seen.sum(0))


def share_right(counts: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """Share of people who label each image right, from counts of their labels.

    Parameters
    ----------
    counts : (n, k) int
        How many people gave each class.
    truth : (n,) int
        True classes.

    Returns
    -------
    (n,) float
        In [0, 1]; NaN where nobody saw the image. Its mean is the accuracy of a person drawn at random.

    Examples
    --------
    >>> share_right([[3, 1], [2, 0]], [0, 1]).tolist()
    [0.75, 0.0]
    """
    counts, truth = np.asarray(counts), np.asarray(truth)
    return divide(np.take_along_axis(counts, truth[:, None], 1)[:, 0], counts.sum(1))


def wilson_interval(
    right: ArrayLike, n: ArrayLike, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's interval for a proportion.

    Parameters
    ----------
    right, n : (...) int
        Number right and number seen; they broadcast.
    level : float
        Confidence level, in (0, 1).

    Returns
    -------
    low, high : (...) float
        Ends of the interval, in [0, 1]; NaN where n is 0.

    Examples
    --------
    >>> low, high = wilson_interval(8282, 10_000)
    >>> print(f"{low:.4f} {high:.4f}")
    0.8207 0.8355
    """
    z = ndtri((1 + level) / 2)
    p, extra = divide(right, n), divide(z**2, n)
    centre = p + extra / 2
    half = np.sqrt(extra * (p * (1 - p) + extra / 4))
    return np.maximum((centre - half) / (1 + extra), 0), np.minimum((centre + half) / (1 + extra), 1)
