"""Section 3.1, its conclusions: do machines err together however good they are, and do people know what they do not?"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from same_eyes.metrics.levels import slope

from ..claims import Estimate
from .core import Measured, estimate, kept, over_trainings, with_samples


class Pair(NamedTuple):
    """Two classifiers: how far apart their accuracies are, and the share of common errors that are one mistake."""

    names: tuple[str, str]
    gap: Estimate
    same_mistake: Estimate


@kept
@over_trainings
def pairs(measured: Measured, *names: str) -> list[Pair]:
    """All pairs of some classifiers: |difference in accuracy|, and P(same answer | both wrong)."""
    gap, same = _gaps_and_rates(measured, *names)
    return [Pair(pair, estimate(gap[:, j]), estimate(same[:, j])) for j, pair in enumerate(combinations(names, 2))]


@over_trainings
def same_mistake_rate(measured: Measured, *names: str) -> Estimate:
    """P(same answer | both wrong), mean over all pairs of some classifiers."""
    return estimate(_gaps_and_rates(measured, *names)[1].mean(1))


@over_trainings
def same_mistake_at_widest_gap(measured: Measured, *names: str) -> Estimate:
    """P(same answer | both wrong) of the pair furthest apart in accuracy, read off the line over all pairs.

    The line is least squares: a pair's rate over its gap in accuracy. It needs at least three classifiers.
    """
    gap, same = _gaps_and_rates(measured, *names)
    if gap.shape[1] < 3:
        return Estimate.exact(np.nan)
    beyond_mean = gap.max(1) - gap.mean(1)
    return estimate(same.mean(1) + slope(gap, same) * beyond_mean)


@over_trainings
def missed_by_machines_known_to_people(measured: Measured) -> Estimate:
    """Share of all images that every machine misses and at least one person gets."""
    known = (measured.study.people.labels == measured.truth[:, None]).any(1)
    found = (_missed(measured) & known)[:, None].astype(np.uint8)
    return estimate(with_samples(found, measured.weights)[:, 0] / _sizes(measured))


@kept
@over_trainings
def known_beyond_chance(measured: Measured, person: str) -> Estimate:
    """On the images that every machine misses, a person's accuracy less what chance gives.

    Chance: the person's answers, dealt out anew among the images to which machines gave the same (most frequent)
    answer. That is the accuracy expected of someone who knows what the machines said and which classes are mistaken
    for it, but does not see the image. It is an exact expectation over all permutations:

        Σ_a Σ_k  (images of machine answer a that the person calls k) · (those whose truth is k) / (images of a)
    """
    study, k = measured.study, len(measured.study.classes)
    answers, truth = measured.labels[person], measured.truth
    chosen = _missed(measured) & (answers >= 0)
    said = study.machine_labels()[chosen]
    usual = (said[:, :, None] == np.arange(k)).sum(1).argmax(1)
    said_so, is_so = usual * k + answers[chosen], usual * k + truth[chosen]
    both = np.intersect1d(said_so, is_so)  # all other products are 0; with many classes that is nearly all of them
    groups = np.unique(usual)
    parts = (said_so[:, None] == both, is_so[:, None] == both, usual[:, None] == groups, (said_so == is_so)[:, None])
    sums = with_samples(np.hstack(parts).astype(np.uint8), measured.weights[:, chosen])
    called, true, images, hits = np.split(sums, np.cumsum([part.shape[1] for part in parts])[:-1], axis=1)
    chance = (called * true / np.maximum(images[:, np.searchsorted(groups, both // k)], 1)).sum(-1)
    with np.errstate(invalid="ignore"):  # no image that all miss
        return estimate((hits[:, 0] - chance) / images.sum(-1))


def _sizes(measured: Measured) -> NDArray[np.float64]:
    """(1 + B,) number of images: all, then of each bootstrap sample."""
    return np.append(len(measured.study.truth), measured.sizes)


def _missed(measured: Measured) -> NDArray[np.bool_]:
    """(n,) whether every machine is wrong; nowhere, without machines."""
    return ~measured.right(*measured.machines).any(1) & np.array(bool(measured.machines))


@kept
def _gaps_and_rates(measured: Measured, *names: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(1 + B, p) of every pair: |difference in accuracy| and P(same answer | both wrong); row 0 is all images."""
    labels = np.stack([measured.labels[name] for name in names], 1)
    right, seen = labels == measured.truth[:, None], labels >= 0
    wrong = ~right & seen
    first, second = np.triu_indices(len(names), 1)
    both = wrong[:, first] & wrong[:, second]
    same = both & (labels[:, first] == labels[:, second])
    accuracies = np.divide(*(with_samples(each.astype(np.uint8), measured.weights) for each in (right, seen)))
    sums = with_samples(np.hstack([both, same]).astype(np.uint8), measured.weights)
    with np.errstate(invalid="ignore"):  # a pair that never errs together
        rates = sums[:, len(first) :] / sums[:, : len(first)]
    return np.abs(accuracies[:, first] - accuracies[:, second]), rates
