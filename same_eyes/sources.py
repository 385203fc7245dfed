"""The data files: where each lies, whether it is the right one, and how to get it.

No file of the data sets is in the repository or the wheel. A file is looked for in

1. the folder named with ``--data-dir`` (``data_dir`` here),
2. the folder named by the environment variable ``SAME_EYES_DATA``,
3. ``data/`` in the checkout,
4. ``../shared/data`` beside the checkout,
5. the user's cache, into which it is downloaded when none of these has it.

All of them are laid out alike, by the paths in ``SOURCES``. Each file is checked by SHA-256 before
it is read. The first place that has a file decides: a broken file is reported, never passed over.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from math import inf
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from same_eyes.places import CHECKOUT
from same_eyes.types import BadInput

CONNECT, READ = 5, 30  # seconds after which a missing network, or a silent server, is given up
ATTEMPTS = 3  # how often a download is started that breaks off midway


class MissingData(BadInput):
    """A file that lies in none of the places searched and was not, or could not be, downloaded."""


class File(NamedTuple):
    """What identifies a file: its SHA-256, and its size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Source:
    """Files that are fetched together, and what their user should know.

    ``files`` maps paths inside a data folder to what identifies them. ``url`` serves the one file
    itself or, where ``archive`` gives a checksum ("md5:..."), a tar archive that holds them all.
    ``optional`` sources are fetched only when asked for by name.
    """

    name: str
    what: str
    files: Mapping[str, File]
    url: str
    licence: str
    citation: str
    needed_for: str
    archive: str = ""
    optional: bool = False


def _files(table: str) -> dict[str, File]:
    """Lines of "SHA-256, bytes (0: not known), path"."""
    rows = (line.split() for line in table.split("\n") if line)
    return {path: File(sha256, int(size)) for sha256, size, path in rows}


_CIFAR10N = "https://raw.githubusercontent.com/UCSC-REAL/cifar-10-100n/49df7d8a69e355470c77c1c2f2424916325a394b"
_CIFAR10H = "https://raw.githubusercontent.com/jcpeterson/cifar-10h/389f22d9d300ec71a4c44735d46f550c94b957ab"
_WEI = (
    "Wei, Zhu, Cheng, Liu, Niu & Liu: Learning with Noisy Labels Revisited: "
    "A Study Using Real-World Human Annotations. ICLR 2022."
)
_PETERSON = (
    "Peterson, Battleday, Griffiths & Russakovsky: Human Uncertainty Makes Classification More Robust. ICCV 2019."
)

