"""Holm over the claims that p-values decide: what a claim's p is, and which verdicts would not last."""

from contextlib import suppress

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from same_eyes.claims import Check, Claim, ClaimFailed, Estimate, NotTestable
from same_eyes.family import claim_pvalues, holm_pvalues, line, overturned


def record_of(**claims):
    """A session's record: for each claim, (check, p, difference) a case."""
    record = []
    for name, cases in claims.items():
        claim = Claim(name, "1", "strict", f"{name} is so.", "Table 9", "it was said", margin=0.0)
        for number, (check, p, difference) in enumerate(cases):
            judge = getattr(Check(claim, f"case {number}", record), check)
            with suppress(ClaimFailed, NotTestable):
                judge(Estimate.exact(difference), p)
    return record


def test_a_claim_is_as_sure_as_its_least_sure_case():
    record = record_of(a=[("significant", 0.01, 1.0), ("significant", 0.03, 1.0)], b=[("significant", 0.002, 1.0)])
    assert claim_pvalues(record) == {"a": 0.03, "b": 0.002}


def test_the_wrong_sign_is_no_evidence():
    assert claim_pvalues(record_of(a=[("significant", 0.001, -1.0)])) == {"a": 1.0}
    assert claim_pvalues(record_of(a=[("significant", 0.3, -1.0)])) == {"a": 0.3}


def test_no_difference_is_one_of_the_family_but_not_a_part_of_what_must_be_significant():
    record = record_of(
        mixed=[("significant", 0.01, 1.0), ("no_difference", 0.9, 1.0)], none=[("no_difference", 0.04, 1.0)]
    )
    assert claim_pvalues(record) == {"mixed": 0.01, "none": 0.04}
    assert holm_pvalues(record) == {"mixed": 0.02, "none": 0.04}
    two = record_of(none=[("no_difference", 0.03, 1.0), ("no_difference", 0.5, 1.0)])
    assert claim_pvalues(two) == {"none": 0.06}


def test_what_reads_no_p_or_was_not_tested_is_not_of_the_family():
    record = record_of(a=[("significant", np.nan, 1.0)], b=[("greater", 0.5, 1.0)], c=[("significant", 0.04, 1.0)])
    assert [case.verdict for case in record] == ["not testable", "reproduced", "reproduced"]
    assert holm_pvalues(record) == {"c": 0.04}
    assert line([]) == ""


def test_the_adjustment_is_statsmodels():
    rng = np.random.default_rng(0)
    found = {f"claim {j}": [("significant", p, 1.0)] for j, p in enumerate(rng.random(30) ** 4)}
    record = record_of(**found)
    raw = [cases[0][1] for cases in found.values()]
    assert list(holm_pvalues(record).values()) == pytest.approx(multipletests(raw, method="holm")[1])


def test_a_verdict_is_overturned_where_only_the_adjusted_p_is_above_alpha():
    record = record_of(
        sure=[("significant", 0.001, 1.0)],
        shaky=[("significant", 0.03, 1.0)],
        same=[("no_difference", 0.06, 1.0)],
        lost=[("significant", 0.2, 1.0)],
    )
    assert overturned(record) == ["shaky"]
    assert line(record) == "Holm over the 4 claims that p-values decide: 1 of the 3 reproduced would not be (shaky)"
    assert line(record[:1]) == "Holm over the 1 claims that p-values decide: 0 of the 1 reproduced would not be"


def test_holm_never_helps_a_claim_of_no_difference():
    record = record_of(
        same=[("no_difference", 0.03, 1.0)], a=[("significant", 0.001, 1.0)], b=[("significant", 0.2, 1.0)]
    )
    assert holm_pvalues(record)["same"] > 0.05
    assert [case.verdict for case in record] == ["not reproduced", "reproduced", "not reproduced"]
    assert overturned(record) == []
