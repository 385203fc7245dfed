"""Threshold: where the machine's confidence is at most eta, take the partner's answer.

    team(x) = partner(x) where max_k p(k | x) <= eta, else machine(x)

The study, Section 4.2, Figures 5b and 7b. Three thresholds to tell apart: a fixed one (`threshold_team`), the best
in hindsight, as in the study's Figure 7 (`best_eta`), and one chosen on other images than it is scored on, which
is what a user can have (`cross_fitted`).
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _finite
from .._blocks import blocks
from ._machine import log_probs
from ._people import majority, votes
from ._replace import replaced, share_right

BLOCK = 128  # replicates at a time


def threshold_right(
    confidence: ArrayLike, machine_right: ArrayLike, partner_right: ArrayLike, eta: ArrayLike
) -> NDArray[np.bool_]:
    """Whether the team is right on each image.

    Parameters
    ----------
    confidence : (n,) float
        Largest class probability, in (0, 1]: at eta = 0 the partner is never asked, at 1 always.
    machine_right, partner_right : (n,) bool
        Whether each member is right.
    eta : float or (n,) float
        Threshold; NaN asks nobody.

    Returns
    -------
    (n,) bool
        The partner's where confidence <= eta, else the machine's.

    Examples
    --------
    >>> threshold_right([0.5, 0.9], [False, True], [True, False], 0.6).tolist()
    [True, True]
    """
    return np.where(np.asarray(confidence) <= eta, partner_right, machine_right).astype(bool)


def threshold_team(
    confidence: ArrayLike, machine_right: ArrayLike, partner_right: ArrayLike, eta: float
) -> NDArray[np.float64]:
    """Accuracy of the team at a fixed threshold.

    Parameters
    ----------
    confidence, machine_right, partner_right, eta
        As in `threshold_right`.

    Returns
    -------
    float
        In [0, 1]; NaN without images.

    Examples
    --------
    >>> float(threshold_team([0.5, 0.9], [False, True], [True, False], 0.6))
    1.0
    """
    return _finite.mean(threshold_right(confidence, machine_right, partner_right, eta))


def threshold_matrix(
    confidence: ArrayLike, machine_right: ArrayLike, partner_right: ArrayLike, eta: float
) -> NDArray[np.float64]:
    """Accuracy at a fixed threshold of the teams of all machines with all partners.

        right[a, b] = Σₓ asked[x, a] · partner[x, b] + Σₓ (1 - asked[x, a]) · machine[x, a]

    Parameters
    ----------
    confidence : (n, m) float
        Each machine's largest class probability.
    machine_right : (n, m) bool
        Whether each machine is right.
    partner_right : (n, p) bool
        Whether each partner is right. All three are read block by block where they are memory-mapped.
    eta : float
        As in `threshold_right`.

    Returns
    -------
    (m, p) float
        `threshold_team` of every two; NaN without images.

    Examples
    --------
    >>> threshold_matrix([[0.5], [0.9]], [[False], [True]], [[True, False], [False, True]], 0.6).tolist()
    [[1.0, 0.5]]
    """
    confidence, machine_right = np.asarray(confidence), np.asarray(machine_right)
    partner_right = np.asarray(partner_right)
    (n, m), p = machine_right.shape, partner_right.shape[1]
    right = np.zeros((m, p))
    for rows in blocks(n, m + p):
        asked = confidence[rows] <= eta
        right += asked.T.astype(np.float32) @ partner_right[rows].astype(bool).astype(np.float32)
        right += (~asked & machine_right[rows].astype(bool)).sum(0)[:, None]
    return _finite.divide(right, n)


def _cuts(confidence: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Order of the confidences; where each run of equal ones ends in it; 0 and those values: all thresholds."""
    confidence = np.asarray(confidence)
    order = np.argsort(confidence, kind="stable")
    ranked = confidence[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], np.ones(min(1, len(ranked)), dtype=bool)))
    return order, ends, np.append(0.0, ranked[ends])


def best_eta(confidence: ArrayLike, machine_right: ArrayLike, partner_right: ArrayLike) -> tuple[float, float]:
    """The best threshold in hindsight, exactly: O(n log n), no grid.

    Parameters
    ----------
    confidence, machine_right, partner_right
        As in `threshold_right`.

    Returns
    -------
    eta : float
        0 (ask nobody) or one of the confidences; of equally good ones the least, which asks the fewest
        questions. NaN without images.
    accuracy : float
        What `threshold_team` gives there: never less than either member has.

    Examples
    --------
    >>> best_eta([0.5, 0.7, 0.9], [False, True, True], [True, True, False])
    (0.5, 1.0)
    """
    machine_right, partner_right = np.asarray(machine_right, dtype=int), np.asarray(partner_right, dtype=int)
    if not len(machine_right):
        return np.nan, np.nan
    order, ends, etas = _cuts(confidence)
    gain = np.append(0, np.cumsum((partner_right - machine_right)[order])[ends])
    best = gain.argmax()
    return float(etas[best]), float((machine_right.sum() + gain[best]) / len(machine_right))


