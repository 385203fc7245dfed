"""What rules do with people's labels: votes, confusions, evidence."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._machine import largest

SPREAD = 0.1  # pseudo-count of each wrong answer
RIGHT = 0.75  # what the pseudo-counts take a person's accuracy for (Kerrigan et al. 2021)

Array = NDArray[np.float64]


def votes(labels: ArrayLike, classes: int) -> Array:
    """(n, k) how many people gave each class; -1 counts nowhere."""
    labels = np.asarray(labels)
    counts = np.zeros((len(labels), classes))
    for column in labels.T:
        counts += column[:, None] == np.arange(classes)
    return counts


def confusion(given: Array, target: Array) -> Array:
    """P(a person answers a | the truth is b), by maximum a posteriori; columns sum to 1.

    Parameters
    ----------
    given : (n, k) float
        Votes.
    target : (n, k) float
        The truth, one-hot, or probabilities of it.

    Returns
    -------
    (k, k) float
        Column b is proportional to the counts plus 0.1 for each wrong class and 0.3 (k - 1) for the right one.
    """
    classes = given.shape[1]
    prior = np.full((classes, classes), SPREAD)
    np.fill_diagonal(prior, SPREAD * max(classes - 1, 1) * RIGHT / (1 - RIGHT))
    counts = given.T @ target + prior
    return counts / counts.sum(0)


def evidence(psi: Array, given: Array) -> Array:
    """(n, k) sum over people of log psi[label, k]; 0 where nobody answered."""
    return given @ np.log(psi)


def majority(given: Array, probs: ArrayLike) -> NDArray[np.int64]:
    """(n,) the most frequent answer; of tied ones the one likelier to the machine; -1 where nobody answered."""
    tied = given == largest(given)[:, None]
    winner = np.where(tied, np.asarray(probs, dtype=np.float64), -np.inf).argmax(1)
    return np.where(given.any(1), winner, -1)
