"""How much hangs on what the study leaves open: the claims' own tests, under other choices.

A choice is varied, every claim that may hang on it is tested again, and those of which a number moved are shown: by
the worst of the cases that moved. A claim *stands* where its verdict over all its cases is what it is otherwise.

The last two variations are of the statistics: two slopes compared by one regression over the levels, and bootstrap
intervals that are bias-corrected and accelerated, for the worst case of every claim that a percentile interval decides.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from same_eyes.metrics.bootstrap import bca_interval, leave_out_counts, percentile_interval

from ..claims import Case, Check, Claim, ClaimFailed, NotTestable, Verdict, headline, read_claims
from ..places import leaf
from ..types import NotKnown
from .core import Measured, kept
from .difficulty import curves, slope_test

Ground = Mapping[str, Measured]  # what claims' tests are given, by the fixture's name

AS_IT_IS = "as it is"
TEST_1, LEVELS, MATCHING = range(6, 14), range(15, 25), range(26, 28)  # numbers of the claims that hang on them
MAJORITY = (5, 29, 32, 36, 38, 39, 42, 43)
SLOPES = {
    "confidence-guides-machines-more-strict": "confidence",
    "agreement-guides-machines-more-strict": "leave-one-out agreement",
}
RESAMPLES_MORE = ("machines-order-strict",)  # machines too, which a jackknife of the images does not see
HEADER = ["#", "claim", "varied", "case", "here [95 %]", "p", "verdict", "stands"]


class Row(NamedTuple):
    """A claim under one variation: the worst case of those that moved, and the verdict over all."""

    number: str
    claim: str
    varied: str
    case: str
    value: float
    low: float
    high: float
    p: float
    verdict: Verdict
    stands: bool


def rows(
    measured: Measured, also: Ground | None = None, *, among: Collection[str] | None = None, progress: bool = False
) -> list[Row]:
    """Every claim that moves under a variation, as it is and varied, in the order of the study's sentences.

    Parameters
    ----------
    measured : Measured
        The study's people and machines.
    also : mapping of str to Measured, optional
        Other ground that claims stand on, by the name of the fixture: "measured_official", "measured_whole",
        "measured_labels", "measured_backbones". Claims whose ground is missing are left out.
    among : collection of str, optional
        Ids of the claims to vary, for all.
    progress : bool
        Whether to show a bar.
    """
    ground: Ground = {"measured": measured, **(also or {})}
    found: list[Row] = []
    asked = [name for name in _claims() if among is None or name in among]
    for name in tqdm(asked, "claims, varied", disable=not progress):
        before = _cases(name, ground)
        if not before:
            continue
        varied = [row for vary in (_choices, _slopes, _bca) for row in vary(name, ground, before)]
        if varied:
            found += [_row(AS_IT_IS, headline(before), before, before), *varied]
    return sorted(found, key=lambda row: (_place(row.number), row.claim))


def _place(number: str) -> float:
    """A claim's place among the study's sentences; others come last."""
    return float(number) if number.isdigit() else np.inf


def summary(found: Sequence[Row]) -> str:
    """How many variations end a claim otherwise."""
    varied = [row for row in found if row.varied != AS_IT_IS]
    return f"{sum(not row.stands for row in varied)} of {len(varied)} variations end a claim otherwise."


def csv(found: Sequence[Row | Mapping[str, Any]]) -> str:
    """The rows as comma-separated values."""
    return pd.DataFrame(found, columns=list(Row._fields)).to_csv(index=False, float_format="%.6g")


def table(found: Sequence[Row]) -> list[list[str]]:
    """The rows as text, under ``HEADER``."""
    return [
        [
            row.number,
            row.claim,
            row.varied,
            row.case,
            f"{row.value:.4f}" + (f" [{row.low:.4f}, {row.high:.4f}]" if row.low < row.high else ""),
            "" if np.isnan(row.p) else f"{row.p:.2g}",
            row.verdict,
            "" if row.varied == AS_IT_IS else ("yes" if row.stands else "NO"),
        ]
        for row in found
    ]


# --- The claims' own tests --------------------------------------------------------------------------------


@cache
def _claims() -> Mapping[str, Claim]:
    """The study's claims; those beyond it leave nothing open."""
    claims = read_claims(leaf("expected"))
    return {name: claim for name, claim in claims.items() if not claim.topic.startswith("beyond")}


def _cases(claim: str, ground: Ground) -> list[Case]:
    """What a claim's own test finds there; nothing where its ground is missing, or it is not testable."""
    from ..testing.worlds import World, claim_tests, run_claim

    if not claim_tests(claim):
        return []
    (test,) = claim_tests(claim)
    needed = {name for name in inspect.signature(test).parameters if name.startswith("measured")}
    if not needed <= set(ground) or any(not ground[name].machines for name in needed - {"measured_whole"}):
        return []
    fixtures = {name: partial(_itself, measured) for name, measured in ground.items()}
    try:
        cases = run_claim(claim, World(lambda: ground["measured"].study, also=fixtures))
    except NotKnown:  # it is about a machine that is not there
        return []
    return [case for case in cases if case.verdict != "not testable"]


def _itself(measured: Measured) -> Measured:
    return measured


def _row(varied: str, shown: Case, after: Sequence[Case], before: Sequence[Case]) -> Row:
    claim, verdict = shown.claim, headline(after).verdict
    seen = (shown.name, shown.measured, shown.low, shown.high, shown.p)
    return Row(claim.number, claim.id, varied, *seen, verdict, verdict == headline(before).verdict)


