"""The closing table's rows: one a claim, in the study's order, the worst case first to be seen."""

from types import SimpleNamespace

import numpy as np
import pytest

from same_eyes.claims import Case, Claim
from same_eyes.report.verdicts import closing_table, rows


def claim(name, number, reading="as reported"):
    return Claim(name, number, reading, f"{name} is so.", "Table 1", "it was said", paper="1 in 2")


FIRST, SECOND, TENTH, OWN = claim("b", "2"), claim("c", "2", "strict"), claim("a", "10"), claim("z", "", "own")
RECORD = [
    Case(OWN, "", "reproduced", 0.5, 0.4, 0.6, slack=0.1),
    Case(TENTH, "CE", "not testable", note="no runs"),
    Case(SECOND, "CE", "reproduced", 0.5, 0.4, 0.6, "1 in 2", "> 0", 0.4),
    Case(SECOND, "GCE", "inconclusive", 0.1, -0.1, 0.3, "1 in 2", "> 0", -0.1),
    Case(FIRST, "", "reproduced", 0.25, 0.25, 0.25, "1 in 4", "> 0", 0.25),
]


@pytest.fixture
def session():
    runset = SimpleNamespace(recipe="small", name="main", stored=lambda: ["CE"], describe=lambda: "recipe small")
    return SimpleNamespace(name="cifar10n", simulated=False, runset=runset, replicates=50, record=list(RECORD))


def test_rows_are_in_the_numbering_of_the_study_and_own_ones_last(session):
    found = rows(session)
    assert [(row["id"], row["verdict"], row["tally"]) for row in found] == [
        ("b", "reproduced", "1 of 1"),
        ("c", "inconclusive", "1 of 2"),
        ("a", "not testable", "0 of 1"),
        ("z", "reproduced", "1 of 1"),
    ]
    assert (found[1]["measured"], found[1]["low"], found[1]["high"]) == (0.1, -0.1, 0.3)
    assert [case["name"] for case in found[1]["cases"]] == ["CE", "GCE"]
    assert [row["shown"] for row in found] == ["0.2500", "0.10 [-0.10, 0.30]", "", "0.50 [0.40, 0.60]"]


def test_the_table_counts_the_verdicts(session):
    text = closing_table(session)
    assert text.endswith("4 claims: 2 reproduced, 1 inconclusive, 1 not testable")
    assert "c is so. [strict]" in text
    assert "b is so. [" not in text
    assert "inconclusive (1 of" in text
    session.simulated = True
    assert closing_table(session).endswith("no claim of the paper was checked.")


def test_p_values_are_shown_with_holms_adjustment(session):
    decided = {"check": "significant", "slack": 0.01}
    session.record = [
        Case(FIRST, "", "reproduced", 0.5, 0.4, 0.6, p=0.03, **decided),
        Case(SECOND, "", "reproduced", 0.5, 0.4, 0.6, p=0.001, **decided),
        Case(TENTH, "", "not reproduced", 0.5, 0.4, 0.6, p=0.2, reason="a smaller network", **decided),
        Case(OWN, "", "reproduced", 0.5, 0.4, 0.6, slack=0.1),
    ]
    found = rows(session)
    assert [row["holm_p"] for row in found[:3]] == pytest.approx([0.06, 0.003, 0.2])
    assert np.isnan(found[3]["holm_p"])
    assert [row["reason"] for row in found] == ["", "", "a smaller network", ""]
    assert [row["cases"][0]["p"] for row in found[:3]] == [0.03, 0.001, 0.2]
    text = closing_table(session, width=300)
    assert "reproduced, Holm p = 0.003" in text
    assert "Holm over the 3 claims that p-values decide: 1 of the 2 reproduced would not be (b)\n4 claims:" in text


def test_a_row_says_what_its_cases_say(session):
    known = {"reason": "a smaller network", "bounds": (0.0, np.inf), "check": "greater"}
    session.record = [
        Case(SECOND, "CE", "inconclusive", 0.1, -0.1, 0.3, "1 in 2", "> 0", -0.1, **known),
        Case(SECOND, "GCE", "not reproduced", -0.2, -0.3, -0.1, "1 in 2", "> 0", -0.3, note="p = 0.5", **known),
        Case(SECOND, "FW", "reproduced", 0.2, 0.1, 0.3, "1 in 2", "> 0", 0.1, check="greater"),
    ]
    (row,) = rows(session)
    assert (row["held"], row["tally"], row["reasons"], row["noted"]) == (1, "1 of 3", ["a smaller network"], True)
    assert [case["headline"] for case in row["cases"]] == [False, True, False]
    assert row["cases"][1]["shown"] == row["shown"] == "-0.20 [-0.30, -0.10]"
    assert row["cases"][0]["bounds"] == (0.0, np.inf)
    assert row["cases"][0]["check"] == "greater"