SOURCES = (
    Source(
        "cifar10",
        "CIFAR-10, images and true labels: the Python batches",
        _files("""
f962466ef690d46b226450fb9aadc74ba4bc64a76aa526b5827fe4bc5c7125cb      158 cifar-10-batches-py/batches.meta
54636561a3ce25bd3e19253c6b0d8538147b0ae398331ac4a2d86c6d987368cd 31035704 cifar-10-batches-py/data_batch_1
766b2cef9fbc745cf056b3152224f7cf77163b330ea9a15f9392beb8b89bc5a8 31035320 cifar-10-batches-py/data_batch_2
0f00d98ebfb30b3ec0ad19f9756dc2630b89003e10525f5e148445e82aa6a1f9 31035999 cifar-10-batches-py/data_batch_3
3f7bb240661948b8f4d53e36ec720d8306f5668bd0071dcb4e6c947f78e9682b 31035696 cifar-10-batches-py/data_batch_4
d91802434d8376bbaeeadf58a737e3a1b12ac839077e931237e0dcd43adcb154 31035623 cifar-10-batches-py/data_batch_5
f53d8d457504f7cff4ea9e021afcf0e0ad8e24a91f3fc42091b8adef61157831 31035526 cifar-10-batches-py/test_batch
"""),
        url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        archive="md5:c58f30108f718f92721af3b95e74349a",
        licence="none stated",
        citation="Krizhevsky: Learning Multiple Layers of Features from Tiny Images. University of Toronto, 2009.",
        needed_for="training; the true labels of CIFAR-10H's images",
    ),
    Source(
        "cifar10n",
        "CIFAR-10N: people's answers on CIFAR-10's training images",
        _files("873e69c39cb9b5e97fb6bae2d60bb59b38a5cbc31d2b868f7903dcb2b9dd2310 2401007 cifar10n/CIFAR-10_human.pt"),
        url=f"{_CIFAR10N}/data/CIFAR-10_human.pt",
        licence="CC BY-NC 4.0",
        citation=_WEI,
        needed_for="the study's people, truth and training labels",
    ),
    Source(
        "cifar10n-workers",
        "CIFAR-10N: who worked on each batch of ten images, and for how many seconds",
        _files(
            "50fcbe619a003d0b804a20ece51447dcdb48978c60e1202371d08302b2e14351 170902 cifar10n/side_info_cifar10N.csv"
        ),
        url=f"{_CIFAR10N}/side_info_cifar10N.csv",  # beside that repository's data/, not in it
        licence="CC BY-NC 4.0",
        citation=_WEI,
        needed_for="the study's people: worker ids and working times",
    ),
    Source(
        "cifar10h",
        "CIFAR-10H: how often people gave each class, on CIFAR-10's test images",
        _files("9b36b4550349af56c79083356312eb4af856cc5fd3caf1f669d40b9d0bbb69ff 800128 cifar10h/cifar10h-counts.npy"),
        url=f"{_CIFAR10H}/data/cifar10h-counts.npy",
        licence="CC BY-NC-SA 4.0",
        citation=_PETERSON,
        needed_for="human difficulty: the entropy of people's answers",
    ),
    Source(
        "cifar10h-raw",
        "CIFAR-10H: each single answer with its reaction time",
        _files("4b0283f9b2ae72a616eeb4a2a38474cc2a238eb041bfb8df5ead3a8a47f35aa3 0 cifar10h/cifar10h-raw.zip"),
        url=f"{_CIFAR10H}/data/cifar10h-raw.zip",
        licence="CC BY-NC-SA 4.0",
        citation=_PETERSON,
        needed_for="human difficulty: people's reaction times",
        optional=True,
    ),
)


# Finding


