"""The rule: each check's verdict inside, at and outside what is allowed; what deviations and wrong tables do."""

import contextlib
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from same_eyes.claims import (
    SEVERITY,
    UNDEFINED,
    Case,
    Check,
    Claim,
    ClaimFailed,
    Deviation,
    Estimate,
    Finding,
    KnownDeviation,
    NotTestable,
    headline,
    interval_text,
    read_claims,
    read_deviations,
    unmatched,
)
from same_eyes.places import leaf
from same_eyes.types import BadInput

STEP = 1e-9  # just inside, just outside


def a_claim(**facts):
    facts = {"margin": 0.1, "tolerance": 0.02, "values": {"CE": 0.85}} | facts
    return Claim("it", "1", "strict", "It is so.", "Table 9", "someone said so", **facts)


def verdict(check, *arguments, claim=None, case="CE", **more):
    """The verdict that a check records, and that it raises exactly where it should."""
    ours = Check(claim or a_claim(), case)
    try:
        getattr(ours, check)(*arguments, **more)
    except ClaimFailed:
        assert ours.record[-1].verdict != "reproduced"
    except NotTestable:
        assert ours.record[-1].verdict == "not testable"
    else:
        assert ours.record[-1].verdict == "reproduced"
    assert len(ours.record) == 1
    return ours.record[0].verdict


def around(low, high):
    """An estimate whose percentile interval, at any level, is (low, high)."""
    return Estimate((low + high) / 2, low, high, np.repeat([low, high], 50))


# --- Each check


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.1 + STEP, 0.3, "reproduced"),
        (0.1, 0.3, "inconclusive"),
        (0.1 - STEP, 0.3, "inconclusive"),
        (0.0, 0.1, "inconclusive"),
        (0.0, 0.1 - STEP, "not reproduced"),
    ],
)
def test_greater_by_more_than_the_margin(low, high, expected):
    assert verdict("greater", Estimate(0.2, low, high)) == expected


@pytest.mark.parametrize(
    ("margin", "expected"),
    [(0.125, "reproduced"), (0.25, "inconclusive"), (0.75, "inconclusive"), (0.875, "not reproduced")],
)
def test_greater_than_a_number(margin, expected):
    assert verdict("greater", Estimate(1.5, 1.25, 1.75), 1.0, claim=a_claim(margin=margin)) == expected


def test_a_number_is_measured_from_the_one_it_is_held_against():
    ours = Check(a_claim(), "CE")
    ours.greater(Estimate(1.5, 1.25, 1.75), 1.0)
    assert (ours.record[0].measured, ours.record[0].low, ours.record[0].high) == (0.5, 0.25, 0.75)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.83, 0.87, "reproduced"),
        (0.83 - STEP, 0.86, "inconclusive"),
        (0.84, 0.87 + STEP, "inconclusive"),
        (0.80, 0.83, "inconclusive"),
        (0.80, 0.83 - STEP, "not reproduced"),
        (0.87 + STEP, 0.9, "not reproduced"),
        (0.5, 1.0, "inconclusive"),
    ],
)
def test_close_within_the_tolerance(low, high, expected):
    assert verdict("close", Estimate(0.85, low, high)) == expected
    assert verdict("close", Estimate(0.85, low, high), 0.85, claim=a_claim(values={}), case="") == expected


@pytest.mark.parametrize(
    ("pvalue", "value", "sign", "expected"),
    [
        (0.05, 0.3, 1, "reproduced"),
        (0.05 + STEP, 0.3, 1, "not reproduced"),
        (0.0, -0.3, 1, "not reproduced"),
        (0.0, -0.3, -1, "reproduced"),
        (0.0, 0.0, 1, "not reproduced"),
        (np.nan, 0.3, 1, "not testable"),
    ],
)
def test_significant_with_the_sign(pvalue, value, sign, expected):
    assert verdict("significant", Estimate.exact(value), pvalue, sign=sign) == expected


