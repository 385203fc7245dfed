"""Selective combining: ask as many questions as the study's threshold, where an answer is worth most, and combine.

    worth(x) = Σ_h max_k p_T[k] psi[h, k] - max_k p_T[k] - c

what a person's answer is expected to add to the probability of being right, before it is known. P+L then combines
the answer with the machine instead of replacing it. c is chosen so that as many questions are asked as by the
threshold that is best for replacing. Several people are asked together; h is then their majority, psi its own.

Howard, Information Value Theory, IEEE Transactions on Systems Science and Cybernetics 2, 1966.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from ._machine import Array, log_probs, one_hot, softmax
from ._people import confusion, majority, votes
from .p_plus_l import ProbsPlusLabels
from .threshold import Threshold


@dataclass(frozen=True, eq=False)
class Selective:
    """P+L that asks only where an answer is expected to add more than it costs.

    Attributes
    ----------
    combine : ProbsPlusLabels
        How answers are used.
    psi : (k, k) float
        P(the majority answers the row | the truth is the column).
    cost : float
        What the majority's answer must be expected to add.

    Examples
    --------
    >>> psi = np.array([[0.9, 0.2], [0.1, 0.8]])
    >>> Selective(ProbsPlusLabels(1.0, psi), psi, cost=0.1).worth([[0.5, 0.5], [0.99, 0.01]]).round(3).tolist()
    [0.25, -0.1]
    """

    title: ClassVar[str] = "selective P+L"
    needs_truth: ClassVar[bool] = True
    least: ClassVar[int] = 1

    combine: ProbsPlusLabels
    psi: Array
    cost: float

    @classmethod
    def fit(cls, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike) -> Self:
        """P+L, and the cost that makes it ask as often as the best threshold."""
        probs = np.asarray(probs)
        classes = probs.shape[1]
        combine = ProbsPlusLabels.fit(probs, human_labels, truth)
        answers = majority(votes(human_labels, classes), probs)
        psi = confusion(one_hot(answers, classes), one_hot(truth, classes))
        asked = int((Threshold.fit(probs, human_labels, truth).worth(probs) >= 0).sum())
        added = np.sort(_added(combine, psi, probs))[::-1]
        return cls(combine, psi, float(added[asked - 1]) if asked else np.inf)

    def worth(self, probs: ArrayLike) -> Array:
        """(n,) what the majority's answer is expected to add, less the cost."""
        return _added(self.combine, self.psi, probs) - self.cost

    def __call__(self, probs: ArrayLike, human_labels: ArrayLike) -> Array:
        """(n, k) the posterior; the calibrated machine alone where nobody was asked."""
        return self.combine(probs, human_labels)


def _added(combine: ProbsPlusLabels, psi: Array, probs: ArrayLike) -> Array:
    """(n,) expected gain in the probability of being right by one answer with the confusion psi; not negative."""
    machine = softmax(log_probs(probs) / combine.temperature)
    columns = np.ascontiguousarray(machine.T)  # a greatest of ten long rows is found sooner than of many short ones
    with_answer = sum(((columns * row[:, None]).max(0, initial=0.0) for row in psi), np.zeros(len(machine)))
    return with_answer - columns.max(0, initial=0.0)


RULE = Selective
