"""Every team by every rule: what the table of ``same-eyes teams`` holds.

A team is of one of five kinds. A machine is with a "person", or with all "people" together; and, as controls that cost
no more than one person, with another "machine" (the one whose team by the same rule is most accurate; by P+L, where
the rule is iterative), or as "machines-averaged" (with the one whose probabilities, averaged with its own, are most
often right); or "two-people" are without a machine. These have no probabilities: the first one's answers stand for
them, and a rule that is fitted learns how far to trust them.

Rules that are counted, or fitted in one number, are cross-fitted by twenty divisions into five folds, and every number
of an image is averaged over these; all other rules by the first division alone. So are calibration errors, for bins of
equal mass are those of one set of probabilities. Intervals are :mod:`.beyond`'s: images are resampled, fits are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from same_eyes.metrics.calibration import brier_scores, calibration_cells, log_losses
from same_eyes.metrics.teaming._machine import FLOOR
from same_eyes.metrics.teaming.cost_curve import cost_curve, cost_weights
from same_eyes.metrics.teaming.cross_fit import TeamAnswers, cross_fit
from same_eyes.metrics.teaming.gains import realised_share

from ..claims import Estimate
from ..types import UNSEEN
from .beyond import (
    ALL_PEOPLE,
    STUDY_RULE,
    best_other_machine,
    calibration_sums,
    folds_of,
    labels_of,
    members,
    of_calibration,
    rule_named,
)
from .core import Measured, class_sums, estimate, need_confidence, over_trainings

DIVISIONS = 20
BUDGETS = np.linspace(0, 1, 21)  # of the cost curve: shares of the images that partners are asked about
CLOSED_FORM = frozenset(
    {"threshold", "fixed_threshold", "plug_in_deferral", "labels_only", "p_plus_l", "selective", "majority"}
)
SEARCHED_BY = "p_plus_l"  # chooses the other machine for rules not of closed form

Kind = Literal["person", "people", "machine", "machines-averaged", "two-people"]
KINDS: tuple[Kind, ...] = get_args(Kind)
AVERAGE = "average"  # the rule of two machines that are averaged

Array = NDArray[np.float64]


class Numbers(NamedTuple):
    """One team by one rule.

    Attributes
    ----------
    accuracy : Estimate
    gain : Estimate
        Over the better member: the most accurate of machine and people.
    realised : Estimate
        Share of the oracle's gain over the better member; the oracle is right where any member is.
    ahead : Estimate
        Of the study's rule (cross-fitted threshold) in accuracy, at its number of questions in each fold.
    log_loss, brier : Estimate
    ece, ece_debiased : Estimate
        Calibration error in fifteen bins of equal mass.
    asked : Estimate
        Share of the images that partners are asked about.
    area : Estimate
        Under the curve of accuracy against questions, from none to all.
    worst_class : Estimate
        Least gain over the better member in any class, replicates moved to the number: a least one is biased.
    class_gain, class_asked : list of Estimate
        Gain over the better member, and share of images asked about, in each class.
    curve : list of float
        Accuracy where partners are asked about each share of the images in ``BUDGETS``, in the rule's own order.
    """

    accuracy: Estimate
    gain: Estimate
    realised: Estimate
    ahead: Estimate
    log_loss: Estimate
    brier: Estimate
    ece: Estimate
    ece_debiased: Estimate
    asked: Estimate
    area: Estimate
    worst_class: Estimate
    class_gain: list[Estimate]
    class_asked: list[Estimate]
    curve: list[float]


NUMBERS = Numbers._fields[:-3]


class Row(NamedTuple):
    """One row of the table; ``numbers`` are all of :class:`Numbers`."""

    kind: Kind
    machine: str
    partner: str
    rule: str
    divisions: int
    numbers: Numbers


# --- One team -----------------------------------------------------------------------------------------------


@over_trainings
def numbers(
    measured: Measured, machine: str, partner: str, rules: Sequence[str], divisions: int = DIVISIONS
) -> dict[str, Numbers]:
    """A team by several rules.

    Parameters
    ----------
    machine : str
        The first member: a machine, or a person whose answers stand for probabilities.
    partner : str
        A person, a machine or :data:`~.beyond.ALL_PEOPLE`.
    rules : sequence of str
        As in :func:`~same_eyes.team_rules.available_rules`.
    divisions : int
        Into five folds, for rules of closed form.

    Raises
    ------
    NoConfidence
        The machine gives labels only.
    """
    truth, probs, labels = measured.truth, _probs(measured, machine), labels_of(measured, partner)
    columns: dict[str, Array] = {}
    first: dict[str, TeamAnswers] = {}
    for division in range(divisions if CLOSED_FORM.intersection(rules) else 1):
        folds = folds_of(measured, division)
        study = cross_fit(rule_named(STUDY_RULE), probs, labels, truth, folds)
        for rule in rules:
            if division and rule not in CLOSED_FORM:
                continue
            answers = study if rule == STUDY_RULE else cross_fit(rule_named(rule), probs, labels, truth, folds)
            columns[rule] = columns.get(rule, 0.0) + _columns(answers, study, folds, truth)
            first.setdefault(rule, answers)
    for rule in CLOSED_FORM.intersection(columns):
        columns[rule] /= divisions
    return _numbers(measured, [machine, *members(measured, partner)], columns, first)


@over_trainings
def numbers_of_mean(measured: Measured, machine: str, partner: str, divisions: int = DIVISIONS) -> dict[str, Numbers]:
    """Two machines whose probabilities are averaged; the second is asked about the first one's least sure answers."""
    need_confidence(measured, partner)
    probs, labels, truth = _probs(measured, machine), labels_of(measured, partner), measured.truth
    mean = np.maximum((probs + _probs(measured, partner)) / 2, FLOOR)
    columns = []
    for division in range(divisions):
        folds = folds_of(measured, division)
        study = cross_fit(rule_named(STUDY_RULE), probs, labels, truth, folds)
        answers = TeamAnswers(mean, probs, np.ones(len(truth), bool), study.turn)
        columns.append(_columns(answers, study, folds, truth))
    return _numbers(measured, [machine, partner], {AVERAGE: np.mean(columns, 0)}, {AVERAGE: answers})


