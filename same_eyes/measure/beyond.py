"""Beyond Section 4: what do teams reach whose rule combines the answers instead of replacing one by the other?

The study's rule, a threshold on the machine's confidence, is one of many (``metrics/teaming/``). All of them are
cross-fitted here: an image is answered by a rule that was fitted on the other four fifths of the images, and images
that were answered together (a batch of ten) lie in one fold, so that no batch teaches a rule about itself. Only what
says ``hindsight`` in its name is otherwise.

A machine's *partner* is a person, another machine, or :data:`ALL_PEOPLE`, who are asked together. Members are scored
one by one: the better member is the best of machine and people, and the oracle is right where any of them is.
Bootstrap samples are drawn from the images, and the fitted rules stay as they are.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from same_eyes.metrics.calibration import brier_scores, calibration_cells, calibration_from_sums, log_losses
from same_eyes.metrics.teaming.cross_fit import TeamAnswers, cross_fit
from same_eyes.metrics.teaming.gains import realised_share
from same_eyes.metrics.teaming.p_plus_l import ProbsPlusLabels

from ..claims import Estimate
from ..team_rules import TeamRule, available_rules
from ..types import NotKnown
from .core import Measured, estimate, kept, need_confidence, other_machines, over_trainings, with_samples
from .teaming import FOLDS, folds

ALL_PEOPLE = "all people"
STUDY_RULE = "threshold"

Array = NDArray[np.float64]


@cache
def rule_named(name: str) -> type[TeamRule]:
    """A rule at hand, by its name in :func:`~same_eyes.team_rules.available_rules`."""
    return available_rules()[name]


# --- Teams --------------------------------------------------------------------------------------------------


def members(measured: Measured, partner: str) -> list[str]:
    """The partner's names: one, or all people's."""
    return measured.people if partner == ALL_PEOPLE else [partner]


def labels_of(measured: Measured, partner: str) -> NDArray[np.int64]:
    """(n, r) the partner's answers."""
    return np.stack([measured.labels[name] for name in members(measured, partner)], 1)


def folds_of(measured: Measured, repeat: int) -> NDArray[np.intp]:
    """(n,) fold of each image in a cross-fit; the first has the groups in turn, as :func:`.teaming.folds`."""
    in_turn = folds(measured)
    if repeat == 0:
        return in_turn
    study = measured.study
    _, group = np.unique(study.index if study.group is None else study.group, return_inverse=True)
    return np.random.default_rng(repeat).permutation(group.max() + 1)[group] % FOLDS


def cross_fitted(
    measured: Measured, machine: str, partner: str, rule: str, repeat: int = 0, images: int | None = None
) -> TeamAnswers:
    """Answers of a machine of one training and its partner, by a rule, each fold's fitted on the other folds.

    Parameters
    ----------
    machine, partner : str
        Who teams up.
    rule : str
        As in :func:`~same_eyes.team_rules.available_rules`.
    repeat : int
        Which division into folds.
    images : int, optional
        Learn from no more than so many images.

    Raises
    ------
    NoConfidence
        The machine gives labels only.
    """
    need_confidence(measured, machine)
    probs = measured.run(machine).probs
    given = labels_of(measured, partner), measured.truth, folds_of(measured, repeat)
    return cross_fit(rule_named(rule), probs, *given, images=images, seed=repeat)


@kept
def _answers(measured: Measured, machine: str, partner: str, rule: str) -> tuple[NDArray[np.bool_], ...]:
    """(n,) whether the team is right where people are asked, and where not; and whether they are."""
    answers = cross_fitted(measured, machine, partner, rule)
    return *(said.argmax(1) == measured.truth for said in (answers.told, answers.alone)), answers.asks


