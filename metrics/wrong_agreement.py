"""Wrong agreement: where two are both wrong, do they give the same wrong answer more often than chance?

    observed = P(same answer | both wrong)
    chance   = Σ_t P(truth t | both wrong) Σ_q e_A(q | t) e_B(q | t),   e(q | t) = P(answer q | truth t, wrong)
    beyond   = (observed - chance) / (1 - chance)

Chance comes from the two confusion matrices alone: two who draw each wrong answer from their own row of confusions,
without looking at the image again. So everybody's calling cats dogs is chance here, and what is beyond it is about the
image. It is signed. (The misclassification agreement of Xu et al., AAAI 2025, is Cohen's kappa of the answers where
both are wrong; its chance forgets the truth, so that common confusions count as agreement.)

    who                                             beyond  why
    never both wrong                                NaN     there is nothing to agree on
    two classes, or one confusion each              NaN     chance is 1: the truth alone says the wrong answer
    identical, and more than one confusion          1

All pairs at once: matrix products over blocks of images; for the bootstrap, sums of per-image cells within each true
class.
"""

from collections.abc import Iterable
from functools import reduce
from math import isqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _finite
from ._blocks import blocks


class WrongAgreement(NamedTuple):
    """(..., m, m) agreement where both are wrong: as observed, by chance, and beyond chance; diagonals are NaN."""

    observed: NDArray[np.float64]
    chance: NDArray[np.float64]
    beyond: NDArray[np.float64]


def wrong_agreement_cells(labels: ArrayLike, truth: ArrayLike, classes: int) -> NDArray[np.uint8]:
    """Each image's own contribution to the sums behind `wrong_agreement`, for the bootstrap over images.

    Parameters
    ----------
    labels : (n, m) int
        Labels, one column a classifier; -1 did not see.
    truth : (n,) int
        True classes.
    classes : int
        Number of classes k.

    Returns
    -------
    (n, m (m - 1 + k)) uint8
        Each pair a < b that is wrong; each that is wrong with one answer; each classifier's wrong answer.

    Examples
    --------
    >>> wrong_agreement_cells([[1, 2], [2, 2]], [0, 0], 3).tolist()
    [[1, 0, 0, 1, 0, 0, 0, 1], [1, 1, 0, 0, 1, 0, 0, 1]]
    """
    labels, truth = np.asarray(labels), np.asarray(truth)
    wrong = (labels >= 0) & (labels != truth[:, None])
    first, second = np.triu_indices(labels.shape[1], 1)
    both = wrong[:, first] & wrong[:, second]
    same = both & (labels[:, first] == labels[:, second])
    answers = wrong[:, :, None] & (labels[:, :, None] == np.arange(classes))
    return np.hstack([both, same, answers.reshape(len(labels), labels.shape[1] * classes)]).astype(np.uint8)


def wrong_agreement_from_sums(sums: ArrayLike | Iterable[ArrayLike], classifiers: int | None = None) -> WrongAgreement:
    """Wrong agreement of all pairs from sums of `wrong_agreement_cells` within each true class.

    Parameters
    ----------
    sums : (..., k, m (m - 1 + k)) number
        Sums over the images of each class, or over bootstrap samples of them. Of many classes, too many to be held at
        once: one after another, each (..., m (m - 1 + v)), its answers numbered anew, 0 its truth and the others those
        that anybody gave.
    classifiers : int, optional
        Their number m, where classes come one after another.

    Returns
    -------
    WrongAgreement
        With the leading axes of `sums`.

    Examples
    --------
    >>> cells = wrong_agreement_cells([[1, 1], [2, 2]], [0, 0], 3)
    >>> agreement = wrong_agreement_from_sums([cells.sum(0), 0 * cells[0], 0 * cells[0]])
    >>> [float(part[0, 1]) for part in agreement]
    [1.0, 0.5, 1.0]
    >>> float(wrong_agreement_from_sums(iter([cells.sum(0)]), classifiers=2).beyond[0, 1])
    1.0
    """
    if classifiers is None:
        sums = np.asarray(sums, dtype=np.float64)
        k, length = sums.shape[-2:]
        classifiers = (isqrt((k - 1) ** 2 + 4 * length) - (k - 1)) // 2
        sums = np.moveaxis(sums, -2, 0)
    of_class = (_terms(each, classifiers) for each in sums)  # type: ignore[union-attr]
    pairs, same, expected = reduce(np.add, of_class)
    return _ratios(pairs, same, expected, classifiers)


