"""What a user's file of predictions says, before anyone asks which images it is about.

A file is known by how it begins, not by its name: npz, npy, csv (any delimiter) or parquet. It holds class
probabilities (n, k) or labels (n,), and may hold each row's image number. Pickles are refused, never opened.

======================  ================================================================================
key (npz), column       what it is
======================  ================================================================================
``probs``               (n, k) probabilities; in a table the k columns left, or those named by the classes
``labels``, ``label``   (n,) classes, as numbers from 0 or by name
``index``               (n,) image numbers
``image``               the same; or (n,) image names, where the study's images have names
``split``               "heldout" or "official", where not the held-out images are meant
``classes``             (k,) class names of the columns of ``probs``, where their order is another
======================  ================================================================================

An npz of one array, and a table of one column or of k, need no names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .. import parse
from ..types import BadInput

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("heldout", "official")
TEXTS = ("image", "label", "labels", "split")  # columns in which "NA" may be a name
ABSENT = ("", "nan", "NaN", "NA")  # what a column of numbers has where there is none
ROUNDED = 0.005 + 1e-9  # by so much may a probability be rounded: to two decimals
SOFTMAX = "Take the softmax of each row first: scipy.special.softmax(logits, axis=1)."

# How files begin that hold no predictions, and what to do with them.
STRANGERS = {
    b"\x1f\x8b": "is compressed by gzip. Unpack it first.",
    b"\x89HDF": "is an HDF5 file. Save the array as npz: numpy.savez_compressed(file, probs=probs).",
    b"version https://git-lfs": "is a Git LFS pointer, not the file itself. Run `git lfs pull`.",
}
PICKLE = "is a pickle, which is never opened here. Save the array as npz: numpy.savez_compressed(file, probs=probs)."


@dataclass(frozen=True, eq=False)
class Answers:
    """What a file says of its n rows.

    Attributes
    ----------
    labels : (n,) int64
        The most probable class; the lowest class number wins a tie.
    probs : (n, k) float64 or None
        Each row sums to 1; None where only labels are known.
    index : (n,) int64 or None
        Image numbers, where the file has them.
    split : str
        "heldout", "official", or "" where the file does not say.
    named : bool
        Whether classes are given by name, so that their order is no question.
    notes : tuple of str
        What a user should know of how it was read.
    """

    labels: NDArray[np.int64]
    probs: NDArray[np.float64] | None = None
    index: NDArray[np.int64] | None = None
    split: str = ""
    named: bool = False
    notes: tuple[str, ...] = ()


def read(path: Path, classes: Sequence[str], images: Sequence[str] = ()) -> Answers:
    """Read a file of predictions.

    Parameters
    ----------
    path : path
    classes : sequence of str
        The study's k class names, in the order of their numbers.
    images : sequence of str
        The names of the study's images, in the order of their numbers, where they have names.

    Raises
    ------
    BadInput
        It cannot be read, or what it holds are no probabilities and no labels.
    """
    arrays = dict(_arrays(path, [name.lower() for name in classes]))
    index, split, order = (arrays.pop(name, None) for name in ("index", "split", "classes"))
    if (named := arrays.pop("image", None)) is not None and index is None:
        index = _places(named, images, str(path)) if images else named
    key = _chosen(arrays, str(path))
    ignored = tuple(f"not read: {name}" for name in arrays if name != key)
    answers = _answers(arrays[key], classes, order, f"{path}{f' ({key})' if key else ''}")
    n = len(answers.labels)
    return replace(
        answers,
        index=None if index is None else _index(index, n, f"{path} (index)"),
        split="" if split is None else _split(split, str(path)),
        notes=answers.notes + ignored,
    )


# --- Formats ----------------------------------------------------------------------------------------------


def _arrays(path: Path, classes: Sequence[str]) -> Mapping[str, NDArray]:
    """A file's arrays by name; "" where it has but one and no name for it."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read ({error.strerror}). Correct the path, or the permissions there."
        ) from None
    if not head:
        raise BadInput(f"{path} is empty. Save or copy it again.")
    if head.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise BadInput(f"{path} is a web page saved under the file's name. Download the file itself.")
    for start, what in STRANGERS.items():
        if head.startswith(start):
            raise BadInput(f"{path} {what}")
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        raise BadInput(f"{path} {PICKLE}")
    if head.startswith((b"PK", b"\x93NUMPY")):
        return _numpy(path)
    return _table(_parquet(path) if head.startswith(b"PAR1") else _csv(path, head, classes), classes, path)