def right(
    measured: Measured, machine: str, partner: str, rule: str, asked: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """(n,) whether a team of one training is right; about the images given, (n,) bool, or those its rule asks about."""
    told, alone, asks = _answers(measured, machine, partner, rule)
    return np.where(asks if asked is None else asked, told, alone)


def asks(measured: Measured, machine: str, partner: str, rule: str) -> NDArray[np.bool_]:
    """(n,) which images a rule asks about."""
    return _answers(measured, machine, partner, rule)[2]


def _estimates(measured: Measured, *columns: NDArray) -> list[Estimate]:
    """Means of (n,) numbers with their intervals."""
    sums = with_samples(np.stack(columns, 1), measured.weights)
    return [estimate(column) for column in (sums / np.append(len(columns[0]), measured.sizes)[:, None]).T]


@kept
@over_trainings
def team(measured: Measured, machine: str, partner: str, rule: str) -> Estimate:
    """Accuracy of a team, cross-fitted."""
    return _estimates(measured, right(measured, machine, partner, rule))[0]


@kept
@over_trainings
def oracle(measured: Measured, machine: str, partner: str) -> Estimate:
    """Share of the images that any member is right on."""
    return _estimates(measured, np.any(measured.right(machine, *members(measured, partner)), axis=1))[0]


@kept
@over_trainings
def realised(measured: Measured, machine: str, partner: str, rule: str) -> Estimate:
    """Share of the oracle's gain over the better member that the rule realises."""
    everyone = measured.right(machine, *members(measured, partner))
    better = everyone[:, everyone.mean(0).argmax()]
    return _share(*_estimates(measured, right(measured, machine, partner, rule), better, np.any(everyone, axis=1)))


def _share(reached: Estimate, better: Estimate, best: Estimate) -> Estimate:
    numbers = [estimate.value for estimate in (reached, better, best)]
    samples = [np.asarray(estimate.replicates) for estimate in (reached, better, best)]
    shares = (realised_share(one, two, two, three) for one, two, three in (numbers, samples))
    return Estimate.from_replicates(*map(np.asarray, shares))  # type: ignore[arg-type]


# --- What a claim compares ----------------------------------------------------------------------------------


@kept
@over_trainings
def ahead_of_replacing(measured: Measured, machine: str, partner: str, rule: str) -> Estimate:
    """What a rule's team is ahead of the study's, about the images that the study's rule asks about."""
    asked = asks(measured, machine, partner, STUDY_RULE)
    ours = right(measured, machine, partner, rule, asked)
    theirs = right(measured, machine, partner, STUDY_RULE, asked)
    return _estimates(measured, ours.astype(np.int8) - theirs)[0]


def best_other_machine(measured: Measured, machine: str, rule: str) -> str:
    """The other machine with which a team by this rule is most accurate, on all images."""

    @over_trainings
    def accurate(training: Measured, other: str) -> float:
        return float(right(training, machine, other, rule).mean())

    return max(other_machines(measured, machine), key=lambda other: accurate(measured, other))


def ahead_of_machines(measured: Measured, machine: str, person: str, rule: str) -> Estimate:
    """What a machine's team with a person is ahead of its best team with another machine, by one rule for both."""
    other = best_other_machine(measured, machine, rule)
    return team(measured, machine, person, rule) - team(measured, machine, other, rule)


class Calibrated(NamedTuple):
    """By how much one rule's probabilities are better than another's, over the same images."""

    log_loss: Estimate
    brier: Estimate
    calibration_error: Estimate


@kept
@over_trainings
def better_calibrated(measured: Measured, machine: str, partner: str, rule: str, than: str) -> Calibrated:
    """What one rule takes off another's log loss and Brier score, and off half of its debiased calibration error."""
    truth = measured.truth
    ours, theirs = (cross_fitted(measured, machine, partner, name).probs() for name in (rule, than))
    losses = [score(theirs, truth) - score(ours, truth) for score in (log_losses, brier_scores)]
    errors = [calibration_estimate(measured, calibration_cells(said, truth), True) for said in (ours, theirs)]
    half = Estimate.from_replicates(errors[1].value / 2, np.asarray(errors[1].replicates) / 2)
    log_loss, brier = _estimates(measured, *losses)
    return Calibrated(log_loss, brier, half - errors[0])


def calibration_estimate(measured: Measured, cells: Array, debiased: bool) -> Estimate:
    """Calibration error from its cells, its interval as :func:`of_calibration` says."""
    return of_calibration(calibration_sums(measured, cells), debiased)


def calibration_sums(measured: Measured, cells: Array) -> Array:
    """(1 + B, 3 b) sums of (n, 3 b) cells: over all images, then over each bootstrap sample."""
    bins = cells.shape[1] // 3  # each image counts in one bin only, and is resampled there alone
    sums = [with_samples(cells[:, b::bins].astype(np.float32), measured.weights) for b in range(bins)]
    return np.stack(sums, 2).reshape(len(sums[0]), 3 * bins)


def of_calibration(sums: Array, debiased: bool) -> Estimate:
    """Calibration error from its sums, its bootstrap replicates moved so that their mean is the error itself.

    Sampling makes any calibration error too large, and a sample from a sample does so twice: the replicates tell how
    the error scatters, not where it lies.
    """
    rows = calibration_from_sums(sums, debiased)
    return Estimate.from_replicates(float(rows[0]), rows[1:] - rows[1:].mean() + rows[0])


# --- Workers ------------------------------------------------------------------------------------------------


@kept
@over_trainings
def gain_by_knowing_workers(measured: Measured, machine: str, person: str) -> Estimate:
    """What P+L gains by knowing how often the worker who answered was right elsewhere.

    The answers are parted by whether their worker's accuracy on the other folds is above the median, and each half has
    its own confusion: a machine's team where who answers is known, less the team where it is not.

    Raises
    ------
    NotKnown
        Nobody knows who answered.
    """
    good = _by_good_workers(measured, person)
    need_confidence(measured, machine)
    known = measured.run(machine).probs, labels_of(measured, person), measured.truth
    fold = folds_of(measured, 0)
    knowing = np.empty(len(fold), dtype=bool)
    for number in np.unique(fold):
        machines = ProbsPlusLabels.fit(*(given[fold != number] for given in known)).temperature
        for half in (False, True):
            learn, score = (good == half) & (fold != number), (good == half) & (fold == number)
            psi = ProbsPlusLabels.fit(*(given[learn] for given in known)).psi
            probs, labels, truth = (given[score] for given in known)
            knowing[score] = ProbsPlusLabels(machines, psi)(probs, labels).argmax(1) == truth
    return _estimates(measured, knowing.astype(np.int8) - right(measured, machine, person, "p_plus_l"))[0]


def _by_good_workers(measured: Measured, person: str) -> NDArray[np.bool_]:
    """(n,) whether the worker who answered is among the better half, judged by all answers outside the image's fold."""
    people = measured.study.people
    if people.workers is None:
        raise NotKnown("this asks who answered, and nobody knows that of these people")
    column = list(people.names).index(person)
    own, fold = people.workers[:, column], folds_of(measured, 0)
    correct, seen = people.labels == measured.truth[:, None], people.labels >= 0
    workers = np.unique(people.workers)
    accuracy_of = np.empty(len(own))
    for number in np.unique(fold):
        outside = seen & (fold != number)[:, None]
        answered, hits = (
            np.bincount(np.searchsorted(workers, people.workers[which]), minlength=len(workers))
            for which in (outside, outside & correct)
        )
        pulled = (hits + 10 * correct[outside].mean()) / (answered + 10)  # towards the mean, by ten answers' worth
        accuracy_of[fold == number] = pulled[np.searchsorted(workers, own[fold == number])]
    return accuracy_of > np.median(accuracy_of)
