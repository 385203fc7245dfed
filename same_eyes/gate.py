"""The gate: is one set of machines no worse than another, quantity by quantity?

A *difference* is now less before, with its 95 % interval; a *loss* is a difference towards the worse side that
``expected/gate.toml`` names for the quantity (either side, where none is better); the *margin* is the loss it allows.

============  ==========================================================================================  =========
verdict       when                                                                                        exit code
============  ==========================================================================================  =========
same          the difference and both ends of its interval are 0 (to 1e-6)                                0
worse         the loss is greater than the margin beyond chance (Holm p <= 0.05)                          1
changed       not the same, but the worse end of the interval is within the margin: shown not to be worse  3
new           measured now, and not before                                                                3
gone          measured before, and not now                                                                4
inconclusive  anything else: neither worse nor shown not to be worse                                      6
============  ==========================================================================================  =========

One interval of three kinds stands behind a difference. *Paired*: predictions of both sides are at hand, and images are
resampled for both at once. *Same runs*: only numbers of the other side are at hand, but they were measured on the very
predictions of this one; what differs is arithmetic, and the interval a point. *Intervals*: only numbers of other
predictions are at hand; the two intervals are added as those of independent samples, which is wide.

p is that of a loss no greater than the margin, two-sided so that it agrees with the 95 % interval: the exact McNemar
test for accuracies (of machines trained once), else the normal distribution with the bootstrap's standard error. Holm
corrects it over all comparisons of a gate: where nothing lost more than its margin, any "worse" has a chance of at most
0.05. That every quantity must be shown not to be worse needs no correction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from tabulate import tabulate

from same_eyes.metrics.bootstrap import standard_error
from same_eyes.metrics.matrix_t_test import p_from_t
from same_eyes.metrics.paired_tests import holm, mcnemar

from . import parse
from .baseline import DRIFT
from .claims import Estimate
from .measure.quantities import PEOPLE, QUANTITIES, Key
from .types import BadInput

ALPHA = 0.05
Z = float(ndtri(1 - ALPHA / 2))

Worse = Literal["lower", "higher", "either"]
Verdict = Literal["same", "worse", "changed", "new", "gone", "inconclusive", "skipped"]
Basis = Literal["paired", "same runs", "intervals", ""]

OK, WORSE, CHANGED, NOTHING, BAD_INPUT, INCONCLUSIVE = 0, 1, 3, 4, 5, 6  # 2 is argparse's
CODES: dict[Verdict, int] = {  # the first that occurs decides
    "worse": WORSE,
    "gone": NOTHING,
    "inconclusive": INCONCLUSIVE,
    "changed": CHANGED,
    "new": CHANGED,
    "same": OK,
}
ENDINGS = {
    OK: "shown to be no worse",
    WORSE: "worse by more than the margin",
    CHANGED: "numbers differ, and none is worse by more than its margin",
    NOTHING: "not measured now, or not before, so nothing is shown",
    BAD_INPUT: "correct the expectations",
    INCONCLUSIVE: "not shown to be no worse: an interval reaches beyond its margin",
}


@dataclass(frozen=True)
class Margin:
    """What a quantity may lose.

    Attributes
    ----------
    worse : {"lower", "higher", "either"}
        Which side is worse; "either" where the finding itself must not move.
    margin : float
        The largest loss that does not matter, in the quantity's own unit.
    why : str
    """

    worse: Worse
    margin: float
    why: str

    @property
    def falls(self) -> bool:
        """Whether a fall is a loss."""
        return self.worse != "higher"

    @property
    def rises(self) -> bool:
        """Whether a rise is a loss."""
        return self.worse != "lower"

    def p(self, one_sided: Callable[..., float]) -> float:
        """Two-sided p-value of a loss no greater than the margin, from ``one_sided(margin=, falls=)``."""
        sides = [
            one_sided(margin=self.margin, falls=falls)
            for falls in (True, False)
            if (self.falls if falls else self.rises)
        ]
        return min(1.0, 2 * min(sides))


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two sets of machines.

    Attributes
    ----------
    quantities : mapping of Key to Estimate
        With replicates where predictions are at hand.
    hashes : mapping of str to str
        SHA-256 of each machine's predictions.
    right : mapping of str to (n,) bool
        Whether each machine that was trained once is right on each image; empty where only numbers are at hand.
    """

    quantities: Mapping[Key, Estimate]
    hashes: Mapping[str, str]
    right: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Row:
    """One quantity of both sides, and what the gate says of it."""

    key: Key
    before: Estimate | None
    now: Estimate | None
    margin: Margin
    difference: Estimate | None = None
    basis: Basis = ""
    pvalue: float = np.nan
    holm: float = np.nan
    verdict: Verdict = "inconclusive"
    excused: str = ""  # why an expectation lets it through


