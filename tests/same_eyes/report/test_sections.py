"""Sections beside the claims."""

import json

import pandas as pd
import pytest

from same_eyes import plots, report
from same_eyes.measure import sensitivity
from same_eyes.measure.sensitivity import AS_IT_IS, Row
from same_eyes.report.sections import sensitivity_section

NAN = float("nan")
ROWS = [
    Row("6", "together", AS_IT_IS, "", 0.5, 0.4, 0.6, 0.01, "reproduced", True),
    Row("6", "together", "paired t-test", "", 0.5, 0.3, 0.7, 0.02, "reproduced", True),
    Row("20", "neither", AS_IT_IS, "people", 0.1, 0.1, 0.1, NAN, "reproduced", True),
    Row("20", "neither", "5 levels", "people", -0.1, -0.2, 0.1, NAN, "inconclusive", False),
]


@pytest.fixture
def undrawn(session, monkeypatch):
    """A session whose figures take no time to draw."""
    monkeypatch.setattr(plots, "draw", lambda folder, session: ([], {}))
    return session


def test_claims_that_end_otherwise_come_first_with_what_they_are_without_it():
    section = sensitivity_section(ROWS)
    assert section["words"].startswith("1 of 2 variations end a claim otherwise. ")
    first, second = section["tables"]
    assert [(row[1], row[2], row[-1]) for row in first["rows"]] == [
        ("neither", AS_IT_IS, ""),
        ("neither", "5 levels", "NO"),
    ]
    assert len(second["rows"]) == 4
    assert first["columns"] == second["columns"] == sensitivity.HEADER
    (only,) = sensitivity_section(ROWS[:2])["tables"]
    assert only["title"] == "All claims that move"


def test_a_report_holds_the_claims_under_other_choices(undrawn, monkeypatch, tmp_path):
    asked = {}

    def rows(measured, ground, among):
        asked.update(measured=measured, ground=ground, among=among)
        return ROWS

    monkeypatch.setattr(sensitivity, "rows", rows)
    report.write(tmp_path, undrawn)
    testable = {case.claim.id for case in undrawn.record if case.verdict != "not testable"}
    assert asked == {"measured": undrawn.measured, "ground": {}, "among": testable}
    assert json.loads((tmp_path / "report.json").read_text())["sensitivity"][0]["p"] == 0.01
    assert "## How much hangs on what the study leaves open" in (tmp_path / "report.md").read_text()
    table = pd.read_csv(tmp_path / "sensitivity.csv")
    assert list(table.columns) == list(Row._fields)
    assert table["stands"].tolist() == [True, True, True, False]
    assert table["p"].isna().tolist() == [False, False, True, True]


def test_where_other_numbers_are_to_be_expected_nothing_is_varied(undrawn, tmp_path):
    undrawn.enforce = False
    report.write(tmp_path, undrawn)
    assert json.loads((tmp_path / "report.json").read_text())["sensitivity"] == []
    assert not (tmp_path / "sensitivity.csv").exists()
