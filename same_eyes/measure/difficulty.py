"""Sections 3.2 and 3.3, Figure 3, Tests 2 and 3: are the same images hard for people and for machines?

Images are cut into levels of difficulty, and people's and machines' accuracy is drawn over the levels. What
difficulty is, is one of :data:`MEASURES`:

========================  ==================================================================  =============
by                        difficulty of an image                                              levels
========================  ==================================================================  =============
confidence                the machine's largest class probability (high is easy)              each machine's
agreement                 share of all machines that are right (high is easy)                 one for all
leave-one-out agreement   share of the other machines that are right (high is easy)           each machine's
entropy                   of all people's answers, in nats                                    one for all
half entropy              of one half of the answers, in nats; the other half is scored       one for all
time                      people's mean time, in seconds                                      one for all
========================  ==================================================================  =============

Where each machine has its own difficulties, an image lies in each machine's own level; the borders between levels are
the same for all machines. People are scored on each machine's levels and averaged over machines. Machines of
which only labels are known have no part in levels of confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from same_eyes.metrics.accuracy import share_right
from same_eyes.metrics.difficulty import agreement, human_entropy, leave_one_out_agreement, split_half_entropy
from same_eyes.metrics.levels import (
    Levels,
    Line,
    accuracy_by_level,
    fit_line,
    identity_slope_levels,
    level_edges,
    levels_from_sums,
    slope,
    slope_difference,
)
from same_eyes.metrics.rank_correlation import rank_correlation, resampled_rank_correlations

from ..claims import Estimate
from ..types import UNSEEN, NoConfidence
from .core import Measured, estimate, kept, over_trainings, with_samples

By = Literal["confidence", "agreement", "leave-one-out agreement", "entropy", "half entropy", "time"]
Kind = Literal["width", "count"]
Who = Literal["people", "machines"]

FINE = 20  # levels that images are counted in; coarser ones join neighbours, so that they nest


@dataclass(frozen=True, eq=False)
class Curves:
    """People's and machines' accuracy over levels of difficulty.

    Attributes
    ----------
    people : Levels
        (1 + B, bins, ·): row 0 is all images, each other row a bootstrap sample. One column, or one for each
        machine's levels.
    machines : Levels
        (1 + B, bins, m), on the same levels.
    """

    people: Levels
    machines: Levels

    def of(self, who: Who) -> Levels:
        """One of the two."""
        return self.people if who == "people" else self.machines


@kept
@over_trainings
def curves(measured: Measured, by: By, *, bins: int | None = None, kind: Kind = "width") -> Curves:
    """Accuracy over levels of difficulty, X being the mean difficulty of the level's images.

    Parameters
    ----------
    measured : Measured
    by : str
        What difficulty is; see the module.
    bins : int, optional
        Number of levels; that of ``measured.choices`` where none is given. Those of 5, 10 and 20 nest, and are
        counted once.
    kind : {"width", "count"}
        Levels of equal width, or of equal numbers of images as far as ties allow (of all machines together, where
        each has its own difficulties).
    """
    bins = bins or measured.choices.levels
    sums = _sums(measured, by, kind, _fine(bins))
    count, difficulty, people, machines = (_joined(each, bins) for each in sums)
    return Curves(_levels(count, difficulty, people), _levels(count, difficulty, machines))


def slope_gap(drawn: Curves) -> Estimate:
    """Machines' slope less people's, X being the mean difficulty: the honest reading of Tests 2 and 3."""
    return estimate(_slopes(drawn.machines) - _slopes(drawn.people))


def identity_slope_gap(drawn: Curves) -> Estimate:
    """The same, X being the machines' own mean accuracy: the study's reading, machines' slope 1 by construction."""
    by_identity = _by_identity(drawn)
    return estimate(_slopes(by_identity.machines) - _slopes(by_identity.people))


def line(drawn: Curves, who: Who) -> Line:
    """Least squares line through the levels, X being the mean difficulty."""
    levels = drawn.of(who)
    return fit_line(levels.difficulty[0], levels.accuracy[0])


def identity_line(drawn: Curves, who: Who) -> Line:
    """Least squares line through the levels, X being the machines' own mean accuracy, as in the study."""
    return line(_by_identity(drawn), who)


def slope_test(drawn: Curves) -> tuple[Estimate, float]:
    """Machines' slope less people's as the interaction of one regression over the levels: its own interval, and p."""
    machines, people = drawn.machines, drawn.people
    points = [each for levels in (machines, people) for each in (levels.difficulty[0], levels.accuracy[0])]
    found = slope_difference(*points)
    df = sum(np.isfinite(x + y).sum() for x, y in (points[:2], points[2:])) - 4
    half = float(t.ppf(0.975, df)) * found.se
    return Estimate(found.difference, found.difference - half, found.difference + half), found.p


def lead(drawn: Curves, level: int, of: int | None = None) -> Estimate:
    """People's accuracy less machines' in one level (0 is the least difficulty); NaN where it is empty.

    Where levels are counted as ``of`` so many, it is the level in which that one begins.
    """
    level = level * drawn.people.accuracy.shape[1] // of if of else level
    return estimate(drawn.people.accuracy[:, level] - drawn.machines.accuracy[:, level])