def resampled_best_gain(
    confidence: ArrayLike,
    machine_right: ArrayLike,
    partner_right: ArrayLike,
    weights: NDArray[np.uint8],
) -> NDArray[np.int64]:
    """What the best threshold in hindsight, chosen anew in each bootstrap sample, adds to the machine alone.

    Parameters
    ----------
    confidence, machine_right, partner_right
        As in `threshold_right`.
    weights : (B, n) uint8
        From `bootstrap.resample_counts`.

    Returns
    -------
    (B,) int
        Images that the team of `best_eta` is right on in each sample, less those that the machine is right on.

    Examples
    --------
    >>> import numpy as np
    >>> weights = np.array([[1, 1, 1], [0, 0, 2]], dtype=np.uint8)
    >>> resampled_best_gain([0.5, 0.7, 0.9], [0, 1, 0], [1, 0, 0], weights).tolist()
    [1, 0]
    """
    difference = np.asarray(partner_right, dtype=np.int32) - np.asarray(machine_right, dtype=np.int32)
    asked = np.flatnonzero(difference)  # only where the two differ does asking change anything
    order, ends, _ = _cuts(np.asarray(confidence)[asked])
    asked, best = asked[order], np.zeros(len(weights), dtype=np.int64)
    for start in range(0, len(weights) if len(asked) else 0, BLOCK):
        gain = np.cumsum(weights[start : start + BLOCK].take(asked, axis=1) * difference[asked], axis=1)
        best[start : start + BLOCK] = gain[:, ends].max(1, initial=0)
    return best


def cross_fitted(
    confidence: ArrayLike, machine_right: ArrayLike, partner_right: ArrayLike, folds: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """The team with each fold's threshold chosen on the other folds.

    Parameters
    ----------
    confidence, machine_right, partner_right
        As in `threshold_right`.
    folds : (n,) int
        Fold of each image; images of one worker's batch belong in one fold.

    Returns
    -------
    right : (n,) bool
        Whether the team is right on each image.
    etas : (number of folds,) float
        Thresholds, in the order of the folds' numbers; NaN (ask nobody) where there is no other fold.

    Examples
    --------
    >>> right, etas = cross_fitted([0.5, 0.9, 0.4, 0.8], [0, 1, 0, 1], [1, 0, 1, 0], [0, 0, 1, 1])
    >>> right.tolist(), etas.tolist()
    ([False, True, True, True], [0.4, 0.5])
    """
    confidence, folds = np.asarray(confidence), np.asarray(folds)
    machine_right, partner_right = np.asarray(machine_right), np.asarray(partner_right)
    names, fold = np.unique(folds, return_inverse=True)
    etas = np.array([
        best_eta(confidence[fold != i], machine_right[fold != i], partner_right[fold != i])[0]
        for i in range(len(names))
    ])  # fmt: skip
    return threshold_right(confidence, machine_right, partner_right, etas[fold]), etas


@dataclass(frozen=True)
class Threshold:
    """The study's rule: the people's majority instead of the machine, where it is not confident.

    Attributes
    ----------
    eta : float
        The best threshold on the images it was fitted on.
    right : float
        How often people were right on those of them that it asks about: the probability it gives their answer.
    """

    title: ClassVar[str] = "threshold"
    needs_truth: ClassVar[bool] = True
    least: ClassVar[int] = 1

    eta: float
    right: float

    @classmethod
    def fit(cls, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike) -> Self:
        """Choose eta; images that nobody saw say nothing about it."""
        probs, truth = np.asarray(probs), np.asarray(truth)
        answers = majority(votes(human_labels, probs.shape[1]), probs)
        seen = answers >= 0
        confidence = probs.max(1, initial=0.0)
        eta = best_eta(confidence[seen], (probs.argmax(1) == truth)[seen], (answers == truth)[seen])[0]
        return cls(eta, share_right(np.where(confidence <= eta, answers, -1), truth))

    def worth(self, probs: ArrayLike) -> NDArray[np.float64]:
        """(n,) how far the confidence is below eta; -1, so that nobody is asked, where eta was never chosen."""
        probs = np.asarray(probs)
        return (self.eta if np.isfinite(self.eta) else -1.0) - probs.max(1, initial=0.0)

    def __call__(self, probs: ArrayLike, human_labels: ArrayLike) -> NDArray[np.float64]:
        """(n, k) the majority's answer where anybody was asked, else the machine's."""
        machine = np.exp(log_probs(probs))
        return replaced(machine, majority(votes(human_labels, machine.shape[1]), machine), self.right)


RULE = Threshold
