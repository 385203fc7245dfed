"""Which images the rows of a file are about: said by an index or by their number, and held against the truth.

A machine that is merely bad is never refused. Its answers depend on the images it saw and on no others: held against
the labels of *other* images they are right as often as chance says, whatever the machine. So another reading of the
rows is believed only where it is right more often, by five standard errors, than both the rows as given and chance:

    right(other reading) > max(right(as given), chance) + 5 √(1 / 4n),    chance = Σ_c P(answer c) P(truth c)

Another numbering of the classes is about the same images, so chance is no yardstick for it: machines do take cats for
dogs. It is believed only where it makes the machine right on most images, and where every class that it moves was
given the other name at least twice as often as its own.

Rows whose answers have nothing to do with the truth (chi-squared finds no dependence) but are about as frequent as the
classes are a machine's in another order, or a machine that guesses. They are refused where the file gives no index, for
then nobody stated their order; with an index they are taken for a machine that guesses.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.stats import chi2_contingency

from .. import data, studies
from ..types import BadInput
from .files import Answers

SURE = 5  # standard errors
TWICE = 2  # times that a class must have been given the other name, for each time it was given its own
INDEPENDENT = 1e-3  # p of the chi-squared test above which answers have nothing to do with the truth
ALIKE = 0.2  # total variation distance below which answers are about as frequent as the classes


@dataclass(frozen=True, eq=False)
class Images:
    """The images that a study's machines can answer for, with their true classes.

    Attributes
    ----------
    study : str
    classes : tuple of str
    truth : (N,) int64
        Of the data set that people labelled, by image number.
    heldout : range
        Those on which people and machines are compared.
    official : (n,) int64 or None
        Of CIFAR-10's own test images; None where the study has none, or where they are not on this machine.
    names : tuple of str
        What a file may call the images of the data set, where they have names.
    """

    study: str
    classes: tuple[str, ...]
    truth: NDArray[np.int64]
    heldout: range
    official: NDArray[np.int64] | None = None
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, study: str, data_dir: Path | None = None) -> Images:
        """The images of a built-in study; the test labels are not downloaded for their own sake."""
        everything = studies.whole(study, data_dir)
        official = None
        if study == "cifar10n":
            with suppress(data.MissingData):
                official = data.cifar10_labels("test", data_dir, download=False)
        part = range(len(everything.truth))[studies.HELDOUT[study]]
        return cls(study, tuple(everything.classes), everything.truth, part, official)

    def numbered(self, split: str) -> NDArray[np.int64]:
        """The true classes by the image numbers that a split's files use."""
        if split == "heldout":
            return self.truth
        if self.study != "cifar10n":
            raise BadInput(f"the study {self.study} has no official test images. Leave out @official.")
        if self.official is None:
            raise BadInput("CIFAR-10's test labels are not on this machine. Get them: same-eyes data fetch")
        return self.official

    def part(self, split: str) -> range:
        """The numbers of the images that a split compares."""
        return self.heldout if split == "heldout" else range(len(self.numbered(split)))


def place(answers: Answers, split: str, images: Images, name: str) -> tuple[NDArray[np.int64], str]:
    """The image of each row, once it is clear that it is that one.

    Parameters
    ----------
    answers : Answers
    split : {"heldout", "official"}
    images : Images
    name : str
        The file's, for an error.

    Returns
    -------
    index : (n,) int64
        Image numbers: of the data set, or of its test images.
    says : str
        How they are known.

    Raises
    ------
    BadInput
        Classes or image numbers that do not exist, a number of rows that says nothing, or rows that are about other
        images than they say.
    """
    labels, k = answers.labels, len(images.classes)
    low, high = labels.min(), labels.max()
    if low < 0 or high >= k:
        why = "They are counted from 1: subtract 1." if (low, high) == (1, k) else "Labels of another data set?"
        raise BadInput(f"{name}: its labels run from {low} to {high}, but there are classes 0 to {k - 1}. {why}")
    index, says = _stated(answers, split, images, name)
    truth = images.numbered(split)[index]
    _refuse_other_images(labels, truth, k, _readings(answers, index, split, images), name)
    if not answers.named:
        _refuse_other_classes(labels, truth, images.classes, name)
    if answers.index is None:
        _refuse_unrelated(labels, truth, k, name)
    return index, says