def read_margins(path: Path) -> dict[str, Margin]:
    """The margins of every quantity, from TOML.

    Raises
    ------
    BadInput
        Not TOML; a quantity too few or too many; a field that is missing, unknown or of a wrong value.
    """
    try:
        tables = parse.toml(path)
    except BadInput as error:
        raise BadInput(f"{path}: {error}.") from None
    for name in sorted({*tables} ^ {*QUANTITIES}):
        what = "has no margin" if name in QUANTITIES else "is no quantity of the gate"
        raise BadInput(f"{path}: {name!r} {what}; the quantities are {', '.join(QUANTITIES)}.")
    margins = {}
    for name in QUANTITIES:
        try:
            margins[name] = margin = Margin(**tables[name])
        except TypeError as error:
            raise BadInput(f"{path}: {name!r}: {error}. Give worse, margin and why.") from None
        if margin.worse not in get_args(Worse):
            raise BadInput(f"{path}: {name!r}: worse must be one of {', '.join(get_args(Worse))}.")
        if type(margin.margin) not in (int, float) or not 0 <= margin.margin < np.inf:
            raise BadInput(f"{path}: {name!r}: margin must be a number, 0 or more.")
        if not isinstance(margin.why, str) or not margin.why:
            raise BadInput(f"{path}: {name!r}: say why the margin is what it is.")
    return margins


def compare(before: Side, now: Side, margins: Mapping[str, Margin]) -> list[Row]:
    """Every quantity that either side has, and that has a margin, judged; none where neither has any."""
    keys = [*now.quantities, *(key for key in before.quantities if key not in now.quantities)]
    rows = [_measured(key, before, now, margins[key[0]]) for key in keys if key[0] in margins]
    adjusted = holm([row.pvalue for row in rows])
    rows = [replace(row, holm=float(p)) for row, p in zip(rows, adjusted, strict=True)]
    return [replace(row, verdict=_verdict(row)) for row in rows]


@dataclass(frozen=True, eq=False)
class Gate:
    """A comparison of two sides, and how it ends.

    Attributes
    ----------
    now, against : str
        What was compared with what.
    rows : sequence of Row
    drifted : sequence of Row
        Numbers that a commit kept of its own predictions, where today's code measures others.
    stale : sequence of str
        What is wrong with the expectations.
    notes : sequence of str
        What else a reader must know.
    passing : collection of str
        Verdicts that need no excuse: "changed" too, where another machine is compared and has numbers of its own.
    """

    now: str
    against: str
    rows: Sequence[Row]
    drifted: Sequence[Row] = ()
    stale: Sequence[str] = ()
    notes: Sequence[str] = ()
    passing: Collection[str] = ("same",)

    @property
    def code(self) -> int:
        """Exit code: of the gravest verdict that nothing excuses. What measured nothing has not passed."""
        if self.stale:
            return BAD_INPUT
        if all(row.verdict in ("new", "gone", "skipped") for row in self.rows):
            return NOTHING
        found = {
            row.verdict for row in [*self.rows, *self.drifted] if not row.excused and row.verdict not in self.passing
        }
        return next((code for verdict, code in CODES.items() if verdict in found), OK)

    @property
    def ending(self) -> str:
        """One line: how many of which verdict, and what that means."""
        verdicts = [row.verdict for row in self.rows]
        counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in sorted(set(verdicts)))
        excused = sum(bool(row.excused) for row in self.rows)
        note = f", {excused} of them as expected" if excused else ""
        return f"{len(self.rows)} compared: {counts or 'none'}{note}. Exit code {self.code}: {ENDINGS[self.code]}."

    def text(self, style: str = "simple") -> str:
        """What was compared, and the table; ``style`` is tabulate's, "github" for Markdown."""
        parts = [f"same-eyes gate: {self.now}; against {self.against}", *self.notes]
        if any(row.basis == "intervals" for row in self.rows):
            parts.append(
                "By intervals: of other predictions, of which numbers alone are at hand. Image by image: --against"
            )
        if self.rows:
            parts.append(_table(self.rows, style))
        if self.drifted:
            parts.append(
                "The other side's own predictions, measured again: its numbers (before), and today's code's (now)"
            )
            parts.append(_table(self.drifted, style))
        parts += [f"Stale expectation: {line}" for line in self.stale]
        return "\n\n".join(parts)


