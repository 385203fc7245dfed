"""Plug-in deferral: ask where a person is more likely to be right than the machine, and take the person's answer.

    ask where e(x) - c >= max_k p_T[k],    e(x) = Σ_k p_T[k] psi[k, k]

The Bayes rule of learning to defer, its two probabilities estimated and plugged in: the person's from the machine's
calibrated probabilities and the diagonal of the person's confusion. Cost c: how much a question must gain.

Mozannar & Sontag, ICML 2020, Proposition 1; Narasimhan et al., Post-hoc Estimators for Learning to Defer to an
Expert, NeurIPS 2022.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

from numpy.typing import ArrayLike

from ._machine import Array, log_probs, one_hot, softmax, temperature
from ._people import confusion, majority, votes
from ._replace import replaced, share_right


@dataclass(frozen=True, eq=False)
class PlugInDeferral:
    """Takes the people's majority where it is likelier to be right than the machine.

    Attributes
    ----------
    temperature : float
        T of the machine's probabilities.
    diagonal : (k,) float
        P(the majority is right | the truth).
    right : float
        How often the majority is right: the probability its answer is given.
    cost : float
        What a question costs, in accuracy.

    Examples
    --------
    >>> import numpy as np
    >>> rule = PlugInDeferral(temperature=1.0, diagonal=np.array([0.8, 0.8]), right=0.8)
    >>> rule.worth([[0.5, 0.5], [0.9, 0.1]]).round(2).tolist()
    [0.3, -0.1]
    """

    title: ClassVar[str] = "plug-in deferral"
    needs_truth: ClassVar[bool] = True
    least: ClassVar[int] = 1

    temperature: float
    diagonal: Array
    right: float
    cost: float = 0.0

    @classmethod
    def fit(cls, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike) -> Self:
        """T, and how often the majority is right on each class."""
        log_p = log_probs(probs)
        classes = log_p.shape[1]
        target = one_hot(truth, classes)
        answers = majority(votes(human_labels, classes), log_p)
        diagonal = confusion(one_hot(answers, classes), target).diagonal()
        return cls(temperature(log_p, target), diagonal.copy(), share_right(answers, truth))

    def worth(self, probs: ArrayLike) -> Array:
        """(n,) how much likelier the majority is to be right than the machine, less the cost."""
        machine = self._machine(probs)
        return machine @ self.diagonal - self.cost - machine.max(1, initial=0.0)

    def __call__(self, probs: ArrayLike, human_labels: ArrayLike) -> Array:
        """(n, k) the majority's answer where anybody was asked, else the calibrated machine."""
        machine = self._machine(probs)
        return replaced(machine, majority(votes(human_labels, machine.shape[1]), machine), self.right)

    def _machine(self, probs: ArrayLike) -> Array:
        return softmax(log_probs(probs) / self.temperature)


RULE = PlugInDeferral
