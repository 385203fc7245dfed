"""Fixed threshold: the study's eta = 0.6, whatever the machine.

The study, Section 4.2 and Test 4.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from ._people import majority, votes
from ._replace import share_right
from .threshold import Threshold

ETA = 0.6


@dataclass(frozen=True)
class FixedThreshold(Threshold):
    """The people's majority instead of the machine where its confidence is at most 0.6.

    Examples
    --------
    >>> rule = FixedThreshold.fit([[0.55, 0.45], [0.9, 0.1]], [[1], [1]], [1, 0])
    >>> rule.worth([[0.55, 0.45], [0.9, 0.1]]).round(2).tolist()
    [0.05, -0.3]
    """

    title: ClassVar[str] = "threshold 0.6"

    @classmethod
    def fit(cls, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike) -> Self:
        """Only how often people are right where they are asked is learnt."""
        probs = np.asarray(probs)
        answers = majority(votes(human_labels, probs.shape[1]), probs)
        asked = probs.max(1, initial=0.0) <= ETA
        return cls(ETA, share_right(np.where(asked, answers, -1), truth))


RULE = FixedThreshold