def greatest_lead(drawn: Curves, of: Who) -> float:
    """By how much people (or machines) win in the level in which they win most."""
    return float(np.nanmax([found.value for found in _leads(drawn, of)], initial=-np.inf))


def surest_lead(drawn: Curves, of: Who) -> Estimate:
    """The lead of people (or machines) in the level where it is surest, with the interval that choosing it asks for.

    Each of the bins' intervals has level 1 - 0.05 / bins (Bonferroni), and that with the highest lower end is taken.
    """
    leads = _leads(drawn, of)
    wide = [each.at(1 - 0.05 / len(leads)) for each in leads]
    return max(wide, key=lambda each: np.nan_to_num(each.low, nan=-np.inf))


def fall(drawn: Curves, who: Who) -> Estimate:
    """By how much accuracy falls along its straight line, from the easiest level to the hardest, as a share.

    For difficulties that grow with hardness: entropy and time. How far it is from the one level to the other
    is taken from all images, in bootstrap samples too.
    """
    levels = drawn.of(who)
    x = levels.difficulty[0]
    return estimate(-_slopes(levels) * (np.fmax.reduce(x) - np.fmin.reduce(x)))


@kept
@over_trainings
def fall_to_a_split(measured: Measured, who: Who) -> Estimate:
    """By how much accuracy falls from images on which all agree to those on which two answers are equally frequent.

    Along a straight line through all images, X being the entropy of one half of the answers, which is ln 2 nats there.
    No levels: those of most entropy hold a handful of images, and neither these nor the hardest image may decide.
    """
    entropy, people, machines = _partition(measured, "half entropy")
    x, y = entropy[:, 0], (people if who == "people" else machines).mean(1)
    known = np.isfinite(x) & np.isfinite(y)
    cells = np.where(known[:, None], np.stack([np.ones_like(x), x, y, x * x, x * y], 1), 0.0)
    n, sum_x, sum_y, sum_xx, sum_xy = with_samples(cells, measured.weights).T
    with np.errstate(invalid="ignore"):  # all of one entropy
        return estimate(np.log(2) * (sum_x * sum_y - n * sum_xy) / (n * sum_xx - sum_x * sum_x))


class Row(NamedTuple):
    """One level of Figure 3: its X and number of images, accuracies with intervals, ranges over classifiers."""

    difficulty: float
    images: float
    people: Estimate
    people_range: tuple[float, float]
    machines: Estimate
    machines_range: tuple[float, float]


def figure_rows(measured: Measured, by: By, *, bins: int = 10, kind: Kind = "width") -> list[Row]:
    """Figure 3's points, one row a level that is not empty.

    ``images`` is a mean over machines where each has its own levels. People known by their counts alone
    have no range (NaN).
    """
    drawn = curves(measured, by, bins=bins, kind=kind)
    (spread,) = _persons(measured, by, bins, kind)
    return [
        Row(
            float(drawn.people.difficulty[0, level]),
            float(drawn.people.count[0, level].mean()),
            estimate(drawn.people.accuracy[:, level]),
            (float(np.fmin.reduce(spread[level])), float(np.fmax.reduce(spread[level]))),
            estimate(drawn.machines.accuracy[:, level]),
            (float(drawn.machines.low[0, level]), float(drawn.machines.high[0, level])),
        )
        for level in range(bins)
        if drawn.people.count[0, level].any()
    ]