def _terms(sums: ArrayLike, m: int) -> NDArray[np.float64]:
    """(3, ..., p) what a class adds to the pairs: both wrong, with one answer, and with one answer by chance."""
    sums, pairs = np.asarray(sums, dtype=np.float64), m * (m - 1) // 2
    both, same, answers = np.split(sums, [pairs, 2 * pairs], axis=-1)
    return np.stack([both, same, _expected(both, answers.reshape(*answers.shape[:-1], m, -1))])


def _expected(both: NDArray, answers: NDArray) -> NDArray:
    """(..., p) answers shared by chance, from (..., p) pairs both wrong and (..., m, k) wrong answers to one class."""
    first, second = np.triu_indices(answers.shape[-2], 1)
    rows = np.nan_to_num(_finite.divide(answers, answers.sum(-1, keepdims=True)))  # no error, and so no pair: any row
    return both * (rows @ rows.swapaxes(-1, -2))[..., first, second]


def _ratios(pairs: NDArray, same: NDArray, expected: NDArray, m: int) -> WrongAgreement:
    """From (..., p) pairs both wrong, with one answer, and with one answer by chance."""
    observed, chance = _finite.divide(same, pairs), _finite.divide(expected, pairs)
    certain = np.isclose(chance, 1, rtol=0, atol=1e-12)
    chance = np.where(certain, 1, chance)
    beyond = _finite.divide(observed - chance, 1 - chance)
    return WrongAgreement(*(_unfolded(part, m) for part in (observed, chance, beyond)))


def _unfolded(pairs: NDArray[np.float64], m: int) -> NDArray[np.float64]:
    """(..., m, m) symmetric, from (..., m (m - 1) / 2) pairs a < b."""
    first, second = np.triu_indices(m, 1)
    matrix = np.full((*pairs.shape[:-1], m, m), np.nan)
    matrix[..., first, second] = matrix[..., second, first] = pairs
    return matrix


def wrong_agreement(labels: ArrayLike, truth: ArrayLike, classes: int) -> WrongAgreement:
    """Agreement on the same wrong answer of all pairs, where both are wrong.

    Parameters
    ----------
    labels, truth, classes
        As in `wrong_agreement_cells`; labels are read block by block where they are memory-mapped.

    Returns
    -------
    WrongAgreement
        Observed and chance in [0, 1], beyond at most 1; NaN as the module's table says.

    Examples
    --------
    Both call half of the 0s a 1 and half a 2: by chance they agree on one in two, and they do on three in four.

    >>> labels = [[1, 1], [1, 1], [2, 2], [2, 1], [1, 0], [2, 0], [2, 0], [0, 2], [0, 2]]
    >>> [round(float(part[0, 1]), 2) for part in wrong_agreement(labels, [0] * 9, 3)]
    [0.75, 0.5, 0.5]
    """
    labels, truth = np.asarray(labels), np.asarray(truth)
    n, m = labels.shape
    both, same, answers = np.zeros((classes, m, m)), np.zeros((m, m)), np.zeros((classes, m, classes))
    for rows in blocks(n, m * classes):
        said, true = labels[rows], truth[rows]
        wrong = (said >= 0) & (said != true[:, None])
        of_class = (true[:, None] == np.arange(classes)).astype(np.float32)
        for t in range(classes):
            missed = wrong[true == t].astype(np.float32)
            both[t] += missed.T @ missed
        for answer in range(classes):
            given = (wrong & (said == answer)).astype(np.float32)
            same += given.T @ given
            answers[:, :, answer] += of_class.T @ given
    first, second = np.triu_indices(m, 1)
    both = both[:, first, second]
    return _ratios(both.sum(0), same[first, second], _expected(both, answers).sum(0), m)