def rows(index: NDArray[np.int64], split: str, images: Images, name: str) -> NDArray[np.int64]:
    """The row of each image that a split compares, in their order.

    Raises
    ------
    BadInput
        An image has no row.
    """
    part = images.part(split)
    row = np.full(len(images.numbered(split)), -1)
    row[index] = np.arange(len(index))
    found = row[part.start : part.stop]
    if (found < 0).any():
        kind = "held-out" if split == "heldout" else "official test"
        first = part.start + int((found < 0).argmax())
        raise BadInput(
            f"{name}: {(found < 0).sum():,} of the {len(part):,} {kind} images {part.start} to {part.stop - 1} have no "
            f"row, the first is image {first}."
        )
    return found


# --- As given ---------------------------------------------------------------------------------------------


def _stated(answers: Answers, split: str, images: Images, name: str) -> tuple[NDArray[np.int64], str]:
    """Image numbers, as the file's index or its number of rows states them."""
    truth, part, n = images.numbered(split), images.part(split), len(answers.labels)
    if answers.index is not None:
        low, high = int(answers.index.min()), int(answers.index.max())
        if low < 0 or high >= len(truth):
            why = " They are counted from 1: subtract 1." if (low, high) in _from_one(part, len(truth)) else ""
            raise BadInput(
                f"{name}: its image numbers run from {low} to {high}, but there are 0 to {len(truth) - 1}.{why}"
            )
        return answers.index, f"by its index, images {low} to {high}"
    if n == len(part):
        kind = "held-out" if split == "heldout" else "official test"
        return np.arange(part.start, part.stop), f"without an index: the {kind} images {part.start} to {part.stop - 1}"
    if n == len(truth):
        return np.arange(n), f"without an index: all images 0 to {n - 1}"
    sizes = " or ".join(f"{size:,}" for size in dict.fromkeys((len(part), len(truth))))
    why = _one_row_off(answers.labels, truth[part.start : part.stop])
    raise BadInput(f"{name} has {n:,} rows. Give {sizes} in order, or the image number of each as `index`.{why}")


def _from_one(part: range, n: int) -> set[tuple[int, int]]:
    return {(1, n), (part.start + 1, part.stop)}


def _one_row_off(labels: NDArray, truth: NDArray) -> str:
    """What a file of one row too many or too few looks like."""
    ways = {
        -1: [(labels, truth[1:], "first row is missing"), (labels, truth[:-1], "last row is missing")],
        1: [(labels[1:], truth, "first row is too many"), (labels[:-1], truth, "last row is too many")],
    }
    fits = [text for ours, theirs, text in ways.get(len(labels) - len(truth), []) if (ours == theirs).mean() > 0.5]
    return f" The {fits[0]}: a row taken for a header, or a header for a row?" if fits else ""


# --- Other readings ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Reading:
    """Another way to read the rows: the true class of each, the way in words, and what to do if it is right."""

    truth: NDArray[np.int64]
    says: str
    remedy: str = "Put the rows into the order of their images, or give their image numbers as `index`."


def _readings(answers: Answers, index: NDArray, split: str, images: Images) -> Iterator[Reading]:
    if answers.index is not None:
        yield from _other_indices(index, split, images)
        return
    n, numbered, heldout = len(index), images.numbered(split), images.heldout
    want = f"Predict the images {heldout.start} to {heldout.stop - 1}, which no machine of the study learns from."
    for start in range(0, len(images.truth) - n + 1, n):
        here = range(start, start + n)
        if split == "official" or start != index[0]:
            says = f"as images {start} to {start + n - 1} of the training set"
            yield Reading(
                images.truth[here.start : here.stop], says, "Leave out @official." if here == heldout else want
            )
    if split == "heldout" and images.official is not None and n == len(images.official):
        yield Reading(images.official, "as CIFAR-10's official test images", "Say so: FILE@official.")
        yield Reading(np.sort(images.official), "as CIFAR-10's official test images sorted by class")
    yield Reading(numbered[index][::-1], "in reverse order")
    yield Reading(np.sort(numbered[index]), "sorted by class, as folders of images are served")
    if images.study == "cifar10n":
        yield from _tensorflow("train", images.truth, n)
        if images.official is not None:
            yield from _tensorflow("test", images.official, n)


