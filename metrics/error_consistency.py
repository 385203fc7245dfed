"""Error consistency: do two classifiers err on the same images more often than their accuracies make them?

    κ = (c_obs - c_exp) / (1 - c_exp)
    c_obs = P(both right or both wrong),   c_exp = a b + (1 - a)(1 - b),   a, b the two accuracies

Geirhos, Meding & Wichmann, NeurIPS 2020: Cohen's kappa of being right. It is signed: two who err on different images
have κ < 0, and no absolute value is ever taken. From the number of images n, of those that A and B are right on, and
of those that both are right on,

    κ = 2 (n both - right_A right_B) / (right_A (n - right_B) + right_B (n - right_A))

Degenerate cases, the one table of them:

    who                                             κ      why
    both flawless                                   NaN    no image tells them apart from chance: 0 / 0, not 1
    both always wrong                               NaN    the same
    one flawless, or always wrong, the other not    0      what chance gives, whatever the other does
    one flawless, the other always wrong            0      the same
    identical, some right and some wrong            1
    no image                                        NaN    nothing was seen

*Bounds.* Two accuracies alone bound κ (Geirhos et al., Section 2): c_obs lies between |a + b - 1| and 1 - |a - b|.

*Unbiased form.* c_exp is estimated by a product of two shares of the same images, which is biased. Over pairs of
different images it is not, and then numerator and denominator are unbiased and κ_U = n κ / (n - 1 + κ): of the sign
of κ, 0 and 1 where κ is, and below -1 by up to 2 / (n - 2). What is left is the bias of a quotient: between accuracies
of 0.6 and 0.7 less than half of κ's own, near flawless classifiers most of it; where κ is 0 the plain form has none.
Martín Andrés & Álvarez Hernández, Advances in Data Analysis and Classification 19, 2025.

*Intervals.* By the bootstrap over images (`bootstrap`), as Klein, Meyen, Brendel, Wichmann & Meding, NeurIPS 2025,
recommend; the analytic standard error is Fleiss, Cohen & Everitt's, Psychological Bulletin 72, 1969.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _finite
from .joint_cells import count_joint


def _table(both: ArrayLike, n: ArrayLike) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Both right, right of the row, right of the column, images: (..., m, m) or what broadcasts to it."""
    both, n = np.asarray(both, dtype=np.float64), np.asarray(n, dtype=np.float64)[..., None, None]
    right = np.diagonal(both, axis1=-2, axis2=-1)
    return both, right[..., :, None], right[..., None, :], n


def consistency_from_counts(both: ArrayLike, n: ArrayLike, *, unbiased: bool = False) -> NDArray[np.float64]:
    """Error consistency of all pairs from their joint counts.

    Parameters
    ----------
    both : (..., m, m) float
        Images both are right on, from `joint_cells.joint_counts`.
    n : (...) float
        Images in all.
    unbiased : bool
        Whether chance is estimated over pairs of different images.

    Returns
    -------
    (..., m, m) float
        As in `error_consistency_matrix`.

    Examples
    --------
    >>> consistency_from_counts([[2, 1], [1, 2]], 4).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    both, row, column, n = _table(both, n)
    kappa = _finite.divide(2 * (n * both - row * column), row * (n - column) + column * (n - row))
    return _finite.divide(n * kappa, n - 1 + kappa) if unbiased else kappa


def consistency_se_from_counts(both: ArrayLike, n: ArrayLike) -> NDArray[np.float64]:
    """Analytic standard error of the error consistency of all pairs (Fleiss, Cohen & Everitt).

    Parameters
    ----------
    both, n
        As in `consistency_from_counts`.

    Returns
    -------
    (..., m, m) float
        0 where κ is the same in every sample (identical classifiers, a flawless one); NaN where κ is.

    Examples
    --------
    >>> consistency_se_from_counts([[80, 70], [70, 80]], 100)[0, 1].round(4).tolist()
    0.1135
    """
    both, row, column, n = _table(both, n)
    a, b, p11 = (_finite.divide(part, n) for part in (row, column, both))
    expected = a + b - 2 * a * b  # disagreement by chance
    kappa = _finite.divide(2 * (p11 - a * b), expected)

    # what one image pulls, by whether A and B are right on it (both wrong: 0); κ's variance is that of the pull over n
    only_a, only_b = (_finite.divide(-2 * other - kappa * (1 - 2 * other), expected) for other in (b, a))
    both_right = _finite.divide(2 * (1 - a - b) - 2 * kappa * (1 - a - b), expected)
    cells = ((a - p11, only_a), (b - p11, only_b), (p11, both_right))
    mean = sum(share * pull for share, pull in cells)
    square = sum(share * pull**2 for share, pull in cells)
    return np.sqrt(_finite.divide(np.maximum(square - mean**2, 0), n))


def consistency_bounds(first: ArrayLike, second: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What error consistency can be, given two accuracies.

    Parameters
    ----------
    first, second : (...) float
        Accuracies in [0, 1]; they broadcast.

    Returns
    -------
    low, high : (...) float
        In [-1, 1]; NaN where κ is undefined (both 0, or both 1).

    Examples
    --------
    >>> low, high = consistency_bounds([0.5, 0.8, 1.0], [0.5, 0.9, 1.0])
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([-1.0, -0.15, nan], [1.0, 0.62, nan])
    """
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    chance = first * second + (1 - first) * (1 - second)
    ends = np.abs(first + second - 1), 1 - np.abs(first - second)
    low, high = (_finite.divide(observed - chance, 1 - chance) for observed in ends)
    return low, high


def error_consistency_matrix(right: ArrayLike, *, unbiased: bool = False) -> NDArray[np.float64]:
    """Error consistency of all pairs.

    Parameters
    ----------
    right : (n, m) bool
        Whether each classifier is right.
    unbiased : bool
        As in `consistency_from_counts`.

    Returns
    -------
    (m, m) float
        Symmetric, 1 on the diagonal, in [-1, 1]; the unbiased form may be less than -1. NaN as the module's table says.

    Examples
    --------
    >>> error_consistency_matrix([[True, False], [True, True], [False, True], [True, True]]).round(2).tolist()
    [[1.0, -0.33], [-0.33, 1.0]]
    """
    return consistency_from_counts(*count_joint(right), unbiased=unbiased)


def error_consistency(right_a: ArrayLike, right_b: ArrayLike, *, unbiased: bool = False) -> NDArray[np.float64]:
    """Error consistency of two classifiers.

    Parameters
    ----------
    right_a, right_b : (n,) bool
        Whether A and B are right.
    unbiased : bool
        As in `consistency_from_counts`.

    Returns
    -------
    float
        In [-1, 1]; the unbiased form may be less than -1. NaN as the module's table says.

    Examples
    --------
    >>> float(error_consistency([True, True, False, False], [True, False, True, False]))
    0.0
    """
    return error_consistency_matrix(np.column_stack([right_a, right_b]), unbiased=unbiased)[0, 1]
