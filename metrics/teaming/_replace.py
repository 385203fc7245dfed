"""What rules share that replace the machine's answer by the people's."""

import numpy as np
from numpy.typing import ArrayLike

from ._machine import Array
from ._people import RIGHT


def share_right(answers: ArrayLike, truth: ArrayLike) -> float:
    """How often an answer is right, with one prior answer's worth of 0.75; -1 is no answer."""
    answers = np.asarray(answers)
    seen = answers >= 0
    return float(((answers == truth)[seen].sum() + RIGHT) / (seen.sum() + 1))


def replaced(machine: Array, answers: ArrayLike, right: float) -> Array:
    """The people's answer where there is one, with probability `right` and the rest spread evenly; else the machine's.

    However seldom people are right, the answer stays the most probable class: this rule replaces.
    """
    answers = np.asarray(answers)
    classes = machine.shape[1]
    right = max(right, min(1.01 / classes, 1.0))
    instead = np.where(
        answers[:, None] == np.arange(classes), right if classes > 1 else 1.0, (1 - right) / max(classes - 1, 1)
    )
    return np.where(answers[:, None] >= 0, instead, machine)
