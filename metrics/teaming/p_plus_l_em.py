"""P+L without truth: expectation maximisation over the labels that nobody knows.

    E   q(k) ∝ p_T[k] Π_j psi[h_j, k]
    M   psi from the votes and q, with P+L's pseudo-counts;  T by cross entropy to q, with P+L's prior

The machine's probabilities and people's answers are enough: where they agree they teach each other.

Kerrigan, Smyth & Steyvers, NeurIPS 2021, Section 4.3.  https://arxiv.org/abs/2109.14591
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from ._machine import PRIOR_MEAN, PRIOR_VARIANCE, largest, log_probs, softmax, temperature
from ._people import RIGHT, SPREAD, confusion, evidence, votes
from .p_plus_l import ProbsPlusLabels

STEPS = 1000


@dataclass(frozen=True, eq=False)
class ProbsPlusLabelsEM(ProbsPlusLabels):
    """P+L, learnt from images without truth.

    Examples
    --------
    >>> rule = ProbsPlusLabelsEM.fit([[0.9, 0.1], [0.1, 0.9]], [[0], [1]], None)
    >>> rule([[0.5, 0.5]], [[1]]).argmax(1).tolist()
    [1]
    """

    title: ClassVar[str] = "P+L-EM"
    needs_truth: ClassVar[bool] = False

    @classmethod
    def fit(cls, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike | None = None) -> Self:
        """Until the log posterior changes by less than one part in a million; the truth is not looked at."""
        log_p = log_probs(probs)
        given = votes(human_labels, log_p.shape[1])
        psi, t, last = confusion(0 * given, 0 * given), float(np.exp(PRIOR_MEAN)), -np.inf
        for _ in range(STEPS):
            scores = log_p / t + evidence(psi, given)
            now = _log_total(scores) - _log_total(log_p / t) + _log_prior(psi, t)
            if now - last <= 1e-6 * abs(now):
                break
            q, last = softmax(scores), now
            psi, t = confusion(given, q), temperature(log_p, q, start=t)
        return cls(t, psi)


def _log_total(scores: np.ndarray) -> float:
    """Sum over the images of log Σ_k exp(score)."""
    top = largest(scores)
    return float((top + np.log(np.exp(scores - top[:, None]) @ np.ones(scores.shape[1]))).sum())


def _log_prior(psi: np.ndarray, t: float) -> float:
    """What the pseudo-counts and the prior of T add to the log-likelihood."""
    classes = len(psi)
    counts = np.full((classes, classes), SPREAD)
    np.fill_diagonal(counts, SPREAD * max(classes - 1, 1) * RIGHT / (1 - RIGHT))
    return float((counts * np.log(psi)).sum() - (np.log(t) - PRIOR_MEAN) ** 2 / (2 * PRIOR_VARIANCE) - np.log(t))


RULE = ProbsPlusLabelsEM