def _other_indices(index: NDArray, split: str, images: Images) -> Iterator[Reading]:
    """Other images that an index could mean."""
    n, numbered, heldout = len(index), images.numbered(split), images.heldout
    for step, says, remedy in ((-1, "large", "Subtract 1: images are counted from 0."), (1, "small", "Add 1.")):
        moved = index + step
        if moved.min() >= 0 and moved.max() < len(numbered):
            yield Reading(numbered[moved], f"with its index taken to be one too {says}", remedy)
    if index.max() < len(heldout):
        add = f"add {heldout.start} to its index."
        remedy = add.capitalize() if split == "heldout" else f"Leave out @official, and {add}"
        yield Reading(images.truth[heldout.start + index], "with its index counting the held-out images from 0", remedy)
    if split == "official":
        yield Reading(images.truth[index], "as images of the training set", "Leave out @official.")
    elif images.official is not None and index.max() < len(images.official):
        yield Reading(images.official[index], "as CIFAR-10's official test images", "Say so: FILE@official.")
    if n == len(heldout):
        says = "as the held-out images in order, whatever its index says"
        yield Reading(images.truth[heldout.start : heldout.stop], says, "Correct the index.")


def _tensorflow(split: data.Split, truth: NDArray, n: int) -> Iterator[Reading]:
    """The orders of TensorFlow Datasets: of a whole split, or of slices of it."""
    order = _tfds_order(split)
    for start in range(0, len(truth) - n + 1, n):
        part = "" if n == len(truth) else f"[{start}:{start + n}]"
        yield Reading(
            truth[order[start : start + n]],
            f"in TensorFlow Datasets' order of {split}{part}",
            f"Give as `index` the image numbers same_eyes.data.tfds_order({split!r}){part}"
            + (", and say FILE@official." if split == "test" else "."),
        )


@cache
def _tfds_order(split: data.Split) -> NDArray[np.int64]:
    return data.tfds_order(split)


def _refuse_other_images(labels: NDArray, truth: NDArray, k: int, readings: Iterator[Reading], name: str) -> None:
    n, here = len(labels), float((labels == truth).mean())
    chance = float(np.bincount(labels, minlength=k) @ np.bincount(truth, minlength=k)) / n**2
    found = [(float((labels == other.truth).mean()), other.says, other.remedy) for other in readings]
    share, says, remedy = max([*found, *_slips(labels, truth)])
    if share > max(here, chance) + SURE * (0.25 / n) ** 0.5:
        raise BadInput(f"{name} is right in {here:.0%} of its images as given, and {says} in {share:.0%}. {remedy}")


def _slips(labels: NDArray, truth: NDArray) -> Iterator[tuple[float, str, str]]:
    """Rows that stand one place too late or too early from some row on."""
    given = np.concatenate([[0], np.cumsum(labels == truth)])
    for step, when, remedy in ((1, "late", "A row was added there."), (-1, "early", "A row is missing there.")):
        moved = labels == np.roll(truth, step)
        right = given[:-1] + np.cumsum(moved[::-1])[::-1]  # as given before a row, moved from it on
        row = int(right.argmax())
        yield float(right[row] / len(labels)), f"with the rows from row {row} on standing one too {when}", remedy


def _refuse_other_classes(labels: NDArray, truth: NDArray, classes: tuple[str, ...], name: str) -> None:
    n, k = len(labels), len(classes)
    counts = np.bincount(truth * k + labels, minlength=k * k).reshape(k, k)
    true, called = linear_sum_assignment(counts, maximize=True)
    own, other = counts.diagonal(), counts[true, called]
    moved = np.flatnonzero(called != true)
    convincing = other.sum() > n / 2 and other.sum() - own.sum() > SURE * (0.25 * n) ** 0.5
    if not len(moved) or not convincing or (other[moved] < TWICE * own[moved]).any():
        return
    alphabetical = np.argsort(np.argsort(classes))
    if np.array_equal(called, alphabetical):
        what = "with its classes in alphabetical order"
    else:
        what = "with its " + ", ".join(f"{called[c]} taken for {classes[c]}" for c in moved)
    raise BadInput(
        f"{name} is right in {own.sum() / n:.0%} of its images as given, and {what} in {other.sum() / n:.0%}. The "
        f"classes are {', '.join(classes)}, in this order; or name them: in an npz as `classes`, in a table as columns."
    )


def _refuse_unrelated(labels: NDArray, truth: NDArray, k: int, name: str) -> None:
    counts = np.bincount(truth * k + labels, minlength=k * k).reshape(k, k)
    if np.abs(counts.sum(0) - counts.sum(1)).sum() / 2 > ALIKE * len(labels):
        return
    counts = counts[:, counts.any(0)][counts.any(1)]
    if (p := float(chi2_contingency(counts).pvalue)) > INDEPENDENT:
        raise BadInput(
            f"{name}: its answers have nothing to do with the images in this order (right in "
            f"{(labels == truth).mean():.0%}, independent of the true class with p = {p:.2g}). Are its rows in an "
            "order of their own? Give each row's image number as `index`; with it even a machine that guesses is taken."
        )
