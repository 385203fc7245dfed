"""A study in a folder: which images, what people said of them, what machines said, and the truth where it is known.

``study.toml`` names the files beside it::

    name     = "birds"
    classes  = ["finch", "tit", "wren"]
    source   = "where it is from"
    licence  = "CC BY 4.0"
    truth    = "truth.csv"          # image,label; left out where nobody knows
    people   = "people.csv"         # image,annotator,label[,seconds]; or image and a count for each class
    answers  = 3                    # at most so many answers an image are compared one by one

    [machines]
    "ResNet" = "resnet.npz"         # as for `same-eyes check`; several files are several seeds

Tables are CSV or Parquet. An image is named by text or number, a class by its name or its number from 0.

Where every annotator saw every image, people are persons. Else they are *slots*, as in CIFAR-10N: the first answer to
each image, the second, and so on, as many as every image has; an image with fewer than two answers is left out. Of
counts, which have no order, answers are drawn by a fixed seed, without replacement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import parse
from .types import UNSEEN, Annotators, BadInput, Predictions, Study

if TYPE_CHECKING:
    import pandas as pd

FILE = "study.toml"
ANSWERS = 3  # as the study has
MOST = 10_000  # classes, or answers of one class to one image: more is a mistake, and would fill the memory
SEED = 0  # of the answers drawn from counts, and of ties in the majority
KEYS = {"name", "classes", "source", "licence", "truth", "people", "answers", "machines", "simulated"}


@dataclass(frozen=True, eq=False)
class Folder:
    """What a study's folder says.

    Attributes
    ----------
    path : path
    name, source, licence : str
    classes : tuple of str
    images : (n,) str array
        The images' names, in the order of the truth, else as people's answers first name them.
    compared : (n,) bool
        Which of them have answers enough.
    truth : (n,) int64
        -1 throughout where nobody knows it.
    people : Annotators
        On the images compared. ``counts`` are of all answers, also where fewer are compared one by one.
    machines : mapping of str to tuple of path
        A machine's files, one a seed.
    simulated : bool
    notes : tuple of str
        What a user should know of how it was read.
    """

    path: Path
    name: str
    classes: tuple[str, ...]
    images: NDArray[np.str_]
    compared: NDArray[np.bool_]
    truth: NDArray[np.int64]
    people: Annotators
    machines: Mapping[str, tuple[Path, ...]]
    source: str = ""
    licence: str = ""
    simulated: bool = False
    notes: tuple[str, ...] = ()

    def study(self, machines: Mapping[str, Sequence[Predictions]]) -> Study:
        """People, their majority (ties are drawn by a fixed seed) and machines on the images compared."""
        chosen = np.flatnonzero(self.compared)
        majority = self.people.majority(SEED)
        machines = {name: [run.take(chosen) for run in runs] for name, runs in machines.items()}
        return Study(
            self.name,
            self.truth[chosen],
            self.people,
            machines,
            self.classes,
            index=chosen,
            aggregate=majority,
            simulated=self.simulated,
        )

    def predictions(self) -> dict[str, list[Predictions]]:
        """What the machines' files say, once it is clear that they are about these images.

        Where nobody knows the truth, they are held against the people's majority.

        Raises
        ------
        BadInput
            As :func:`same_eyes.own.examine`.
        """
        from .own import Images, examine

        known = self.truth.copy()
        if known.max() == UNSEEN:
            known[self.compared] = self.people.majority(SEED)
            known[~self.compared] = 0
        images = Images(self.name, self.classes, known, range(len(known)), names=tuple(self.images.tolist()))
        return {
            name: [examine(str(file), images, name).predictions for file in files]
            for name, files in self.machines.items()
        }


def read(path: Path) -> Folder:
    """Read a study's folder.

    Raises
    ------
    BadInput
        There is no ``study.toml``, it does not say what it must, or a file it names cannot be read or does not fit.
    """
    table = _description(path)
    classes = _classes(table, path)
    truth = _truth(path / table["truth"], classes) if "truth" in table else None
    frame = _read_table(path / table["people"])
    if "label" in frame.columns:
        images, answers = _long(frame, classes, path / table["people"], truth)
    else:
        images, answers = _counted(frame, classes, path / table["people"], truth)
    compared, people, notes = _people(answers, len(classes), _whole(table.get("answers", ANSWERS), path), path)
    machines = _machines(table.get("machines", {}), path)
    _refuse_names(people.names, machines, path)
    return Folder(
        path,
        _name(table, path),
        classes,
        images,
        compared,
        np.full(len(images), UNSEEN) if truth is None else np.array([truth[name] for name in images], np.int64),
        people,
        machines,
        str(table.get("source", "")),
        str(table.get("licence", "")),
        bool(table.get("simulated", False)),
        notes,
    )


@dataclass(frozen=True, eq=False)
class _Answers:
    """Everybody's answers: (n, r) with -1 where there is none, who the columns are, seconds, and (n, k) counts."""

    labels: NDArray[np.int64]
    names: tuple[str, ...]  # () where the columns are no persons
    counts: NDArray[np.int64]
    seconds: NDArray[np.float64] | None = None