@pytest.mark.parametrize(
    ("pvalue", "expected"), [(0.05 + STEP, "reproduced"), (0.05, "not reproduced"), (np.nan, "not testable")]
)
def test_no_difference_is_a_large_p(pvalue, expected):
    assert verdict("no_difference", Estimate.exact(0.1), pvalue) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-0.1 + STEP, 0.1 - STEP, "reproduced"),
        (-0.1, 0.05, "inconclusive"),
        (-0.05, 0.1, "inconclusive"),
        (0.1, 0.2, "inconclusive"),
        (-0.2, -0.1, "inconclusive"),
        (0.1 + STEP, 0.2, "not reproduced"),
        (-0.2, -0.1 - STEP, "not reproduced"),
        (-0.3, 0.3, "inconclusive"),
    ],
)
def test_equivalent_within_the_margin(low, high, expected):
    assert verdict("equivalent", around(low, high)) == expected


def test_equivalence_is_two_tests_at_alpha_each():
    replicates = np.linspace(-0.1045, 0.1045, 2001)  # 90 % of them within +- 0.094, 95 % within +- 0.0993
    claim = a_claim(margin=0.095)
    assert verdict("equivalent", Estimate.from_replicates(0.0, replicates), claim=claim) == "reproduced"
    tight = a_claim(margin=0.09)
    assert verdict("equivalent", Estimate.from_replicates(0.0, replicates), claim=tight) == "inconclusive"
    narrow = a_claim(margin=0.095, alpha=0.01)
    assert verdict("equivalent", Estimate.from_replicates(0.0, replicates), claim=narrow) == "inconclusive"


@pytest.mark.parametrize(
    ("check", "arguments", "allowed", "bounds", "slack", "paper"),
    [
        ("greater", (Estimate(0.3, 0.25, 0.4),), "difference > 0.1", (0.1, np.inf), 0.15, "printed"),
        ("greater", (Estimate(1.3, 1.25, 1.4), 1.0), "difference > 0.1", (0.1, np.inf), 0.15, "printed"),
        ("close", (Estimate(0.85, 0.84, 0.86),), "0.85 +- 0.02", (0.83, 0.87), 0.01, "0.85"),
        ("close", (Estimate(0.85, 0.835, 0.86),), "0.85 +- 0.02", (0.83, 0.87), 0.005, "0.85"),
        ("close", (Estimate(0.85, 0.84, 0.865),), "0.85 +- 0.02", (0.83, 0.87), 0.005, "0.85"),
        ("close", (Estimate(0.5, 0.4, 0.6), 0.75), "0.75 +- 0.02", (0.73, 0.77), -0.33, "0.75"),
        ("significant", (Estimate.exact(1), 0.01), "p <= 0.05, sign +", (0, np.inf), 0.04, "printed"),
        ("significant", (Estimate.exact(1), 0.01, -1), "p <= 0.05, sign -", (-np.inf, 0), -1, "printed"),
        ("no_difference", (Estimate.exact(1), 0.5), "p > 0.05", (np.nan, np.nan), 0.45, "printed"),
        ("equivalent", (around(-0.02, 0.06),), "90 % interval within +- 0.1", (-0.1, 0.1), 0.04, "printed"),
        ("equivalent", (around(-0.07, 0.06),), "90 % interval within +- 0.1", (-0.1, 0.1), 0.03, "printed"),
    ],
)
def test_a_case_says_what_was_allowed_and_how_much_room_was_left(check, arguments, allowed, bounds, slack, paper):
    ours = Check(a_claim(paper="printed"), "CE")
    with contextlib.suppress(ClaimFailed):
        getattr(ours, check)(*arguments)
    (case,) = ours.record
    assert (case.check, case.name, case.allowed, case.paper) == (check, "CE", allowed, paper)
    assert (case.measured, case.low, case.high) == (case.seen.value, case.seen.low, case.seen.high)
    assert case.bounds == pytest.approx(bounds, nan_ok=True)
    assert case.slack == pytest.approx(slack)


