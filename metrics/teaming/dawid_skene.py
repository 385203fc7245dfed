"""Dawid-Skene: no truth needed; the machine is one more annotator, and each annotator has a confusion of its own.

    E   q(k) ∝ pi[k] Π_j psi_j[l_j, k]
    M   pi and psi_j from q; started from the shares of the votes

Maximum likelihood, stopped where the evidence lower bound gains less than 1e-5 a label, as crowd-kit does it, whose
results these are; it needs seconds for what is counted in matrices here. People's columns are annotators, in order.

Dawid & Skene, Applied Statistics 28, 1979.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from ._machine import Array, doubt, one_hot, softmax

LEAST = 1e-10  # of a confusion or a prior: what was never seen is not impossible
STEPS, CLOSE = 100, 1e-5


@dataclass(frozen=True, eq=False)
class DawidSkene:
    """Bayes' rule with confusions that were learnt without truth.

    Attributes
    ----------
    prior : (k,) float
        How frequent each class is.
    psi : (1 + r, k, k) float
        P(the annotator answers the row | the truth is the column); the machine is the first.

    Examples
    --------
    >>> eye = 0.9 * np.eye(2) + 0.05
    >>> rule = DawidSkene(prior=np.array([0.5, 0.5]), psi=np.stack([eye, eye, eye]))
    >>> rule([[0.9, 0.1]], [[1, 1]]).round(2).tolist()
    [[0.05, 0.95]]
    """

    title: ClassVar[str] = "Dawid-Skene"
    needs_truth: ClassVar[bool] = False
    least: ClassVar[int] = 1

    prior: Array
    psi: Array

    @classmethod
    def fit(cls, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike | None = None) -> Self:
        """Expectation maximisation; the truth is not looked at."""
        return cls(*_em(_annotations(probs, human_labels), _confusions))

    def worth(self, probs: ArrayLike) -> Array:
        """(n,) the machine's doubt: everybody is asked, about the least confident answers first."""
        return doubt(probs)

    def __call__(self, probs: ArrayLike, human_labels: ArrayLike) -> Array:
        """(n, k) the posterior."""
        return softmax(_scores(_annotations(probs, human_labels), self.prior, self.psi))


def _annotations(probs: ArrayLike, human_labels: ArrayLike) -> Array:
    """(1 + r, n, k) what each annotator answered, one-hot, the machine first; zeros where one did not."""
    probs, human_labels = np.asarray(probs), np.asarray(human_labels)
    columns = np.concatenate([probs.argmax(1)[:, None], human_labels], 1)
    return np.stack([one_hot(column, probs.shape[1]) for column in columns.T])


def _em(said: Array, confusions: Callable[[Array, Array], Array]) -> tuple[Array, Array]:
    """Prior (k,) and confusions (1 + r, k, k)."""
    counts = said.sum(0)
    q = counts / counts.sum(1, keepdims=True)
    prior, psi, last = _mean(q), confusions(said, q), -np.inf
    for _ in range(STEPS):
        q = softmax(_scores(said, prior, psi))
        prior, psi = _mean(q), confusions(said, q)
        entropy = -(q * np.log(np.maximum(q, LEAST))).sum()
        now = float((q * _likelihoods(said, prior, psi)).sum() + entropy) / max(counts.sum(), 1.0)
        if now - last < CLOSE:
            break
        last = now
    return prior, psi


def _mean(q: Array) -> Array:
    """(k,) share of each class; even where there are no images."""
    return np.maximum(q.mean(0) if len(q) else np.full(q.shape[1], 1 / q.shape[1]), LEAST)


def _confusions(said: Array, q: Array) -> Array:
    """(1 + r, k, k) each annotator's own."""
    counts = np.maximum(said.swapaxes(1, 2) @ q, LEAST)
    return counts / counts.sum(1, keepdims=True)


def _scores(said: Array, prior: Array, psi: Array) -> Array:
    """(n, k) log prior plus what every annotator's answer says."""
    return np.log(prior) + (said @ np.log(psi)).sum(0)


def _likelihoods(said: Array, prior: Array, psi: Array) -> Array:
    """(n, k) as crowd-kit's bound counts them: the prior once an annotation, not once an image."""
    return said.sum((0, 2))[:, None] * np.log(prior) + (said @ np.log(psi)).sum(0)


RULE = DawidSkene