# --- Other choices ----------------------------------------------------------------------------------------


def _choosing(measured: Measured, **choices: Any) -> Measured:
    return replace(measured, resample=_same_samples(measured), choices=replace(measured.choices, **choices))


def _own_majority(measured: Measured) -> Measured:
    """The majority of the people at hand, ties broken at random, instead of the released aggregate."""
    study = measured.study
    majority = None if study.aggregate is None else study.people.majority(measured.seed)
    return replace(measured, resample=_same_samples(measured), study=replace(study, aggregate=majority))


def _same_samples(measured: Measured) -> Callable[..., NDArray[np.uint8]]:
    """Draws what has been drawn: the variations are compared on the same samples, which are held once."""

    def again(n: int, replicates: int, seed: int, groups: NDArray[np.int64] | None = None) -> NDArray[np.uint8]:
        return measured.weights if groups is None else measured.drawn_together(groups)

    return again


VARIATIONS: dict[str, tuple[Sequence[int], Callable[[Measured], Measured]]] = {
    "samples on which the first is wrong": (TEST_1, partial(_choosing, reading="first")),
    "samples on which either is wrong": (TEST_1, partial(_choosing, reading="either")),
    "paired t-test": (TEST_1, partial(_choosing, paired=True)),
    "5 levels": (LEVELS, partial(_choosing, levels=5)),
    "15 levels": (LEVELS, partial(_choosing, levels=15)),
    "20 levels": (LEVELS, partial(_choosing, levels=20)),
    "balanced on the row's answers": (MATCHING, partial(_choosing, balance="row")),
    "balanced on both's answers": (MATCHING, partial(_choosing, balance="pooled")),
    "one random draw, by its value alone": (MATCHING, partial(_choosing, balance="draw")),
    "own majority, ties at random": (MAJORITY, _own_majority),
}


@kept
def _varied(measured: Measured, variation: str) -> Measured:
    return VARIATIONS[variation][1](measured)


def _choices(claim: str, ground: Ground, before: Sequence[Case]) -> Iterator[Row]:
    for variation, (numbers, _) in VARIATIONS.items():
        if _place(_claims()[claim].number) in numbers:
            after = _cases(claim, {name: _varied(measured, variation) for name, measured in ground.items()})
            moved = [case for case in after if _numbers(case) not in map(_numbers, before)]
            if moved:
                yield _row(variation, headline(moved), after, before)


def _numbers(case: Case) -> tuple[str, ...]:
    return (case.name, *(f"{number:.9g}" for number in (case.measured, case.low, case.high, case.p)))


def _slopes(claim: str, ground: Ground, before: Sequence[Case]) -> Iterator[Row]:
    if claim in SLOPES:
        tested, p = slope_test(curves(ground["measured"], SLOPES[claim]))  # type: ignore[arg-type]
        judge = Check(_claims()[claim])
        with suppress(ClaimFailed, NotTestable):
            judge.greater(tested)
        (case,) = judge.record
        if case.verdict != "not testable":
            yield _row("one regression over 10 levels", replace(case, p=p), [case], before)


# --- Other intervals --------------------------------------------------------------------------------------


def leave_out_tens(
    n: int, replicates: int = 0, seed: int = 0, groups: NDArray[np.int64] | None = None
) -> NDArray[np.uint8]:
    """The jackknife by groups; of ten images in a row, CIFAR-10N's batches, where none are given."""
    return leave_out_counts(n, groups=np.arange(n) // 10 if groups is None else groups)


@kept
def _jackknifed(measured: Measured) -> Measured:
    return replace(measured, resample=leave_out_tens)


def _bca(claim: str, ground: Ground, before: Sequence[Case]) -> Iterator[Row]:
    worst = headline(before)
    several = any(len(measured.trainings) > 1 for measured in ground.values())  # of which none can be left out
    if several or claim in RESAMPLES_MORE or not _by_percentiles(worst):
        return
    after = _cases(claim, {name: _jackknifed(measured) for name, measured in ground.items()})
    (jackknife,) = (case for case in after if case.name == worst.name)
    case = _with_bca(worst, jackknife)
    yield _row("BCa interval", case, [case], before)


def _by_percentiles(case: Case) -> bool:
    """Whether the case's interval is that of its replicates (not Wilson's, a t-test's, or a wider one)."""
    if case.check not in ("greater", "close", "equivalent") or case.seen is None or case.seen.replicates is None:
        return False
    return np.allclose(percentile_interval(case.seen.replicates), (case.low, case.high), rtol=0, atol=1e-12)


def _with_bca(case: Case, jackknife: Case) -> Case:
    """The case with the other interval, judged by the same rule."""

    def interval(level: float) -> tuple[float, float]:
        seen: Any = (case.seen, jackknife.seen)
        low, high = bca_interval(seen[0].value, seen[0].replicates, seen[1].replicates, level)
        return float(low), float(high)

    low, high = interval(1 - 2 * case.claim.alpha if case.check == "equivalent" else 0.95)
    least, most = case.bounds
    verdict: Verdict = "inconclusive"
    if least < low and high < most:
        verdict = "reproduced"
    elif low > most or high < least:
        verdict = "not reproduced"
    low, high = interval(0.95)
    return replace(case, verdict=verdict, low=low, high=high)
