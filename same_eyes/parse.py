"""Files that nobody vouches for: what they hold, or one BadInput. Nothing in them is ever run or believed unseen.

Each function raises :class:`BadInput` with the bare reason; the caller adds the file's name and the remedy.
"""

from __future__ import annotations

import io
import json as _json
import math
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from .types import BadInput

LARGEST = 2**30  # bytes that the members of one npz may unpack to: half a million images of a thousand float16


class Pickled(BadInput):
    """What torch.save writes: a pickle in a zip. No pickle is opened."""


def toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises
    ------
    BadInput
        It is no TOML, no text, nested too deeply, or holds a number too long to read.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"not TOML: {error}") from None


def json(path: Path) -> Any:
    """The content of a JSON file.

    Raises
    ------
    BadInput
        As :func:`toml`.
    """
    try:
        return _json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"not JSON: {error}") from None


def is_number(value: object) -> bool:
    """Whether a value of TOML or JSON is a finite number: no bool, and no integer that no float holds.

    Examples
    --------
    >>> [is_number(value) for value in (1, 0.5, True, "1", float("nan"), 10**400)]
    [True, True, False, False, False, False]
    """
    return type(value) in (int, float) and abs(value) <= sys.float_info.max  # type: ignore[arg-type]


def arrays(file: Path | bytes) -> dict[str, NDArray]:
    """The arrays of an npz by name, or the one array of an npy under the name "".

    Sizes are compared before memory is asked for: an array is as large as the file holds bytes for it, and what an
    npz unpacks to is at most ``LARGEST``. The arrays cannot be written to.

    Raises
    ------
    BadInput
        It is neither, is damaged, claims more than it holds, unpacks to too much, or holds pickled objects.

    Examples
    --------
    >>> import io
    >>> buffer = io.BytesIO()
    >>> np.savez_compressed(buffer, probs=np.eye(2))
    >>> arrays(buffer.getvalue())["probs"].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    with _any_error(), io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as stream:
        if stream.read(6) == np.lib.format.MAGIC_PREFIX:
            return {"": _array(stream, _size(stream))}
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            if any(member.filename.endswith(".pkl") for member in members):
                raise Pickled("it is what torch.save writes, a pickle, and no pickle is opened")
            unpacked = sum(member.file_size for member in members)
            if unpacked > LARGEST:
                raise BadInput(f"it unpacks to {unpacked:,} bytes; {LARGEST:,} is the most that is read")
            found = {}
            for member in members:
                with archive.open(member) as content:
                    found[member.filename.removesuffix(".npy")] = _array(content, member.file_size)
            return found


def mapped(path: Path) -> NDArray:
    """The array of an npy, left on disk and read where it is looked at.

    Raises
    ------
    BadInput
        As :func:`arrays`.
    """
    with _any_error(), path.open("rb") as stream:
        shape, order, dtype = _header(stream, _size(stream))
        return np.memmap(path, dtype, "r", stream.tell(), shape, order)


@contextmanager
def _any_error() -> Iterator[None]:
    """Whatever goes wrong becomes one BadInput: broken zips and headers raise nearly anything."""
    try:
        yield
    except (BadInput, FileNotFoundError):
        raise
    except Exception as error:
        raise BadInput(f"neither npz nor npy: {error or type(error).__name__}") from None


def _size(stream: IO[bytes]) -> int:
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    return size


def _array(stream: IO[bytes], size: int) -> NDArray:
    shape, order, dtype = _header(stream, size)
    return np.frombuffer(stream.read(), dtype).reshape(shape, order=order)


def _header(stream: IO[bytes], size: int) -> tuple[tuple[int, ...], Literal["C", "F"], np.dtype]:
    """Shape, order and kind of the array in a stream of so many bytes, in NumPy's own format."""
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):  # 3.0 is for field names outside Latin-1
        raise BadInput(f"it holds records, not numbers (format {version})")
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = header(stream)
    if dtype.hasobject:
        raise BadInput("it holds Python objects, which are pickled, and no pickle is opened")
    claimed, there = math.prod(shape) * dtype.itemsize, size - stream.tell()
    if claimed != there:
        raise BadInput(f"its header promises {claimed:,} bytes, {there:,} are there")
    return shape, "F" if fortran else "C", dtype
