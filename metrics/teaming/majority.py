"""Majority: everybody has a vote, the machine too; it breaks ties.

With one person and a machine any disagreement is a tie, so that the machine decides alone: two votes are no team.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from ._machine import Array, doubt, log_probs, one_hot
from ._people import RIGHT, majority, votes
from ._replace import replaced, share_right


@dataclass(frozen=True)
class Majority:
    """The most frequent answer of people and machine.

    Attributes
    ----------
    right : float
        The probability it gives its answer: how often it was right on the images it was fitted on.

    Examples
    --------
    >>> Majority(right=0.75)([[0.9, 0.1], [0.9, 0.1]], [[1, 1], [1, 0]]).tolist()
    [[0.25, 0.75], [0.75, 0.25]]
    """

    title: ClassVar[str] = "majority"
    needs_truth: ClassVar[bool] = True  # for the probability of its answer; not for the answer
    least: ClassVar[int] = 1

    right: float = RIGHT

    @classmethod
    def fit(cls, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike) -> Self:
        """How often the majority is right."""
        return cls(share_right(_vote(np.asarray(probs), human_labels), truth))

    def worth(self, probs: ArrayLike) -> Array:
        """(n,) the machine's doubt: everybody is asked, about the least confident answers first."""
        return doubt(probs)

    def __call__(self, probs: ArrayLike, human_labels: ArrayLike) -> Array:
        """(n, k) the winner with probability `right`, the rest spread evenly; the machine's where nobody was asked."""
        probs = np.asarray(probs)
        seen = (np.asarray(human_labels) >= 0).any(1)
        return replaced(np.exp(log_probs(probs)), np.where(seen, _vote(probs, human_labels), -1), self.right)


def _vote(probs: np.ndarray, human_labels: ArrayLike) -> np.ndarray:
    """(n,) the winner of the vote."""
    classes = probs.shape[1]
    return majority(votes(human_labels, classes) + one_hot(probs.argmax(1), classes), probs)


RULE = Majority
