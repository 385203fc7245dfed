"""Numbers that options take: one that is out of range is a wrong option, and said before anything is measured."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def whole(least: int) -> Callable[[str], int]:
    """A type of :mod:`argparse`: whole numbers from ``least`` on.

    Examples
    --------
    >>> whole(1)("20")
    20
    >>> whole(1)("0")
    Traceback (most recent call last):
        ...
    argparse.ArgumentTypeError: '0' is not a whole number of 1 or more
    """

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of {least} or more")
        return value

    return read


def share(text: str) -> float:
    """A type of :mod:`argparse`: a number from 0 to 1.

    Examples
    --------
    >>> share("0.6")
    0.6
    >>> share("60")
    Traceback (most recent call last):
        ...
    argparse.ArgumentTypeError: '60' is not a number from 0 to 1
    """
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:  # nor NaN
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


#: Bootstrap samples: with fewer than 40 no sample lies beyond an end of a 95 % interval, and with none there is no end.
replicates = whole(40)
