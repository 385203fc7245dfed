"""Logistic fusion: multinomial logistic regression on the machine's log-probabilities and people's answers.

    P(k | m, h) ∝ exp(s_k + w_k · x),    x = (1, log m / 4, v, v log m / 4),    v = number of votes for each class

The regression is around s, the scores of P+L: a ridge penalty of 10 keeps it there until the images say otherwise, so
that with few of them it is P+L and with thousands whatever log-linear rule fits best. The products let an answer
count more or less by how probable the machine finds it. (The quarter brings log-probabilities, which spread over about
thirty, near the scale of votes.)

Ridge around a prior guess: le Cessie & van Houwelingen, Applied Statistics 41, 1992.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from ._machine import Array, doubt, log_probs, one_hot, softmax
from ._multinomial import weights
from ._people import votes
from .p_plus_l import ProbsPlusLabels

RIDGE, SCALE = 10.0, 4.0


@dataclass(frozen=True, eq=False)
class Logistic:
    """P+L, corrected by a regularised logistic regression.

    Attributes
    ----------
    around : ProbsPlusLabels
        What is corrected.
    weights : (1 + 3 k, k) float
        0 where there is nothing to correct.

    Examples
    --------
    >>> around = ProbsPlusLabels(temperature=1.0, psi=np.array([[0.9, 0.2], [0.1, 0.8]]))
    >>> Logistic(around, np.zeros((7, 2)))([[0.5, 0.5]], [[0]]).round(3).tolist()
    [[0.818, 0.182]]
    """

    title: ClassVar[str] = "logistic"
    needs_truth: ClassVar[bool] = True
    least: ClassVar[int] = 1

    around: ProbsPlusLabels
    weights: Array

    @classmethod
    def fit(cls, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike) -> Self:
        """P+L, then the correction, on the images that somebody saw."""
        seen = (np.asarray(human_labels) >= 0).any(1)
        around = ProbsPlusLabels.fit(probs, human_labels, truth)
        probs, human_labels, truth = np.asarray(probs)[seen], np.asarray(human_labels)[seen], np.asarray(truth)[seen]
        start = around.scores(probs, human_labels)
        target = one_hot(truth, start.shape[1])
        return cls(around, weights(_features(probs, human_labels), target, start, RIDGE))

    def worth(self, probs: ArrayLike) -> Array:
        """(n,) the machine's doubt: everybody is asked, about the least confident answers first."""
        return doubt(probs)

    def __call__(self, probs: ArrayLike, human_labels: ArrayLike) -> Array:
        """(n, k) the corrected posterior; the calibrated machine alone where nobody was asked."""
        seen = (np.asarray(human_labels) >= 0).any(1, keepdims=True)
        return softmax(self.around.scores(probs, human_labels) + seen * (_features(probs, human_labels) @ self.weights))


def _features(probs: ArrayLike, human_labels: ArrayLike) -> Array:
    """(n, 1 + 3 k) the constant, the machine, the people, and their products."""
    log_p = log_probs(probs)
    log_p = (log_p - log_p.mean(1, keepdims=True)) / SCALE
    given = votes(human_labels, log_p.shape[1])
    return np.concatenate([np.ones((len(log_p), 1)), log_p, given, given * log_p], 1)


RULE = Logistic