def _probs(measured: Measured, name: str) -> Array:
    """(n, k) a machine's probabilities; or a person's answers as such, even where there is none."""
    if name not in measured.people:
        need_confidence(measured, name)
        return np.asarray(measured.run(name).probs, np.float64)
    labels, classes = measured.labels[name], len(measured.study.classes)
    return np.where((labels == UNSEEN)[:, None], 1 / classes, labels[:, None] == np.arange(classes))


def _columns(answers: TeamAnswers, study: TeamAnswers, folds: NDArray[np.intp], truth: NDArray[np.int64]) -> Array:
    """(n, 6) whether right, ahead of the study's rule, log loss, Brier score, whether asked, part of the area."""
    told, alone = _right(answers, truth)
    theirs = np.where(study.asks, *_right(study, truth))
    share = np.bincount(folds, study.asks) / np.bincount(folds)
    as_often = answers.turn <= share[folds] + 1e-9  # the rule's own order, as many questions
    said = answers.probs()
    return np.stack(
        [
            np.where(answers.asks, told, alone),
            np.where(as_often, told, alone) - theirs.astype(np.float64),
            log_losses(said, truth),
            brier_scores(said, truth),
            answers.asks,
            alone + cost_weights(answers.turn) * (told.astype(np.float64) - alone),
        ],
        1,
    )