@pytest.mark.parametrize("check", ["significant", "no_difference"])
@pytest.mark.parametrize("pvalue", [np.nan, np.inf])
def test_without_a_p_value_nothing_can_be_tested(check, pvalue):
    ours = Check(a_claim(paper="printed"), "CE", runs="labels")
    with pytest.raises(NotTestable, match=f"^{re.escape(UNDEFINED)}$"):
        getattr(ours, check)(Estimate.exact(1), pvalue)
    (case,) = ours.record
    assert (case.claim, case.paper, case.note, case.runs) == (ours.claim, "printed", UNDEFINED, "labels")


intervals = st.tuples(st.floats(-1, 1), st.floats(0, 0.5)).map(lambda t: Estimate(t[0], t[0] - t[1], t[0] + t[1]))


@given(intervals, st.floats(-0.5, 0.5))
def test_a_higher_margin_never_helps(estimate, margin):
    order = ["not reproduced", "inconclusive", "reproduced"]
    low = order.index(verdict("greater", estimate, claim=a_claim(margin=margin)))
    high = order.index(verdict("greater", estimate, claim=a_claim(margin=margin + 0.1)))
    assert high <= low


@given(intervals, st.floats(0, 0.5), st.floats(-1, 1))
def test_a_wider_tolerance_never_hurts(estimate, tolerance, to):
    order = ["not reproduced", "inconclusive", "reproduced"]
    found = [
        order.index(verdict("close", estimate, to, claim=a_claim(tolerance=wide)))
        for wide in (tolerance, tolerance + 0.1)
    ]
    assert found == sorted(found) or found == [1, 1]


@given(intervals, st.floats(0.01, 0.5))
def test_what_is_close_is_no_further_off_than_allowed(estimate, tolerance):
    found = verdict("close", estimate, 0.0, claim=a_claim(tolerance=tolerance))
    assert abs(estimate.value) <= tolerance or found != "reproduced"


@pytest.mark.parametrize("check", ["greater", "close", "significant", "no_difference", "equivalent"])
@pytest.mark.parametrize("hole", ["value", "low", "high", "replicates"])
def test_what_is_undefined_is_not_testable(check, hole):
    facts = {"value": 0.5, "low": 0.4, "high": 0.6, "replicates": np.array([0.4, 0.6])}
    if hole == "replicates":
        estimate = Estimate.from_replicates(0.5, [np.nan, np.nan])
    else:
        estimate = Estimate(**(facts | {hole: np.nan}))
    more = (0.01,) if check in ("significant", "no_difference") else ()
    ours = Check(a_claim(), "CE")
    with pytest.raises(NotTestable, match="undefined on these images"):
        getattr(ours, check)(estimate, *more)
    assert [(case.verdict, case.name) for case in ours.record] == [("not testable", "CE")]
    assert np.isnan(ours.record[0].measured)


def test_a_difference_without_replicates_of_its_own_is_undefined():
    difference = Estimate.exact(np.nan) - Estimate.exact(0.5)
    assert difference.replicates is None
    with pytest.raises(NotTestable, match="undefined on these images"):
        Check(a_claim(), "CE").equivalent(difference)


@pytest.mark.parametrize(("check", "what"), [("greater", "margin"), ("close", "tolerance"), ("equivalent", "margin")])
def test_a_check_needs_its_number(check, what):
    with pytest.raises(BadInput, match=f"claim 'it' states no {what}"):
        getattr(Check(a_claim(**{what: np.nan}), "CE"), check)(around(0, 1))


def test_close_needs_a_value_for_its_case():
    with pytest.raises(BadInput, match="claim 'it' has no value for the case 'GCE'"):
        Check(a_claim(), "GCE").close(Estimate.exact(0.85))


def test_a_failure_says_the_sentence_the_number_and_what_was_allowed():
    ours = Check(a_claim(), "CE")
    with pytest.raises(ClaimFailed) as failure:
        ours.close(Estimate(0.5, 0.49, 0.51))
    said = str(failure.value)
    assert "NOT REPRODUCED (strict): It is so. [Table 9; CE]" in said
    assert "paper:   0.85" in said
    assert "here:    0.500 [0.490, 0.510]" in said
    assert "allowed: 0.85 +- 0.02, because someone said so" in said