def cache_dir() -> Path:
    """The user's cache folder of this package, into which downloads go; it need not exist yet."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("same-eyes"))


def search_places(data_dir: str | os.PathLike[str] | None = None) -> list[Path]:
    """The folders to look in, the first one first.

    Raises
    ------
    BadInput
        ``data_dir`` or ``SAME_EYES_DATA`` names something that is not a folder.
    """
    places = []
    for who, folder in {"--data-dir": data_dir, "SAME_EYES_DATA": os.environ.get("SAME_EYES_DATA")}.items():
        if folder:
            places.append(Path(folder).expanduser())
            if not places[-1].is_dir():
                raise BadInput(f"{who} names {places[-1]}, which is not a folder. Correct it or leave it out.")
    if CHECKOUT:  # None once installed from a wheel
        places += [CHECKOUT / "data", CHECKOUT.parent / "shared" / "data"]
    return [*places, cache_dir()]


def find(name: str, data_dir: str | os.PathLike[str] | None = None, download: bool = True) -> Path:
    """Where a source, or one of its files, lies, once its SHA-256 is known to be right.

    Parameters
    ----------
    name : str
        The name of a source, or the path of one file as in ``SOURCES``.
    data_dir : path, optional
        Looked into first.
    download : bool
        Whether to download into the user's cache what lies nowhere.

    Returns
    -------
    Path
        The file; for a source of several files, the folder that holds them.

    Raises
    ------
    BadInput
        No such name, or the file found first is not the one it should be.
    MissingData
        It lies nowhere, and was not or could not be downloaded.
    """
    source, paths = _look_up(name)
    places = search_places(data_dir)
    place = _first_with(paths, places)
    if place is None:
        try:
            place = _download(source, allowed=download)
        except _NotDownloaded as why:
            raise MissingData(
                f"{paths[0] if len(paths) == 1 else source.name} ({source.what}) is missing. {why}\n"
                f"Searched: {', '.join(map(str, places))}.\n"
                f"Remedy: run `same-eyes data fetch {source.name}` where there is a network; or get {source.url} by "
                f"other means and name, with --data-dir or SAME_EYES_DATA, a folder in which it lies "
                f"{'unpacked, ' if source.archive else ''}as {paths[0]}."
            ) from why
    for path in paths:
        if fault := _fault(place / path, source.files[path]):
            raise BadInput(f"{place / path} {fault}. Delete it and run `same-eyes data fetch {source.name}`.")
    found = place / paths[0]
    return found if len(paths) == 1 else found.parent


def _look_up(name: str) -> tuple[Source, list[str]]:
    for source in SOURCES:
        if name == source.name:
            return source, list(source.files)
        if name in source.files:
            return source, [name]
    raise BadInput(f"there is no data named {name!r}; there are: {', '.join(s.name for s in SOURCES)}.")


def _first_with(paths: Sequence[str], places: Sequence[Path]) -> Path | None:
    return next((place for place in places if all((place / path).is_file() for path in paths)), None)


# Verifying


@cache
def _sha256(path: Path, *identity: int) -> str:
    """The SHA-256 of a file, computed once a process while what identifies it and its state stays."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fault(path: Path, expected: File) -> str:
    """What is wrong with a file, in words; empty where its SHA-256 is the expected one."""
    try:
        stat = path.stat()
        # The inode and the change time too: nobody can set them, as they can the time of modification.
        digest = _sha256(path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
        with path.open("rb") as file:
            start = file.read(64).lstrip().lower()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if digest == expected.sha256:
        return ""
    if not stat.st_size:
        return "is empty"
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "is a web page saved under the file's name"
    if start.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the file itself"
    if stat.st_size < expected.size:
        return f"is cut short: {stat.st_size:,} of {expected.size:,} bytes"
    return f"is another file: its SHA-256 is {digest}, expected {expected.sha256}"


class Status(NamedTuple):
    """One line of ``same-eyes data``: a source, the folder that has it, what is wrong with it there."""

    source: Source
    where: Path | None
    fault: str


def status(data_dir: str | os.PathLike[str] | None = None) -> list[Status]:
    """For each source, where it was found (None: nowhere) and what is wrong with it there ("": nothing).

    Raises
    ------
    BadInput
        As ``search_places``.
    """
    places = search_places(data_dir)
    found = []
    for source in SOURCES:
        place = _first_with(list(source.files), places)
        faults = {path: _fault(place / path, file) for path, file in source.files.items()} if place else {}
        found.append(Status(source, place, "; ".join(f"{path} {why}" for path, why in faults.items() if why)))
    return found


# Downloading


class _NotDownloaded(Exception):
    """Why a source was not downloaded, as a sentence."""


def fetch(data_dir: str | os.PathLike[str] | None = None, names: Sequence[str] = ()) -> list[Path]:
    """Download into the cache what lies nowhere: the sources named, or all that are not optional.

    Returns
    -------
    list of Path
        Where each of them lies now.

    Raises
    ------
    BadInput, MissingData
        As ``find``, at the first that fails.
    """
    names = names or [source.name for source in SOURCES if not source.optional]
    return [find(name, data_dir) for name in names]


def _download(source: Source, allowed: bool) -> Path:
    """Bring all files of a source into the cache, each whole and verified or not at all."""
    if not allowed:
        raise _NotDownloaded("It was not downloaded, because downloads are off here.")
    from filelock import FileLock

    place = cache_dir()
    try:
        place.mkdir(parents=True, exist_ok=True)
        with FileLock(place / f".{source.name}.lock"):
            if _first_with(list(source.files), [place]):
                return place  # another process was faster
            with tempfile.TemporaryDirectory(dir=place, prefix=".download-") as folder:
                scratch = Path(folder)
                _retrieve(source, scratch)
                for path, expected in source.files.items():
                    if fault := _fault(scratch / path, expected):
                        raise _NotDownloaded(f"{path}, as {source.url} holds it, {fault}.")
                for path in source.files:
                    (place / path).parent.mkdir(exist_ok=True)
                    os.replace(scratch / path, place / path)
    except OSError as error:
        raise _NotDownloaded(f"The cache {place} cannot be written ({error.strerror}).") from error
    return place


def _retrieve(source: Source, scratch: Path) -> None:
    """Download a source's files, unpacked, into a scratch folder."""
    import pooch
    import requests

    [first, *_] = source.files
    known_hash = source.archive or f"sha256:{source.files[first].sha256}"
    target = scratch / ("archive" if source.archive else first)
    host = urlsplit(source.url).netloc
    attempts = ATTEMPTS
    sizes = [file.size for file in source.files.values()]
    most = 2 * sum(sizes) if all(sizes) else inf  # nobody packs files into twice their size
    while not target.exists():
        try:
            stream = partial(_stream, most=most)
            pooch.retrieve(source.url, known_hash, target.name, target.parent, downloader=stream)
        except requests.exceptions.ChunkedEncodingError as error:
            attempts -= 1
            if not attempts:
                raise _NotDownloaded(f"Its download broke off {ATTEMPTS} times.") from error
        except (requests.ConnectionError, requests.Timeout) as error:  # not tried again: fail soon
            raise _NotDownloaded(f"There is no connection to {host}.") from error
        except requests.RequestException as error:
            raise _NotDownloaded(f"{host} does not give it: {error}.") from error
        except ValueError as error:  # pooch: another checksum
            raise _NotDownloaded(
                f"What {source.url} serves is not this file, its checksum differs: "
                "a sign-in page, an error page or a proxy's answer?"
            ) from error
    if source.archive:
        _unpack(target, source, scratch)


def _stream(url: str, target: str, _pooch: object, *, most: float) -> None:
    """How pooch gets a URL: as its HTTPDownloader does, but with an end, and no connection left open on an error."""
    import requests
    from tqdm import tqdm

    with requests.get(url, stream=True, timeout=(CONNECT, READ)) as answer, open(target, "wb") as file:
        answer.raise_for_status()
        total = int(answer.headers.get("Content-Length", 0))
        with tqdm(total=total, unit="B", unit_scale=True, disable=None) as bar:  # None: terminals only
            for chunk in answer.iter_content(2**16):
                bar.update(file.write(chunk))
                if file.tell() > most:
                    raise _NotDownloaded(f"{url} sends more than it should, and was stopped.")


def _unpack(archive: Path, source: Source, scratch: Path) -> None:
    """Write a source's files, and nothing else that the archive may hold."""
    for path, content in _members(archive, source):
        (scratch / path).parent.mkdir(exist_ok=True)
        (scratch / path).write_bytes(content)


def _members(archive: Path, source: Source) -> Iterator[tuple[str, bytes]]:
    """A source's files in an archive: whole files alone, no links, none larger than it should be."""
    try:
        with tarfile.open(archive) as tar:
            for path, expected in source.files.items():
                member = tar.getmember(path)
                if not member.isreg():
                    raise _NotDownloaded(f"{path} is no file in {source.url}.")
                if expected.size and member.size > expected.size:
                    raise _NotDownloaded(f"{path}, as {source.url} holds it, unpacks to {member.size:,} bytes.")
                content = tar.extractfile(member)
                assert content is not None  # it is a regular file
                yield path, content.read()
    except _NotDownloaded:
        raise
    except Exception as error:  # broken archives raise nearly anything
        raise _NotDownloaded(f"{source.url} could not be unpacked ({error}).") from error
