"""A study, resampled once: the ground that every measurement stands on.

Where machines were trained several times (with several seeds) the study is measured once for each training,
:attr:`Measured.trainings`, and :func:`over_trainings` makes one measurement of these: its value is their mean, and a
bootstrap sample draws a training along with the images, each training as often as any other. Its interval is thus
that of machines trained once more by the same recipe, scored on other images.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property, wraps
from math import lcm
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from same_eyes.metrics import _finite
from same_eyes.metrics.accuracy import wilson_interval
from same_eyes.metrics.bootstrap import bootstrap_sums, resample_counts
from same_eyes.metrics.matching import Balance
from same_eyes.metrics.mistake_confusion import Reading
from same_eyes.metrics.rank_correlation import rank_correlation

from ..claims import Estimate
from ..types import UNSEEN, NoConfidence, NotKnown, Predictions, Study

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Choices:
    """What the study leaves open, and what is taken where a claim does not say otherwise.

    Attributes
    ----------
    reading : {"both", "first", "either"}
        Test 1: samples on which both of a pair are wrong, the first is, or at least one is.
    paired : bool
        Test 1: whether its t-test is paired, as the study says, or not, as its p-values show.
    levels : int
        Figure 3: how many levels difficulty is cut into.
    balance : {"column", "row", "pooled", "draw"}
        Figures 4 and 6: whose answers are half right and half wrong in expectation; or in one random draw.
    """

    reading: Reading = "both"
    paired: bool = False
    levels: int = 10
    balance: Balance | Literal["draw"] = "column"


class _Named(dict[str, NDArray[np.int64]]):
    """Answers by name; who is not there is not known."""

    def __missing__(self, name: str) -> NDArray[np.int64]:
        raise NotKnown(f"this asks for {name}, who is not in this study")


@dataclass(frozen=True, eq=False)
class Measured:
    """A study and its bootstrap samples, shared by all measurements: any two can be compared in pairs.

    Parameters
    ----------
    study : Study
    replicates : int
        Bootstrap samples behind each interval.
    seed : int
        Of the resampling.
    resample : callable
        Draws the samples, as :func:`~same_eyes.metrics.bootstrap.resample_counts` does.
    choices : Choices
        What is measured, where the study leaves it open.
    """

    study: Study
    replicates: int = 2000
    seed: int = 0
    resample: Callable[..., NDArray[np.uint8]] = resample_counts
    choices: Choices = Choices()
    _found: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)  # by :func:`kept`

    @cached_property
    def weights(self) -> NDArray[np.uint8]:
        """(B, n) how often each image occurs in each bootstrap sample."""
        return self.resample(len(self.study.truth), self.replicates, self.seed)

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """(B, 1) number of images in each bootstrap sample."""
        return self.weights.sum(1, dtype=np.int64)[:, None]

    def drawn_together(self, groups: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(B, n) as :attr:`weights`, of whole groups of images."""
        return self.resample(len(groups), self.replicates, self.seed, groups)

    @cached_property
    def trainings(self) -> tuple[Measured, ...]:
        """One study for each training of the machines, with its share of the bootstrap samples; itself if there is one.

        A machine that was trained less often than another takes part with each of its runs equally often.
        """
        machines = self.study.machines
        count = lcm(*map(len, machines.values()))
        if count == 1:
            return (self,)

        def training(number: int) -> Measured:
            def share(*asked: Any) -> NDArray[np.uint8]:
                return self.resample(*asked)[number::count]

            runs = {name: (runs[number % len(runs)],) for name, runs in machines.items()}
            return replace(self, study=replace(self.study, machines=runs), resample=share)

        return tuple(map(training, range(count)))

    def run(self, machine: str) -> Predictions:
        """A machine's predictions, of its only training.

        Raises
        ------
        ValueError
            There are several: measure each of ``trainings``.
        """
        runs = self.study.machines[machine]
        if len(runs) > 1:
            raise ValueError(f"{machine!r} was trained {len(runs)} times: measure each of `trainings`.")
        return runs[0]

    @cached_property
    def labels(self) -> dict[str, NDArray[np.int64]]:
        """(n,) answers of every person, the aggregate ("Aggre") and every machine (of its only training), by name."""
        people = self.study.people
        answers = {name: people.labels[:, j] for j, name in enumerate(people.names)}
        if self.study.aggregate is not None:
            answers["Aggre"] = self.study.aggregate
        return _Named(answers | {name: self.run(name).labels_predicted for name in self.machines})

    @property
    def names(self) -> list[str]:
        """Everybody: the people, the aggregate where there is one, the machines."""
        return [*self.people, *["Aggre"][: self.study.aggregate is not None], *self.machines]

    @property
    def people(self) -> list[str]:
        """The people's names, without the aggregate."""
        return list(self.study.people.names)

    @property
    def machines(self) -> list[str]:
        """The machines' names."""
        return list(self.study.machines)

    @property
    def confident(self) -> list[str]:
        """The machines of which more than labels is known."""
        return [name for name, runs in self.study.machines.items() if not runs[0].labels_only]

    def right(self, *names: str) -> NDArray[np.bool_]:
        """(n, len(names)) whether each of them is right on each image; raises NotKnown of one who did not see all."""
        for name in names:
            if unseen := int((self.labels[name] == UNSEEN).sum()):
                raise NotKnown(f"this asks where {name} is right, who did not see {unseen} of the images")
        columns = [self.labels[name] == self.truth for name in names]
        return np.stack(columns, 1) if columns else np.empty((len(self.study.truth), 0), bool)

    @property
    def knows_truth(self) -> bool:
        """Whether anybody knows the images' true classes."""
        return bool(self.study.truth.max() != UNSEEN)

    @property
    def truth(self) -> NDArray[np.int64]:
        """(n,) the images' true classes; raises NotKnown where nobody knows them."""
        if not self.knows_truth:
            raise NotKnown("this asks who is right, and nobody knows the truth about these images")
        return self.study.truth