def _description(path: Path) -> dict[str, Any]:
    file = path / FILE
    if not path.is_dir() or not file.exists():
        raise BadInput(f"{path} is no study: it has no {FILE}. Start one with: same-eyes new-study {path}")
    try:
        table = parse.toml(file)
    except BadInput as error:
        raise BadInput(f"{file}: {error}") from None
    unknown = table.keys() - KEYS
    if unknown:
        raise BadInput(
            f"{file}: it says {sorted(unknown)[0]!r}, which means nothing; it may say {', '.join(sorted(KEYS))}."
        )
    for key in ("classes", "people"):
        if key not in table:
            raise BadInput(f"{file}: it does not say {key!r}.")
    if not isinstance(table.get("simulated", False), bool):
        raise BadInput(f"{file}: simulated must be true or false.")
    for key in ("truth", "people"):
        if key in table and not isinstance(table[key], str):
            raise BadInput(f"{file}: {key} must be the name of a file.")
    return table


def _name(table: Mapping[str, Any], path: Path) -> str:
    from .studies import NAMES

    name = str(table.get("name", path.resolve().name))
    if name in NAMES:
        raise BadInput(f"{path / FILE}: {name!r} is a study of the suite's own. Give yours another name: name = ...")
    return name


def _classes(table: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    classes = table["classes"]
    if isinstance(classes, int) and not isinstance(classes, bool) and classes <= MOST:
        classes = [str(c) for c in range(classes)]
    if not isinstance(classes, list) or len(classes) < 2 or len({str(c).lower() for c in classes}) < len(classes):
        raise BadInput(f"{path / FILE}: classes must be a list of two or more different names, or their number.")
    return tuple(map(str, classes))


def _whole(answers: Any, path: Path) -> int:
    if not isinstance(answers, int) or isinstance(answers, bool) or answers < 2:
        raise BadInput(f"{path / FILE}: answers must be a whole number from 2.")
    return answers


def _machines(table: Any, path: Path) -> dict[str, tuple[Path, ...]]:
    if not isinstance(table, dict):
        raise BadInput(f"{path / FILE}: [machines] must be a table of names and files.")
    if not table:
        raise BadInput(f"{path / FILE}: [machines] names none. Name one, whose file is beside this one.")
    found = {}
    for name, files in table.items():
        files = [files] if isinstance(files, str) else files
        if not isinstance(files, list) or not files or not all(isinstance(file, str) for file in files):
            raise BadInput(f"{path / FILE}: machine {name!r}: give a file, or a list of files, one a seed.")
        found[name] = tuple(path / file for file in files)
    return found


def _refuse_names(people: Sequence[str], machines: Sequence[str] | Mapping[str, Any], path: Path) -> None:
    """Names that would stand for two: a case is about "CE vs Ann", and "Aggre" is the people's majority."""
    for name in (*people, *machines):
        if " vs " in name:
            raise BadInput(f"{path / FILE}: the name {name!r} must not hold ' vs '.")
        if name.lower() == "aggre":
            raise BadInput(f"{path / FILE}: {name!r} is what the people's majority is called. Give another name.")
    if both := [name for name in machines if name.lower() in {person.lower() for person in people}]:
        raise BadInput(f"{path / FILE}: machine {both[0]!r} is called like one of the people. Give it another name.")


def _read_table(file: Path) -> pd.DataFrame:
    """A table with its column names in lower case; every cell as text but in Parquet: "NA" may be a name."""
    import pandas as pd

    try:
        with file.open("rb") as opened:
            parquet = opened.read(4) == b"PAR1"
        frame = (
            pd.read_parquet(file)
            if parquet
            else pd.read_csv(file, dtype=str, skipinitialspace=True, keep_default_na=False)
        )
    except ImportError:
        raise BadInput(f"{file}: reading parquet needs pyarrow: pip install 'same-eyes[parquet]'") from None
    except FileNotFoundError:
        raise BadInput(f"{file} does not exist.") from None
    except Exception as error:  # pandas and each parquet engine have errors of their own
        raise BadInput(f"{file} is no table that can be read ({str(error).strip()}).") from None
    frame.columns = [str(name).strip().lower() for name in frame.columns]
    if "image" not in frame.columns or not len(frame):
        raise BadInput(f"{file}: it needs rows, and a column `image`; its columns are {', '.join(frame.columns)}.")
    if (blank := _blank(frame["image"])).any():
        raise BadInput(f"{file}: row {int(blank.argmax())} names no image.")
    return frame.assign(image=frame["image"].astype(str).str.strip())


def _blank(column: pd.Series) -> pd.Series:
    """Which cells say nothing."""
    return column.isna() | (column.astype(str).str.strip() == "")


def _numbers(column: pd.Series, classes: Sequence[str], file: Path) -> NDArray[np.int64]:
    """Classes by name, or by number from 0 where no class is called so."""
    names = {name.lower(): c for c, name in enumerate(classes)}
    names = {str(c): c for c in range(len(classes))} | names
    texts = column.astype(str).str.strip().str.lower()
    numbers = texts.map(names)
    if numbers.isna().any():
        row = int(numbers.isna().argmax())
        raise BadInput(f"{file}: row {row} says {column.iloc[row]!r}; the classes are {', '.join(classes)}.")
    return np.asarray(numbers, np.int64)


def _truth(file: Path, classes: Sequence[str]) -> dict[str, int]:
    frame = _read_table(file)
    if "label" not in frame.columns:
        raise BadInput(f"{file}: it needs the columns image and label.")
    if frame["image"].duplicated().any():
        raise BadInput(f"{file}: image {frame['image'][frame['image'].duplicated()].iloc[0]!r} occurs twice.")
    return dict(zip(frame["image"], _numbers(frame["label"], classes, file).tolist(), strict=True))


def _order(
    frame: pd.DataFrame, file: Path, truth: Mapping[str, int] | None
) -> tuple[NDArray[np.str_], NDArray[np.intp]]:
    """The images in the truth's order, else as they first occur; and which of them each row is about."""
    images = np.array(list(truth) if truth else list(dict.fromkeys(frame["image"])), np.str_)
    place = {name: i for i, name in enumerate(images.tolist())}
    rows = frame["image"].map(place)
    if rows.isna().any():
        raise BadInput(f"{file}: image {frame['image'][rows.isna()].iloc[0]!r} is not among the images of the truth.")
    return images, rows.to_numpy(np.intp)


def _long(
    frame: pd.DataFrame, classes: Sequence[str], file: Path, truth: Mapping[str, int] | None
) -> tuple[NDArray[np.str_], _Answers]:
    if "annotator" not in frame.columns:
        raise BadInput(f"{file}: it needs the columns image, annotator and label.")
    if (blank := _blank(frame["annotator"])).any():
        raise BadInput(f"{file}: row {int(blank.argmax())} names no annotator. Give everybody a name, or a number.")
    frame = frame.assign(annotator=frame["annotator"].astype(str).str.strip())
    if frame.duplicated(["image", "annotator"]).any():
        twice = frame[frame.duplicated(["image", "annotator"])].iloc[0]
        raise BadInput(f"{file}: {twice['annotator']!r} answers image {twice['image']!r} twice.")
    images, rows = _order(frame, file, truth)
    labels = _numbers(frame["label"], classes, file)
    seconds = _seconds(frame, file)
    counts = np.zeros((len(images), len(classes)), np.int64)
    np.add.at(counts, (rows, labels), 1)
    persons = frame["annotator"].astype("category")
    r = len(persons.cat.categories)
    complete = len(frame) == len(images) * r
    column = persons.cat.codes.to_numpy() if complete else frame.groupby("image").cumcount().to_numpy()
    shape = (len(images), r if complete else int(column.max()) + 1)
    answers, times = np.full(shape, UNSEEN), np.full(shape, np.nan)
    answers[rows, column] = labels
    if seconds is not None:
        times[rows, column] = seconds
    names = tuple(persons.cat.categories) if complete else ()
    return images, _Answers(answers, names, counts, None if seconds is None else times)


def _seconds(frame: pd.DataFrame, file: Path) -> NDArray[np.float64] | None:
    if "seconds" not in frame.columns:
        return None
    import pandas as pd

    seconds = pd.to_numeric(frame["seconds"], errors="coerce")
    if (wrong := seconds.isna() & ~_blank(frame["seconds"])).any():
        raise BadInput(f"{file}: row {int(wrong.argmax())} has {frame['seconds'][wrong].iloc[0]!r} seconds.")
    return seconds.to_numpy(np.float64)


def _counted(
    frame: pd.DataFrame, classes: Sequence[str], file: Path, truth: Mapping[str, int] | None
) -> tuple[NDArray[np.str_], _Answers]:
    columns = [name.lower() for name in classes]
    if missing := [name for name in columns if name not in frame.columns]:
        raise BadInput(
            f"{file}: it needs the columns image, annotator and label, or a count for each class ({missing[0]})."
        )
    if frame["image"].duplicated().any():
        raise BadInput(f"{file}: image {frame['image'][frame['image'].duplicated()].iloc[0]!r} occurs twice.")
    images, rows = _order(frame, file, truth)
    try:
        given = frame[columns].astype(np.int64).to_numpy()
        if (given != frame[columns].astype(np.float64).to_numpy()).any():  # Parquet may hold 1.5
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise BadInput(f"{file}: counts must be whole numbers.") from None
    if (given > MOST).any():
        raise BadInput(f"{file}: row {int((given > MOST).any(1).argmax())} has a count of {given.max()}: is it one?")
    if (given < 0).any():
        raise BadInput(f"{file}: row {int((given < 0).any(1).argmax())} has a negative count.")
    counts = np.zeros((len(images), len(classes)), np.int64)
    counts[rows] = given
    return images, _Answers(drawn(counts), (), counts)


def drawn(counts: NDArray[np.int64], seed: int = SEED) -> NDArray[np.int64]:
    """(n, most answers an image has) the answers behind (n, k) counts, in random order; -1 where there are no more.

    Examples
    --------
    >>> import numpy as np
    >>> drawn(np.array([[2, 0], [0, 1]])).tolist()
    [[0, 0], [1, -1]]
    """
    random = np.random.default_rng(seed)
    answers = np.full((len(counts), int(counts.sum(1).max(initial=0))), UNSEEN)
    for row, count in zip(answers, counts, strict=True):
        row[: count.sum()] = random.permutation(np.repeat(np.arange(len(count)), count))
    return answers


def _people(
    answers: _Answers, classes: int, most: int, path: Path
) -> tuple[NDArray[np.bool_], Annotators, tuple[str, ...]]:
    """Which images are compared, the columns that are, and what to say of it."""
    total, notes = answers.counts.sum(1), []
    keep = total >= 2
    if not keep.any():
        raise BadInput(f"{path}: no image has two answers, so that no two people can be compared.")
    if answers.names:  # all of whom saw every image
        r = len(answers.names)
    else:
        r = min(most, int(total[keep].min()))
        notes.append(f"people are slots: {r} answers to each image, of {total[keep].min()} to {total.max()}")
        if not keep.all():
            notes.append(f"{(~keep).sum()} of {len(keep)} images have fewer than two answers and are left out")
    names = answers.names or tuple(f"Answer {j + 1}" for j in range(r))
    seconds = None if answers.seconds is None else answers.seconds[keep, :r]
    people = Annotators(answers.labels[keep, :r], classes, names, seconds=seconds, _counts=answers.counts[keep])
    return keep, people, tuple(notes)