def _table(rows: Sequence[Row], style: str) -> str:
    header = ["quantity", "of", "before", "now", "difference [95 %]", "margin", "p (Holm)", "by", "verdict"]
    return tabulate([_cells(row) for row in rows], header, tablefmt=style, disable_numparse=True)


def _measured(key: Key, before: Side, now: Side, margin: Margin) -> Row:
    """A quantity's two numbers and, where it has both, their difference and the p-value of a loss within the margin."""
    old, new = before.quantities.get(key), now.quantities.get(key)
    row = Row(key, old, new, margin)
    if old is None or new is None:
        return row
    if old.replicates is not None and new.replicates is not None:
        difference = new - old
        if key[0] == "accuracy" and key[1] in before.right and key[1] in now.right:
            p = margin.p(partial(_mcnemar_p, before.right[key[1]], now.right[key[1]]))
        else:
            error = float(standard_error(difference.replicates))  # type: ignore[arg-type]
            p = margin.p(partial(_normal_p, difference.value, error))
        return replace(row, difference=difference, basis="paired", pvalue=p)
    if key[1] not in (*now.hashes, PEOPLE) and before.hashes.keys() != now.hashes.keys():
        return replace(row, now=None)  # of all machines, but of others
    if _hashes(before, key) == _hashes(now, key):
        return replace(row, difference=Estimate.exact(new.value - old.value), basis="same runs")
    value, error = new.value - old.value, float(np.hypot(old.high - old.low, new.high - new.low)) / (2 * Z)
    difference = Estimate(value, value - Z * error, value + Z * error)
    return replace(row, difference=difference, basis="intervals", pvalue=margin.p(partial(_normal_p, value, error)))


def _mcnemar_p(before: NDArray[np.bool_], now: NDArray[np.bool_], margin: float, falls: bool) -> float:
    """One-sided p-value of a share of right answers that falls (or rises) by no more than the margin."""
    return mcnemar(before, now, alternative="greater" if falls else "less", margin=margin).pvalue


def _normal_p(value: float, error: float, margin: float, falls: bool) -> float:
    """The same of any number with its standard error."""
    beyond = (-value if falls else value) - margin
    if error > 0:
        return float(p_from_t(beyond / error, np.inf, alternative="greater"))
    return 0.0 if beyond > DRIFT else 1.0


def _hashes(side: Side, key: Key) -> Mapping[str, str]:
    """The predictions that a quantity was measured on: one machine's, all, or none, where it is of people alone."""
    if key[1] == PEOPLE:
        return {}
    return {key[1]: side.hashes[key[1]]} if key[1] in side.hashes else side.hashes


def _verdict(row: Row) -> Verdict:
    if row.difference is None:
        return "new" if row.now else "gone"
    low, high, margin = row.difference.low, row.difference.high, row.margin.margin
    if all(abs(end) <= DRIFT for end in (row.difference.value, low, high)):
        return "same"
    within = (not row.margin.falls or low >= -margin) and (not row.margin.rises or high <= margin)  # NaN is not
    if row.basis == "same runs":  # no chance in it
        return "changed" if within else "worse"
    if row.holm <= ALPHA:
        return "worse"
    return "changed" if within else "inconclusive"


def _cells(row: Row) -> list[str]:
    difference = "0" if row.verdict == "same" else ""
    if row.difference and not difference and row.basis == "same runs":
        difference = f"{row.difference.value:+.4g}"
    elif row.difference and not difference:
        difference = f"{row.difference.value:+.4f} [{row.difference.low:+.4f}, {row.difference.high:+.4f}]"
    sign = {"lower": "-", "higher": "+", "either": "+-"}[row.margin.worse]
    numbers = ["" if estimate is None else f"{estimate.value:.4f}" for estimate in (row.before, row.now)]
    p = "" if np.isnan(row.holm) else f"{row.holm:.2g}"
    verdict = f"{row.verdict} (expected: {row.excused})" if row.excused else row.verdict
    return [*row.key, *numbers, difference, f"{sign}{row.margin.margin:g}", p, row.basis, verdict]
