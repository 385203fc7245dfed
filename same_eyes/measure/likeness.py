"""Likeness with error bars: who errs on the same images, with the same answers, in the same classes?

Of any two people and machines, three numbers that are corrected for chance, each of another question:

================  ==================================================================  ==========================
number            question                                                            chance
================  ==================================================================  ==========================
error consistency do they err on the same images?                                     their accuracies
wrong agreement   where both err, do they give the same wrong answer?                 their confusion matrices
error distance    do they confuse the same classes, on whatever images?               a permutation null
================  ==================================================================  ==========================

A pair whose number is undefined has NaN, and :func:`why_undefined` says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from same_eyes.metrics import _finite
from same_eyes.metrics.bootstrap import standard_error
from same_eyes.metrics.error_consistency import consistency_bounds, consistency_from_counts
from same_eyes.metrics.error_distance import (
    Distance,
    error_counts,
    error_distance,
    error_distances,
    one_and_rest,
    permuted_distances,
)
from same_eyes.metrics.joint_cells import count_joint, joint_cells, joint_counts
from same_eyes.metrics.paired_tests import holm
from same_eyes.metrics.wrong_agreement import wrong_agreement_cells, wrong_agreement_from_sums

from ..claims import Estimate
from ..types import UNSEEN
from .core import Measured, accuracy, estimate, kept, over_trainings, with_samples

Kind = Literal["HH", "MM", "HM"]
Pairs = dict[tuple[str, str], Estimate]

DRAWS = 4  # of one answer to each image; their mean varies by a tenth of its interval
PERMUTATIONS = 500


def everybody(measured: Measured) -> list[str]:
    """The people and the machines: the rows and columns of every matrix here."""
    return measured.people + measured.machines


# --- Error consistency and wrong agreement -------------------------------------------------------------------


@kept
def consistencies(measured: Measured) -> Pairs:
    """Error consistency of every two people and machines."""
    return _pairs(measured, _consistency_rows(measured))


@kept
def wrong_agreements(measured: Measured) -> Pairs:
    """Agreement on the same wrong answer beyond chance, of every two people and machines."""
    return _pairs(measured, _agreement_rows(measured))


def consistency(measured: Measured, kind: Kind) -> Estimate:
    """Mean error consistency of two people, two machines, or a person and a machine."""
    return estimate(_mean(_consistency_rows(measured), *_sides(measured, kind)))


def wrong_agreement(measured: Measured, kind: Kind) -> Estimate:
    """Mean wrong agreement beyond chance of two people, two machines, or a person and a machine."""
    return estimate(_mean(_agreement_rows(measured), *_sides(measured, kind)))


def with_people(measured: Measured) -> dict[str, Estimate]:
    """Mean error consistency of each person and machine with the people (others than itself)."""
    rows, people = _consistency_rows(measured), range(len(measured.people))
    return {name: estimate(_mean(rows, [i] * len(people), list(people))) for i, name in enumerate(everybody(measured))}


def why_undefined(measured: Measured, first: str, second: str) -> str:
    """Why the error consistency of two is undefined (NaN); empty where it is not."""
    right = measured.trainings[0].right(first, second)
    if right.all():
        return "both are flawless: no image tells their agreement from chance"
    if not right.any():
        return "both are always wrong: no image tells their agreement from chance"
    return ""


@kept
@over_trainings
def _consistency_rows(measured: Measured) -> NDArray[np.float64]:
    """(1 + B, m, m): all images, then each bootstrap sample."""
    cells = joint_cells(measured.right(*everybody(measured)))
    return consistency_from_counts(*joint_counts(with_samples(cells, measured.weights)))


@kept
@over_trainings
def _unbiased(measured: Measured) -> NDArray[np.float64]:
    """(1, m, m): of all images."""
    return consistency_from_counts(*count_joint(measured.right(*everybody(measured))), unbiased=True)[None]


@kept
@over_trainings
def _agreement_rows(measured: Measured) -> NDArray[np.float64]:
    """(1 + B, m, m): all images, then each bootstrap sample."""
    sums = (
        with_samples(
            wrong_agreement_cells(said, np.zeros(len(rows), int), 1 + answers), measured.weights.take(rows, axis=1)
        )
        for rows, said, answers in _by_class(measured)
    )
    return wrong_agreement_from_sums(sums, len(everybody(measured))).beyond


# --- Error distances ------------------------------------------------------------------------------------------


@kept
def distances(measured: Measured, distance: Distance = "jensen-shannon") -> Pairs:
    """Error distance of every two people and machines."""
    return _pairs(measured, _distance_rows(measured, distance))


class Null(NamedTuple):
    """(m, m) mean distance under the permutation null, and p-value of a distance at least as great; NaN without one."""

    mean: NDArray[np.float64]
    p: NDArray[np.float64]


@kept
def permutation_null(measured: Measured, distance: Distance = "jensen-shannon") -> Null:
    """What the distance of two would be, had they one distribution of errors; of the first training."""
    study = measured.study
    counts = error_counts(_labels(measured.trainings[0]), study.truth, len(study.classes))
    drawn = permuted_distances(counts, permutations=PERMUTATIONS, seed=measured.seed, distance=distance)
    observed = error_distances(counts, distance=distance)
    p = (1 + (drawn >= observed - 1e-12).sum(0)) / (1 + PERMUTATIONS)
    return Null(drawn.mean(0), np.where(np.isnan(observed), np.nan, p))


def human_ceiling(measured: Measured) -> Estimate:
    """Error distance of one answer to each image from the rest: the least that can be expected of anybody."""
    return estimate(_to_people_rows(measured)[:, 0])


def distance_to_people(measured: Measured, machine: str) -> Estimate:
    """Error distance of a machine from the same rest."""
    return estimate(_to_people_rows(measured)[:, 1 + measured.machines.index(machine)])


@kept
@over_trainings
def _to_people_rows(measured: Measured) -> NDArray[np.float64]:
    """(1 + B, 1 + m) distance from all of the people's answers but one: of that one, of each machine."""
    study, k = measured.study, len(measured.study.classes)
    parts = [part for draw in range(DRAWS) for part in one_and_rest(study.people.counts, measured.seed + draw)]
    machines, classes = study.machine_labels(), _Mean()
    for t in range(k):
        rows = np.flatnonzero(measured.truth == t)
        people = [part[rows] for part in parts]
        wrong = np.concatenate([np.stack(people, 1), machines[rows, :, None] == np.arange(k)], 1)
        wrong[:, :, t] = 0
        counts = _answer_sums(measured, rows, wrong)  # (1 + B, 2 DRAWS + m, answers given)
        rest = counts[:, None, 1 : 2 * DRAWS : 2]
        of_one = error_distance(counts[:, 0 : 2 * DRAWS : 2], rest[:, 0])
        of_machines = error_distance(counts[:, 2 * DRAWS :, None], rest)
        classes.add(np.concatenate([of_one[:, None], of_machines], 1))  # (1 + B, 1 + m, DRAWS)
    return _recentred(_finite.mean(classes.value, -1))


