"""L+L: from labels alone, the machine's most probable class and each person's answer.

    P(k | m, h) ∝ pi[k] psi_m[argmax m, k] Π_j psi[h_j, k]

What is left of a team when the machine says no more than a person does. Nitzan & Paroush, International Economic
Review 23, 1982 (weighted votes); Kerrigan, Smyth & Steyvers, NeurIPS 2021, Section 3.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from ._machine import Array, doubt, one_hot, softmax
from ._people import confusion, evidence, votes


@dataclass(frozen=True, eq=False)
class LabelsOnly:
    """Bayes' rule on labels, the machine being one more annotator, with a confusion of its own.

    Attributes
    ----------
    prior : (k,) float
        How frequent each class is, one image of each having been seen beforehand.
    psi_machine, psi : (k, k) float
        P(the machine, or a person, answers the row | the truth is the column).

    Examples
    --------
    >>> half = np.array([[0.5, 0.5], [0.5, 0.5]])
    >>> rule = LabelsOnly(prior=np.array([0.5, 0.5]), psi_machine=half, psi=np.array([[0.9, 0.2], [0.1, 0.8]]))
    >>> rule([[0.99, 0.01]], [[1]]).round(3).tolist()
    [[0.111, 0.889]]
    """

    title: ClassVar[str] = "L+L"
    needs_truth: ClassVar[bool] = True
    least: ClassVar[int] = 1

    prior: Array
    psi_machine: Array
    psi: Array

    @classmethod
    def fit(cls, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike) -> Self:
        """Count."""
        probs = np.asarray(probs)
        classes = probs.shape[1]
        target = one_hot(truth, classes)
        prior = (target.sum(0) + 1) / (len(target) + classes)
        said = one_hot(probs.argmax(1), classes)
        return cls(prior, confusion(said, target), confusion(votes(human_labels, classes), target))

    def worth(self, probs: ArrayLike) -> Array:
        """(n,) the machine's doubt: everybody is asked, about the least confident answers first."""
        return doubt(probs)

    def __call__(self, probs: ArrayLike, human_labels: ArrayLike) -> Array:
        """(n, k) the posterior."""
        probs = np.asarray(probs)
        classes = probs.shape[1]
        machine = evidence(self.psi_machine, one_hot(probs.argmax(1), classes))
        return softmax(np.log(self.prior) + machine + evidence(self.psi, votes(human_labels, classes)))


RULE = LabelsOnly