def test_a_case_without_name_paper_or_number_says_what_it_has():
    said = str(Case(a_claim(), "", "not testable", note="no runs"))
    assert "[Table 9]" in said
    assert "note:    no runs" in said
    assert "here" not in said
    assert "paper" not in said


# --- Estimates


def test_a_difference_is_taken_replicate_by_replicate():
    common = np.random.default_rng(0).normal(size=500)
    a, b = Estimate.from_replicates(1.0, common + 1), Estimate.from_replicates(0.0, common)
    assert ((a - b).value, (a - b).low, (a - b).high) == pytest.approx((1, 1, 1))
    assert verdict("greater", a, b) == "reproduced"


def test_a_difference_is_the_first_less_the_second():
    common = np.random.default_rng(0).normal(size=500)
    difference = Estimate.from_replicates(3.0, 3 + common) - Estimate.from_replicates(1.0, 1 - common)
    assert difference.value == 2
    assert (difference.replicates == (3 + common) - (1 - common)).all()
    assert difference.low < 2 < difference.high


@pytest.mark.parametrize(("value", "other"), [(np.nan, 1.0), (1.0, np.nan), (np.inf, np.inf)])
def test_a_difference_of_what_is_undefined_is_undefined(value, other):
    difference = Estimate.exact(value) - Estimate.exact(other)
    assert np.isnan([difference.value, difference.low, difference.high]).all()
    assert difference.replicates is None


def test_a_difference_needs_replicates():
    for one, other in ((Estimate.exact(1), around(0, 1)), (around(0, 1), Estimate.exact(1))):
        with pytest.raises(ValueError, match=r"^a difference needs the bootstrap replicates of both numbers"):
            one - other
    with pytest.raises(ValueError, match=r"^no replicates to take another interval from"):
        Estimate.exact(1).at(0.9)


def test_degenerate_replicates_are_left_out_and_counted():
    estimate = Estimate.from_replicates(0.5, [np.nan, np.inf, *np.linspace(0, 1, 101)])
    assert estimate.degenerate == 2
    assert Estimate.exact(0.5).degenerate == 0
    assert (estimate.low, estimate.high) == pytest.approx((0.025, 0.975))
    assert (estimate.at(0.9).low, estimate.at(0.9).high) == pytest.approx((0.05, 0.95))


def test_a_case_says_how_many_replicates_are_undefined():
    ours = Check(a_claim(), "CE")
    ours.greater(Estimate.from_replicates(0.5, [np.nan, np.nan, *np.linspace(0.3, 0.7, 98)]))
    ours.greater(around(0.2, 0.3))
    assert [case.note for case in ours.record] == ["2 of 100 replicates are undefined and left out", ""]


def test_a_number_held_against_another_is_seen_as_their_difference_with_its_replicates():
    ours = Check(a_claim(), "CE")
    whole = around(0.5, 0.6)
    ours.greater(whole, than=0.2)
    seen = ours.record[0].seen
    assert (seen.value, seen.low, seen.high) == pytest.approx((whole.value - 0.2, whole.low - 0.2, whole.high - 0.2))
    assert seen.replicates == pytest.approx(whole.replicates - 0.2)


def test_a_case_keeps_its_check_its_p_value_and_the_number_it_saw():
    ours, seen = Check(a_claim(), "CE", runs="labels"), around(0.2, 0.3)
    ours.greater(seen)
    ours.significant(seen, 0.01)
    assert [(case.check, case.p, case.note) for case in ours.record][1] == ("significant", 0.01, "p = 0.01")
    assert np.isnan(ours.record[0].p)
    assert {case.runs for case in ours.record} == {"labels"}
    for case in ours.record:
        np.testing.assert_array_equal(case.seen.replicates, seen.replicates)


def test_a_case_notes_its_p_value_before_what_is_undefined():
    ours, seen = Check(a_claim(), "CE"), Estimate.from_replicates(0.5, [np.nan, *np.linspace(0.3, 0.7, 99)])
    ours.no_difference(seen, 0.25)
    assert ours.record[0].note == "p = 0.25; 1 of 100 replicates are undefined and left out"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.8277, 0.8277, "0.8277"),
        (0.82, 0.84, "0.828 [0.820, 0.840]"),
        (0.5, 1.2, "0.83 [0.50, 1.20]"),
        (0.0, 200.0, "1 [0, 200]"),
        (0.82770, 0.82771, "0.8277 [0.8277, 0.8277]"),
    ],
)
def test_digits_follow_the_interval(low, high, text):
    assert interval_text(Case(a_claim(), "", "reproduced", 0.8277, low, high)) == text


