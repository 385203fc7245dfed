"""Oracle: the team is right where either member is. No rule that picks one of two answers does better.

    O = P(A or B) = P(A) + P(B) - P(A and B)

The study, Section 4.1, Figures 5a and 7a.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _finite
from ..joint_cells import count_joint


def oracle_from_counts(both: ArrayLike, n: ArrayLike) -> NDArray[np.float64]:
    """Oracle accuracy of all pairs from their joint counts.

    Parameters
    ----------
    both : (..., m, m) float
        Images both are right on, from `joint_cells.joint_counts`.
    n : (...) float
        Images in all.

    Returns
    -------
    (..., m, m) float
        As in `oracle_matrix`.

    Examples
    --------
    >>> oracle_from_counts([[2, 1], [1, 2]], 4).tolist()
    [[0.5, 0.75], [0.75, 0.5]]
    """
    both = np.asarray(both, dtype=np.float64)
    right = np.diagonal(both, axis1=-2, axis2=-1)
    return _finite.divide(right[..., :, None] + right[..., None, :] - both, np.asarray(n)[..., None, None])


def oracle_matrix(right: ArrayLike) -> NDArray[np.float64]:
    """Oracle accuracy of all pairs.

    Parameters
    ----------
    right : (n, m) bool
        Whether each classifier is right.

    Returns
    -------
    (m, m) float
        Symmetric, in [0, 1]; each one's own accuracy on the diagonal. NaN without images.

    Examples
    --------
    >>> oracle_matrix([[True, False], [False, True], [False, False], [True, True]]).tolist()
    [[0.5, 0.75], [0.75, 0.5]]
    """
    return oracle_from_counts(*count_joint(right))


def oracle(right_a: ArrayLike, right_b: ArrayLike) -> NDArray[np.float64]:
    """Oracle accuracy of one pair.

    Parameters
    ----------
    right_a, right_b : (n,) bool
        Whether each member is right.

    Returns
    -------
    float
        In [0, 1]; NaN without images.

    Examples
    --------
    >>> float(oracle([True, False, False, True], [False, True, False, True]))
    0.75
    """
    return oracle_matrix(np.column_stack([right_a, right_b]))[0, 1]
