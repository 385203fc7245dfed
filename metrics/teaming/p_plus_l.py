"""P+L: the machine's probabilities times what a person's answer says, by Bayes' rule.

    P(k | m, h) ∝ p_T[k] Π_j psi[h_j, k],    p_T[k] ∝ m[k]^(1/T),    psi[a, b] = P(h = a | y = b)

Given the truth, people and machine are taken to err independently. With several people it is "P+nL"; they share one
psi, since columns of labels need not be persons. psi by maximum a posteriori, T by maximum likelihood with a weak
log-normal prior on the sum of the log losses.

Kerrigan, Smyth & Steyvers, Combining Human Predictions with Model Probabilities via Confusion Matrices and
Calibration, NeurIPS 2021, eq. 2 and Section 4.  https://arxiv.org/abs/2109.14591
"""

from dataclasses import dataclass
from typing import ClassVar, Self

from numpy.typing import ArrayLike

from ._machine import Array, doubt, log_probs, one_hot, softmax, temperature
from ._people import confusion, evidence, votes


@dataclass(frozen=True, eq=False)
class ProbsPlusLabels:
    """The machine's calibrated probabilities times each person's confusion.

    Attributes
    ----------
    temperature : float
        T; above 1 where the machine is overconfident.
    psi : (k, k) float
        P(a person answers the row | the truth is the column).

    Examples
    --------
    >>> import numpy as np
    >>> rule = ProbsPlusLabels(temperature=1.0, psi=np.array([[0.9, 0.2], [0.1, 0.8]]))
    >>> rule([[0.5, 0.5], [0.5, 0.5]], [[0], [-1]]).round(3).tolist()
    [[0.818, 0.182], [0.5, 0.5]]
    """

    title: ClassVar[str] = "P+L"
    needs_truth: ClassVar[bool] = True
    least: ClassVar[int] = 1

    temperature: float
    psi: Array

    @classmethod
    def fit(cls, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike) -> Self:
        """T and psi, each by itself."""
        log_p = log_probs(probs)
        target = one_hot(truth, log_p.shape[1])
        return cls(temperature(log_p, target), confusion(votes(human_labels, log_p.shape[1]), target))

    def worth(self, probs: ArrayLike) -> Array:
        """(n,) the machine's doubt: everybody is asked, about the least confident answers first."""
        return doubt(probs)

    def __call__(self, probs: ArrayLike, human_labels: ArrayLike) -> Array:
        """(n, k) the posterior; the calibrated machine alone where nobody was asked."""
        return softmax(self.scores(probs, human_labels))

    def scores(self, probs: ArrayLike, human_labels: ArrayLike) -> Array:
        """(n, k) logarithm of the posterior, but for a constant of each image."""
        log_p = log_probs(probs)
        return log_p / self.temperature + evidence(self.psi, votes(human_labels, log_p.shape[1]))


RULE = ProbsPlusLabels
