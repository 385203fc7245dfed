"""Calibration: are the probabilities what they say?

    log loss           -log p(y)                                              Good 1952
    Brier score        Σ_k (p_k - 1[y = k])²                                  Brier 1950, from 0 to 2
    calibration error  Σ_b n_b/n |d_b|,  d_b = accuracy - mean confidence     "ECE", of the most probable class
    debiased           Σ_b n_b/n (|d_b| + δ_b - E|N(δ_b, s_b²)|),  δ_b² = max(d_b² - s_b², 0),  s_b² its variance

Log loss and Brier score are proper: nothing but the true probabilities minimises them. The calibration error is
not, and finite bins make it too large, even where the probabilities are perfect. The debiased one takes off what the
sampling of a bin, s_b² = accuracy (1 - accuracy) / n_b, adds to its |d_b|: the mean of a folded normal less what is
folded, as Kumar, Liang & Ma do it (NeurIPS 2019, Section 4), but at a δ_b whose square is debiased itself (Bröcker,
Climate Dynamics 39, 2012), which leaves a fifth of the bias where theirs leaves three. It can be below 0.

**Bins** hold equal numbers of images, as nearly as ties allow: their edges are the quantiles of the images' own
confidences (`levels.level_edges`, kind "count"), an image on an edge belongs to the bin above it, and equal
confidences are never parted. Where one confidence is so frequent that bins would have no width they merge.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from . import _finite
from .levels import level_cells, level_edges, levels_from_sums

BINS = 15
DIGITS = 12  # confidences that agree so far are equal: what is left is the order in which sums were taken


def log_losses(probs: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """Log loss of each image, in nats; its mean is the negative log-likelihood.

    Parameters
    ----------
    probs : (n, k) float
        Class probabilities.
    truth : (n,) int
        True classes.

    Returns
    -------
    (n,) float
        Not negative; infinite where the true class was given no chance.

    Examples
    --------
    >>> log_losses([[0.5, 0.5], [1.0, 0.0]], [0, 0]).round(4).tolist()
    [0.6931, 0.0]
    """
    given = _of_truth(probs, truth)
    with np.errstate(divide="ignore"):
        return np.maximum(-np.log(given), 0.0)  # no -0.0, and none for a probability rounded above 1


def brier_scores(probs: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """Brier score of each image: squared distance from the truth's own probabilities.

    Parameters
    ----------
    probs, truth
        As in `log_losses`.

    Returns
    -------
    (n,) float
        In [0, 2].

    Examples
    --------
    >>> brier_scores([[0.5, 0.5], [1.0, 0.0]], [0, 0]).tolist()
    [0.5, 0.0]
    """
    probs = np.asarray(probs, dtype=np.float64)
    given = _of_truth(probs, truth)
    return np.maximum((probs**2).sum(1) - 2 * given + 1, 0.0)


def calibration_cells(probs: ArrayLike, truth: ArrayLike, bins: int = BINS) -> NDArray[np.float64]:
    """Each image's own contribution to the sums behind `calibration_error`.

    Parameters
    ----------
    probs, truth
        As in `log_losses`.
    bins : int
        Number of bins of equal mass.

    Returns
    -------
    (n, 3 * b) float
        For `bootstrap.bootstrap_sums`; sums go to `calibration_from_sums`. The bins stay those of all images;
        b is at most `bins`.

    Examples
    --------
    >>> calibration_cells([[0.75, 0.25], [0.5, 0.5]], [0, 1], bins=2).tolist()
    [[0.0, 1.0, 0.0, 0.75, 0.0, 1.0], [1.0, 0.0, 0.5, 0.0, 0.0, 0.0]]
    """
    probs = np.asarray(probs, dtype=np.float64)
    confidence = probs.max(1, initial=0.0).round(DIGITS)
    right = probs.argmax(1) == truth
    inner = np.unique(level_edges(confidence, bins=bins, kind="count")[1:-1])
    return level_cells(confidence, right, bins=np.concatenate([[-np.inf], inner, [np.inf]]))


def calibration_from_sums(sums: ArrayLike, debiased: bool = False) -> NDArray[np.float64]:
    """Calibration error from sums of `calibration_cells`.

    Parameters
    ----------
    sums : (..., 3 * b) float
        Sums over images, or over bootstrap samples of them.
    debiased : bool
        As in `calibration_error`.

    Returns
    -------
    (...) float
        NaN without images.

    Examples
    --------
    >>> cells = calibration_cells([[0.75, 0.25], [0.5, 0.5]], [0, 1], bins=2)
    >>> float(calibration_from_sums(cells.sum(0)))
    0.375
    """
    levels = levels_from_sums(sums, classifiers=1)
    count = levels.count[..., 0]
    share_right = levels.accuracy
    gap = np.abs(share_right - levels.difficulty)
    if debiased:
        variance = _finite.divide(share_right * (1 - share_right), count)
        true_gap = np.sqrt(np.maximum(gap**2 - variance, 0))
        gap = gap + true_gap - _mean_of_folded_normal(true_gap, np.sqrt(variance))
    return _finite.divide(np.where(count > 0, count * gap, 0.0).sum(-1), count.sum(-1))


def calibration_error(
    probs: ArrayLike, truth: ArrayLike, bins: int = BINS, debiased: bool = False
) -> NDArray[np.float64]:
    """Expected calibration error of the most probable class, over bins of equal mass.

    Parameters
    ----------
    probs, truth, bins
        As in `calibration_cells`.
    debiased : bool
        Take off what the sampling of the bins adds; can be below 0.

    Returns
    -------
    float
        In [0, 1] where it is not debiased; NaN without images.

    Examples
    --------
    >>> float(calibration_error([[0.75, 0.25], [0.5, 0.5]], [0, 1], bins=2))
    0.375
    """
    return calibration_from_sums(calibration_cells(probs, truth, bins).sum(0), debiased)


def _of_truth(probs: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """(n,) the probability given to the true class."""
    probs = np.asarray(probs, dtype=np.float64)
    return probs[np.arange(len(probs)), np.asarray(truth, dtype=int)]


def _mean_of_folded_normal(mean: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """E|X| of a normal X; the mean itself where nothing scatters."""
    z = np.where(spread > 0, _finite.divide(mean, spread), np.inf)
    folded = spread * np.sqrt(2 / np.pi) * np.exp(-(z**2) / 2) + mean * (1 - 2 * ndtr(-z))
    return np.where(spread > 0, folded, mean)
