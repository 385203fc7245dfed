"""What the data files say, and whether labels are about the images they claim to be about.

Where the files come from, their checksums and the places searched are in ``same_eyes.sources``.

The study holds out CIFAR-10's training images 40,000 to 49,999 (``HELDOUT``: the last of the five
Python batches) and trains on the 40,000 before them. CIFAR-10N's people worked in batches of ten
consecutive images; this split leaves every batch of ten whole.

Nothing here imports torch, and no file is unpickled but by an unpickler that can make arrays and nothing else.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from same_eyes import parse
from same_eyes.sources import SOURCES, MissingData, Source, Status, fetch, find, search_places, status
from same_eyes.types import UNSEEN, BadInput

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CLASSES",
    "HELDOUT",
    "SOURCES",
    "Cifar10N",
    "MissingData",
    "Source",
    "Status",
    "check_alignment",
    "cifar10_images",
    "cifar10_labels",
    "cifar10h_counts",
    "cifar10h_raw",
    "cifar10n",
    "fetch",
    "find",
    "search_places",
    "status",
    "tfds_order",
]

HELDOUT = slice(40_000, 50_000)  # training images that no machine of the study is trained on
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
BATCH = 10  # images that a CIFAR-10N annotator labelled in one go

Split = Literal["train", "test"]
Folder = str | os.PathLike[str] | None


# Reading


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Whatever goes wrong while a file is read becomes one BadInput that names the file."""
    try:
        yield
    except Exception as error:  # broken pickles and zips raise nearly anything
        raise BadInput(
            f"{path} could not be read ({type(error).__name__}: {error}). Delete it and run `same-eyes data fetch`."
        ) from error


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that can make arrays and plain containers, and call nothing else."""

    allowed = frozenset(
        {
            ("numpy.core.multiarray", "_reconstruct"),
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
            ("_codecs", "encode"),  # how Python 3 writes bytes in Python 2's pickle protocol
        }
    )

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.allowed:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no label file needs")
        if module == "numpy.core.multiarray" and hasattr(np, "_core"):  # NumPy 2 moved it
            module = "numpy._core.multiarray"
        return super().find_class(module, name)


def _unpickle(data: bytes) -> dict:
    """The dict in a pickle; strings that Python 2 wrote are bytes in it."""
    content = _ArraysOnly(io.BytesIO(data), encoding="bytes").load()
    if not isinstance(content, dict):
        raise pickle.UnpicklingError(f"it holds a {type(content).__name__}, not a dict of arrays")
    return content


def _fixed(array: ArrayLike, dtype: type = np.int64) -> NDArray:
    array = np.array(array, dtype)
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class Cifar10N:
    """People's answers on CIFAR-10's n = 50,000 training images, in the order of the Python batches.

    Attributes
    ----------
    labels : mapping of str to (n,) int64
        "random1", "random2", "random3": the first, second and third answer. "aggre": their majority
        as released. "worst": a wrong one of the three where there is one. "clean": CIFAR-10's own.
    workers : (n, 3) int64
        Who gave the three answers. A column is a slot, not a person.
    seconds : (n, 3) float64
        Working time in seconds on the whole BATCH OF TEN that the answer belongs to: the same number
        for ten images, and not the time spent on one of them.
    batch : (n,) int64
        The number of the batch of ten consecutive images that each image was answered in.
    """

    labels: Mapping[str, NDArray[np.int64]]
    workers: NDArray[np.int64]
    seconds: NDArray[np.float64]
    batch: NDArray[np.int64]


_CIFAR10N_KEYS = {
    "random1": "random_label1",
    "random2": "random_label2",
    "random3": "random_label3",
    "aggre": "aggre_label",
    "worst": "worse_label",
    "clean": "clean_label",
}


def _cifar10n_labels(data_dir: Folder, download: bool) -> dict[str, NDArray[np.int64]]:
    path = find("cifar10n", data_dir, download)
    with _reading(path), zipfile.ZipFile(path) as archive:  # what torch.save writes is a zip
        content = _unpickle(archive.read("archive/data.pkl"))
        return {ours: _fixed(content[theirs]) for ours, theirs in _CIFAR10N_KEYS.items()}


def cifar10n(data_dir: Folder = None, download: bool = True) -> Cifar10N:
    """CIFAR-10N: three people's answers on each of CIFAR-10's training images.

    Raises
    ------
    BadInput, MissingData
        As ``find``; or labels that are not in the order of the Python batches.

    Notes
    -----
    The file of workers and times has a row for each batch of ten images, in the order of the Python
    batches by its authors' word. The errors show no trace of those rows: ten images of one row share
    errors no more than any ten images do, one worker's rows no more than any rows, and slow rows
    hold as many errors as fast ones. So read no person's accuracy off ``workers``.

    Source: Wei et al., ICLR 2022. https://github.com/UCSC-REAL/cifar-10-100n
    """
    labels = _cifar10n_labels(data_dir, download)
    for name, column in labels.items():
        check_alignment(column, labels["clean"], what=f"CIFAR-10N's {name!r}", classes=len(CLASSES))
    n = len(labels["clean"])
    path = find("cifar10n-workers", data_dir, download)
    with _reading(path):
        rows = np.loadtxt(path, np.int64, delimiter=",", skiprows=1, usecols=range(1, 7), ndmin=2)
        if len(rows) * BATCH != n:
            raise ValueError(f"{len(rows)} batches of {BATCH}, but {n} labels")
    each = np.repeat(rows, BATCH, axis=0)
    return Cifar10N(
        labels=MappingProxyType(labels),
        workers=_fixed(each[:, 0::2]),
        seconds=_fixed(each[:, 1::2], np.float64),
        batch=_fixed(np.arange(n) // BATCH),
    )


def cifar10h_counts(data_dir: Folder = None, download: bool = True) -> NDArray[np.int64]:
    """CIFAR-10H: (10000, 10) how many people gave each class to each image of CIFAR-10's test batch.

    Raises
    ------
    BadInput, MissingData
        As ``find``.

    Notes
    -----
    Source: Peterson et al., ICCV 2019. https://github.com/jcpeterson/cifar-10h
    """
    path = find("cifar10h", data_dir, download)
    with _reading(path):
        return _fixed(parse.arrays(path)[""])


def cifar10h_raw(data_dir: Folder = None, download: bool = False) -> pd.DataFrame | None:
    """CIFAR-10H answer by answer; None where the user has not downloaded it.

    Returns
    -------
    DataFrame or None
        A row an answer, attention checks left out. ``annotator``; ``image``: row of CIFAR-10's test
        batch; ``label``: class number; ``milliseconds``: reaction time, NaN where it is negative in
        the file.

    Raises
    ------
    BadInput
        The file is there but is another one, or cannot be read.
    MissingData
        ``download`` was asked for and failed.

    Notes
    -----
    Source: Peterson et al., ICCV 2019. https://github.com/jcpeterson/cifar-10h
    """
    import pandas as pd

    try:
        path = find("cifar10h-raw", data_dir, download)
    except MissingData:
        if download:
            raise
        return None
    names = {
        "annotator_id": "annotator",
        "cifar10_test_test_idx": "image",
        "chosen_label": "label",
        "reaction_time": "milliseconds",
    }
    with _reading(path), zipfile.ZipFile(path) as archive, archive.open("cifar10h-raw.csv") as file:
        rows = pd.read_csv(file, usecols=[*names, "is_attn_check"])
    answers = rows.loc[rows["is_attn_check"] == 0, list(names)].rename(columns=names)
    answers["milliseconds"] = answers["milliseconds"].where(answers["milliseconds"] >= 0)
    return answers.reset_index(drop=True)


def cifar10_labels(split: Split, data_dir: Folder = None, download: bool = True) -> NDArray[np.int64]:
    """CIFAR-10's own labels, (50000,) for "train" and (10000,) for "test", in the Python batches' order.

    Those of "train" are read from CIFAR-10N's small file, which repeats them; those of "test" need the
    test batch.

    Raises
    ------
    BadInput, MissingData
        As ``find``; or another split.
    """
    if _is_train(split):
        return _cifar10n_labels(data_dir, download)["clean"]
    path = find("cifar-10-batches-py/test_batch", data_dir, download)
    with _reading(path):
        return _fixed(_unpickle(path.read_bytes())[b"labels"])


def cifar10_images(split: Split, data_dir: Folder = None, download: bool = True) -> NDArray[np.uint8]:
    """CIFAR-10's images, in the Python batches' order.

    Returns
    -------
    (n, 32, 32, 3) uint8
        Red, green and blue from 0 to 255; n is 50,000 for "train" and 10,000 for "test".

    Raises
    ------
    BadInput, MissingData
        As ``find``; or another split.
    """
    names = [f"data_batch_{i}" for i in range(1, 6)] if _is_train(split) else ["test_batch"]
    folder = find("cifar10", data_dir, download)
    batches = []
    for name in names:
        with _reading(folder / name):
            batches.append(_unpickle((folder / name).read_bytes())[b"data"].reshape(-1, 3, 32, 32))
    return np.concatenate(batches).transpose(0, 2, 3, 1)


def _is_train(split: str) -> bool:
    if split not in ("train", "test"):
        raise BadInput(f"CIFAR-10 has the splits 'train' and 'test', not {split!r}.")
    return split == "train"


# Aligning


def tfds_order(split: Split) -> NDArray[np.int64]:
    """The order in which TensorFlow Datasets serves CIFAR-10, as (n,) rows of the Python batches.

    It sorts the examples by the MD5 of the split's name followed by the example's number.
    ``labels[np.argsort(tfds_order(split))]`` brings labels back from that order.

    Examples
    --------
    >>> tfds_order("train")[:4].tolist()  # its catalogue shows train_16399, train_01680, ... first
    [16399, 1680, 47917, 17307]
    """
    n = 50_000 if _is_train(split) else 10_000
    keys = [hashlib.md5(f"{split}{i}".encode(), usedforsecurity=False).digest() for i in range(n)]
    return np.array(sorted(range(n), key=keys.__getitem__))


def check_alignment(
    labels: ArrayLike, truth: ArrayLike, *, what: str = "these labels", classes: int | None = None
) -> None:
    """Refuse labels that are not about the truth's images, row by row.

    Parameters
    ----------
    labels : (n,) int
        A rater's or a machine's answers; -1 where there is none.
    truth : (n,) int
        The true classes, 0 to k - 1.
    what : str
        The labels' name in an error.
    classes : int, optional
        k; one more than the truth's largest class when left out.

    Raises
    ------
    BadInput
        Another length; no integers; no answers; class numbers out of range; labels that fit the truth
        better by three standard errors when moved by one row, when their classes are counted from 1,
        or in TensorFlow Datasets' order; or labels that agree with the truth no better than by chance
        (three standard errors above unrelated labels of the same class frequencies).

    Examples
    --------
    >>> truth = np.arange(1000) * 7 % 10
    >>> check_alignment(truth, truth)
    >>> check_alignment(np.roll(truth, 1), truth, what="mine")
    Traceback (most recent call last):
    same_eyes.types.BadInput: mine agree with the truth in 0 % of images, shifted by one row in 100 %: \
