"""What people said, what machines said, and the truth: three frozen records of arrays.

Shape letters, here and everywhere: n images, k classes, r raters, m machines, b batch, s seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

UNSEEN = -1  # a rater who did not see the image


class BadInput(ValueError):
    """Input that no result may be built on; the message names what is wrong and the remedy."""


class NotKnown(ValueError):
    """Something that a measurement needs is not known here: the truth, who is asked for, or how sure a machine is."""


class NoConfidence(NotKnown):
    """A machine of which only labels are known was asked how sure it is."""


def _frozen(array: NDArray) -> NDArray:
    array = np.array(array)  # a copy: nobody else holds a way to change it
    array.flags.writeable = False
    return array


def _array(values: ArrayLike, what: str) -> NDArray:
    try:
        return np.asarray(values)
    except (ValueError, TypeError, OverflowError) as error:  # rows of different lengths, an integer of 100 digits
        raise BadInput(f"{what}: no array ({error}). Give numbers, each row as many as the others.") from None


def _integers(array: ArrayLike, what: str) -> NDArray[np.int64]:
    array = _array(array, what)
    if not np.issubdtype(array.dtype, np.integer):
        raise BadInput(f"{what}: expected integers, got {array.dtype}. Give class numbers, not names or floats.")
    if array.size and array.max() > np.iinfo(np.int64).max:
        raise BadInput(f"{what}: {array.max()} is no class and no image number.")
    return array.astype(np.int64)


def _rows(record: object, names: Sequence[str], rows: NDArray | slice) -> dict[str, Any]:
    """Some rows of each of a record's arrays that is there."""
    arrays = {name: getattr(record, name) for name in names}
    return {name: array[rows] for name, array in arrays.items() if array is not None}


@dataclass(frozen=True, eq=False)
class Predictions:
    """One trained machine's class probabilities on a set of images.

    Parameters
    ----------
    probs : (n, k) float
        Class probabilities: in [0, 1], each row summing to 1 (within 1e-3). Stored as float32.
    index : (n,) int, optional
        Which image each row is, as a position in the split's data set; 0 .. n-1 when left out.
    method, labels, backbone, recipe : str
        What was trained, on which labels, on which network, for how long.
    seed : int
    split : str
        The images predicted: "heldout" (CIFAR-10 training images 40,000 to 49,999) or
        "official" (CIFAR-10's own test batch), or a study's own name.
    labels_only : bool
        True where nothing but labels is known, as :meth:`from_labels` makes it: ``probs`` are then 0 and 1.

    Raises
    ------
    BadInput
        Wrong shape, NaN, a value outside [0, 1], a row that does not sum to 1, a repeated index.

    Examples
    --------
    >>> Predictions([[0.9, 0.1], [0.2, 0.8]], method="mine").labels_predicted.tolist()
    [0, 1]
    """

    probs: NDArray[np.float32]
    index: NDArray[np.int64] = None  # type: ignore[assignment]  # filled in below
    method: str = "own"
    labels: str = ""
    backbone: str = ""
    recipe: str = ""
    seed: int = 0
    split: str = "heldout"
    labels_only: bool = False

    def __post_init__(self) -> None:
        name = f"predictions of {self.method!r} on {self.split!r}"
        probs = _array(self.probs, name)
        if probs.ndim != 2 or probs.shape[1] < 2 or not len(probs):
            raise BadInput(f"{name}: probabilities must be (n, k) with k >= 2, got shape {probs.shape}.")
        if not np.issubdtype(probs.dtype, np.floating):
            raise BadInput(f"{name}: probabilities must be floats, got {probs.dtype}.")
        bad = ~np.isfinite(probs).all(1)
        if bad.any():
            raise BadInput(f"{name}: {bad.sum()} rows hold NaN or infinity, the first is row {bad.argmax()}.")
        off = (probs < -1e-6).any(1) | (probs > 1 + 1e-3).any(1)
        if off.any():
            raise BadInput(
                f"{name}: row {off.argmax()} leaves [0, 1], it runs from {probs[off.argmax()].min():.4g} "
                f"to {probs[off.argmax()].max():.4g}. Give probabilities, not logits."
            )
        sums = probs.sum(1, dtype=np.float64)
        off = np.abs(sums - 1) > 1e-3
        if off.any():
            raise BadInput(
                f"{name}: {off.sum()} rows do not sum to 1, the first is row {off.argmax()} "
                f"(sum {sums[off.argmax()]:.4g}). Normalise them (softmax) first."
            )
        index = np.arange(len(probs)) if self.index is None else _integers(self.index, f"{name}: index")
        if index.shape != (len(probs),):
            raise BadInput(f"{name}: {len(probs)} rows, but the index has shape {index.shape}.")
        if len(np.unique(index)) != len(index):
            raise BadInput(f"{name}: an image occurs twice in the index.")
        object.__setattr__(self, "probs", _frozen(probs.astype(np.float32)))
        object.__setattr__(self, "index", _frozen(index.astype(np.int64)))

    @classmethod
    def from_labels(
        cls,
        labels: ArrayLike,
        classes: int,
        index: ArrayLike | None = None,
        *,
        method: str = "own",
        split: str = "heldout",
    ) -> Self:
        """A machine of which only its (n,) labels are known, of so many classes; it has no confidence.

        Raises
        ------
        BadInput
            No integers, or a class that does not exist.

        Examples
        --------
        >>> machine = Predictions.from_labels([0, 2], 3)
        >>> machine.labels_predicted.tolist(), machine.labels_only
        ([0, 2], True)
        """
        labels = _integers(labels, f"labels of {method!r}")
        if labels.ndim != 1 or not len(labels) or labels.min() < 0 or labels.max() >= classes:
            raise BadInput(f"labels of {method!r}: expected (n,) classes 0 to {classes - 1}, got shape {labels.shape}.")
        probs = np.eye(classes, dtype=np.float32)[labels]
        return cls(probs, index, method=method, split=split, labels_only=True)  # type: ignore[arg-type]

    @property
    def labels_predicted(self) -> NDArray[np.int64]:
        """(n,) the most probable class of each image; the lowest class number wins a tie."""
        return self.probs.argmax(1)

    @property
    def confidence(self) -> NDArray[np.float32]:
        """(n,) the largest class probability of each image.

        Raises
        ------
        NoConfidence
            Only labels are known.
        """
        if self.labels_only:
            raise NoConfidence(f"{self.method} gives labels only, and this asks how sure it is")
        return self.probs.max(1)

    def take(self, rows: NDArray | slice) -> Self:
        """The same machine's predictions of some of the images, or of all in another order."""
        return replace(self, probs=self.probs[rows], index=self.index[rows])


