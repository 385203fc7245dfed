"""Planted worlds: small made-up studies whose answers are known, and claims run against them.

Two simulators make a :class:`~same_eyes.types.Study` with people, machines and the truth:

:func:`simulated_study`
    observers of a given accuracy, who share difficulties and confusions as much as is asked for;
:func:`planted_mistakes`
    pairs who make the same mistake exactly as often as is asked for, each kind of pair on its own images.

A :class:`World` is such a study with what to expect of it. :func:`run_claim` runs a claim's own test of
``benchmark/`` on it, called directly with the fixtures that it names, and returns the cases that it saw.
"""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ..claims import Case, Check, Claim, ClaimFailed, NotTestable, read_claims
from ..measure import Measured
from ..places import leaf
from ..types import Annotators, BadInput, Predictions, Study

Make = Callable[[], Any]  # makes a study when it is first asked for


# --- Simulators -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Observer:
    """One person or one machine of a simulated study.

    Parameters
    ----------
    accuracy : float
        Share of images answered rightly; met exactly, to the image.
    eye : str
        Observers of one eye find the same images hard and have the same confusions.
    shared : float
        In [0, 1], how far the eye's difficulty decides where this one errs: 0 errs independently of everybody,
        1 errs on the eye's hardest images and on no other (the errors of two such are nested).
    trap : float
        In [0, 1], the chance that a mistake is the eye's confusion of that image; other mistakes are
        uniform over the other wrong classes.
    insight : float
        In [0, 1), machines only: the correlation of its confidence with its own difficulty. Confidence is
        calibrated at any insight; at 0 it is the accuracy everywhere.
    hesitation : float
        In [0, 1], people only: the correlation of the logarithm of the working time with the own difficulty.
    copies : str
        Name of an observer before this one in the list (or of a person, for a machine) whose answers it takes ...
    copied : float
        ... on this share of the images, drawn at random.
    labels, backbone : str
        What a machine was trained on, and on which network.
    """

    accuracy: float
    eye: str = "common"
    shared: float = 0.5
    trap: float = 0.5
    insight: float = 0.7
    hesitation: float = 0.5
    copies: str = ""
    copied: float = 1.0
    labels: str = "random1"
    backbone: str = ""


def simulated_study(
    people: Sequence[Observer],
    machines: Mapping[str, Observer] | None = None,
    *,
    images: int = 2000,
    classes: int = 10,
    seed: int = 0,
    aggregate: Observer | None = None,
) -> Study:
    """Observers who look at the same images.

    Parameters
    ----------
    people : sequence of Observer
        They are called "Human 1", "Human 2", ...
    machines : mapping of str to Observer, optional
    images, classes, seed : int
    aggregate : Observer, optional
        An aggregate of known accuracy; else the people's majority.

    Returns
    -------
    Study
        Images in groups of ten; people with working times.

    Examples
    --------
    >>> study = simulated_study([Observer(0.8)] * 3, {"CE": Observer(0.9)}, images=1000)
    >>> study.people.names, float((study.machine_labels()[:, 0] == study.truth).mean())
    (('Human 1', 'Human 2', 'Human 3'), 0.9)
    """
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=images)
    eyes: dict[str, tuple[NDArray, NDArray]] = {}
    answers: dict[str, NDArray[np.int64]] = {}

    def look(name: str, observer: Observer) -> NDArray[np.float64]:
        """(n,) how hard each image was for this one; its answers are noted under its name."""
        if observer.eye not in eyes:
            eyes[observer.eye] = (rng.normal(size=images), _other(rng, truth, classes))
        difficulty, confusion = eyes[observer.eye]
        hard = np.sqrt(observer.shared) * difficulty + np.sqrt(1 - observer.shared) * rng.normal(size=images)
        wrong = hard.argsort()[round(observer.accuracy * images) :]
        answer = truth.copy()
        stray = _other(rng, truth, classes, avoid=confusion)
        answer[wrong] = np.where(rng.random(images) < observer.trap, confusion, stray)[wrong]
        if observer.copies:
            taken = rng.random(images) < observer.copied
            answer[taken] = answers[observer.copies][taken]
        answers[name] = answer
        return hard

    names = [f"Human {j + 1}" for j in range(len(people))]
    seconds = np.empty((images, len(people)))
    for j, (name, person) in enumerate(zip(names, people, strict=True)):
        seconds[:, j] = np.exp(_correlated(rng, look(name, person), person.hesitation))
    runs = {}
    for name, machine in (machines or {}).items():
        confidence = _confidence(_correlated(rng, look(name, machine), machine.insight), machine)
        probs = np.repeat((1 - confidence[:, None]) / (classes - 1), classes, axis=1)
        probs[np.arange(images), answers[name]] = confidence
        runs[name] = [
            Predictions(probs.astype(np.float32), method=name, labels=machine.labels, backbone=machine.backbone)
        ]
    annotators = Annotators(np.stack([answers[name] for name in names], 1), classes, seconds=seconds)
    if aggregate is None:
        together = annotators.majority(seed)
    else:
        look("Aggre", aggregate)
        together = answers["Aggre"]
    return Study(
        "planted", truth, annotators, runs, _class_names(classes), group=np.arange(images) // 10, aggregate=together
    )


