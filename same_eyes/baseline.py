"""What we measured, kept: ``expected/baseline.json`` is written from a run of the suite and later runs are held to it.

A measurement that drifts though neither data nor predictions have changed is a bug, in our code or in a library's.

``measured`` has every case of every claim, ``runs`` what it was measured on, and ``quantities`` the numbers that
``same-eyes gate`` holds a set of machines to, by study and recipe, each set with its own runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate

from . import parse
from .claims import Case
from .store import replace_file
from .types import BadInput

DRIFT = 1e-6  # relative, absolute near 0: the arithmetic is the same, only the order of floating-point sums may differ

Measurements = dict[str, dict[str, list[float]]]


def measurements(record: Sequence[Case]) -> Measurements:
    """[value, low, high] of every case that was measured, by claim and case."""
    found: Measurements = {}
    for case in record:
        if np.isfinite(case.measured):
            found.setdefault(case.claim.id, {})[case.name] = [case.measured, case.low, case.high]
    return found


def read(path: Path) -> dict[str, Any]:
    """A stored baseline; empty where there is none.

    Raises
    ------
    BadInput
        The file is not a baseline.
    """
    if not path.exists():
        return {}
    try:
        baseline = parse.json(path)
        for section in (baseline, *baseline.get("quantities", {}).values()):
            section["runs"].keys()
            for cases in section["measured"].values():
                for numbers in cases.values():
                    if not isinstance(numbers, list) or len(numbers) != 3 or not all(map(parse.is_number, numbers)):
                        raise ValueError(f"{numbers!r:.50} is no value with its interval")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path}: not a baseline ({error!r}). Write it again: same-eyes baseline") from None
    return baseline


def drift(baseline: Mapping[str, Any], record: Sequence[Case], full: bool = False) -> list[str]:
    """What differs from the baseline of the same runs, a line each.

    Parameters
    ----------
    baseline : mapping
        As :func:`read` gives it; an empty one holds nothing.
    record : sequence of Case
    full : bool
        Whether every claim was asked for, so that a measurement gone is a difference too.
    """
    lines = []
    for claim, case, old, new in _pairs(baseline.get("measured", {}), measurements(record)):
        if old and new and not np.allclose(old, new, rtol=DRIFT, atol=DRIFT):
            lines.append(f"{claim} [{case}]: measured {_text(new)}, the baseline says {_text(old)}")
        elif full and baseline and not (old and new):
            lines.append(f"{claim} [{case}]: " + ("no longer measured" if old else "measured, but not in the baseline"))
    return lines


def difference(old: Measurements, new: Measurements) -> str:
    """A table of what changed; the effect is the change in units of the old interval's half-width."""
    rows = []
    for claim, case, before, after in _pairs(old, new):
        if before and after and np.allclose(before, after, rtol=DRIFT, atol=DRIFT):
            continue
        effect = ""
        if before and after:
            half = (before[2] - before[1]) / 2
            effect = f"{(after[0] - before[0]) / half:+.2f}" if half > 0 else "inf"
        rows.append([claim, case, _text(before), _text(after), effect])
    header = ["claim", "case", "before", "now", "effect"]
    return tabulate(rows, header, disable_numparse=True) if rows else "nothing changed"


def write(path: Path, runs: Mapping[str, str], record: Sequence[Case]) -> None:
    """Store a baseline with the versions of what computed it, whole or not at all; its quantities stay as they are."""
    versions = {name: version(name) for name in ("numpy", "scipy", "statsmodels")}
    content = {"runs": dict(runs), "versions": versions, "measured": measurements(record)}
    with suppress(BadInput):  # one that is damaged is written anew
        content |= {name: kept for name, kept in read(path).items() if name == "quantities"}
    _replace(path, content)


def keep(path: Path, of: str, quantities: Mapping[str, Any]) -> None:
    """Store the gate's quantities of one study and recipe ("cifar10n/small"); all else stays as it is."""
    content = read(path) or {"runs": {}, "versions": {}, "measured": {}}
    content["quantities"] = content.get("quantities", {}) | {of: dict(quantities)}
    _replace(path, content)


def _replace(path: Path, content: Mapping[str, Any]) -> None:
    replace_file(path, (json.dumps(content, indent=1, sort_keys=True) + "\n").encode())


def _pairs(old: Measurements, new: Measurements) -> list[tuple[str, str, Any, Any]]:
    keys = sorted({(claim, case) for side in (old, new) for claim, cases in side.items() for case in cases})
    return [(claim, case, old.get(claim, {}).get(case), new.get(claim, {}).get(case)) for claim, case in keys]


def _text(measured: Sequence[float] | None) -> str:
    return "{:.6g} [{:.6g}, {:.6g}]".format(*measured) if measured else "-"
