"""What is known to fail, by method: a file of expected failures and of what to skip, beside a suite or a gate.

    ["Our method"]
    xfail  = ["accuracy", "machines-above-people"]   # quantities of the gate, ids of claims
    skip   = ["threshold team"]
    reason = "trained for one epoch"

A table is named by a machine's title, or by what else the gate's table has under "of"; that of ``all machines`` has the
claims whose cases name no machine, too. The gate reads the quantities, ``pytest benchmark --expectations FILE`` the
claims, and with ``--gate`` both. An xfail that does not fail, and a name that matches nothing, is *stale* and fails the
run: a list that nobody corrects soon hides what it should not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import parse
from .claims import Case
from .gate import Gate, Row
from .measure.quantities import EVERY, QUANTITIES
from .types import BadInput


@dataclass(frozen=True)
class Expectation:
    """What one table of the file says.

    Attributes
    ----------
    method : str
        A machine's title.
    reason : str
    xfail, skip : sequence of str
        Quantities of the gate and ids of claims that are expected to fail, or not to be judged.
    """

    method: str
    reason: str
    xfail: Sequence[str] = ()
    skip: Sequence[str] = ()

    @property
    def names(self) -> list[str]:
        """All that it speaks of."""
        return [*self.xfail, *self.skip]


def read(path: Path, known: Collection[str]) -> list[Expectation]:
    """The tables of a file of expectations.

    Parameters
    ----------
    path : Path
    known : collection of str
        Every quantity and every claim's id.

    Raises
    ------
    BadInput
        Not TOML; a table without a reason or without names, with an unknown field, or naming what does not exist.
    """
    try:
        tables = parse.toml(path)
    except BadInput as error:
        raise BadInput(f"{path}: {error}.") from None
    found = []
    for method, table in tables.items():
        try:
            found.append(entry := Expectation(method, **table))
        except TypeError:
            raise BadInput(f"{path}: {method!r}: a table has xfail, skip and a reason, and nothing else.") from None
        if not isinstance(entry.reason, str) or not entry.reason:
            raise BadInput(f"{path}: {method!r}: give a reason.")
        if not all(isinstance(names, list | tuple) for names in (entry.xfail, entry.skip)) or not entry.names:
            raise BadInput(f"{path}: {method!r}: xfail and skip are lists of names, and one of them has some.")
        for name in entry.names:
            if not isinstance(name, str) or name not in known:
                raise BadInput(f"{path}: {method!r}: {name!r} is neither a quantity of the gate nor a claim.")
        if twice := {*entry.xfail} & {*entry.skip}:
            raise BadInput(f"{path}: {method!r}: {', '.join(sorted(twice))} cannot be both xfail and skip.")
    return found


def excuse(rows: Sequence[Row], expectations: Iterable[Expectation]) -> tuple[list[Row], list[str]]:
    """A gate's rows with what is expected of them, and a line for every stale entry about a quantity."""
    places = {row.key: i for i, row in enumerate(rows)}
    rows, stale = list(rows), []
    for entry in expectations:
        for name in entry.names:
            if name not in QUANTITIES:
                continue  # a claim: the suite's affair
            at = places.get((name, entry.method))
            if at is None:
                stale.append(f"{entry.method!r}: there is no {name!r} of it in this gate. Take the entry out.")
            elif name in entry.skip:
                rows[at] = replace(rows[at], verdict="skipped", excused=entry.reason)
            elif rows[at].verdict in ("same", "changed", "new"):
                stale.append(f"{entry.method!r}: {name!r} is {rows[at].verdict} and does not fail. Take the entry out.")
            else:
                rows[at] = replace(rows[at], excused=entry.reason)
    return rows, stale


@dataclass(frozen=True)
class OfClaims:
    """What is expected of claims, by a session of the suite.

    Attributes
    ----------
    entries : sequence of Expectation
    machines : sequence of str
        The machines that are judged, by title.
    """

    entries: Sequence[Expectation] = ()
    machines: Sequence[str] = ()

    def xfail(self, claim: str, case: str) -> str:
        """Why this case of a claim is expected to fail; empty where it is not."""
        return next((e.reason for e in self.entries if claim in e.xfail and self._about(e, case)), "")

    def skip(self, claim: str, case: str) -> str:
        """Why this case of a claim is skipped; empty where it is not."""
        return next((e.reason for e in self.entries if claim in e.skip and self._about(e, case)), "")

    def stale(self, record: Sequence[Case], full: bool) -> list[str]:
        """A line for every stale entry about a claim, once these cases were judged.

        Where every claim was asked for (``full``), an entry whose claim was not checked at all is among them.
        """
        lines = []
        for entry in self.entries:
            for name in entry.names:
                cases = [case for case in record if case.claim.id == name]
                if name in QUANTITIES or not (cases or full):
                    continue
                verdicts = {case.verdict for case in cases if self._about(entry, case.name)}
                if not verdicts:
                    lines.append(f"{entry.method!r}: {name!r} has no case of it in this run. Take the entry out.")
                elif name in entry.xfail and verdicts <= {"reproduced"}:
                    lines.append(f"{entry.method!r}: {name!r} is reproduced and does not fail. Take the entry out.")
        return lines

    def of_gate(self, gate: Gate) -> Gate:
        """The suite's own gate with what is expected of it; it has no rows of a user's machine."""
        compared = {row.key[1] for row in gate.rows}
        about = [entry for entry in self.entries if entry.method in compared or entry.method not in self.machines]
        rows, stale = excuse(gate.rows, about)
        return replace(gate, rows=rows, stale=stale)

    def _about(self, entry: Expectation, case: str) -> bool:
        named = {*case.split(" vs ")} & {*self.machines}
        return entry.method in named or (entry.method == EVERY and not named)