def other_machines(measured: Measured, machine: str) -> list[str]:
    """The machines but one; raises NotKnown where there is no other."""
    if not (others := [name for name in measured.machines if name != machine]):
        raise NotKnown(f"this asks for another machine than {machine}, and there is none")
    return others


def need_confidence(measured: Measured, machine: str) -> None:
    """Raise NoConfidence where only a machine's labels are known."""
    if machine not in measured.confident:
        raise NoConfidence(f"{machine} gives labels only, and this asks how sure it is")


def with_samples(cells: NDArray, weights: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(1 + B, c) sums of (n, c) cells: row 0 over all images, each other row over a bootstrap sample.

    What is computed of all rows at once has its replicates with it; :func:`estimate` takes a column of it.
    """
    return np.concatenate([cells.sum(0, dtype=np.float64)[None], bootstrap_sums(cells, weights)])


def class_sums(measured: Measured, cells: NDArray) -> NDArray[np.float64]:
    """(1 + B, k, c) as :func:`with_samples`, over the images of each true class."""
    sums = np.empty((1 + len(measured.weights), len(measured.study.classes), cells.shape[1]))
    for t in range(sums.shape[1]):
        rows = np.flatnonzero(measured.truth == t)
        sums[:, t] = with_samples(cells[rows], measured.weights.take(rows, axis=1))
    return sums


def estimate(rows: NDArray[np.float64]) -> Estimate:
    """(1 + B,) numbers computed from :func:`with_samples`: the first, with the interval of the others."""
    return Estimate.from_replicates(float(rows[0]), rows[1:])


def kept(measurement: Callable[Concatenate[Measured, P], T]) -> Callable[Concatenate[Measured, P], T]:
    """Measure once: what was found is kept with the study it is about, and goes with it."""

    @wraps(measurement)
    def once(measured: Measured, *arguments: P.args, **named: P.kwargs) -> T:
        key = (measurement, arguments, *sorted(named.items()))
        if key not in measured._found:
            measured._found[key] = measurement(measured, *arguments, **named)
        return measured._found[key]

    return once


def over_trainings(measurement: Callable[Concatenate[Measured, P], T]) -> Callable[Concatenate[Measured, P], T]:
    """Make a measurement of one training a measurement of all: see :func:`pooled`."""

    @wraps(measurement)
    def of_all(measured: Measured, *arguments: P.args, **named: P.kwargs) -> T:
        return pooled([measurement(training, *arguments, **named) for training in measured.trainings])

    return of_all


def pooled(found: Sequence[Any]) -> Any:
    """One measurement of several, made of as many trainings: numbers by their mean, bootstrap replicates in turn.

    Parameters
    ----------
    found : sequence
        One thing, or several of one shape: numbers, :class:`~same_eyes.claims.Estimate`, arrays whose row 0 is all
        images and whose other rows are replicates (as of :func:`with_samples`), and mappings, sequences and
        dataclasses of these. What is neither (a name) must be the same in all.
    """
    first, kind = found[0], type(found[0])
    if len(found) == 1:
        return first
    if isinstance(first, Estimate) and first.replicates is not None:
        value = np.mean([part.value for part in found])
        return Estimate.from_replicates(value, _in_turn([part.replicates for part in found]))
    if isinstance(first, np.ndarray):
        return np.concatenate([_finite.mean([part[:1] for part in found], 0), _in_turn([part[1:] for part in found])])
    if isinstance(first, Mapping):
        return {key: pooled([part[key] for part in found]) for key in first}
    if is_dataclass(first):
        return kind(*(pooled([getattr(part, field.name) for part in found]) for field in fields(first)))
    if isinstance(first, list | tuple):
        items = [pooled(item) for item in zip(*found, strict=True)]
        return kind(*items) if hasattr(first, "_fields") else kind(items)
    if isinstance(first, int | float):
        return float(np.mean(found))
    if any(part != first for part in found):
        raise ValueError(f"cannot be pooled: {found}")
    return first


def _in_turn(parts: Sequence[NDArray]) -> NDArray:
    """(sum of B_s, ...) the replicates of training s at s, s + S, s + 2 S ...: where they were drawn."""
    turned = np.empty((sum(map(len, parts)), *parts[0].shape[1:]))
    for number, part in enumerate(parts):
        turned[number :: len(parts)] = part
    return turned


@kept
@over_trainings
def accuracy(measured: Measured, name: str) -> Estimate:
    """Share of right answers, with Wilson's interval and bootstrap replicates."""
    right = measured.right(name)
    low, high = wilson_interval(right.sum(), len(right))
    return Estimate(float(right.mean()), float(low), float(high), _accuracies(measured)[name])


@over_trainings
def exact_accuracy(measured: Measured, name: str) -> Estimate:
    """Share of right answers on these very images, which stand for no others."""
    return Estimate.exact(measured.right(name).mean())


@kept
def _accuracies(measured: Measured) -> dict[str, NDArray[np.float64]]:
    """(B,) replicates of the accuracy of everybody who saw all images, from one matrix product."""
    names = [name for name in measured.labels if UNSEEN not in measured.labels[name]]
    shares = bootstrap_sums(measured.right(*names).astype(np.uint8), measured.weights) / measured.sizes
    return dict(zip(names, shares.T, strict=True))


@over_trainings
def rank_agreement(measured: Measured, values: Mapping[str, float]) -> Estimate:
    """Spearman correlation of the machines' accuracies with given ones; images and machines are resampled."""
    names = list(values)
    given = np.array([values[name] for name in names])
    right = measured.right(*names)
    accuracies = bootstrap_sums(right.astype(np.uint8), measured.weights) / measured.sizes
    drawn = np.random.default_rng(measured.seed).integers(len(names), size=accuracies.shape)
    replicates = rank_correlation(np.take_along_axis(accuracies, drawn, 1), given[drawn])
    return Estimate.from_replicates(float(rank_correlation(right.mean(0), given)), replicates)
