"""Studies too large for memory: answers and confidences on disk, compared a block of images at a time.

A folder holds four memory-mapped arrays, a classifier's answers lying together (Fortran order), and their names::

    truth.npy       (n,) int
    labels.npy      (n, r + m) int: r people, then m machines, each of whom saw every image
    right.npy       (n, r + m) bool, which follows from these two
    confidence.npy  (n, m) float32, each machine's largest class probability
    study.json      {"classes": k, "people": [r names], "machines": [m names]}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import ArrayLike, NDArray
from tqdm import tqdm

from same_eyes.metrics.error_consistency import consistency_from_counts
from same_eyes.metrics.joint_cells import count_joint
from same_eyes.metrics.matching import matching_from_counts
from same_eyes.metrics.mistake_confusion import mistake_confusion, same_mistake
from same_eyes.metrics.teaming.oracle import oracle_from_counts
from same_eyes.metrics.teaming.threshold import threshold_matrix

from . import parse
from .store import replace_file
from .types import UNSEEN, BadInput, Predictions

Pair = Literal["HH", "MM", "HM"]
PAIRS: dict[Pair, str] = {"HH": "two people", "HM": "a person and a machine", "MM": "two machines"}
BLOCK = 2**20  # probabilities read at a time: they stay in the cache


@dataclass(frozen=True, eq=False)
class LargeStudy:
    """Answers of people and machines to the same images, on disk.

    Attributes
    ----------
    truth : (n,) int
    labels : (n, r + m) int
        People first.
    right : (n, r + m) bool
    confidence : (n, m) float32
    people, machines : tuple of str
        The r and the m names.
    classes : int
        Number of classes k.
    """

    truth: NDArray[np.int64]
    labels: NDArray[np.int64]
    right: NDArray[np.bool_]
    confidence: NDArray[np.float32]
    people: tuple[str, ...]
    machines: tuple[str, ...]
    classes: int

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        """A study that :func:`write_study` wrote; nothing is read but the names.

        Raises
        ------
        BadInput
            No such study, or files that do not belong together.
        """
        path = Path(folder) / "study.json"
        if not path.exists():
            raise BadInput(f"{path}: not there. Write the study first, or to its end: same_eyes.large.write_study.")
        try:
            about = parse.json(path)
            people, machines = tuple(map(str, about["people"])), tuple(map(str, about["machines"]))
            classes = int(about["classes"])
            arrays = {name: parse.mapped(Path(folder) / f"{name}.npy") for name in _shapes(0, 0, 0)}
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise BadInput(f"{folder}: not a study of same-eyes large ({error}). Write it anew.") from None
        for name, shape in _shapes(arrays["truth"].size, len(people), len(machines)).items():
            if arrays[name].shape != shape:
                raise BadInput(
                    f"{Path(folder) / name}.npy: shape {arrays[name].shape}, expected {shape} by study.json and "
                    "truth.npy. Write the study anew."
                )
        return cls(**arrays, people=people, machines=machines, classes=classes)


def _shapes(n: int, r: int, m: int) -> dict[str, tuple[int, ...]]:
    return {"truth": (n,), "labels": (n, r + m), "right": (n, r + m), "confidence": (n, m)}


def write_study(
    folder: Path | str,
    truth: ArrayLike,
    classes: int,
    people: Sequence[str],
    machines: Sequence[str],
    answers: Iterable[tuple[ArrayLike, ArrayLike | None]],
    *,
    progress: bool = True,
) -> LargeStudy:
    """Write a study to disk, one classifier at a time.

    Parameters
    ----------
    folder : Path or str
        Made where it does not exist.
    truth : (n,) int
        True classes.
    classes : int
        Number of classes k.
    people, machines : sequence of str
        Their names.
    answers : iterable of ((n,) int, (n,) float or None)
        Labels and confidence of each, in the order of the names, people (whose confidence is None) first. A
        generator needs the memory of one; :func:`read_probs` makes a machine's from its class probabilities.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    LargeStudy
        As :meth:`LargeStudy.open` gives it.

    Raises
    ------
    BadInput
        Labels that are no classes (-1 too: all pairs are compared on the same images), of other images, or fewer or
        more answers than names.
    """
    folder = Path(folder)
    truth, names = _column(truth, None, classes, "truth"), [*people, *machines]
    n, kind = len(truth), np.min_scalar_type(-max(classes, 1))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.json").unlink(missing_ok=True)  # written last: without it the study is not whole
    kinds = {"truth": kind, "labels": kind, "right": np.dtype(bool), "confidence": np.dtype(np.float32)}
    stored = {
        name: open_memmap(folder / f"{name}.npy", "w+", kinds[name], shape, fortran_order=True)
        for name, shape in _shapes(n, len(people), len(machines)).items()
    }
    stored["truth"][:] = truth
    written = 0
    for labels, confidence in tqdm(answers, total=len(names), desc="answers", unit="", disable=not progress):
        if written == len(names):
            raise BadInput(f"{folder}: more answers than names ({len(names)}).")
        labels = _column(labels, n, classes, names[written])
        stored["labels"][:, written] = labels
        stored["right"][:, written] = labels == truth
        if written >= len(people):
            stored["confidence"][:, written - len(people)] = _confidence(confidence, n, names[written])
        written += 1
    if written < len(names):
        raise BadInput(f"{folder}: {written} answers for {len(names)} names; {names[written]!r} has none.")
    for array in stored.values():
        array.flush()
    about = {"classes": classes, "people": list(people), "machines": list(machines)}
    replace_file(folder / "study.json", json.dumps(about, indent=1).encode())
    return LargeStudy.open(folder)


def _column(labels: ArrayLike, n: int | None, classes: int, name: str) -> NDArray:
    """One classifier's labels, or the truth (n is None), as they may be stored."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer) or (n is not None and len(labels) != n):
        raise BadInput(f"{name}: expected {n or 'n'} integers, got {labels.dtype} of shape {labels.shape}.")
    if n is not None and (unseen := int((labels == UNSEEN).sum())):
        raise BadInput(
            f"{name}: did not see {unseen} of {n} images (-1), and all pairs are compared on the same ones. Leave out "
            "these images, or this classifier."
        )
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise BadInput(
            f"{name}: labels run from {labels.min()} to {labels.max()}, but there are classes 0 to {classes - 1}."
        )
    return labels


