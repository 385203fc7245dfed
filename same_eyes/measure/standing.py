"""Where one machine stands among the others and beside the people.

Its rank is known as far as McNemar's exact test tells it from each other machine, Holm over these tests: the machines
that are not told from it are its *ties*, and the rank lies between the places that the others leave it. (As Mogstad,
Romano, Shaikh & Wilhelm, Review of Economic Studies 91, 2024, bound ranks by tests of differences.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from same_eyes.metrics.paired_tests import holm, mcnemar

from ..claims import Estimate
from .core import Measured, accuracy
from .likeness import consistencies
from .matching import matchings
from .teaming import Rule, best_machine, gain_from_original, mean

ALPHA = 0.05
RULES: dict[str, Rule] = {"oracle gain": "oracle", "threshold gain": "cross-fitted"}


class Rank(NamedTuple):
    """A machine's place among all machines by accuracy, 1 being the best.

    Attributes
    ----------
    place : int
    low, high : int
        The places it can have, by the machines that it is told from.
    among : int
        Number of machines.
    ties : tuple of str
        The machines that it is not told from, the most accurate first.
    """

    place: int
    low: int
    high: int
    among: int
    ties: tuple[str, ...]


class Row(NamedTuple):
    """One number of a machine's standing: what, with whom ("" where it is the machine's alone), and how much."""

    what: str
    partner: str
    estimate: Estimate


def rank(measured: Measured, name: str) -> Rank:
    """A machine's place by accuracy.

    Where machines were trained several times, two are told apart if they are so in every training.
    """
    others = sorted((m for m in measured.machines if m != name), key=lambda m: -accuracy(measured, m).value)
    pvalues = [
        max(mcnemar(*training.right(name, other).T).pvalue for training in measured.trainings) for other in others
    ]
    told = holm(pvalues) <= ALPHA
    ahead = np.array([accuracy(measured, other).value > accuracy(measured, name).value for other in others], bool)
    ties = tuple(other for other, known in zip(others, told, strict=True) if not known)
    low, high = 1 + int((told & ahead).sum()), len(others) + 1 - int((told & ~ahead).sum())
    return Rank(1 + int(ahead.sum()), low, high, len(others) + 1, ties)


def rows(measured: Measured, name: str) -> list[Row]:
    """What is known of a machine beside its rank, each number with its interval.

    Parameters
    ----------
    measured : Measured
    name : str
        One of its machines.

    Returns
    -------
    list of Row
        Accuracy; lead over each person; error consistency with the nearest machine and the nearest person; mean
        matching with machines and with people; what each person and the best machine add to it, where the team is
        right as soon as either is (oracle) and where the machine asks below a cross-fitted confidence (threshold).
        What needs a confidence is left out where only labels are known, what needs another machine where there is none.
    """
    own, people = accuracy(measured, name), measured.people
    others = [other for other in measured.machines if other != name]
    found = [Row("accuracy", "", own)]
    found += [Row("ahead of", person, own - accuracy(measured, person)) for person in people]
    for kind in filter(None, (others, people)):
        near = nearest(measured, name, kind)
        found.append(Row("error consistency", near, consistencies(measured)[name, near]))
    for says, kind in (("all other machines, mean", others), ("people, mean", people)):
        if kind:
            found.append(Row("matching", says, mean([matchings(measured)[name, other] for other in kind])))
    for says, rule in RULES.items():
        if rule == "oracle" or name in measured.confident:
            partners = [*people, *([best_machine(measured, name, rule)] if others else [])]
            found += [Row(says, who, gain_from_original(measured, name, who, rule)) for who in partners]
    return found


def nearest(measured: Measured, name: str, others: Sequence[str]) -> str:
    """Whose mistakes are most on the same images as this machine's, beyond what the accuracies make them."""
    return max(others, key=lambda other: np.nan_to_num(consistencies(measured)[name, other].value, nan=-np.inf))
