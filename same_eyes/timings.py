"""Timings compared: did ours become slower beside what it is compared with, beyond margin and noise?

``pytest benchmark/test_speed.py --benchmark-enable --benchmark-json FILE`` times each thing next to a peer of the same
group, in one run; the *ratio* is the median of ours (a test named ``test_..._ours``) over the peer's. Two files are
compared by their ratios, since seconds of another machine, or of a busy hour, say nothing.

==========  =========================================================================================  =========
verdict     when: the ratio became greater by a factor, with its 95 % interval                         exit code
==========  =========================================================================================  =========
slower      the factor is beyond the margin and its interval lies above 1: beyond the noise, too       1
gone        timed before, and not now                                                                  4
undecided   neither slower, nor is the whole interval within the margin                                6
fine        the whole interval is within the margin                                                    0
new         timed now, and not before                                                                  0
==========  =========================================================================================  =========

The noise is that of the rounds: each of the four medians behind a factor is resampled from its own. What slows a whole
run slows ours and the peer alike, and is in neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from tabulate import tabulate

from . import parse
from .gate import INCONCLUSIVE, NOTHING, OK, WORSE
from .types import BadInput

MARGIN = 0.25  # of the ratio
REPLICATES = 4000
OURS = "_ours"

Verdict = Literal["slower", "gone", "undecided", "fine", "new"]
CODES: dict[Verdict, int] = {"slower": WORSE, "gone": NOTHING, "undecided": INCONCLUSIVE, "fine": OK, "new": OK}

Pair = tuple[str, str, str]  # a group, the test that is ours, the peer's


@dataclass(frozen=True, eq=False)
class Timing:
    """One benchmark of a file.

    Attributes
    ----------
    seconds : (rounds,) float
    peak_mib : float
        Memory that it took at most, in MiB; NaN where the file does not say.
    """

    seconds: NDArray[np.float64]
    peak_mib: float

    @property
    def median(self) -> float:
        """Seconds of the round in the middle."""
        return float(np.median(self.seconds))


@dataclass(frozen=True, eq=False)
class Timings:
    """What one file holds.

    Attributes
    ----------
    pairs : mapping of Pair to (Timing, Timing)
        Ours and a peer's.
    machine : mapping
        What it was timed on.
    """

    pairs: Mapping[Pair, tuple[Timing, Timing]]
    machine: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Row:
    """One ratio in both files.

    Attributes
    ----------
    factor, low, high : float
        By what the ratio grew, with its 95 % interval; NaN where one file lacks it.
    """

    pair: Pair
    before: tuple[Timing, Timing] | None
    now: tuple[Timing, Timing] | None
    factor: float = np.nan
    low: float = np.nan
    high: float = np.nan
    verdict: Verdict = "undecided"


def read(path: Path) -> Timings:
    """The ratios of a file that ``--benchmark-json`` wrote.

    Raises
    ------
    BadInput
        It is no such file, or holds times that are no times.
    """
    remedy = "Write it with: pytest benchmark/test_speed.py --benchmark-enable --benchmark-json FILE"
    try:
        content = parse.json(path)
        groups: dict[str, dict[str, Timing]] = {}
        for entry in content["benchmarks"]:
            seconds = np.asarray(entry["stats"]["data"], np.float64)
            if seconds.ndim != 1 or not len(seconds) or not (np.isfinite(seconds).all() and (seconds > 0).all()):
                raise BadInput(f"{entry['name']!r} holds no rounds, or times that are not above 0")
            peak = float(entry.get("extra_info", {}).get("peak_mib", np.nan))
            groups.setdefault(str(entry["group"]), {})[str(entry["name"])] = Timing(seconds, peak)
        machine = dict(content.get("machine_info", {}))
    except BadInput as error:
        raise BadInput(f"{path}: {error}. {remedy}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{path}: not a file of timings ({error!r}). {remedy}") from None
    pairs = {
        (group, mine, peer): (timings[mine], timings[peer])
        for group, timings in groups.items()
        for mine in timings
        for peer in timings
        if _ours(mine) and not _ours(peer) and _parameters(mine) == _parameters(peer)
    }
    return Timings(pairs, machine)


def ratio(ours: Timing, peer: Timing) -> float:
    """How many times as slow as the peer ours is."""
    return ours.median / peer.median


def compare(before: Timings, now: Timings, margin: float = MARGIN, seed: int = 0) -> list[Row]:
    """Every ratio that either has, judged; none where neither has any.

    Parameters
    ----------
    before, now : Timings
    margin : float
        Share by which a ratio may grow.
    seed : int
        Of the resampling.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for pair in [*now.pairs, *(pair for pair in before.pairs if pair not in now.pairs)]:
        old, new = before.pairs.get(pair), now.pairs.get(pair)
        if old is None or new is None:
            rows.append(Row(pair, old, new, verdict="new" if new else "gone"))
            continue
        signs = ((new[0], 1), (new[1], -1), (old[0], -1), (old[1], 1))
        logs = sum(sign * np.log(median_replicates(timing.seconds, rng)) for timing, sign in signs)
        low, high = np.exp(np.quantile(logs, [0.025, 0.975]))
        factor = ratio(*new) / ratio(*old)
        rows.append(Row(pair, old, new, factor, float(low), float(high), _verdict(factor, low, high, 1 + margin)))
    return rows


