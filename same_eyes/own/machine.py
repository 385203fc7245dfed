"""A user's file as a machine that stands beside the study's."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..store import FIRST_IMAGE
from ..types import BadInput, Predictions
from .alignment import Images, place, rows
from .files import SPLITS, Answers, read

SEEN = 0.99  # accuracy on CIFAR-10 that no machine of its size has on images it did not learn from


@dataclass(frozen=True, eq=False)
class Examined:
    """A file that may be measured, and what was understood of it.

    Attributes
    ----------
    path : path
    split : {"heldout", "official"}
    answers : Answers
    says : str
        How it is known which image a row is about.
    right : (n,) bool
        Whether it is right on each of the split's images.
    predictions : Predictions
        Its rows of the split, in the split's order.
    """

    path: Path
    split: str
    answers: Answers
    says: str
    right: NDArray[np.bool_]
    predictions: Predictions

    @property
    def what(self) -> str:
        """What its split's images are called."""
        return "held-out" if self.split == "heldout" else "official test"

    def lines(self, images: Images) -> list[str]:
        """What was read, and what a user should know of it before anything is measured."""
        kind = "labels" if self.predictions.labels_only else "probabilities"
        name = self.predictions.method
        read = f"{name}: {kind} of {len(self.answers.labels):,} rows from {self.path}, {self.says}"
        return [read, *(f"{name}: {note}" for note in self.notes(images))]

    def notes(self, images: Images) -> list[str]:
        """What a user should know before anything is measured."""
        found = list(self.answers.notes)
        share, guess = self.right.mean(), images_share(images, self.split)
        if len(np.unique(self.predictions.labels_predicted)) == 1:
            found.append("it gives one answer to all images")
        elif share <= guess:
            found.append(
                f"no better than the most frequent class ({guess:.1%}): are these the answers to these images?"
            )
        if images.study == "cifar10n" and self.split == "heldout" and share >= SEEN:
            found.append(
                "hardly ever wrong: has it learnt from these images? They are part of CIFAR-10's training set, and who "
                "trains on all 50,000 has seen them. Train on the first 40,000"
            )
        return found


def images_share(images: Images, split: str) -> float:
    """Share of a split's images that are of its most frequent class."""
    part = images.part(split)
    counts = np.bincount(images.numbered(split)[part.start : part.stop])
    return float(counts.max() / counts.sum())


def examine(text: str, images: Images, name: str = "own") -> Examined:
    """Read a file, ``FILE`` or ``FILE@official``, and make sure which images it is about.

    Raises
    ------
    BadInput
        As :func:`same_eyes.own.files.read` and :func:`same_eyes.own.alignment.place`; an image without a row; or a
        split that is not the one the file names itself.
    """
    path, _, said = text.rpartition("@")
    if said not in SPLITS or not path:
        path, said = text, ""
    answers = read(Path(path), images.classes, images.names)
    if said and answers.split and said != answers.split:
        raise BadInput(f"{path} says itself that it holds the split {answers.split!r}. Leave out @{said}.")
    split = said or answers.split or "heldout"
    index, says = place(answers, split, images, path)
    chosen = rows(index, split, images, path)
    part = images.part(split)
    numbers = np.arange(len(part)) + FIRST_IMAGE.get((images.study, split), 0)
    if answers.probs is None:
        labels, k = answers.labels[chosen], len(images.classes)
        predictions = Predictions.from_labels(labels, k, numbers, method=name, split=split)
    else:
        predictions = Predictions(answers.probs[chosen], numbers, method=name, split=split)  # type: ignore[arg-type]
    right = answers.labels[chosen] == images.numbered(split)[part.start : part.stop]
    return Examined(Path(path), split, answers, says, right, predictions)


def read_machines(
    asked: Iterable[str], images: Images, taken: Collection[str] = (), split: str = "heldout"
) -> dict[str, dict[str, Examined]]:
    """The machines of ``NAME=FILE`` or ``NAME=FILE@official``, by name and split.

    Parameters
    ----------
    asked : iterable of str
        A name may occur once for each split.
    images : Images
    taken : collection of str
        Names that a machine may not have: those of the study's machines and people.
    split : {"heldout", "official"}
        The images that are compared, of which every machine must have predictions.

    Raises
    ------
    BadInput
        As :func:`examine`; no name, one that is taken, one split twice, or no predictions of the images compared.
    """
    found: dict[str, dict[str, Examined]] = {}
    for text in asked:
        name, _, file = (part.strip() for part in text.partition("="))
        if not name or not file:
            raise BadInput(f"--predictions {text}: write it as NAME=FILE. (The store of runs is --store.)")
        if " vs " in name:
            raise BadInput(f"--predictions {text}: the name must not hold ' vs '.")
        if name.lower() in {other.lower() for other in taken}:
            raise BadInput(f"--predictions {text}: the study has a {name} itself. Give yours another name.")
        examined = examine(file, images, name)
        if examined.split in found.setdefault(name, {}):
            raise BadInput(f"--predictions {text}: {name} has predictions of these images already.")
        found[name][examined.split] = examined
    for name, splits in found.items():
        if split not in splits:
            given, wanted = ("official test", "held-out") if split == "heldout" else ("held-out", "official test")
            mark = "@official" if split == "official" else ""
            raise BadInput(
                f"--predictions {name}=...: of the {given} images alone; people and machines are compared on the "
                f"{wanted} images. Give those too: --predictions {name}=FILE{mark}"
            )
    return found