@dataclass(frozen=True, eq=False)
class Annotators:
    """What people answered, image by image.

    Parameters
    ----------
    labels : (n, r) int
        Answers; -1 where that rater did not see the image.
    classes : int
        Number of classes k.
    names : sequence of str, optional
        The r raters' names; "Human 1" and so on when left out.
    workers : (n, r) int, optional
        Who gave each answer, where a column is a slot and not one person; -1 unknown.
    seconds : (n, r) float, optional
        Working time of each answer in seconds; NaN where unknown.

    Raises
    ------
    BadInput
        Labels outside -1 .. k-1, arrays whose shapes differ.
    """

    labels: NDArray[np.int64]
    classes: int
    names: Sequence[str] = ()
    workers: NDArray[np.int64] | None = None
    seconds: NDArray[np.float64] | None = None
    _counts: NDArray[np.int64] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        labels = _integers(self.labels, "annotators")
        if labels.ndim != 2:
            raise BadInput(f"annotators: labels must be (n, r), one column a rater; got shape {labels.shape}.")
        if labels.size and (labels.min() < UNSEEN or labels.max() >= self.classes):
            raise BadInput(
                f"annotators: labels run from {labels.min()} to {labels.max()}, "
                f"but there are classes 0 to {self.classes - 1} (and -1 for 'did not see')."
            )
        names = tuple(self.names) or tuple(f"Human {j + 1}" for j in range(labels.shape[1]))
        if len(names) != labels.shape[1]:
            raise BadInput(f"annotators: {labels.shape[1]} columns but {len(names)} names.")
        if len(set(names)) < len(names):
            raise BadInput(f"annotators: two of {', '.join(map(str, names))} have one name.")
        for what in ("workers", "seconds"):
            extra = getattr(self, what)
            if extra is not None:
                extra = _array(extra, f"annotators: {what}")
                if extra.shape != labels.shape:
                    raise BadInput(f"annotators: {what} has shape {extra.shape}, labels {labels.shape}.")
                if extra.dtype.kind not in "iuf":
                    raise BadInput(f"annotators: {what} holds {extra.dtype}, not numbers.")
                object.__setattr__(self, what, _frozen(extra))
        object.__setattr__(self, "labels", _frozen(labels))
        object.__setattr__(self, "names", names)

    @classmethod
    def from_counts(cls, counts: ArrayLike) -> Self:
        """Annotators of whom only the number of answers per class is known, (n, k), as in CIFAR-10H.

        They have counts but no columns: ``labels`` is (n, 0).
        """
        counts = _integers(counts, "counts")
        if counts.ndim != 2 or (counts < 0).any():
            raise BadInput(f"counts: expected (n, k) numbers of answers, got shape {counts.shape}.")
        nobody = np.empty((len(counts), 0), np.int64)
        return cls(nobody, classes=counts.shape[1], _counts=_frozen(counts))

    @property
    def counts(self) -> NDArray[np.int64]:
        """(n, k) how many raters gave each class."""
        if self._counts is not None:
            return self._counts
        seen = self.labels[..., None] == np.arange(self.classes)
        return seen.sum(1)

    def column(self, name: str) -> NDArray[np.int64]:
        """(n,) the answers of one rater, by name."""
        return self.labels[:, self.names.index(name)]

    def take(self, rows: NDArray | slice) -> Self:
        """The same people on some of the images, or on all in another order."""
        return replace(self, **_rows(self, ("labels", "workers", "seconds", "_counts"), rows))

    def majority(self, seed: int = 0) -> NDArray[np.int64]:
        """(n,) the most frequent answer; ties are broken at random among the tied, by the seed.

        An image nobody saw gets -1.
        """
        counts = self.counts
        jitter = np.random.default_rng(seed).random(counts.shape)
        return np.where(counts.sum(1) > 0, (counts + 0.5 * jitter).argmax(1), UNSEEN)