# --- Simulated people


@given(intervals, st.sampled_from(["greater", "close"]))
def test_simulated_people_reproduce_nothing(estimate, check):
    ours = Check(a_claim(), "CE", simulated=True)
    with pytest.raises(NotTestable, match=r"^simulated people"):
        getattr(ours, check)(estimate)
    assert [case.verdict for case in ours.record] == ["not testable"]
    assert ours.record[0].measured == estimate.value


def test_on_other_images_what_does_not_hold_is_a_finding():
    ours = Check(a_claim(), "CE", elsewhere=True)
    with pytest.raises(Finding, match="NOT REPRODUCED"):
        ours.greater(Estimate.exact(0))
    ours.greater(Estimate.exact(1))
    assert [case.verdict for case in ours.record] == ["not reproduced", "reproduced"]


# --- Known deviations


def known(**facts):
    facts = {"claim": "it", "verdict": "not reproduced", "reason": "a smaller network", "cases": ["CE"]} | facts
    return Deviation(**({"study": "cifar10n", "recipe": "small", "runs": "main"} | facts))


def deviating(estimate, case="CE", **facts):
    Check(a_claim(), case, deviations=[known(**facts)]).greater(estimate)


@pytest.mark.parametrize("cases", [["CE"], ["GCE", "CE"], ["*"]])
def test_a_listed_deviation_is_known(cases):
    with pytest.raises(KnownDeviation, match="known: a smaller network"):
        deviating(Estimate.exact(0), cases=cases)


def test_a_case_says_why_it_is_known_to_deviate():
    ours = Check(a_claim(), "CE", deviations=[known()])
    with pytest.raises(KnownDeviation):
        ours.greater(Estimate.exact(0))
    assert ours.record[0].reason == "a smaller network"
    with pytest.raises(ClaimFailed):  # it reproduces, and so nothing deviates
        ours.greater(Estimate.exact(1))
    assert ours.record[1].reason == ""


@pytest.mark.parametrize(("bound", "checked"), [("labels", "main"), ("main", "labels"), ("labels", "backbones")])
def test_what_is_known_of_one_set_of_runs_excuses_nothing_of_another(bound, checked):
    with pytest.raises(ClaimFailed) as failure:
        Check(a_claim(), "CE", deviations=[known(runs=bound)], runs=checked).greater(Estimate.exact(0))
    assert "deviations.toml" not in str(failure.value)
    with pytest.raises(KnownDeviation):
        Check(a_claim(), "CE", deviations=[known(runs=bound)], runs=bound).greater(Estimate.exact(0))


def test_an_entry_for_a_set_of_runs_that_no_test_of_its_claim_uses_is_reported():
    record = [Case(a_claim(), "CE", "reproduced")]
    assert unmatched([known(runs="labels")], record) == ["it: no test checks it on the runs 'labels'"]
    assert unmatched([known(runs="labels")], [*record, Case(a_claim(), "CE", "reproduced", runs="labels")]) == []


def test_a_listed_deviation_that_reproduces_fails():
    with pytest.raises(ClaimFailed, match="reproduces now: take the entry out"):
        deviating(Estimate.exact(1))


def test_a_listed_deviation_of_another_verdict_fails():
    with pytest.raises(ClaimFailed, match=r"listed in expected/deviations.toml as 'inconclusive': correct the entry"):
        deviating(Estimate.exact(0), verdict="inconclusive")


@pytest.mark.parametrize("facts", [{"cases": ["GCE"]}, {"claim": "other"}])
def test_an_entry_for_something_else_excuses_nothing(facts):
    with pytest.raises(ClaimFailed) as failure:
        deviating(Estimate.exact(0), **facts)
    assert "deviations.toml" not in str(failure.value)


