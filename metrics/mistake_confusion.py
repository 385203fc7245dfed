"""Mistake confusion: what g answers, given what f answered, on the images they get wrong.

    C[p, q] = P(g(x) = q | f(x) = p),   pooled over all ordered pairs (f, g), rows normalised

The study, Section 3.1 and Figure 2. Its diagonal is "the same mistake". Which samples count is a reading:
both members wrong ("both"), f wrong ("first") or at least one wrong ("either").

No pair is ever visited. With A[x, p] the number of classifiers that answer p on image x and W[x, p] those
of them that are wrong, the pooled counts are one matrix product over images:

    both    W₁ᵀ W₂
    first   W₁ᵀ A₂
    either  W₁ᵀ A₂ + (A₁ - W₁)ᵀ W₂

and for pairs of one kind, where a classifier is no partner of its own, less diag(Σₓ W₁[x, p]). A and W are sparse, as
an image has no more answers than classifiers, and are made and multiplied a block of images at a time.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from . import _finite
from ._blocks import blocks

Reading = Literal["both", "first", "either"]


def _answers(labels: NDArray, truth: NDArray, classes: int, *, wrong: bool) -> csr_array:
    """(n, k) how many classifiers gave each class to each image: wrongly, or at all."""
    counted = labels >= 0
    if wrong:
        counted &= labels != truth[:, None]
    ends = np.append(0, np.cumsum(np.count_nonzero(counted, axis=1)))
    given = labels[counted]
    answers = csr_array((np.ones(len(given)), given, ends), shape=(len(truth), classes))
    answers.sum_duplicates()
    return answers


def _factors(
    first: NDArray, second: NDArray | None, truth: NDArray, classes: int, reading: Reading
) -> tuple[list[tuple[csr_array, csr_array]], csr_array | None]:
    """Pairs of (n, k) whose products make the counts, and what pairs of one kind take off the diagonal."""
    one_kind = second is None
    second = first if second is None else second
    wrong = _answers(first, truth, classes, wrong=True)
    own = wrong if one_kind else None
    if reading == "both":
        return [(wrong, wrong if one_kind else _answers(second, truth, classes, wrong=True))], own
    products = [(wrong, _answers(second, truth, classes, wrong=False))]
    if reading == "either":
        right = _answers(first, truth, classes, wrong=False) - wrong
        products.append((right, _answers(second, truth, classes, wrong=True)))
    return products, own


def _counts(
    first: ArrayLike, second: ArrayLike | None, truth: ArrayLike, classes: int, reading: Reading
) -> NDArray[np.float64]:
    """(k, k) pooled counts of all images."""
    truth, first = np.asarray(truth), np.asarray(first)
    second = None if second is None else np.asarray(second)
    counts = np.zeros((classes, classes))
    for rows in blocks(len(truth), first.shape[1] + (0 if second is None else second.shape[1])):
        partners = None if second is None else second[rows]
        products, own = _factors(first[rows], partners, truth[rows], classes, reading)
        for left, right in products:
            counts += (left.T @ right).toarray()
        if own is not None:
            counts -= np.diag(own.sum(0))
    return counts


def mistake_cells(
    first: ArrayLike, second: ArrayLike | None, truth: ArrayLike, classes: int, *, reading: Reading = "both"
) -> NDArray[np.int32]:
    """Each image's own contribution to the pooled counts, for the bootstrap over images.

    Parameters
    ----------
    first, second, truth, classes, reading
        As in `mistake_confusion`.

    Returns
    -------
    (n, k * k) int32
        Sums over (resampled) images, reshaped to (..., k, k), are the counts that `normalise_rows` takes.

    Examples
    --------
    Two classifiers call a 0 a 1, a third calls it a 2.

    >>> mistake_cells([[1, 1, 2]], None, [0], 3).reshape(3, 3)
    array([[0, 0, 0],
           [0, 2, 2],
           [0, 2, 0]], dtype=int32)
    """
    truth, first = np.asarray(truth), np.asarray(first)
    products, own = _factors(first, None if second is None else np.asarray(second), truth, classes, reading)
    cells = sum(left.toarray()[:, :, None] * right.toarray()[:, None, :] for left, right in products)
    if own is not None:
        cells -= own.toarray()[:, :, None] * np.eye(classes)
    return cells.reshape(-1, classes * classes).astype(np.int32)


def mistake_confusion(
    first: ArrayLike, second: ArrayLike | None, truth: ArrayLike, classes: int, *, reading: Reading = "both"
) -> NDArray[np.float64]:
    """Pooled, row-normalised confusion between the mistakes of two kinds of classifiers.

    Parameters
    ----------
    first, second : (n, m) int
        Labels, one column a classifier; -1 did not see, and never counts. Without `second`, all ordered pairs
        of different columns of `first`. Read block by block where they are memory-mapped.
    truth : (n,) int
        True classes.
    classes : int
        Number of classes k.
    reading : {"both", "first", "either"}
        Which samples count: both members wrong, the first wrong, at least one wrong.

    Returns
    -------
    (k, k) float
        Rows sum to 1; a row is NaN where no counted sample has that answer of `first`.

    Examples
    --------
    >>> people, machines = [[1, 2], [1, 1], [0, 2]], [[1], [2], [2]]
    >>> mistake_confusion(people, machines, [0, 0, 0], 3)[1:].round(2).tolist()
    [[0.0, 0.33, 0.67], [0.0, 0.5, 0.5]]
    """
    return normalise_rows(_counts(first, second, truth, classes, reading))


def normalise_rows(counts: ArrayLike) -> NDArray[np.float64]:
    """Divide each row by its sum.

    Parameters
    ----------
    counts : (..., k, k) number
        Pooled counts.

    Returns
    -------
    (..., k, k) float
        Rows that sum to 1; a row of no counts is NaN.

    Examples
    --------
    >>> normalise_rows([[1, 3], [0, 0]]).tolist()
    [[0.25, 0.75], [nan, nan]]
    """
    counts = np.asarray(counts)
    return _finite.divide(counts, counts.sum(-1, keepdims=True))


def empty_rows(counts: ArrayLike) -> NDArray[np.float64]:
    """Share of rows in which nothing was counted.

    Parameters
    ----------
    counts : (..., k, k) number
        Pooled counts, or the normalised matrix (whose empty rows are NaN).

    Returns
    -------
    (...) float
        In [0, 1].

    Examples
    --------
    >>> float(empty_rows([[1, 3], [0, 0]]))
    0.5
    """
    return _finite.mean(~(np.asarray(counts).sum(-1) > 0))


def same_mistake(confusion: ArrayLike) -> NDArray[np.float64]:
    """Mean of the diagonal: how often g makes the very mistake that f made.

    Parameters
    ----------
    confusion : (..., k, k) float
        Row-normalised matrices; NaN rows are left out.

    Returns
    -------
    (...) float
        In [0, 1]; NaN where every row is empty.

    Examples
    --------
    >>> float(same_mistake([[0.25, 0.75], [0.5, 0.5]]))
    0.375
    """
    return _finite.mean(np.diagonal(np.asarray(confusion), axis1=-2, axis2=-1))
