"""Which images are easy for people and hard for machines, and the other way round."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..types import UNSEEN
from .core import Measured


class Image(NamedTuple):
    """One image: its row in the study, and the shares of people (who saw it) and of machines that are right."""

    row: int
    people: float
    machines: float


def shares_right(measured: Measured) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n,) and (n,): the share of people who are right among those who saw the image, and the share of machines.

    NaN where nobody saw it. A machine that was trained several times counts by the share of its trainings.
    """
    study = measured.study
    seen = study.people.labels != UNSEEN
    right = (study.people.labels == study.truth[:, None]) & seen
    with np.errstate(invalid="ignore"):
        people = right.sum(1) / seen.sum(1)
    trained = [[run.labels_predicted == study.truth for run in runs] for runs in study.machines.values()]
    return people, np.mean([np.mean(runs, axis=0) for runs in trained], axis=0)


def most_different(measured: Measured, each: int = 5) -> tuple[list[Image], list[Image]]:
    """The images with the widest gap between the shares that are right, those where people lead and where machines do.

    Of equal gaps the image that comes first in the study is taken.

    Parameters
    ----------
    measured : Measured
        With at least one machine.
    each : int
        How many of each kind, at most: no image without a gap is among them.
    """
    people, machines = shares_right(measured)
    lead = np.nan_to_num(people - machines)

    def widest(gap: NDArray[np.float64]) -> list[Image]:
        rows = np.argsort(-gap, kind="stable")[:each]
        return [Image(int(row), float(people[row]), float(machines[row])) for row in rows if gap[row] > 0]

    return widest(lead), widest(-lead)
