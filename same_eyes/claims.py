"""Claims: sentences that measurements can contradict, and the rule by which they are judged.

A claim is one table of ``expected/*.toml`` and one test of ``benchmark/``. The rule, for all of them:

==============  ===========================================  ============================================
check           reproduced                                   not reproduced
==============  ===========================================  ============================================
``greater``     the 95 % interval's lower end > margin       its upper end < margin
``close``       the 95 % interval inside value +- tolerance  wholly outside it
``significant`` p <= alpha, and the sign is the paper's      p > alpha, or the other sign
``no_difference``  p > alpha                                 p <= alpha
``equivalent``  the 90 % interval inside +- margin (TOST)    the 90 % interval wholly outside it
==============  ===========================================  ============================================

What is neither is *inconclusive*. *Not testable*: the data or the runs are missing, or the people are
simulated. Deviations that are known lie in ``expected/deviations.toml``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from same_eyes.metrics.bootstrap import percentile_interval

from . import parse
from .types import BadInput

Verdict = Literal["reproduced", "not reproduced", "inconclusive", "not testable"]
READINGS = ("as reported", "strict", "own")
UNDEFINED = "the measurement is undefined on these images (NaN)"
SEVERITY: tuple[Verdict, ...] = ("not reproduced", "inconclusive", "not testable", "reproduced")


@dataclass(frozen=True, eq=False)
class Estimate:
    """A number with its 95 % interval, and the bootstrap replicates behind it where there are any.

    The difference of two estimates is taken replicate by replicate, so that both must come from the same
    resampled images: the interval is then that of a paired comparison.

    Examples
    --------
    >>> a = Estimate.from_replicates(0.5, [0.4, 0.5, 0.6]); b = Estimate.from_replicates(0.1, [0.0, 0.1, 0.2])
    >>> round((a - b).low, 3), round((a - b).high, 3)
    (0.4, 0.4)
    """

    value: float
    low: float
    high: float
    replicates: NDArray[np.float64] | None = field(default=None, repr=False)

    @classmethod
    def from_replicates(cls, value: float, replicates: ArrayLike, level: float = 0.95) -> Estimate:
        """Percentile interval of bootstrap replicates; degenerate (NaN) ones are left out."""
        replicates = np.asarray(replicates, np.float64)
        low, high = percentile_interval(replicates, level)
        return cls(float(value), float(low), float(high), replicates)

    @classmethod
    def exact(cls, value: float) -> Estimate:
        """A number that no sampling stands behind."""
        return cls(float(value), float(value), float(value))

    @property
    def degenerate(self) -> int:
        """How many replicates are undefined, and so left out of the interval."""
        return 0 if self.replicates is None else int((~np.isfinite(self.replicates)).sum())

    def at(self, level: float) -> Estimate:
        """The same number with an interval of another level."""
        if self.replicates is None:
            raise ValueError("no replicates to take another interval from.")
        return Estimate.from_replicates(self.value, self.replicates, level)

    def __sub__(self, other: Estimate) -> Estimate:
        if np.isnan(self.value - other.value):
            return Estimate(np.nan, np.nan, np.nan)
        if self.replicates is None or other.replicates is None:
            raise ValueError("a difference needs the bootstrap replicates of both numbers, from the same images.")
        return Estimate.from_replicates(self.value - other.value, self.replicates - other.replicates)


@dataclass(frozen=True)
class Claim:
    """One sentence, and what would contradict it.

    Attributes
    ----------
    id : str
        Stable name; its test is marked with it.
    number : str
        Row in the study's list of sentences.
    reading : str
        "as reported" (the study's own), "strict" (a careful reviewer's) or "own" (not the study's).
    says, where, why : str
        The sentence, its place in the text, and the reason for the tolerance or margin.
    paper : str
        What the paper prints, for the closing table.
    values : mapping of str to float
        The paper's numbers, by case.
    tolerance, margin, alpha : float
        What is allowed; the check that needs one says so when it is missing.
    slow : bool
        Takes long: checked with ``--slow-claims`` only, and never part of the baseline.
    topic : str
        The file of ``expected/`` that holds it, without suffix.
    """

    id: str
    number: str
    reading: str
    says: str
    where: str
    why: str
    paper: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    tolerance: float = np.nan
    margin: float = np.nan
    alpha: float = 0.05
    slow: bool = False
    topic: str = ""

    @property
    def order(self) -> tuple[float, str, str]:
        """Where it stands in a list: by the number of its sentence, then by its reading."""
        digits = "".join(c for c in self.number if c.isdigit())
        return (float(digits) if digits else np.inf, self.number, self.reading)


@dataclass(frozen=True)
class Deviation:
    """A known deviation: which cases of a claim are known to end otherwise, for which runs, and why.

    Attributes
    ----------
    claim, verdict, reason : str
    study, recipe, runs : str
        What it binds for.
    cases : sequence of str
        Names of the cases; ("*",) for all.
    """

    claim: str
    verdict: str
    reason: str
    study: str
    recipe: str
    runs: str
    cases: Sequence[str]

    def binds(self, study: str, recipe: str, runs: str) -> bool:
        """Whether it speaks of these runs."""
        return (self.study, self.recipe, self.runs) == (study, recipe, runs)

    def covers(self, claim: str, case: str, runs: str) -> bool:
        """Whether it names this case of this claim, measured on this set of runs."""
        return (self.claim, self.runs) == (claim, runs) and ("*" in self.cases or case in self.cases)


@dataclass(frozen=True)
class Case:
    """What one check of a claim saw.

    ``bounds`` are the ends of what is allowed, where that is a range of the number itself: infinite where it is open
    to one side, NaN where a p-value decides. ``check`` is the check's name, ``p`` its p-value where it reads one,
    ``runs`` the set of runs that it was made on, ``reason`` why the case is known to deviate, and ``seen`` the
    number itself with its replicates.
    """

    claim: Claim
    name: str
    verdict: Verdict
    measured: float = np.nan
    low: float = np.nan
    high: float = np.nan
    paper: str = ""
    allowed: str = ""
    slack: float = np.nan
    note: str = ""
    bounds: tuple[float, float] = (np.nan, np.nan)
    check: str = ""
    p: float = np.nan
    runs: str = "main"
    reason: str = ""
    seen: Estimate | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        where = f"{self.claim.where}; {self.name}" if self.name else self.claim.where
        here = "" if np.isnan(self.measured) else f"\n  here:    {interval_text(self)}"
        paper = f"\n  paper:   {self.paper}" if self.paper else ""
        note = f"\n  note:    {self.note}" if self.note else ""
        return (
            f"{self.verdict.upper()} ({self.claim.reading}): {self.claim.says} [{where}]"
            f"{paper}{here}\n  allowed: {self.allowed}, because {self.claim.why}{note}"
        )


class ClaimFailed(AssertionError):
    """A claim was not reproduced, or could not be decided, and nobody had said so before."""


class KnownDeviation(Exception):
    """A claim deviates as ``expected/deviations.toml`` says it does."""


class Finding(KnownDeviation):
    """A claim of the paper does not hold on other images than its own."""


class NotTestable(Exception):
    """The data or the runs that a claim needs are missing."""


@dataclass
class Check:
    """What a claim's test is given: each call judges one case, records it, and raises unless it reproduces.

    Attributes
    ----------
    claim : Claim
    case : str
        Name of the case, from the test's parameters.
    record : list of Case
        Where cases are written; shared by the session.
    deviations : sequence of Deviation
        Those that bind for the study at hand, on any set of its runs.
    runs : str
        The set of runs that the claim is checked on; what is known of another set excuses nothing.
    simulated : bool
        Where people are simulated nothing counts as a claim checked.
    enforce : bool
        Whether deviations must be as listed; not so with a machine of the user's own beside the study's.
    elsewhere : bool
        Whether these are other images than the paper's, of which its numbers say nothing.
    """

    claim: Claim
    case: str = ""
    record: list[Case] = field(default_factory=list)
    deviations: Sequence[Deviation] = ()
    runs: str = "main"
    simulated: bool = False
    enforce: bool = True
    elsewhere: bool = False

    def greater(self, estimate: Estimate, than: Estimate | float = 0.0) -> None:
        """The number exceeds another (both resampled on the same images) by more than the margin."""
        __tracebackhide__ = True
        difference = estimate - than if isinstance(than, Estimate) else _shifted(estimate, than)
        margin = self._need("margin")
        verdict: Verdict = "inconclusive"
        if difference.low > margin:
            verdict = "reproduced"
        elif difference.high < margin:
            verdict = "not reproduced"
        allowed = f"difference > {margin:g}"
        self._judge("greater", verdict, difference, allowed, difference.low - margin, bounds=(margin, np.inf))

    def close(self, estimate: Estimate, to: float | None = None) -> None:
        """The number is the paper's, within the tolerance. ``to`` defaults to the claim's value for the case."""
        __tracebackhide__ = True
        if self.elsewhere:
            self.not_testable("the paper's number is about its own people, machines and images")
        if to is None:
            if self.case not in self.claim.values and not self.enforce:
                self.not_testable("the paper prints no number for this machine")
            if self.case not in self.claim.values:
                raise BadInput(f"claim {self.claim.id!r} has no value for the case {self.case!r}.")
            to = self.claim.values[self.case]
        if np.isnan(to):
            self.not_testable("the paper prints no number for this machine")
        low, high = to - self._need("tolerance"), to + self.claim.tolerance
        verdict: Verdict = "inconclusive"
        if low <= estimate.low and estimate.high <= high:
            verdict = "reproduced"
        elif estimate.high < low or estimate.low > high:
            verdict = "not reproduced"
        allowed = f"{to:g} +- {self.claim.tolerance:g}"
        slack = min(estimate.low - low, high - estimate.high)
        self._judge("close", verdict, estimate, allowed, slack, f"{to:g}", bounds=(low, high))

    def significant(self, difference: Estimate, pvalue: float, sign: int = 1) -> None:
        """A test finds a difference of the paper's sign."""
        __tracebackhide__ = True
        if not np.isfinite(pvalue):
            self.not_testable(UNDEFINED)
        same = np.sign(difference.value) == sign
        verdict: Verdict = "reproduced" if pvalue <= self.claim.alpha and same else "not reproduced"
        allowed = f"p <= {self.claim.alpha:g}, sign {'+' if sign > 0 else '-'}"
        slack = self.claim.alpha - pvalue if same else -1.0
        bounds = (0.0, np.inf) if sign > 0 else (-np.inf, 0.0)
        self._judge("significant", verdict, difference, allowed, slack, p=pvalue, bounds=bounds)

    def no_difference(self, difference: Estimate, pvalue: float) -> None:
        """A test finds no difference, as the study reads it: p > alpha."""
        __tracebackhide__ = True
        if not np.isfinite(pvalue):
            self.not_testable(UNDEFINED)
        verdict: Verdict = "reproduced" if pvalue > self.claim.alpha else "not reproduced"
        allowed = f"p > {self.claim.alpha:g}"
        self._judge("no_difference", verdict, difference, allowed, pvalue - self.claim.alpha, p=pvalue)

    def equivalent(self, difference: Estimate) -> None:
        """Two one-sided tests at alpha find the difference inside the margin: its 90 % interval lies there."""
        __tracebackhide__ = True
        if np.isnan(difference.value):
            self.not_testable(UNDEFINED)
        margin, inner = self._need("margin"), difference.at(1 - 2 * self.claim.alpha)
        verdict: Verdict = "inconclusive"
        if -margin < inner.low and inner.high < margin:
            verdict = "reproduced"
        elif inner.low > margin or inner.high < -margin:
            verdict = "not reproduced"
        allowed = f"{100 - 200 * self.claim.alpha:g} % interval within +- {margin:g}"
        slack = margin - max(abs(inner.low), abs(inner.high))
        self._judge("equivalent", verdict, difference, allowed, slack, bounds=(-margin, margin))

    def not_testable(self, why: str) -> None:
        """The data or the runs are missing: record it and stop."""
        paper = self.claim.paper
        self.record.append(Case(self.claim, self.case, "not testable", paper=paper, note=why, runs=self.runs))
        raise NotTestable(why)

    def _need(self, what: str) -> float:
        value = getattr(self.claim, what)
        if np.isnan(value):
            raise BadInput(f"claim {self.claim.id!r} states no {what} in expected/.")
        return value

    def _judge(
        self,
        check: str,
        verdict: Verdict,
        seen: Estimate,
        allowed: str,
        slack: float,
        paper: str = "",
        p: float = np.nan,
        bounds: tuple[float, float] = (np.nan, np.nan),
    ) -> None:
        __tracebackhide__ = True  # the message says it all, and this code nothing
        if not np.isfinite([seen.value, seen.low, seen.high]).all():
            self.not_testable(UNDEFINED)
        notes = [] if np.isnan(p) else [f"p = {p:.2g}"]
        if seen.degenerate and seen.replicates is not None:
            notes.append(f"{seen.degenerate} of {seen.replicates.size} replicates are undefined and left out")
        known = next((d for d in self.deviations if d.covers(self.claim.id, self.case, self.runs)), None)
        case = Case(
            self.claim,
            self.case,
            verdict,
            seen.value,
            seen.low,
            seen.high,
            paper or self.claim.paper,
            allowed,
            float(slack),
            "; ".join(notes),
            bounds,
            check,
            float(p),
            self.runs,
            known.reason if known and verdict != "reproduced" else "",
            seen,
        )
        if self.simulated:
            case = replace(case, verdict="not testable", note="simulated people: no claim of the paper is checked")
        self.record.append(case)
        if self.simulated:
            raise NotTestable(case.note)
        if self.elsewhere and verdict != "reproduced":
            raise Finding(str(case))
        if not self.enforce and known and verdict != "reproduced":
            raise KnownDeviation(f"{case}\n  known without the machines added: {known.reason}")
        if verdict == "reproduced" and known and self.enforce:
            raise ClaimFailed(
                f"{case}\n  listed in expected/deviations.toml, but it reproduces now: take the entry out"
            )
        if verdict == "reproduced":
            return
        if known and known.verdict != verdict:
            raise ClaimFailed(f"{case}\n  listed in expected/deviations.toml as {known.verdict!r}: correct the entry")
        if known:
            raise KnownDeviation(f"{case}\n  known: {known.reason}")
        raise ClaimFailed(str(case))


def _shifted(estimate: Estimate, by: float) -> Estimate:
    replicates = None if estimate.replicates is None else estimate.replicates - by
    return Estimate(estimate.value - by, estimate.low - by, estimate.high - by, replicates)


def read_claims(folder: Path) -> dict[str, Claim]:
    """Every claim of a folder of TOML files, by id.

    Raises
    ------
    BadInput
        A table that lacks a field or has an unknown one, or an id that occurs twice; it names the file.
    """
    claims: dict[str, Claim] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name in ("deviations.toml", "gate.toml"):  # neither holds claims
            continue
        tables = _toml(path)
        for name, table in tables.items():
            if name in claims:
                raise BadInput(f"{path}: the claim {name!r} exists already in another file.")
            try:
                table = {"number": "", "reading": "own"} | table
                source = table.pop("values_from", None)  # another claim of the same file
                if source:
                    table["values"] = tables[source]["values"]
                claims[name] = Claim(id=name, topic=path.stem, **table)
            except KeyError:
                raise BadInput(f"{path}: claim {name!r}: no table {source!r} with values in this file.") from None
            except TypeError as error:
                raise BadInput(f"{path}: claim {name!r}: {error}.") from None
            for what, value in table.items():
                kind, fits = KINDS.get(what, ("text", _is_text))
                if not fits(value):
                    raise BadInput(f"{path}: claim {name!r}: {what} must be {kind}.")
            if claims[name].reading not in READINGS:
                raise BadInput(f"{path}: claim {name!r}: reading must be one of {READINGS}.")
    return claims


def read_deviations(folder: Path, claims: Mapping[str, Claim]) -> list[Deviation]:
    """The known deviations of ``deviations.toml``, an array of tables for each claim.

    Raises
    ------
    BadInput
        An entry that lacks a field, has an unknown one or a wrong value, or that names no claim.
    """
    path = folder / "deviations.toml"
    if not path.exists():
        return []
    deviations = []
    for claim, entries in _toml(path).items():
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise BadInput(f"{path}: deviation {claim!r}: write it as tables, each under [[{claim}]].")
        for entry in entries:
            try:
                deviations.append(Deviation(claim=claim, **entry))
            except TypeError as error:
                raise BadInput(f"{path}: deviation {claim!r}: {error}.") from None
            if deviations[-1].verdict not in ("not reproduced", "inconclusive"):
                raise BadInput(f"{path}: deviation {claim!r}: verdict must be 'not reproduced' or 'inconclusive'.")
            cases, texts = deviations[-1].cases, [value for what, value in entry.items() if what != "cases"]
            if not isinstance(cases, list) or not all(map(_is_text, cases)):
                raise BadInput(f'{path}: deviation {claim!r}: cases must be a list of names, or ["*"] for all.')
            if not all(map(_is_text, texts)):
                raise BadInput(f"{path}: deviation {claim!r}: all but its cases must be text.")
        if claim not in claims:
            raise BadInput(f"{path}: there is no claim {claim!r}.")
    return deviations


def unmatched(deviations: Iterable[Deviation], record: Iterable[Case], full: bool = False) -> list[str]:
    """Deviations whose claim was checked without any case that they name.

    Where every claim was asked for (``full``), one whose claim was not checked at all is among them.
    """
    seen: dict[tuple[str, str], set[str]] = {}
    for case in record:
        seen.setdefault((case.claim.id, case.runs), set()).add(case.name)
    checked, lines = {claim for claim, _ in seen}, []
    for d in deviations:
        if (d.claim, d.runs) in seen:
            missing = [name for name in d.cases if name != "*" and name not in seen[d.claim, d.runs]]
            lines += [f"{d.claim}: no case {name!r} in this run" for name in missing]
        elif d.claim in checked:
            lines.append(f"{d.claim}: no test checks it on the runs {d.runs!r}")
        elif full:
            lines.append(f"{d.claim}: no test checks it in this run")
    return lines


def headline(cases: Sequence[Case]) -> Case:
    """The worst of a claim's cases: by verdict, then by how little room was left."""
    return min(cases, key=lambda case: (SEVERITY.index(case.verdict), np.nan_to_num(case.slack, nan=np.inf)))


def interval_text(case: Case) -> str:
    """Number and interval, with the digits that the interval's width makes meaningful."""
    width = case.high - case.low
    digits = 4 if width <= 0 else int(np.clip(np.ceil(-np.log10(width)) + 1, 0, 4))
    if width <= 0:
        return f"{case.measured:.{digits}f}"
    return f"{case.measured:.{digits}f} [{case.low:.{digits}f}, {case.high:.{digits}f}]"


def _toml(path: Path) -> dict[str, Any]:
    try:
        return parse.toml(path)
    except BadInput as error:
        raise BadInput(f"{path}: {error}.") from None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _are_numbers(value: object) -> bool:
    return isinstance(value, Mapping) and all(map(parse.is_number, value.values()))


KINDS: Mapping[str, tuple[str, Callable[[object], bool]]] = {  # what a claim's fields must be, where not text
    **dict.fromkeys(("tolerance", "margin", "alpha"), ("a number", parse.is_number)),
    "values": ("a table of numbers", _are_numbers),
    "slow": ("true or false", _is_flag),
}