@over_trainings
def _persons(measured: Measured, by: By, bins: int, kind: Kind) -> NDArray[np.float64]:
    """(1, bins, r) accuracy of each person in each level."""
    difficulty, _, _ = _partition(measured, by)
    edges = level_edges(difficulty, bins=_fine(bins), kind=kind)[:: _fine(bins) // bins]
    answers, truth = measured.study.people.labels, measured.truth[:, None]
    persons = [
        accuracy_by_level(difficulty, np.broadcast_to(right, difficulty.T.shape).T, bins=edges).accuracy
        for right in np.where(answers == UNSEEN, np.nan, answers == truth).T
        if by != "half entropy"
    ]
    return (np.stack(persons, 1) if persons else np.full((bins, 1), np.nan))[None]


# --- Section 3.3: do machine difficulty and human difficulty cut images alike? ---------------------------


def hardness(measured: Measured) -> dict[str, NDArray[np.float64]]:
    """(n,) each measure of difficulty of every image, high where it is hard.

    "confidence" and "agreement" are means over machines, turned round; "entropy" and "other entropy" come from
    two halves of people's answers, so that their correlation says how far such an entropy can be trusted; "time" is
    there where times are known. All are of the same images, so that any two can be compared.
    """
    study = measured.study
    first, rest = split_half_entropy(study.people.counts, measured.seed)
    found = {
        "confidence": -_confidences(measured).mean(1),
        "agreement": -agreement(_machines_right(measured, measured.machines)),
        "entropy": first,
        "other entropy": human_entropy(rest),
    }
    if study.people.seconds is not None:
        found["time"] = mean_seconds(study.people.seconds)
    return found


@kept
@over_trainings
def hardness_correlations(measured: Measured) -> dict[tuple[str, str], Estimate]:
    """Spearman's correlation of any two measures of :func:`hardness`, on the images for which all are known."""
    measures = hardness(measured)
    names, columns = list(measures), np.stack(list(measures.values()), 1)
    replicates = resampled_rank_correlations(columns, measured.weights)
    known = columns[np.isfinite(columns).all(1)].T
    return {
        (a, b): Estimate.from_replicates(float(rank_correlation(known[i], known[j])), replicates[:, i, j])
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i != j
    }


def why_no_times(measured: Measured) -> str:
    """Why a study knows no times of its people, and where CIFAR-10H's are to be had; empty where it knows them."""
    if measured.study.people.seconds is not None:
        return ""
    return f"no times of people are at hand for {measured.study.name} (CIFAR-10H's: same-eyes data fetch cifar10h-raw)"


def mean_seconds(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) mean over the people whose time is known; NaN without any."""
    known = np.isfinite(seconds)
    with np.errstate(invalid="ignore"):
        return np.where(known, seconds, 0).sum(1) / known.sum(1)


# --- Counting in levels -----------------------------------------------------------------------------------


def _partition(measured: Measured, by: By) -> tuple[NDArray, NDArray, NDArray]:
    """Difficulty (n, 1 or m), share of people who are right (n, 1), machines right (n, m); NaN where unknown."""
    study = measured.study
    counts, machines = study.people.counts, _machines_right(measured, measured.machines)
    if by == "confidence":
        difficulty, machines = _confidences(measured), _machines_right(measured, measured.confident)
    elif by == "agreement":
        difficulty = agreement(machines)
    elif by == "leave-one-out agreement":
        difficulty = leave_one_out_agreement(machines)
    elif by == "entropy":
        difficulty = human_entropy(counts)
    elif by == "half entropy":
        difficulty, counts = split_half_entropy(counts, measured.seed)
    elif study.people.seconds is not None:
        difficulty = mean_seconds(study.people.seconds)
    else:
        raise ValueError(f"study {study.name!r} knows no times of its people.")
    people = share_right(counts, measured.truth)[:, None]
    return difficulty.reshape(len(people), -1), people, machines


def _confidences(measured: Measured) -> NDArray[np.float64]:
    """(n, m) every confident machine's largest class probability."""
    if not measured.confident:
        raise NoConfidence("this asks how sure machines are, and of none more than labels is known")
    return np.stack([measured.run(machine).confidence for machine in measured.confident], 1)


def _machines_right(measured: Measured, machines: Sequence[str]) -> NDArray:
    """(n, m) whether each of the machines is right; one column of NaN without machines."""
    return measured.right(*machines) if machines else np.full((len(measured.study.truth), 1), np.nan)


def _fine(bins: int) -> int:
    """How many levels images are counted in, for so many in the end."""
    return bins if FINE % bins else FINE


@kept
def _sums(measured: Measured, by: By, kind: Kind, fine: int) -> tuple[NDArray[np.float64], ...]:
    """Images, summed difficulty, people right, machines right: (1 + B, fine, ·) in each fine level.

    The images of a batch share one working time and are drawn together. Sums are of float32: whole numbers
    are exact, means good to six digits.
    """
    difficulty, people, machines = _partition(measured, by)
    weights, groups = measured.weights, measured.study.group
    if by == "time" and groups is not None:
        weights = measured.drawn_together(groups)
    known = np.isfinite(difficulty) & np.isfinite(people)
    level = np.searchsorted(level_edges(difficulty, bins=fine, kind=kind)[1:-1], difficulty, side="right")
    values = [np.asarray(each, np.float32) for each in (known, difficulty, people, machines)]
    widths = [max(each.shape[1], known.shape[1]) for each in values]
    sums = np.zeros((1 + len(weights), fine, sum(widths)))
    for occupied in np.unique(level[known]):  # level by level: the product leaves out the images of all others
        member = (level == occupied) & known
        cells = [np.where(member, each, np.float32(0)) for each in values]
        sums[:, occupied] = with_samples(np.hstack(cells), weights)
    return tuple(np.split(sums, np.cumsum(widths)[:-1], axis=2))


def _joined(sums: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    """Fine levels joined to fewer."""
    return sums.reshape(len(sums), bins, sums.shape[1] // bins, -1).sum(2)


def _levels(count: NDArray, difficulty: NDArray, right: NDArray) -> Levels:
    parts = np.stack(np.broadcast_arrays(count, difficulty, right), 1)
    return levels_from_sums(parts.reshape(len(parts), -1), parts.shape[-1])


def _by_identity(drawn: Curves) -> Curves:
    people, machines = (identity_slope_levels(levels, drawn.machines) for levels in (drawn.people, drawn.machines))
    return Curves(people, machines)


def _slopes(levels: Levels) -> NDArray[np.float64]:
    return slope(levels.difficulty, levels.accuracy)


def _leads(drawn: Curves, of: Who) -> list[Estimate]:
    sign = 1 if of == "people" else -1
    ahead = sign * (drawn.people.accuracy - drawn.machines.accuracy)
    return [estimate(level) for level in ahead.T]