@dataclass(frozen=True, eq=False)
class Study:
    """The same images, seen by people and by machines, with the truth.

    Parameters
    ----------
    name : str
        "cifar10n", "cifar10h", "digits", or a user's own.
    truth : (n,) int
        -1 throughout where nobody knows it.
    people : Annotators
    machines : mapping of str to sequence of Predictions
        A machine's name to its runs (one a seed).
    classes : sequence of str
        The k class names.
    index : (n,) int, optional
        Which image of the data set each row is; 0 .. n-1 when left out.
    group : (n,) int, optional
        Images that share a group were answered together (CIFAR-10N: batches of ten).
    aggregate : (n,) int, optional
        A released aggregate of the people's answers ("Aggre").
    simulated : bool
        True where the people are not people.

    Raises
    ------
    BadInput
        Arrays of different lengths, a true class that does not exist, people or machines that know another
        number of classes, or predictions of other images than the study's or in another order.
    """

    name: str
    truth: NDArray[np.int64]
    people: Annotators
    machines: Mapping[str, Sequence[Predictions]]
    classes: Sequence[str]
    index: NDArray[np.int64] = None  # type: ignore[assignment]  # filled in below
    group: NDArray[np.int64] | None = None
    aggregate: NDArray[np.int64] | None = None
    simulated: bool = False

    def __post_init__(self) -> None:
        truth = _integers(self.truth, f"study {self.name!r}: truth")
        if truth.ndim != 1 or not len(truth):
            raise BadInput(f"study {self.name!r}: truth must be (n,) with n >= 1, got shape {truth.shape}.")
        known = truth.max() != UNSEEN
        if known and (truth.min() < 0 or truth.max() >= len(self.classes)):
            raise BadInput(
                f"study {self.name!r}: truth runs from {truth.min()} to {truth.max()}, "
                f"but there are classes 0 to {len(self.classes) - 1}."
            )
        if self.people.classes != len(self.classes):
            raise BadInput(
                f"study {self.name!r} has {len(self.classes)} classes, its people know {self.people.classes}."
            )
        index = np.arange(len(truth)) if self.index is None else _integers(self.index, "index")
        if len(self.people.labels) != len(truth):
            raise BadInput(
                f"study {self.name!r}: people labelled {len(self.people.labels)} images, truth has {len(truth)}."
            )
        for what in ("index", "group", "aggregate"):
            extra = getattr(self, what)
            if extra is not None and np.shape(extra) != truth.shape:
                raise BadInput(f"study {self.name!r}: {what} has shape {np.shape(extra)}, truth {truth.shape}.")
        for name, runs in self.machines.items():
            for run in runs:
                if not np.array_equal(run.index, index):
                    raise BadInput(
                        f"machine {name!r} predicted other images than study {self.name!r} asks about, or in "
                        f"another order: {len(run.index)} rows starting at image {run.index[0]}, expected "
                        f"{len(index)} starting at {index[0]}. Give its rows in the study's order."
                    )
                if run.probs.shape[1] != len(self.classes):
                    raise BadInput(
                        f"machine {name!r} knows {run.probs.shape[1]} classes, "
                        f"study {self.name!r} has {len(self.classes)}."
                    )
        object.__setattr__(self, "truth", _frozen(truth))
        object.__setattr__(self, "index", _frozen(index))
        object.__setattr__(self, "machines", MappingProxyType({m: tuple(runs) for m, runs in self.machines.items()}))
        for what in ("group", "aggregate"):
            if getattr(self, what) is not None:
                object.__setattr__(self, what, _frozen(_integers(getattr(self, what), what)))

    def take(self, rows: NDArray | slice) -> Self:
        """The same people and machines on some of the images, or on all in another order."""
        return replace(
            self,
            people=self.people.take(rows),
            machines={name: [run.take(rows) for run in runs] for name, runs in self.machines.items()},
            **_rows(self, ("truth", "index", "group", "aggregate"), rows),
        )

    def machine_labels(self, run: int = 0) -> NDArray[np.int64]:
        """(n, m) every machine's most probable class, in the order of ``machines``, of its run number ``run``."""
        columns = [runs[run].labels_predicted for runs in self.machines.values()]
        return np.stack(columns, 1) if columns else np.empty((len(self.truth), 0), np.int64)