def _numpy(path: Path) -> Mapping[str, NDArray]:
    try:
        return parse.arrays(path)
    except parse.Pickled:
        raise BadInput(f"{path} {PICKLE}") from None
    except BadInput as error:
        raise BadInput(f"{path} cannot be read: {error}. Save or copy it again.") from None


def _parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except ImportError:
        raise BadInput(f"{path}: reading parquet needs pyarrow: pip install 'same-eyes[parquet]'") from None
    except Exception as error:  # each engine has errors of its own
        why = f"{type(error).__name__}: {str(error).strip()}"
        raise BadInput(f"{path} is no parquet file that can be read ({why}). Save or copy it again.") from None
    if not frame.index.equals(pd.RangeIndex(len(frame))):
        frame = frame.assign(index=frame.index)
    return frame


def _csv(path: Path, head: bytes, classes: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    first = (head.decode("utf-8-sig", "replace").lstrip("# \r\n").splitlines() or [""])[0]
    delimiter = next((mark for mark in (",", ";", "\t") if mark in first), None)
    cells = [cell.strip().strip('"') for cell in first.split(delimiter)]
    numbered = cells[-len(classes) :] == [str(c) for c in range(len(classes))]  # pandas' names for columns
    header = numbered or not all(_is_number(cell) for cell in cells)
    if header:
        _refuse_twice(cells, path)
    try:
        frame = pd.read_csv(
            path,
            sep=delimiter or r"\s+",
            header=0 if header else None,
            names=cells if header else None,
            skipinitialspace=True,
            encoding="utf-8-sig",
            dtype={cell: str for cell in cells if cell.lower() == "image"} if header else None,  # "0007" is a name
            keep_default_na=not header,
            na_values={cell: ABSENT for cell in cells if cell.lower() not in TEXTS} if header else None,
            low_memory=False,
        )
    except (ValueError, UnicodeError) as error:  # pandas' parser errors are ValueErrors
        raise BadInput(
            f"{path} is no table that can be read ({str(error).strip()}). Save it as CSV in UTF-8."
        ) from None
    if not frame.index.equals(pd.RangeIndex(len(frame))):  # pandas takes what is too much for row names
        raise BadInput(f"{path}: its rows have more cells than its first line. Give every column a name.")
    if header:
        return frame
    if frame.shape[1] not in (1, len(classes)):
        raise BadInput(
            f"{path} has {frame.shape[1]} columns and no header. Name them in a first line: index, and label or the "
            f"{len(classes)} classes."
        )
    return frame


def _table(frame: pd.DataFrame, classes: Sequence[str], path: Path) -> Mapping[str, NDArray]:
    """The columns of a table, under the names that an npz has."""
    if not len(frame):
        raise BadInput(f"{path} has no rows. Give one for each image, under a first line that names the columns.")
    names = [str(name).strip().lower() for name in frame.columns]
    _refuse_twice(names, path)
    columns = dict(zip(names, (frame[name] for name in frame.columns), strict=True))
    found: dict[str, NDArray] = {name: columns.pop(name).to_numpy() for name in ("index", "split") if name in columns}
    if "image" in columns:
        found["image"] = _texts(columns.pop("image"), path)
    if (unnamed := columns.pop("", None)) is not None and "index" not in found:  # pandas writes its row numbers so
        found["index"] = unnamed.to_numpy()
        if np.array_equal(found["index"], np.arange(len(frame))):
            del found["index"]
    if set(classes) <= set(columns):
        return found | {"probs": _numbers(columns, classes, path), "classes": np.array(classes)}
    label = next((name for name in ("labels", "label") if name in columns), None)
    rest = [name for name in columns if name != label]
    if len(rest) == len(classes):
        return found | {"probs": _numbers(columns, _by_number(rest), path)}
    if label or len(rest) == 1:
        return found | {"labels": _texts(columns[label or rest[0]], path)}
    raise BadInput(
        f"{path} has the columns {', '.join(names)}. Give a column `label`, or {len(classes)} columns of "
        f"probabilities, best named {', '.join(classes)}."
    )


def _numbers(columns: Mapping[str, pd.Series], names: Sequence[str], path: Path) -> NDArray[np.float64]:
    for name in names:
        if columns[name].dtype.kind not in "fiub":
            raise BadInput(f"{path}: the column {name!r} holds no numbers, the first is {columns[name].iloc[0]!r}.")
    return np.stack([columns[name].to_numpy(np.float64) for name in names], 1)


def _texts(column: pd.Series, path: Path) -> NDArray:
    """A column of names or labels: numbers as they are, everything else as text."""
    if column.dtype.kind in "fiu":
        return column.to_numpy()
    if (blank := column.isna() | (column.astype(str).str.strip() == "")).any():
        raise BadInput(f"{path}: the column {column.name!r} says nothing in row {int(blank.argmax())}.")
    return np.array(column.astype(str).tolist(), np.str_)


def _by_number(names: Sequence[str]) -> list[str]:
    """Columns "p0" to "p9" in the order of their numbers; any others as they stand."""
    numbers = [name[len(name.rstrip("0123456789")) :] for name in names]
    if all(numbers) and sorted(map(int, numbers)) == list(range(len(names))):
        return sorted(names, key=lambda name: int(name[len(name.rstrip("0123456789")) :]))
    return list(names)


def _refuse_twice(names: Sequence[str], path: Path) -> None:
    if twice := [name for i, name in enumerate(names) if name in names[:i]]:
        raise BadInput(f"{path}: two columns are called {twice[0]}.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# --- Content ----------------------------------------------------------------------------------------------


def _chosen(arrays: Mapping[str, NDArray], path: str) -> str:
    """The name of the array to read."""
    for name in ("probs", "labels", "label"):
        if name in arrays:
            return name
    if len(arrays) == 1:
        return next(iter(arrays))
    what = f"holds the arrays {', '.join(arrays)}" if arrays else "holds no array of predictions"
    raise BadInput(f'{path} {what}. Name the one to read "probs" (n, k) or "labels" (n,).')


def _answers(array: NDArray, classes: Sequence[str], order: NDArray | None, name: str) -> Answers:
    """Probabilities or labels of any dtype, with the columns in the study's order."""
    k = len(classes)
    if not array.size:
        raise BadInput(f"{name} holds nothing: its shape is {array.shape}.")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 1:
        return _labels(array, classes, name)
    if array.ndim != 2 or array.dtype.kind not in "fiub":
        raise BadInput(
            f"{name} has the shape {array.shape} and holds {array.dtype}. Give probabilities (n, {k}) or labels (n,)."
        )
    if array.shape[1] != k:
        why = "transposed? Give a row an image." if array.shape[0] == k else f"the study has {k}: another data set?"
        raise BadInput(f"{name} has the shape {array.shape}, so {array.shape[1]} classes; {why}")
    if order is not None:
        array = array[:, _order(order, classes, name)]
    probs = array.astype(np.float64)
    if np.isin(probs, (0, 1)).all() and (probs.sum(1) == 1).all():
        note = ("one-hot rows: read as labels",)
        return Answers(probs.argmax(1), named=order is not None, notes=note)
    probs = _normalised(probs, name)
    return Answers(probs.argmax(1), probs, named=order is not None, notes=_ties(probs))


def _labels(array: NDArray, classes: Sequence[str], name: str) -> Answers:
    k = len(classes)
    if array.dtype.kind in "US":
        numbers = {text.lower(): c for c, text in enumerate(classes)}
        texts = [text.strip().lower() for text in array.astype(str)]
        unknown = sorted({text for text in texts if text not in numbers})
        if unknown:
            raise BadInput(f"{name}: no class is called {unknown[0]!r}; the classes are {', '.join(classes)}.")
        return Answers(np.array([numbers[text] for text in texts], np.int64), named=True)
    if array.dtype.kind not in "fiu":
        raise BadInput(f"{name} holds {array.dtype}. Give probabilities (n, {k}) or labels (n,).")
    if not np.isfinite(array).all():
        bad = ~np.isfinite(array)
        raise BadInput(f"{name}: {bad.sum()} rows hold NaN or infinity, the first is row {bad.argmax()}.")
    if (array != np.round(array)).any():
        raise BadInput(f"{name} holds one number a row, and no classes. Give probabilities (n, {k}) or labels (n,).")
    return Answers(array.astype(np.int64))


def _normalised(probs: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """Rows that sum to 1, once it is clear that they are probabilities."""
    bad = ~np.isfinite(probs).all(1)
    if bad.any():
        raise BadInput(f"{name}: {bad.sum()} rows hold NaN or infinity, the first is row {bad.argmax()}.")
    low, high, sums, slack = probs.min(), probs.max(), probs.sum(1), ROUNDED * min(probs.shape[1], 10)
    spans = f"{name} runs from {low:.4g} to {high:.4g}"
    if low >= 0 and np.allclose(sums, 100, atol=100 * slack):
        raise BadInput(f"{spans} and its rows sum to 100: per cents. Divide by 100.")
    if high <= 1e-6 and np.allclose(np.exp(probs).sum(1), 1, atol=slack):
        raise BadInput(f"{spans}: log-probabilities. Take numpy.exp of them first.")
    if low < -1e-6 or high > 1 + slack:
        raise BadInput(f"{spans}: logits, not probabilities. {SOFTMAX}")
    off = np.abs(sums - 1) > slack
    if off.any():
        raise BadInput(
            f"{name}: {off.sum()} rows do not sum to 1, the first is row {off.argmax()} ({sums[off.argmax()]:.4g}): "
            "sigmoids, or not all classes? Give each row as probabilities of all classes."
        )
    return probs.clip(0) / probs.clip(0).sum(1, keepdims=True)


def _ties(probs: NDArray[np.float64]) -> tuple[str, ...]:
    """A note where rows have no single most probable class."""
    tied = int(((probs == probs.max(1, keepdims=True)).sum(1) > 1).sum())
    return (f"{tied} rows have two most probable classes; the lower class number counts",) if tied else ()


def _order(order: NDArray, classes: Sequence[str], name: str) -> list[int]:
    """For each class, its column."""
    given = [str(text).strip().lower() for text in order.ravel()]
    if sorted(given) != sorted(text.lower() for text in classes):
        raise BadInput(f"{name}: its classes are {', '.join(given)}, the study's {', '.join(classes)}.")
    return [given.index(text.lower()) for text in classes]


def _index(index: NDArray, n: int, name: str) -> NDArray[np.int64]:
    whole = index.dtype.kind in "iu" or (index.dtype.kind == "f" and bool((index == np.round(index)).all()))
    if index.shape != (n,) or not whole:
        raise BadInput(
            f"{name} has the shape {index.shape} and holds {index.dtype}. Give the image number of each of {n} rows."
        )
    numbers, counts = np.unique(index, return_counts=True)
    if (counts > 1).any():
        raise BadInput(
            f"{name}: image {int(numbers[counts.argmax()])} occurs {counts.max()} times. Give each image once."
        )
    return index.astype(np.int64)


def _places(named: NDArray, images: Sequence[str], path: str) -> NDArray[np.int64]:
    """The numbers of images that are given by name."""
    numbers = {name: i for i, name in enumerate(images)}
    given = [str(name).strip() for name in named.ravel()]
    if unknown := next((name for name in given if name not in numbers), None):
        raise BadInput(f"{path}: the study has no image {unknown!r}; it has {images[0]}, {images[1]} and so on.")
    return np.array([numbers[name] for name in given], np.int64)


def _split(split: NDArray, path: str) -> str:
    texts = set(np.unique(split).astype(str).tolist())
    if len(texts) != 1 or not texts <= set(SPLITS):
        raise BadInput(
            f"{path}: split says {', '.join(sorted(texts))}. Say {' or '.join(SPLITS)}, one for the whole file."
        )
    return texts.pop()