def test_an_entry_binds_for_the_runs_it_names():
    assert known().binds("cifar10n", "small", "main")
    for other in (("digits", "small", "main"), ("cifar10n", "full", "main"), ("cifar10n", "small", "own")):
        assert not known().binds(*other)


def test_entries_that_match_no_case_are_reported():
    record = [Case(a_claim(), "CE", "reproduced")]
    assert unmatched([known(cases=["CE"]), known(cases=["*"]), known(claim="not run")], record) == []
    assert unmatched([known(cases=["CE", "XY"])], record) == ["it: no case 'XY' in this run"]


@pytest.mark.parametrize("cases", [["CE"], ["*"]])
def test_where_every_claim_was_asked_for_an_entry_whose_claim_was_not_checked_is_reported(cases):
    record = [Case(a_claim(), "CE", "reproduced")]
    entries = [known(claim="not run", cases=cases), known(cases=["CE"]), known(cases=["*"])]
    assert unmatched(entries, record, full=True) == ["not run: no test checks it in this run"]
    assert unmatched([known(cases=["XY"])], record, full=True) == ["it: no case 'XY' in this run"]
    assert unmatched([], record, full=True) == []


# --- With a machine of one's own beside the study's, other numbers are to be expected


def beside_ours(estimate, case="CE", **facts):
    Check(a_claim(), case, deviations=[known(**facts)], enforce=False).greater(estimate)


def test_beside_a_machine_of_ones_own_a_listed_deviation_may_reproduce():
    ours = Check(a_claim(), "CE", deviations=[known()], enforce=False)
    ours.greater(Estimate.exact(1))
    assert [case.verdict for case in ours.record] == ["reproduced"]


@pytest.mark.parametrize("listed", ["not reproduced", "inconclusive"])
@pytest.mark.parametrize("estimate", [Estimate.exact(0), Estimate(0.1, 0.0, 0.2)])
def test_beside_a_machine_of_ones_own_a_listed_deviation_may_have_another_verdict(listed, estimate):
    with pytest.raises(KnownDeviation, match="known without the machines added: a smaller network"):
        beside_ours(estimate, verdict=listed)


@pytest.mark.parametrize("facts", [{"cases": ["GCE"]}, {"claim": "other"}])
def test_beside_a_machine_of_ones_own_what_is_not_listed_fails(facts):
    with pytest.raises(ClaimFailed, match="NOT REPRODUCED"):
        beside_ours(Estimate.exact(0), **facts)


def test_the_paper_prints_no_number_for_a_machine_of_ones_own():
    ours = Check(a_claim(), "Mine", enforce=False)
    with pytest.raises(NotTestable, match="the paper prints no number for this machine"):
        ours.close(Estimate.exact(0.85))
    assert [(case.name, case.verdict) for case in ours.record] == [("Mine", "not testable")]
    with pytest.raises(ClaimFailed):  # for its own machines it does
        Check(a_claim(), "CE", enforce=False).close(Estimate.exact(0.5))


# --- The worst case speaks for the claim


@given(st.lists(st.tuples(st.sampled_from(SEVERITY), st.floats(-1, 1) | st.just(np.nan)), min_size=1, max_size=6))
def test_the_headline_is_the_worst_case(found):
    cases = [Case(a_claim(), str(i), v, slack=slack) for i, (v, slack) in enumerate(found)]
    worst = headline(cases)
    assert all(SEVERITY.index(worst.verdict) <= SEVERITY.index(case.verdict) for case in cases)
    rivals = [case.slack for case in cases if case.verdict == worst.verdict and not np.isnan(case.slack)]
    assert not rivals or worst.slack == min(rivals)


# --- Tables


def tables(folder, text, name="a.toml"):
    (folder / name).write_text(text)
    return folder


GOOD = '[it]\nsays = "s"\nwhere = "w"\nwhy = "y"\n'


def test_our_own_tables_are_read():
    claims = read_claims(leaf("expected"))
    assert claims["machines-accuracy"].values["CE"] == 0.85
    assert claims["machines-order"].values == claims["machines-accuracy"].values
    assert all(claim.says and claim.where and claim.why for claim in claims.values())
    read_deviations(leaf("expected"), claims)


