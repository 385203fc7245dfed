"""The built-in studies: which images, which people, which labels to learn from.

``cifar10n``: CIFAR-10's training images with CIFAR-10N's three human labels each. Machines learn from images
0 to 39,999; people and machines are compared on images 40,000 to 49,999, the last of the Python batches,
because that keeps CIFAR-10N's annotation batches of ten whole. (The study does not say which 10,000 it held out.)

``cifar10h``: the same machines on CIFAR-10's own 10,000 test images; three answers to each image, drawn from
CIFAR-10H's counts of some fifty.

``digits``: scikit-learn's 1,797 digit images, 1,000 to learn from, with simulated annotators. It needs neither
data nor network, and checks no claim of the paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import data
from . import digits as _digits
from . import folder as _folder
from .method import Task
from .types import UNSEEN, Annotators, BadInput, Predictions, Study

if TYPE_CHECKING:
    import pandas as pd

LABEL_SETS = ("random1", "random2", "random3")
DIGITS_SEED = 0  # of the simulated annotators
RECIPES = {"cifar10n": ("full", "small"), "digits": ("tiny",)}  # a study's recipes, the one to prefer first
NAMES = (*RECIPES, "cifar10h")
HELDOUT = {"cifar10n": data.HELDOUT, "digits": _digits.HELDOUT}  # where people and machines are compared

Machines = Mapping[str, Sequence[Predictions]]


def label_sets(name: str) -> tuple[str, ...]:
    """Whose labels the machines of a study can learn from."""
    return (*LABEL_SETS, "aggre", "worst") if name == "cifar10n" else LABEL_SETS


def task(name: str, labels: str, data_dir: Path | None = None) -> Task:
    """What the machines of a study learn from, and the images they answer for.

    Parameters
    ----------
    name : str
        "cifar10n" or "digits".
    labels : str
        "random1", "random2" or "random3": the first, second or third person's answers; for cifar10n also
        "aggre" and "worst".
    data_dir : path, optional
        Where to look for the data first.
    """
    _known(name)
    if name == "digits":
        people = _digits_people()
        images = _digits_pixels()
        train = people.labels[_digits.TRAIN, LABEL_SETS.index(_known_labels(labels, label_sets(name)))].copy()
        return Task(images[_digits.TRAIN], train, len(_digits.CLASSES), {"heldout": images[_digits.HELDOUT]})
    answers = data.cifar10n(data_dir).labels
    given = answers[_known_labels(labels, label_sets(name))]
    pixels, official = (_channels_first(data.cifar10_images(split, data_dir)) for split in ("train", "test"))
    heldout = data.HELDOUT
    return Task(
        pixels[: heldout.start],
        given[: heldout.start].copy(),  # torch wants arrays that can be written
        len(data.CLASSES),
        {"heldout": pixels[heldout], "official": official},
    )


def truths(name: str, data_dir: Path | None = None) -> dict[str, NDArray[np.int64]]:
    """Clean labels of the images that a study's machines answer for, by split."""
    _known(name)
    if name == "digits":
        return {"heldout": _digits.digits().truth[_digits.HELDOUT]}
    clean = data.cifar10_labels("train", data_dir)
    return {"heldout": clean[data.HELDOUT], "official": data.cifar10_labels("test", data_dir)}


def heldout(name: str, machines: Machines, data_dir: Path | None = None) -> Study:
    """People and machines on the images that no machine has learnt from."""
    part = HELDOUT[name]
    first = 0 if name == "digits" else part.start
    index = np.arange(first, first + part.stop - part.start)
    return replace(whole(name, data_dir).take(part), machines=machines, index=index)


def whole(name: str, data_dir: Path | None = None) -> Study:
    """People on all images, those that machines learn from included; no machines."""
    _known(name)
    if name == "digits":
        people = _digits_people()
        truth, classes = _digits.digits().truth, _digits.CLASSES
        return Study(name, truth, people, {}, classes, aggregate=people.majority(DIGITS_SEED), simulated=True)
    answers = data.cifar10n(data_dir)
    people = Annotators(
        np.stack([answers.labels[labels] for labels in LABEL_SETS], 1),
        classes=len(data.CLASSES),
        workers=answers.workers,
        seconds=answers.seconds,
    )
    clean, aggregate = answers.labels["clean"], answers.labels["aggre"]
    return Study(name, clean, people, {}, data.CLASSES, group=answers.batch, aggregate=aggregate)


def official(machines: Machines, data_dir: Path | None = None) -> Study:
    """CIFAR-10H's people and the machines of cifar10n on CIFAR-10's own 10,000 test images.

    People are counts alone; where the raw trials are at hand, single answers with their reaction times. The test
    images' labels are part of CIFAR-10's 170 MB, which are never downloaded for their sake alone.
    """
    truth, raw = data.cifar10_labels("test", data_dir, download=False), data.cifar10h_raw(data_dir)
    counted = Annotators.from_counts(data.cifar10h_counts(data_dir))
    people = counted if raw is None else _single_answers(raw, len(truth))
    return Study("cifar10h", truth, people, machines, data.CLASSES)


