"""Holm over the family: the claims that p-values decide are many tests of one study.

A claim that asks several cases to be significant is refuted by any one of them, so its p-value is the largest of theirs
(an intersection-union test, which needs no adjustment of its own); a case of the wrong sign counts as p = 1. Holm's
adjustment is then made over the claims.

A claim of "no difference" is one of the family's tests too, so that the others pay for it. But Holm only raises p, and
a raised p makes "no difference" easier to claim: its adjusted p is shown and never turns its verdict.

Berger, Technometrics 24, 1982 (intersection-union tests); Holm, Scandinavian Journal of Statistics 6, 1979.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from same_eyes.metrics.paired_tests import holm

from .claims import Case


def claim_pvalues(record: Sequence[Case]) -> dict[str, float]:
    """One p-value a claim that p-values decide, by the claim's id."""
    by_claim: dict[str, list[Case]] = {}
    for case in record:
        if np.isfinite(case.p) and case.verdict != "not testable":
            by_claim.setdefault(case.claim.id, []).append(case)
    return {name: _pvalue(cases) for name, cases in by_claim.items()}


def holm_pvalues(record: Sequence[Case]) -> dict[str, float]:
    """The same, adjusted over all claims of the record."""
    raw = claim_pvalues(record)
    return dict(zip(raw, holm(list(raw.values())).tolist(), strict=True))


def overturned(record: Sequence[Case]) -> list[str]:
    """Claims that reproduce by their own p-values and would not by the adjusted ones."""
    adjusted, failed = holm_pvalues(record), {case.claim.id for case in record if case.verdict != "reproduced"}
    asked = {case.claim.id: case.claim.alpha for case in record if case.check == "significant"}
    return [name for name, p in adjusted.items() if name in asked and name not in failed and p > asked[name]]


def line(record: Sequence[Case]) -> str:
    """What Holm would change, as a line below the closing table; empty where no p-value decides a claim."""
    found, lost = claim_pvalues(record), overturned(record)
    if not found:
        return ""
    failed = {case.claim.id for case in record if case.verdict != "reproduced"}
    named = f" ({', '.join(lost)})" if lost else ""
    return (
        f"Holm over the {len(found)} claims that p-values decide: {len(lost)} of the {len(found.keys() - failed)} "
        f"reproduced would not be{named}"
    )


def _pvalue(cases: Sequence[Case]) -> float:
    asked = [case for case in cases if case.check == "significant"]
    if asked:
        return max(1.0 if case.p <= case.claim.alpha and case.verdict != "reproduced" else case.p for case in asked)
    return float(holm([case.p for case in cases]).min())