each stands one row too late. Remove what was added at the start.
    """
    labels, truth = np.asarray(labels), np.asarray(truth)
    if labels.ndim != 1 or labels.shape != truth.shape:
        raise BadInput(
            f"{what} have shape {labels.shape}, the truth {truth.shape}: give one label an image, in its order."
        )
    for who, column in ((what, labels), ("the true labels", truth)):
        if not np.issubdtype(column.dtype, np.integer):
            raise BadInput(f"{who} are {column.dtype}, not integers. Give class numbers, not names or floats.")
    seen = labels != UNSEEN
    n = int(seen.sum())
    if not n or truth.min() < 0:
        raise BadInput(f"{what} hold no answer." if not n else "the true labels hold negative numbers.")
    k = classes or int(truth.max()) + 1

    def agreement(labels: NDArray, truth: NDArray) -> float:
        return float((labels == truth).sum() / n)  # an answer that is not there equals no class

    here = agreement(labels, truth)
    frequency = np.array([(labels == c).sum() for c in range(k)]) / n
    expected = np.array([(truth == c).sum() for c in range(k)]) / len(truth)
    chance = float(frequency @ expected)

    def refuse_if_better(*ways: tuple[float, str, str]) -> None:
        there, how, remedy = max(ways)
        if there > max(here, chance) + 3 * (0.25 / n) ** 0.5:  # 0.25: the largest variance of a share
            raise BadInput(
                f"{what} agree with the truth in {_percent(here)} of images, {how} in {_percent(there)}: {remedy}"
            )

    refuse_if_better(
        (
            agreement(np.roll(labels, -1), truth),
            "shifted by one row",
            "each stands one row too late. Remove what was added at the start.",
        ),
        (
            agreement(np.roll(labels, 1), truth),
            "shifted by one row",
            "each stands one row too early. Was the first row taken for a header?",
        ),
        (
            agreement(labels - 1, truth),
            "with 1 subtracted",
            "their classes are counted from 1. Count from 0.",
        ),
    )
    if labels[seen].min() < 0 or labels[seen].max() >= k:
        raise BadInput(
            f"{what} run from {labels[seen].min()} to {labels[seen].max()}, but there are classes 0 to {k - 1}: "
            "labels of another data set?"
        )
    if here > chance + 3 * (chance * (1 - chance) / n) ** 0.5 or expected.max() == 1:
        return
    if len(truth) in (50_000, 10_000):
        split: Split = "train" if len(truth) == 50_000 else "test"
        refuse_if_better(
            (
                agreement(labels, truth[tfds_order(split)]),
                "in TensorFlow Datasets' order",
                "bring them into the order of the Python batches with "
                f"`labels[np.argsort(same_eyes.data.tfds_order({split!r}))]`.",
            )
        )
    same_classes = np.abs(frequency - expected).sum() / 2 < 0.1  # total variation distance
    raise BadInput(
        f"{what} agree with the truth in {_percent(here)} of images, and chance would give {_percent(chance)}. "
        + (
            "Each class is as frequent as it should be: the right labels in another order? "
            "Only the order of the Python batches fits."
            if same_classes
            else "The classes are not as frequent as they should be: labels of another data set?"
        )
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
