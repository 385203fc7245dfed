"""Matching percentage on a balanced set: how alike are two classifiers, right for right and wrong for wrong?

    M = (P(A | B) + P(not A | not B)) / 2,   A, B = "this classifier is right on x"

The study, Section 3.4, Figures 4 and 6, draws a random subset in which half of the answers are right. Balanced on
B ("column") the expectation over such draws is M on the full set, exactly: no draw, no seed. Two more
balancings show how much hangs on that choice: on A ("row"), which swaps the roles, and on the answers of both
together ("pooled"), where

    M = P(other right | an answer right) / 2 + P(other wrong | an answer wrong) / 2

With R right answers in the balancing pool of N, all three are (both / R + neither / (N - R)) / 2.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _finite
from .joint_cells import count_joint

Balance = Literal["column", "row", "pooled"]


def matching_from_counts(both: ArrayLike, n: ArrayLike, *, balance: Balance = "column") -> NDArray[np.float64]:
    """Matching of all pairs from their joint counts.

    Parameters
    ----------
    both : (..., m, m) float
        Images both are right on, from `joint_cells.joint_counts`.
    n : (...) float
        Images in all.
    balance : {"column", "row", "pooled"}
        Whose answers are half right and half wrong: B's, A's, or both together.

    Returns
    -------
    (..., m, m) float
        As in `matching_matrix`.

    Examples
    --------
    >>> matching_from_counts([[2, 1], [1, 2]], 4)[0].tolist()
    [1.0, 0.5]
    """
    both, n = np.asarray(both, dtype=np.float64), np.asarray(n, dtype=np.float64)[..., None, None]
    right = np.diagonal(both, axis1=-2, axis2=-1)
    row, column = right[..., :, None], right[..., None, :]
    neither = n - row - column + both
    balanced = {"column": column, "row": row, "pooled": (row + column) / 2}[balance]
    return (_finite.divide(both, balanced) + _finite.divide(neither, n - balanced)) / 2


def matching_matrix(right: ArrayLike, *, balance: Balance = "column") -> NDArray[np.float64]:
    """Matching percentage of all pairs.

    Parameters
    ----------
    right : (n, m) bool
        Whether each classifier is right.
    balance : {"column", "row", "pooled"}
        As in `matching_from_counts`.

    Returns
    -------
    (m, m) float
        Row A, column B; in [0, 1], 1 on the diagonal; not symmetric unless pooled. NaN where the balancing
        answers are all right or all wrong.

    Examples
    --------
    >>> matching_matrix([[True, True], [True, True], [False, False], [False, True]]).round(3).tolist()
    [[1.0, 0.833], [0.75, 1.0]]
    """
    return matching_from_counts(*count_joint(right), balance=balance)


def matching(right_a: ArrayLike, right_b: ArrayLike, *, balance: Balance = "column") -> NDArray[np.float64]:
    """Matching percentage of two classifiers: expectation over balanced draws.

    Parameters
    ----------
    right_a, right_b : (n,) bool
        Whether A (the row) and B (the column) are right.
    balance : {"column", "row", "pooled"}
        As in `matching_from_counts`.

    Returns
    -------
    float
        In [0, 1]; 1/2 for independent classifiers; NaN where the balancing answers are all right or wrong.

    Examples
    --------
    >>> float(matching([True, True, False, False], [True, True, False, True], balance="row"))
    0.75
    """
    return matching_matrix(np.column_stack([right_a, right_b]), balance=balance)[0, 1]


def matching_draw(right_a: ArrayLike, right_b: ArrayLike, seed: int = 0) -> float:
    """Matching on one random balanced subset, as the study measured it: right and wrong answers of B, as many.

    Parameters
    ----------
    right_a, right_b : (n,) bool
        Whether A (the row) and B (the column) are right.
    seed : int
        Which subset.

    Returns
    -------
    float
        In [0, 1]; NaN where B is always right or always wrong. Its mean over seeds is `matching`.

    Examples
    --------
    >>> matching_draw([True, True, False, False], [True, True, False, False])
    1.0
    """
    right_a, right_b = np.asarray(right_a, dtype=bool), np.asarray(right_b, dtype=bool)
    rng = np.random.default_rng(seed)
    kinds = [np.flatnonzero(right_b), np.flatnonzero(~right_b)]
    size = min(map(len, kinds))
    chosen = np.concatenate([rng.choice(kind, size, replace=False) for kind in kinds])
    return float(np.mean(right_a[chosen] == right_b[chosen])) if size else np.nan