def _confidence(confidence: ArrayLike | None, n: int, name: str) -> NDArray:
    """One machine's confidences, as they may be stored."""
    if confidence is None:
        raise BadInput(f"{name}: a machine needs its confidence; give its largest class probability for each image.")
    confidence = np.asarray(confidence)
    if confidence.shape != (n,):
        raise BadInput(f"{name}: expected {n} confidences, got shape {confidence.shape}.")
    if not ((confidence > 0) & (confidence <= 1 + 1e-3)).all():
        raise BadInput(f"{name}: confidences must lie in (0, 1]. Give probabilities, not logits.")
    return confidence


def read_probs(probs: NDArray, name: str = "own") -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Label and confidence of each image, from class probabilities that are read block by block.

    Parameters
    ----------
    probs : (n, k) float
        Class probabilities, memory-mapped where they are large: ``np.load(path, mmap_mode="r")``.
    name : str
        The machine's, for messages.

    Returns
    -------
    labels : (n,) int32
        The most probable class; the lowest class number wins a tie.
    confidence : (n,) float32
        Its probability.

    Raises
    ------
    BadInput
        As :class:`~same_eyes.types.Predictions`, which every block has to pass.

    Examples
    --------
    >>> import numpy as np
    >>> labels, confidence = read_probs(np.array([[0.25, 0.75], [0.5, 0.5]]))
    >>> labels.tolist(), confidence.tolist()
    ([1, 0], [0.75, 0.5])
    """
    if np.ndim(probs) != 2:
        raise BadInput(f"predictions of {name!r}: probabilities must be (n, k), got shape {np.shape(probs)}.")
    n, k = probs.shape
    labels, confidence = np.empty(n, np.int32), np.empty(n, np.float32)
    rows = max(1, BLOCK // max(k, 1))
    for start in range(0, n, rows):
        block = slice(start, start + rows)
        try:
            predictions = Predictions(probs[block], method=name)
        except BadInput as error:
            raise BadInput(f"{error} (Rows are counted from image {start}.)") from None
        labels[block], confidence[block] = predictions.labels_predicted, predictions.confidence
    return labels, confidence


class Comparison(NamedTuple):
    """What a study's people and machines have in common: c = r + m, people first.

    Attributes
    ----------
    matching, consistency, oracle : (c, c) float
        Matching percentage (row A, column B), error consistency, accuracy of the oracle team.
    threshold : (m, c) float
        Accuracy of each machine that asks each partner where it is unsure.
    mistakes : dict of str to (k, k) float
        Mistake confusions of two people, two machines, a person and a machine, reading "both".
    """

    matching: NDArray[np.float64]
    consistency: NDArray[np.float64]
    oracle: NDArray[np.float64]
    threshold: NDArray[np.float64]
    mistakes: dict[Pair, NDArray[np.float64]]


def compare(study: LargeStudy, eta: float = 0.6, *, progress: bool = True) -> Comparison:
    """All pairs of a study's people and machines, at the cost of a few passes over the images.

    Parameters
    ----------
    study : LargeStudy
    eta : float
        Confidence up to which a machine asks its partner.
    progress : bool
        Whether to show a progress bar.
    """
    r = len(study.people)
    people, machines = study.labels[:, :r], study.labels[:, r:]
    kinds: dict[Pair, tuple[NDArray, NDArray | None]] = {
        "HH": (people, None),
        "HM": (people, machines),
        "MM": (machines, None),
    }
    counts = count_joint(study.right)
    threshold = threshold_matrix(study.confidence, study.right[:, r:], study.right, eta)
    mistakes = {
        pair: mistake_confusion(*two, study.truth, study.classes)
        for pair, two in tqdm(kinds.items(), desc="mistakes", unit="kind", disable=not progress)
    }
    return Comparison(
        matching_from_counts(*counts),
        consistency_from_counts(*counts),
        oracle_from_counts(*counts),
        threshold,
        mistakes,
    )


class Row(NamedTuple):
    """Means over the pairs of one kind; NaN where there are none."""

    pairs: str
    same_mistake: float
    matching: float
    consistency: float
    oracle: float
    threshold: float


def summary(study: LargeStudy, found: Comparison) -> list[Row]:
    """A row for two people, two machines, a person and a machine.

    Teams by threshold are those of a machine that asks, so that two people make none.
    """
    c, r = len(found.matching), len(study.people)
    machine = np.arange(c) >= r
    kind = machine[:, None].astype(int) + machine  # how many of the two are machines
    other = ~np.eye(c, dtype=bool)
    rows = []
    for number, pair in enumerate(PAIRS):
        chosen = other & (kind == number)
        squares = (found.matching, found.consistency, found.oracle)
        means = [_mean(matrix[chosen]) for matrix in squares] + [_mean(found.threshold[chosen[r:]])]
        rows.append(Row(PAIRS[pair], float(same_mistake(found.mistakes[pair])), *means))
    return rows


def _mean(values: NDArray[np.float64]) -> float:
    """Mean of what is defined."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else np.nan