def _single_answers(raw: pd.DataFrame, n: int) -> Annotators:
    """CIFAR-10H's trials as columns: the first answer to each image, the second, and so on; a column is no person."""
    image = raw["image"].to_numpy()
    place = raw.groupby("image").cumcount().to_numpy()
    shape = (n, int(place.max()) + 1)
    labels, seconds = np.full(shape, UNSEEN), np.full(shape, np.nan)
    labels[image, place] = raw["label"]
    seconds[image, place] = raw["milliseconds"] / 1000
    return Annotators(labels, classes=len(data.CLASSES), seconds=seconds)


def cifar10h(machines: Machines, data_dir: Path | None = None) -> Study:
    """CIFAR-10's test images with people as columns: three of the answers to each image, drawn by a fixed seed."""
    found = official(machines, data_dir)
    counts = found.people.counts
    answers = _folder.drawn(counts)[:, : _folder.ANSWERS]
    people = Annotators(answers, len(data.CLASSES), _counts=counts)
    return replace(found, people=people, aggregate=people.majority(_folder.SEED))


@dataclass(frozen=True, eq=False)
class Origin:
    """What a session compares: where its people, images and machines are from.

    Attributes
    ----------
    name : str
    study : callable
        ``study(machines)`` puts people and machines on the images compared.
    whole : callable
        ``whole()`` gives the people on all images of the data set.
    hard : callable
        ``hard(machines)`` gives the images of which it is known how hard they are for people.
    runs : str
        The study whose runs its machines are; "" where machines are known by their files.
    split, hard_split : str
        The part of the machines' predictions that ``study`` and ``hard`` take.
    simulated : bool
        Whether the people are not people.
    elsewhere : bool
        Whether these are other images than the paper's, of which its numbers say nothing.
    folder : Folder or None
        A user's own study.
    """

    name: str
    study: Callable[[Machines], Study]
    whole: Callable[[], Study]
    hard: Callable[[Machines], Study]
    runs: str
    split: str = "heldout"
    hard_split: str = "official"
    simulated: bool = False
    elsewhere: bool = False
    folder: _folder.Folder | None = None


def origin(asked: str | None, data_dir: Path | None = None) -> Origin:
    """A built-in study by its name, or a user's by its folder; without either, the one of ``default``.

    Raises
    ------
    BadInput
        There is no such study, or its folder cannot be read.
    """
    name = asked or default(data_dir)
    if name in RECIPES:
        return Origin(
            name,
            study=lambda machines: heldout(name, machines, data_dir),
            whole=lambda: whole(name, data_dir),
            hard=lambda machines: official(machines, data_dir),
            runs=name,
            simulated=name == "digits",
        )
    if name == "cifar10h":
        return Origin(
            name,
            study=lambda machines: cifar10h(machines, data_dir),
            whole=lambda: cifar10h({}, data_dir),
            hard=lambda machines: official(machines, data_dir),
            runs="cifar10n",
            split="official",
            elsewhere=True,
        )
    if not Path(name).exists():
        raise BadInput(f"no study {name!r}: give a folder (same-eyes new-study {name}), or {', '.join(NAMES)}.")
    folder = _folder.read(Path(name))
    return Origin(
        folder.name,
        study=folder.study,
        whole=lambda: folder.study({}),
        hard=folder.study,
        runs="",
        hard_split="heldout",
        simulated=folder.simulated,
        elsewhere=True,
        folder=folder,
    )


def default(data_dir: Path | None = None) -> str:
    """The study to run when none is named: cifar10n where its labels are or can be had, else digits."""
    try:
        data.cifar10n(data_dir)
    except data.MissingData:
        return "digits"
    return "cifar10n"


def _known(name: str) -> None:
    if name not in RECIPES:
        raise BadInput(f"no study {name!r}; there are {', '.join(RECIPES)}.")


def _known_labels(labels: str, known: Sequence[str]) -> str:
    if labels not in known:
        raise BadInput(f"no labels {labels!r}; there are {', '.join(known)}.")
    return labels


def _digits_people() -> Annotators:
    """Simulated annotators under the names of the study's people, whom they stand in for in its tests."""
    digits = _digits.digits()
    people = _digits.simulate_annotators(digits.images, digits.truth, raters=len(LABEL_SETS), seed=DIGITS_SEED)
    return Annotators(people.labels, classes=people.classes)


def _digits_pixels() -> NDArray[np.uint8]:
    """(1797, 1, 8, 8): ink from 0 to 16, as scikit-learn ships it."""
    return np.rint(_digits.digits().images * 16).astype(np.uint8)[:, None]


def _channels_first(images: NDArray[Any]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))