def planted_mistakes(
    *,
    people: float | Sequence[float],
    machines: float | Sequence[float],
    mixed: float | Sequence[float],
    each: int = 90,
    near: float = 0.0,
    lone_people: int = 0,
    lone_machines: int = 0,
    right: int = 300,
    classes: int = 10,
    seed: int = 0,
) -> Study:
    """Three people and three machines, whose pairs make the same mistake exactly as often as is asked for.

    No image has more than two wrong answers, and each kind of pair has images of its own: two people, two
    machines, or a person and a machine err there, all others are right. What is planted for one kind
    of pair changes nothing in the others. The number of images is set by ``each``.

    Parameters
    ----------
    people, machines, mixed : float or sequence of k floats
        For each answer p, the share of pairs in which one errs with p that err with p both: the diagonal of C_HH, C_MM
        and C_HM (rounded to what ``each`` mistakes of a class allow).
    each : int
        How often each class is somebody's wrong answer in each kind of pair, about.
    near : float
        In [0, 1], the share of different mistakes that fall on the two classes beside (p - 1, p + 1) rather than
        evenly on all: the spread of the entries off the diagonal.
    lone_people, lone_machines : int
        Images on which one person, or one machine, errs alone: they count only where one wrong of a pair suffices.
    right : int
        Images on which nobody errs.
    classes, seed : int

    Raises
    ------
    BadInput
        A rate outside [0, 1).

    Examples
    --------
    >>> from same_eyes.metrics.mistake_confusion import mistake_confusion
    >>> study = planted_mistakes(people=0.2, machines=0.5, mixed=0.1)
    >>> mistake_confusion(study.machine_labels(), None, study.truth, 10).diagonal().round(1).tolist()[:3]
    [0.5, 0.5, 0.5]
    """
    rng = np.random.default_rng(seed)
    pairs = {"HH": [(0, 1), (0, 2), (1, 2)], "MM": [(3, 4), (3, 5), (4, 5)], "HM": list(product(range(3), range(3, 6)))}
    who, said = [], []  # (images, 2) each: who err, and what they answer
    for kind, same in (("HH", people), ("MM", machines), ("HM", mixed)):
        rows = np.array(list(_planted_counts(same, each, near, classes, one_kind=kind != "HM")))
        said.append(rows[:, :2].repeat(rows[:, 2], axis=0))
        who.append(np.resize(pairs[kind], said[-1].shape))
    for start, count in ((0, lone_people), (3, lone_machines)):  # one who errs alone is a pair with itself
        one = np.arange(count)[:, None].repeat(2, axis=1)
        who.append(start + one % 3)
        said.append(one // 3 % classes)
    observer, answer = np.concatenate(who), np.concatenate(said)
    n, image = len(answer) + right, np.arange(len(answer))[:, None]
    chance = rng.random((n, classes))
    chance[image, answer] = -1
    truth = chance.argmax(1)  # any class that nobody answers wrongly
    labels = truth[:, None].repeat(6, axis=1)
    labels[image, observer] = answer
    order = rng.permutation(n)
    truth, labels = truth[order], labels[order]
    probs = np.full((3, n, classes), 0.3 / (classes - 1))
    for j in range(3):
        probs[j, np.arange(n), labels[:, 3 + j]] = 0.7
    annotators = Annotators(labels[:, :3], classes)
    runs = {
        name: [Predictions(probs[j].astype(np.float32), method=name)]
        for j, name in enumerate(("CE", "GCE", "Co-teaching"))
    }
    return Study(
        "planted",
        truth,
        annotators,
        runs,
        _class_names(classes),
        group=np.arange(n) // 10,
        aggregate=annotators.majority(seed),
    )


def shuffled(study: Study, seed: int = 1) -> Study:
    """The same study with its images in another order, and people and machines listed from the last to the first."""
    order = np.random.default_rng(seed).permutation(len(study.truth))
    study = study.take(order)
    people = study.people
    turned = replace(
        people,
        labels=people.labels[:, ::-1],
        names=people.names[::-1],
        workers=None if people.workers is None else people.workers[:, ::-1],
        seconds=None if people.seconds is None else people.seconds[:, ::-1],
    )
    return replace(study, people=turned, machines=dict(reversed(list(study.machines.items()))))


def _other(rng: np.random.Generator, truth: NDArray, classes: int, avoid: NDArray | None = None) -> NDArray[np.int64]:
    """(n,) a wrong class each, uniform among those that are not to be avoided either."""
    weight = rng.random((len(truth), classes))
    for taken in (truth, avoid):
        if taken is not None:
            weight[np.arange(len(truth)), taken] = -1
    return weight.argmax(1)


def _correlated(rng: np.random.Generator, values: NDArray, correlation: float) -> NDArray[np.float64]:
    return correlation * values + np.sqrt(1 - correlation**2) * rng.normal(size=len(values))


def _confidence(score: NDArray, machine: Observer) -> NDArray[np.float64]:
    """(n,) P(right | score), where score and difficulty are normal with correlation ``insight``."""
    spread = np.sqrt(1 - machine.insight**2)
    confidence = ndtr((ndtri(machine.accuracy) - machine.insight * score) / spread)
    return np.clip(confidence, 0.15, 0.999)  # the answer stays the likeliest class


def _class_names(classes: int) -> tuple[str, ...]:
    return tuple(f"class {c}" for c in range(classes))


def _planted_counts(
    same: float | Sequence[float], each: int, near: float, classes: int, *, one_kind: bool
) -> Iterator[tuple[int, int, int]]:
    """(answer, answer, number of images): a pair of one kind is met from both sides, a mixed one from one."""
    diagonal = np.broadcast_to(np.asarray(same, np.float64), classes)
    if diagonal.min() < 0 or diagonal.max() >= 1:
        raise BadInput(f"rates of the same mistake must lie in [0, 1), got {diagonal.min():g} to {diagonal.max():g}.")
    apart = np.subtract.outer(np.arange(classes), np.arange(classes)) % classes
    beside = (apart == 1) | (apart == classes - 1)
    level = each * (1 - diagonal.mean())  # different mistakes per class
    other = np.round(level * ((1 - near) / (classes - 1) + near / 2 * beside)).astype(int)
    for p in range(classes):
        off = int(other[p].sum() - other[p, p])
        both = round(float(off * diagonal[p] / (1 - diagonal[p])))
        yield p, p, round(both / 2) if one_kind else both
        for q in range(classes):
            if q > p or (q != p and not one_kind):
                yield p, q, int(other[p, q])


# --- Claims in worlds -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class World:
    """A study in which it is known how a claim must end.

    Parameters
    ----------
    study : callable
        Makes the study (the fixtures ``study``, ``people``, ``machines``, ``measured``). It is called once;
        worlds that share one callable share the study and what was measured on it.
    whole : callable, optional
        Makes the people over all images (``whole``, ``measured_whole``); the study itself when left out.
    fails : collection of str
        In a world where the claim is false or undecided: the names of the cases that must end so; empty for all.
    claim : mapping
        Fields of the claim to replace, e.g. ``{"margin": 0.02}``.
    also : mapping of str to callable
        Further fixtures by name; a study that it makes is given as ``Measured``.
    replicates : int
        Bootstrap samples behind each interval.
    """

    study: Make
    whole: Make | None = None
    fails: Collection[str] = ()
    claim: Mapping[str, Any] = field(default_factory=dict)
    also: Mapping[str, Make] = field(default_factory=dict)
    replicates: int = 200

    def shuffled(self) -> World:
        """The same world with images, people and machines in another order."""

        def turn(make: Make) -> Make:
            return lambda: shuffled(_made(make)) if isinstance(_made(make), Study) else _made(make)

        return replace(
            self,
            study=turn(self.study),
            whole=self.whole and turn(self.whole),
            also={name: turn(make) for name, make in self.also.items()},
        )


@dataclass(frozen=True)
class Worlds:
    """A claim's planted worlds, each one :class:`World` or several.

    Attributes
    ----------
    true, inside : World or sequence of World
        Every case must be reproduced: clearly, and by a little.
    false, outside : World or sequence of World
        The cases that fail must not be reproduced, all others must be: clearly, and by a little.
    undecided : World or sequence of World, optional
        The cases that fail must be inconclusive, all others reproduced.
    """

    true: World | Sequence[World]
    false: World | Sequence[World]
    inside: World | Sequence[World]
    outside: World | Sequence[World]
    undecided: World | Sequence[World] = ()

    def of(self, kind: str) -> list[World]:
        """All worlds of one kind."""
        worlds = getattr(self, kind)
        return [worlds] if isinstance(worlds, World) else list(worlds)


LOOPS: dict[str, Callable[[Study], Sequence[str]]] = {  # fixtures that a test runs once each for
    "machine": lambda study: list(study.machines),
    "human": lambda study: list(study.people.names),
}


@cache
def claims() -> Mapping[str, Claim]:
    """Every claim of ``expected/``."""
    return read_claims(leaf("expected"))


@cache
def claim_tests(claim_id: str) -> tuple[Callable[..., None], ...]:
    """The test functions of ``benchmark/`` that check a claim: one, where all is well."""
    return tuple(
        test
        for path in sorted(leaf("benchmark").glob("test_*.py"))
        if f'"{claim_id}"' in path.read_text()
        for test in claim_tests_of_file(path)
        if claim_id in _claim_ids(test)
    )


@cache
def claim_tests_of_file(path: Path) -> tuple[Callable[..., None], ...]:
    """All test functions of one file of ``benchmark/`` that check claims."""
    return tuple(
        test for name, test in vars(_load(path)).items() if name.startswith("test_") and list(_claim_ids(test))
    )


def run_claim(claim_id: str, world: World, test: Callable[..., None] | None = None) -> list[Case]:
    """Run a claim's own test in a planted world.

    Parameters
    ----------
    claim_id : str
        As in ``expected/``.
    world : World
    test : callable, optional
        Another test function than the claim's own.

    Returns
    -------
    list of Case
        One a combination of the test's parameters, named as in the suite.

    Raises
    ------
    BadInput
        No test or several for this claim, or a fixture that the world does not have.
    AssertionError
        The test skipped, made no check, or its ending and what it recorded differ.
    """
    tests = (test,) if test else claim_tests(claim_id)
    if len(tests) != 1:
        raise BadInput(f"claim {claim_id!r} has {len(tests)} tests in benchmark/, expected one.")
    known = claims()
    if claim_id not in known:
        raise BadInput(f"expected/ has no claim {claim_id!r}.")
    claim = replace(known[claim_id], **world.claim)
    study = _made(world.study)
    cases: list[Case] = []
    for parameters in _parameters(tests[0], study, claim_id if test is None else ""):
        check = Check(claim, " vs ".join(str(value) for value in parameters.values()))
        arguments = {
            name: parameters[name] if name in parameters else _fixture(name, world, check)
            for name in inspect.signature(tests[0]).parameters
        }
        passed = False
        try:
            tests[0](**arguments)
            passed = True
        except (ClaimFailed, NotTestable):
            pass
        except pytest.skip.Exception as skipped:
            raise AssertionError(f"{claim_id}: skipped in a planted world ({skipped}).") from None
        if not check.record:
            raise AssertionError(f"{claim_id} [{check.case}]: the test checked nothing.")
        if passed != all(case.verdict == "reproduced" for case in check.record):
            raise AssertionError(f"{claim_id} [{check.case}]: the test's ending is not its verdict.")
        cases += check.record
    if not cases:
        raise AssertionError(f"{claim_id}: the world has nothing to run the test for.")
    return cases


@cache
def _made(make: Make) -> Any:
    return make()


@cache
def _measured(study: Study, replicates: int) -> Measured:
    return Measured(study, replicates)


def _fixture(name: str, world: World, check: Check) -> Any:
    study = _made(world.study)
    if name in world.also:
        made = _made(world.also[name])
        return _measured(made, world.replicates) if isinstance(made, Study) else made
    whole = _made(world.whole) if world.whole else study
    fixtures: dict[str, Callable[[], Any]] = {
        "claim": lambda: check,
        "study": lambda: study,
        "people": lambda: study.people,
        "machines": lambda: study.machines,
        "all_machines": lambda: list(study.machines),
        "measured": lambda: _measured(study, world.replicates),
        "whole": lambda: whole,
        "measured_whole": lambda: _measured(whole, world.replicates),
    }
    if name not in fixtures:
        raise BadInput(f"a planted world has no fixture {name!r}: give it in World(also=...) or add it to LOOPS.")
    return fixtures[name]()


def _parameters(test: Callable[..., None], study: Study, claim_id: str) -> Iterator[dict[str, Any]]:
    """Every combination of a test's parameters, in pytest's order and by its names."""
    names = inspect.signature(test).parameters
    axes: list[list[tuple[dict[str, Any], list[str]]]] = [
        [({name: value}, []) for value in loop(study)] for name, loop in LOOPS.items() if name in names
    ]
    for mark in getattr(test, "pytestmark", []):
        if mark.name == "parametrize":
            axes.append(list(_axis(*mark.args[:2])))
    for combination in product(*axes):
        ids = [claim for _, claims_ in combination for claim in claims_] or list(_marked(test))
        if not claim_id or claim_id in ids:
            yield {name: value for values, _ in combination for name, value in values.items()}


def _axis(names: str | Sequence[str], rows: Sequence[Any]) -> Iterator[tuple[dict[str, Any], list[str]]]:
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    for row in rows:
        marks = [mark.args[0] for mark in getattr(row, "marks", ()) if mark.name == "claim"]
        values = getattr(row, "values", row) if hasattr(row, "marks") else row
        single = len(names) == 1 and not hasattr(row, "marks")
        yield dict(zip(names, [values] if single else values, strict=True)), marks


def _marked(test: Callable[..., None]) -> Iterator[str]:
    return (mark.args[0] for mark in getattr(test, "pytestmark", []) if mark.name == "claim")


def _claim_ids(test: Callable[..., None]) -> Iterator[str]:
    """Ids in a test's marks and in the marks of its parameters."""
    yield from _marked(test)
    for mark in getattr(test, "pytestmark", []):
        if mark.name == "parametrize":
            yield from (claim for _, claims_ in _axis(*mark.args[:2]) for claim in claims_)


@cache
def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"same_eyes_planted_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise BadInput(f"{path}: cannot be imported.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
