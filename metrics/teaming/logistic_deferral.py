"""Logistic deferral: ask where a learnt guess says that a person is likelier to be right than the machine.

    ask where e(x) >= max_k p_T[k],    e(x) = sigmoid(w · x)

x: the machine's three greatest log-probabilities, its entropy, and its most probable class. e(x) is fitted to
whether people's majority was right; its answer then replaces the machine's.

Raghu et al., The Algorithmic Automation Problem, 2019; Narasimhan et al., NeurIPS 2022.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from ._machine import Array, log_probs, one_hot, softmax, temperature
from ._multinomial import weights
from ._people import RIGHT, majority, votes
from ._replace import replaced, share_right

RIDGE, TOP, SCALE = 1.0, 3, 4.0


@dataclass(frozen=True, eq=False)
class LogisticDeferral:
    """Takes the people's majority where a logistic regression trusts it more than the machine.

    Attributes
    ----------
    temperature : float
        T of the machine's probabilities.
    weights : (d, 2) float
        Of the regression of "the majority is wrong" and "is right", beside an accuracy of 0.75.
    right : float
        How often the majority is right: the probability its answer is given.

    Examples
    --------
    >>> rule = LogisticDeferral(temperature=1.0, weights=np.zeros((6, 2)), right=0.75)
    >>> rule.worth([[0.5, 0.5], [0.9, 0.1]]).round(2).tolist()
    [0.25, -0.15]
    """

    title: ClassVar[str] = "logistic deferral"
    needs_truth: ClassVar[bool] = True
    least: ClassVar[int] = 1

    temperature: float
    weights: Array
    right: float

    @classmethod
    def fit(cls, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike) -> Self:
        """T on all images, the regression on those that somebody saw."""
        log_p = log_probs(probs)
        classes = log_p.shape[1]
        answers = majority(votes(human_labels, classes), log_p)
        seen = answers >= 0
        features = _features(log_p[seen])
        target = one_hot((answers == truth)[seen], 2)
        fitted = weights(features, target, _start(len(features)), RIDGE)
        return cls(temperature(log_p, one_hot(truth, classes)), fitted, share_right(answers, truth))

    def worth(self, probs: ArrayLike) -> Array:
        """(n,) how much likelier the majority is to be right than the machine."""
        log_p = log_probs(probs)
        person = softmax(_start(len(log_p)) + _features(log_p) @ self.weights)[:, 1]
        return person - softmax(log_p / self.temperature).max(1, initial=0.0)

    def __call__(self, probs: ArrayLike, human_labels: ArrayLike) -> Array:
        """(n, k) the majority's answer where anybody was asked, else the calibrated machine."""
        machine = softmax(log_probs(probs) / self.temperature)
        return replaced(machine, majority(votes(human_labels, machine.shape[1]), machine), self.right)


def _start(n: int) -> Array:
    """(n, 2) log odds of an accuracy of 0.75, which is assumed before anything is seen."""
    return np.tile([np.log(1 - RIGHT), np.log(RIGHT)], (n, 1))


def _features(log_p: Array) -> Array:
    """(n, 1 + min(3, k) + 1 + k)."""
    n, classes = log_p.shape
    top = -np.sort(-log_p, 1)[:, :TOP] / SCALE
    entropy = -(np.exp(log_p) * log_p).sum(1, keepdims=True)
    return np.concatenate([np.ones((n, 1)), top, entropy, one_hot(log_p.argmax(1), classes)], 1)


RULE = LogisticDeferral