@kept
@over_trainings
def _distance_rows(measured: Measured, distance: Distance) -> NDArray[np.float64]:
    """(1 + B, m, m): all images, then each bootstrap sample."""
    names, classes = everybody(measured), _Mean()
    first, second = np.triu_indices(len(names), 1)
    for rows, said, answers in _by_class(measured):
        counts = _answer_sums(measured, rows, said[:, :, None] == np.arange(1, 2 + answers))
        classes.add(error_distance(counts[:, first], counts[:, second], distance=distance))
    found = np.full((1 + len(measured.weights), len(names), len(names)), np.nan)
    found[:, first, second] = found[:, second, first] = _recentred(classes.value)
    return found


def _recentred(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replicates moved so that their mean is the number itself.

    A distance between samples is greater than that between what they are drawn from. The number itself has that bias
    once, as the null and the ceiling beside it have; its replicates, samples of a sample, have it twice.
    """
    rows[1:] += rows[0] - _finite.mean(rows[1:], 0)
    return rows


# --- All of it in one table -----------------------------------------------------------------------------------


def table(measured: Measured) -> pd.DataFrame:
    """A row for each two people and machines: every number here with its interval, what it could be, and chance."""
    names = everybody(measured)
    kappa, wrong, apart = consistencies(measured), wrong_agreements(measured), distances(measured)
    null, unbiased = permutation_null(measured), _unbiased(measured)[0]
    rows = []
    for (i, first), (j, second) in combinations(enumerate(names), 2):
        pair = first, second
        least, most = consistency_bounds(*(accuracy(measured, name).value for name in pair))
        rows.append(
            {
                "first": first,
                "second": second,
                "kind": "".join("H" if name in measured.people else "M" for name in pair),
                **_columns("error_consistency", kappa[pair]),
                "error_consistency_unbiased": unbiased[i, j],
                "error_consistency_least": float(least),
                "error_consistency_most": float(most),
                **_columns("wrong_agreement", wrong[pair]),
                **_columns("error_distance", apart[pair]),
                "error_distance_null": null.mean[i, j],
                "error_distance_p": null.p[i, j],
                "undefined": why_undefined(measured, first, second),
            }
        )
    return pd.DataFrame(rows)


def _columns(name: str, found: Estimate) -> dict[str, float]:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


# --- Ranks and maps -------------------------------------------------------------------------------------------


def tie_groups(found: Mapping[str, Estimate], alpha: float = 0.05) -> list[list[str]]:
    """Names from the greatest number to the least, in groups that cannot be told from their first.

    A group is led by its greatest, and holds those after it whose difference to the leader is not significant: paired
    over images, with a normal error from the bootstrap, Holm over all pairs. Who is undefined is in no group.
    """
    names = sorted((name for name in found if np.isfinite(found[name].value)), key=lambda name: -found[name].value)
    pairs = list(combinations(names, 2))
    apart = dict(zip(pairs, holm([_p(found[a] - found[b]) for a, b in pairs]) <= alpha, strict=True))
    groups: list[list[str]] = []
    for name in names:
        if groups and not apart[groups[-1][0], name]:
            groups[-1].append(name)
        else:
            groups.append([name])
    return groups


def matrix(names: Sequence[str], found: Pairs, diagonal: float = np.nan) -> NDArray[np.float64]:
    """(m, m) the numbers alone."""
    return np.array([[diagonal if a == b else found[a, b].value for b in names] for a in names])


def positions(apart: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Classical scaling: points in the plane whose distances are near the given ones.

    Parameters
    ----------
    apart : (m, m) float
        Distances; symmetric, 0 on the diagonal.

    Returns
    -------
    points : (m, 2) float
        Centred; the first axis is the longest, and each axis' largest coordinate is positive.
    shown : float
        The part of the distances' (positive) variance that the two axes hold, in [0, 1].
    """
    centre = np.eye(len(apart)) - 1 / len(apart)
    values, vectors = np.linalg.eigh(-centre @ apart**2 @ centre / 2)
    values, vectors = values[::-1], vectors[:, ::-1]
    points = np.zeros((len(apart), 2))
    points[:, : len(apart)] = vectors[:, :2] * np.sqrt(np.maximum(values[:2], 0))
    furthest = points[np.abs(points).argmax(0), [0, 1]]
    positive = np.maximum(values, 0)
    return points * np.where(furthest < 0, -1, 1), float(positive[:2].sum() / (positive.sum() or np.nan))


# --- What they share ------------------------------------------------------------------------------------------


def _labels(measured: Measured) -> NDArray[np.int64]:
    """(n, m) everybody's answers."""
    return np.hstack([measured.study.people.labels, measured.study.machine_labels()])


def _by_class(measured: Measured) -> Iterator[tuple[NDArray[np.intp], NDArray[np.int64], int]]:
    """Each true class: its images; (n, m) everybody's answers to them; and how many wrong answers anybody gave.

    Answers are numbered anew: 0 is right, 1 and so on are the wrong ones, -1 did not see. With many classes most
    answers are given by nobody, and all of them, for all classes and samples at once, would fill the memory.
    """
    labels = _labels(measured)
    for t in range(len(measured.study.classes)):
        rows = np.flatnonzero(measured.truth == t)
        said = labels[rows]
        wrong = (said != t) & (said != UNSEEN)
        given = np.unique(said[wrong])
        numbers = np.where(wrong, 1 + np.searchsorted(given, said), np.where(said == t, 0, UNSEEN))
        yield rows, numbers, len(given)


def _answer_sums(measured: Measured, rows: NDArray[np.intp], answers: NDArray) -> NDArray[np.float64]:
    """(1 + B, m, v) sums of (n, m, k) answers over some images and their samples, of the v that anybody gave."""
    given = np.asarray(answers.any((0, 1)))
    given[0] = True  # so that there is one: where nobody errs, there is no distance
    answers = answers[:, :, given]
    _, m, v = answers.shape
    return with_samples(answers.reshape(-1, m * v), measured.weights.take(rows, axis=1)).reshape(-1, m, v)


class _Mean:
    """The mean of arrays that come one after another, without NaN."""

    def __init__(self) -> None:
        self.total = self.number = np.zeros(())

    def add(self, array: NDArray[np.float64]) -> None:
        self.total = self.total + np.nan_to_num(array)
        self.number = self.number + ~np.isnan(array)

    @property
    def value(self) -> NDArray[np.float64]:
        return _finite.divide(self.total, self.number)


def _pairs(measured: Measured, rows: NDArray[np.float64]) -> Pairs:
    """A number and interval for each two, either way round."""
    places = list(enumerate(everybody(measured)))
    one_way = {(a, b): estimate(rows[:, i, j]) for (i, a), (j, b) in combinations(places, 2)}
    return one_way | {(b, a): found for (a, b), found in one_way.items()}


def _sides(measured: Measured, kind: Kind) -> tuple[list[int], list[int]]:
    """Places of the first and of the second of each pair of a kind."""
    people, m = len(measured.people), len(everybody(measured))
    pairs = {
        "HH": combinations(range(people), 2),
        "MM": combinations(range(people, m), 2),
        "HM": ((i, j) for i in range(people) for j in range(people, m)),
    }[kind]
    first, second = zip(*pairs, strict=True) if (pairs := list(pairs)) else ((), ())  # type: ignore[assignment]
    return list(first), list(second)


def _mean(rows: NDArray[np.float64], first: Sequence[int], second: Sequence[int]) -> NDArray[np.float64]:
    """(1 + B,) mean over some pairs, of those that are defined; nobody is a pair with itself."""
    pairs = np.array([(i, j) for i, j in zip(first, second, strict=True) if i != j], int).reshape(-1, 2)
    return _finite.mean(rows[:, pairs[:, 0], pairs[:, 1]], -1)


def _p(difference: Estimate) -> float:
    """Two-sided p-value by the bootstrap's standard error; 1 where two are the same in every sample."""
    error = float(standard_error(difference.replicates))
    if not error > 0:
        return 1.0 if difference.value == 0 else 0.0
    return float(2 * ndtr(-abs(difference.value) / error))
