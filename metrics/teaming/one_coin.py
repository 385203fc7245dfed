"""One-coin: Dawid-Skene where each annotator has one skill, and errs evenly over the other classes.

    psi_j[a, b] = s_j where a = b, else (1 - s_j) / (k - 1)

Fewer numbers to learn than Dawid-Skene's confusions, and coarser. Zhang et al., Journal of Machine Learning
Research 17, 2016, Section 2 ("one-coin model").
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from .. import _finite
from ._machine import Array
from .dawid_skene import LEAST, DawidSkene, _annotations, _em


@dataclass(frozen=True, eq=False)
class OneCoin(DawidSkene):
    """Bayes' rule with skills that were learnt without truth.

    Examples
    --------
    >>> probs = np.tile([[0.9, 0.1], [0.2, 0.8]], (4, 1))
    >>> OneCoin.fit(probs, [[0, 0], [1, 0]] * 4, None).psi.diagonal(axis1=1, axis2=2)[:, 0].round(2).tolist()
    [1.0, 1.0, 0.5]
    """

    title: ClassVar[str] = "one-coin"

    @classmethod
    def fit(cls, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike | None = None) -> Self:
        """Expectation maximisation; the truth is not looked at."""
        return cls(*_em(_annotations(probs, human_labels), _coins))


def _coins(said: Array, q: Array) -> Array:
    """(1 + r, k, k) a confusion from each annotator's skill; an annotator without answers tells nothing."""
    classes = q.shape[1]
    skill = _finite.divide((said * q).sum((1, 2)), said.sum((1, 2)))
    skill = np.where(np.isnan(skill), 1 / classes, skill)[:, None, None]
    psi = np.where(np.eye(classes, dtype=bool), skill, (1 - skill) / max(classes - 1, 1))
    return np.clip(psi, LEAST, 1 - LEAST)


RULE = OneCoin
