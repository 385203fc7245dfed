"""Tempered pool: P+L with a weight on each side, so that people who err together on hard images count less.

    P(k | m, h) ∝ m[k]^a Π_j psi[h_j, k]^b,    a, b > 0

b < 1 says that people and machine do not err independently. It moves few answers and makes the probabilities honest.
a and b maximise the log posterior, log a ~ N(-0.5, 0.25), log b ~ N(0, 0.25), by Newton steps on their logarithms.

Genest & Zidek, Combining Probability Distributions, Statistical Science 1, 1986, Section 3 (logarithmic pools).
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from ._machine import CLOSE, MANY, PRIOR_MEAN, PRIOR_VARIANCE, Array, doubt, log_probs, one_hot, softmax, temperature
from ._people import confusion, evidence, votes

MEAN = np.array([-PRIOR_MEAN, 0.0])  # of log a and log b


@dataclass(frozen=True, eq=False)
class TemperedPool:
    """Weighted logarithmic pool of the machine and people's confusion.

    Attributes
    ----------
    weights : (2,) float
        a, of the machine's log-probabilities, and b, of the people's evidence.
    psi : (k, k) float
        P(a person answers the row | the truth is the column).
    temperature : float
        T of the machine where nobody was asked.

    Examples
    --------
    >>> psi = np.array([[0.9, 0.2], [0.1, 0.8]])
    >>> rule = TemperedPool(weights=np.array([1.0, 0.5]), psi=psi, temperature=1.0)
    >>> rule([[0.5, 0.5]], [[0]]).round(3).tolist()
    [[0.68, 0.32]]
    """

    title: ClassVar[str] = "tempered pool"
    needs_truth: ClassVar[bool] = True
    least: ClassVar[int] = 1

    weights: Array
    psi: Array
    temperature: float

    @classmethod
    def fit(cls, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike) -> Self:
        """Count psi, then fit both weights together on the images that somebody saw."""
        log_p = log_probs(probs)
        target = one_hot(truth, log_p.shape[1])
        given = votes(human_labels, log_p.shape[1])
        psi = confusion(given, target)
        seen = given.any(1)
        weights = _weights(log_p[seen], evidence(psi, given[seen]), target[seen])
        return cls(weights, psi, temperature(log_p, target))

    def worth(self, probs: ArrayLike) -> Array:
        """(n,) the machine's doubt: everybody is asked, about the least confident answers first."""
        return doubt(probs)

    def __call__(self, probs: ArrayLike, human_labels: ArrayLike) -> Array:
        """(n, k) the pool; the calibrated machine alone where nobody was asked."""
        log_p = log_probs(probs)
        given = votes(human_labels, log_p.shape[1])
        a, b = self.weights
        a = np.where(given.any(1, keepdims=True), a, 1 / self.temperature)
        return softmax(a * log_p + b * evidence(self.psi, given))


def _weights(machine: Array, people: Array, target: Array) -> Array:
    """(2,) maximum a posteriori of the weights of two (n, k) log-probabilities."""
    logs = MEAN
    if len(target) >= MANY:  # an eighth of them is a guess that costs an eighth
        logs = _newton(machine[::8], people[::8], target[::8], logs)
    return np.exp(_newton(machine, people, target, logs))


def _newton(machine: Array, people: Array, target: Array, logs: Array) -> Array:
    """(2,) logarithms of the weights, from a guess of them."""
    sides = (machine, people)
    told = np.array([np.vdot(side, target) for side in sides])
    all_classes = np.ones(target.shape[1])  # a product sums short rows faster than sum does
    for _ in range(60):
        weights = np.exp(logs)
        p = softmax(weights[0] * machine + weights[1] * people)
        weighted = [p * side for side in sides]
        means = np.stack([side @ all_classes for side in weighted])
        slope = weights * (means.sum(1) - told)
        second = np.array([[np.vdot(one, other) for other in sides] for one in weighted]) - means @ means.T
        # where the slope is negative its part of the curvature is left out: still downhill, and never indefinite
        curvature = np.outer(weights, weights) * second + np.diag(np.maximum(slope, 0.0) + 1 / PRIOR_VARIANCE)
        step = np.linalg.solve(curvature, slope + (logs - MEAN) / PRIOR_VARIANCE)
        logs = logs - np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < CLOSE:
            break
    return logs


RULE = TemperedPool