def exit_code(rows: Sequence[Row]) -> int:
    """The code of the gravest verdict; nothing timed in both files is no success."""
    found = {row.verdict for row in rows}
    if not found - {"new", "gone"}:
        return NOTHING
    return next(code for verdict, code in CODES.items() if verdict in found)


def median_replicates(values: ArrayLike, rng: np.random.Generator, replicates: int = REPLICATES) -> NDArray[np.float64]:
    """Medians of bootstrap samples, without drawing these: the median of n uniforms has a Beta distribution.

    Parameters
    ----------
    values : (n,) float
    rng : numpy.random.Generator
    replicates : int

    Returns
    -------
    (replicates,) float
        For odd n exactly the bootstrap's distribution (Efron, Annals of Statistics 7, 1979, section 3); for even n that
        of the lower or the upper of the two middle ones.

    Examples
    --------
    >>> median_replicates([1.0, 2.0, 9.0], np.random.default_rng(0), 5).tolist()
    [2.0, 1.0, 2.0, 1.0, 2.0]
    """
    ordered = np.sort(np.asarray(values, np.float64))
    n = len(ordered)
    middle = np.where(rng.random(replicates) < 0.5, (n + 1) // 2, n // 2 + 1)
    return ordered[np.ceil(n * rng.beta(middle, n + 1 - middle)).astype(int) - 1]


def table(rows: Sequence[Row]) -> str:
    """A line a ratio."""
    header = ["group", "ours against", "ratio before", "now", "factor [95 %]", "ours, ms", "peak, MiB", "verdict"]
    return tabulate([_cells(row) for row in rows], header, disable_numparse=True, maxcolwidths=[50, 40])


def _verdict(factor: float, low: float, high: float, most: float) -> Verdict:
    if factor > most and low > 1:
        return "slower"
    return "fine" if high <= most else "undecided"


def _cells(row: Row) -> list[str]:
    group, _, peer = row.pair
    both = (row.before, row.now)
    ratios = ["" if side is None else f"{ratio(*side):.3g}" for side in both]
    factor = "" if np.isnan(row.factor) else f"{row.factor:.2f} [{row.low:.2f}, {row.high:.2f}]"
    milliseconds = " -> ".join("" if side is None else f"{1000 * side[0].median:.4g}" for side in both)
    peaks = " -> ".join(
        "" if side is None or np.isnan(side[0].peak_mib) else f"{side[0].peak_mib:.0f}" for side in both
    )
    return [group, peer.removeprefix("test_"), *ratios, factor, milliseconds, peaks, row.verdict]


def _ours(name: str) -> bool:
    return name.partition("[")[0].endswith(OURS)


def _parameters(name: str) -> str:
    return name.partition("[")[2]