def _right(answers: TeamAnswers, truth: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(n,) whether the team is right where partners are asked, and where not."""
    return answers.told.argmax(1) == truth, answers.alone.argmax(1) == truth


def _numbers(
    measured: Measured, team: Sequence[str], columns: dict[str, Array], first: dict[str, TeamAnswers]
) -> dict[str, Numbers]:
    """A team's numbers from its averaged columns, and from its answers by the first division."""
    everyone = measured.right(*team)
    fixed = [np.ones(len(everyone)), everyone[:, everyone.mean(0).argmax()], everyone.any(1)]
    rules = list(columns)
    sums = class_sums(measured, np.column_stack([*fixed, *columns.values()]).astype(np.float32))  # (1 + B, k, c)
    size, better, oracle = (sums[:, :, i].sum(1) for i in range(3))
    found = {}
    for i, rule in enumerate(rules):
        of_class = sums[:, :, 3 + 6 * i : 9 + 6 * i]
        right, ahead, log_loss, brier, asked, area = of_class.sum(1).T
        with np.errstate(invalid="ignore", divide="ignore"):  # a class that no image of a sample has
            gains = (of_class[:, :, 0] - sums[:, :, 1]) / sums[:, :, 0]
            questions = of_class[:, :, 4] / sums[:, :, 0]
        worst = np.nanmin(gains, 1)
        worst[1:] += worst[0] - worst[1:].mean()
        shares = realised_share(right / size, better / size, better / size, oracle / size)
        answers, truth = first[rule], measured.truth
        calibration = calibration_sums(measured, calibration_cells(answers.probs(), truth))
        found[rule] = Numbers(
            accuracy=estimate(right / size),
            gain=estimate((right - better) / size),
            realised=estimate(shares),
            ahead=estimate(ahead / size),
            log_loss=estimate(log_loss / size),
            brier=estimate(brier / size),
            ece=of_calibration(calibration, debiased=False),
            ece_debiased=of_calibration(calibration, debiased=True),
            asked=estimate(asked / size),
            area=estimate(area / size),
            worst_class=estimate(worst),
            class_gain=[estimate(column) for column in gains.T],
            class_asked=[estimate(column) for column in questions.T],
            curve=cost_curve(answers.turn, *_right(answers, truth), BUDGETS).tolist(),
        )
    return found


# --- All teams ----------------------------------------------------------------------------------------------


def best_to_average(measured: Measured, machine: str) -> str | None:
    """The other machine whose probabilities, averaged with this one's, are most often right; None without any."""
    others = [name for name in measured.confident if name != machine]
    return max(others, key=lambda other: _mean_accuracy(measured, machine, other), default=None)


@over_trainings
def _mean_accuracy(measured: Measured, machine: str, partner: str) -> float:
    mean = _probs(measured, machine) + _probs(measured, partner)
    return float((mean.argmax(1) == measured.truth).mean())


def rows_of(
    measured: Measured,
    first: str,
    rules: Sequence[str],
    kinds: Sequence[Kind] = KINDS,
    divisions: int = DIVISIONS,
    persons: Sequence[str] | None = None,
) -> list[Row]:
    """Rows of one machine with each partner of these kinds; or of a person with each later one ("two-people").

    ``persons`` are the partners of the kind "person"; default: everybody.
    """
    rows = []

    def add(kind: Kind, partner: str, found: dict[str, Numbers]) -> None:
        for rule, each in found.items():
            rows.append(Row(kind, first, partner, rule, _divisions(rule, divisions), each))

    def with_people(count: int) -> list[str]:
        return [rule for rule in rules if rule_named(rule).least <= count]

    people = measured.people
    if first in people:
        for partner in people[people.index(first) + 1 :]:
            add("two-people", partner, numbers(measured, first, partner, with_people(1), divisions))
        return rows
    if "person" in kinds:
        for person in people if persons is None else persons:
            add("person", person, numbers(measured, first, person, with_people(1), divisions))
    if "people" in kinds and len(people) > 1:
        add("people", ALL_PEOPLE, numbers(measured, first, ALL_PEOPLE, with_people(len(people)), divisions))
    if "machine" in kinds and len(measured.machines) > 1:
        chosen: dict[str, list[str]] = {}
        best = cache(partial(best_other_machine, measured, first))
        for rule in with_people(1):
            chosen.setdefault(best(rule if rule in CLOSED_FORM else SEARCHED_BY), []).append(rule)
        for other, their_rules in chosen.items():
            add("machine", other, numbers(measured, first, other, their_rules, divisions))
    if "machines-averaged" in kinds and (nearest := best_to_average(measured, first)):
        add("machines-averaged", nearest, numbers_of_mean(measured, first, nearest, divisions))
    return rows


def _divisions(rule: str, asked: int) -> int:
    return asked if rule in {*CLOSED_FORM, AVERAGE} else 1


def as_it_comes(found: Iterable[Any], **_: Any) -> Iterable[Any]:
    """No progress bar."""
    return found


class Table(NamedTuple):
    """All teams by all rules.

    Attributes
    ----------
    teams : DataFrame
        A row a team and rule: ``kind``, ``machine``, ``partner``, ``rule``, ``divisions``, the numbers of
        :class:`Numbers` with ``_low`` and ``_high``, and ``worst_class_is``. Rows whose machine is "mean" are means
        over the rows of their kind, resampled together.
    classes : DataFrame
        A row a team, rule and class: ``gain`` and ``asked``, with intervals.
    costs : DataFrame
        A row a kind, rule and budget: ``accuracy``, the mean over the teams of the kind.
    """

    teams: pd.DataFrame
    classes: pd.DataFrame
    costs: pd.DataFrame


def table(
    measured: Measured,
    machines: Sequence[str],
    rules: Sequence[str],
    kinds: Sequence[Kind] = KINDS,
    divisions: int = DIVISIONS,
    persons: Sequence[str] | None = None,
    workers: int = 1,
    progress: Callable[..., Iterable[Any]] = as_it_comes,
) -> Table:
    """Measure every team by every rule.

    Parameters
    ----------
    machines, rules : sequence of str
        Names, as in the study and in :func:`~same_eyes.team_rules.available_rules`.
    kinds : sequence of {"person", "people", "machine", "machines-averaged", "two-people"}
    divisions : int
        Into five folds, for rules of closed form.
    persons : sequence of str, optional
        The partners of the kind "person"; default: everybody.
    workers : int
        Processes; what is found does not depend on it.
    progress : callable
        ``progress(parts, total=...)`` passes through what comes, a part for each first member.
    """
    firsts = [*machines] if set(kinds) - {"two-people"} else []
    firsts += measured.people[:-1] if "two-people" in kinds else []
    one = partial(_part, measured, rules=rules, kinds=kinds, divisions=divisions, persons=persons)
    parts = list(progress(in_processes(one, firsts, workers), total=len(firsts)))
    teams = [row for part in parts for row in part.teams]
    costs = []
    known = dict.fromkeys(key for part in parts for key in part.numbers)
    for kind, rule in sorted(known, key=lambda key: KINDS.index(key[0])):
        means = np.mean([rows for part in parts for rows in part.numbers.get((kind, rule), ())], 0)
        curve = np.mean([each for part in parts for each in part.curves.get((kind, rule), ())], 0)
        costs += [{"kind": kind, "rule": rule, "budget": q, "accuracy": a} for q, a in zip(BUDGETS, curve, strict=True)]
        found = {name: estimate(rows) for name, rows in zip(NUMBERS, means, strict=True)}
        names = {"kind": kind, "machine": "mean", "partner": kind, "rule": rule}
        teams.append({**names, "divisions": _divisions(rule, divisions), **flat(found)})
    classes = [row for part in parts for row in part.classes]
    return Table(pd.DataFrame(teams), pd.DataFrame(classes), pd.DataFrame(costs))


def in_processes(one: Callable[[Any], Any], names: Iterable[Any], workers: int) -> Iterable[Any]:
    """``one(name)`` for each name, in their order, by so many processes."""
    if workers == 1:
        return map(one, names)
    from joblib import Parallel, delayed

    return Parallel(n_jobs=workers, return_as="generator")(delayed(one)(name) for name in names)


class _Part(NamedTuple):
    """What is left of one first member's rows: flat, and (numbers, 1 + B) to take means of."""

    teams: list[dict[str, Any]]
    classes: list[dict[str, Any]]
    numbers: dict[tuple[Kind, str], list[Array]]
    curves: dict[tuple[Kind, str], list[list[float]]]


def _part(measured: Measured, first: str, **asked: Any) -> _Part:
    part = _Part([], [], {}, {})
    for row in rows_of(measured, first, **asked):
        names = {"kind": row.kind, "machine": row.machine, "partner": row.partner, "rule": row.rule}
        found = row.numbers._asdict()
        gains, questions, curve = (found.pop(name) for name in ("class_gain", "class_asked", "curve"))
        worst = int(np.nanargmin([gain.value for gain in gains]))
        classes = measured.study.classes
        part.teams.append({**names, "divisions": row.divisions, **flat(found), "worst_class_is": classes[worst]})
        for name, gain, asks in zip(classes, gains, questions, strict=True):
            part.classes.append({**names, "class": name, **flat({"gain": gain, "asked": asks})})
        rows = np.stack([np.append(each.value, each.replicates) for each in found.values()])
        part.numbers.setdefault((row.kind, row.rule), []).append(rows)
        part.curves.setdefault((row.kind, row.rule), []).append(curve)
    return part


def flat(found: dict[str, Estimate]) -> dict[str, float]:
    """Columns ``name``, ``name_low`` and ``name_high`` of each number."""
    return {
        key: value
        for name, each in found.items()
        for key, value in ((name, each.value), (f"{name}_low", each.low), (f"{name}_high", each.high))
    }