def test_what_a_table_leaves_out_has_a_default(tmp_path):
    claim = read_claims(tables(tmp_path, GOOD))["it"]
    assert (claim.id, claim.topic) == ("it", "a")
    assert (claim.number, claim.reading, claim.alpha) == ("", "own", 0.05)
    assert np.isnan(claim.margin)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[it", "not TOML"),
        ('[it]\nsays = "s"', "claim 'it': .*missing.*'where' and 'why'"),
        (GOOD + "tolerence = 1.0", "claim 'it': .*'tolerence'"),
        (GOOD + 'reading = "loose"', "claim 'it': reading must be one of"),
        (GOOD + 'margin = "0.1"', "claim 'it': margin must be a number"),
        (GOOD + 'values_from = "nobody"', "claim 'it': no table 'nobody' with values in this file"),
        (GOOD + 'values_from = "it"', "claim 'it': no table 'it' with values"),
        ("it = 3", "claim 'it': "),
        (GOOD.replace('"s"', "3", 1), "claim 'it': says must be text"),
        (GOOD + "margin = true", "claim 'it': margin must be a number"),
        (GOOD + "slow = 1", "claim 'it': slow must be true or false"),
        (GOOD + "margin = nan", "claim 'it': margin must be a number"),
        (GOOD + f"margin = {'9' * 400}", "claim 'it': margin must be a number"),
        (GOOD + "values = 3", "claim 'it': values must be a table of numbers"),
        (GOOD + 'values = {CE = "0.5"}', "claim 'it': values must be a table of numbers"),
    ],
)
def test_a_wrong_table_names_its_file(tmp_path, text, message):
    with pytest.raises(BadInput, match=f"a.toml: {message}"):
        read_claims(tables(tmp_path, text))


def test_bytes_that_are_no_text_name_their_file(tmp_path):
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match=r"a.toml: not TOML"):
        read_claims(tmp_path)


def test_an_id_is_used_once(tmp_path):
    tables(tmp_path, GOOD)
    with pytest.raises(BadInput, match=r"b.toml: the claim 'it' exists already"):
        read_claims(tables(tmp_path, GOOD, "b.toml"))


ENTRY = '[[it]]\nverdict = "{}"\nreason = "r"\nstudy = "s"\nrecipe = "t"\nruns = "main"\ncases = {}\n'


def test_deviations_are_read(tmp_path):
    folder = tables(tmp_path, GOOD)
    assert read_deviations(folder, read_claims(folder)) == []
    tables(folder, ENTRY.format("inconclusive", '["CE"]') * 2, "deviations.toml")
    entries = read_deviations(folder, read_claims(folder))
    assert [(entry.claim, entry.verdict, entry.cases) for entry in entries] == [("it", "inconclusive", ["CE"])] * 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[it]]\nverdict = 'inconclusive'", "deviation 'it': .*missing"),
        ("it = [1]", r"deviation 'it': write it as tables, each under \[\[it\]\]"),
        ("[it]\nverdict = 'inconclusive'", r"deviation 'it': write it as tables, each under \[\[it\]\]"),
        (ENTRY.format("inconclusive", "[1]"), "cases must be a list of names"),
        (ENTRY.format("inconclusive", "[]").replace('"r"', "3"), "all but its cases must be text"),
        (ENTRY.format("not-reproduced", '["CE"]'), "verdict must be 'not reproduced' or 'inconclusive'"),
        (ENTRY.format("inconclusive", '"CE"'), "cases must be a list of names"),
        (ENTRY.format("inconclusive", '["CE"]').replace("it", "no", 1), "there is no claim 'no'"),
        ("[[it", "not TOML"),
    ],
)
def test_a_wrong_deviation_names_its_file(tmp_path, text, message):
    folder = tables(tables(tmp_path, GOOD), text, "deviations.toml")
    with pytest.raises(BadInput, match=f"deviations.toml: .*{message}"):
        read_deviations(folder, {"it": a_claim()})
