"""The closing table's rows: one a claim, in the study's order, the worst case first to be seen."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from same_eyes.claims import Case, Claim
from same_eyes.report import closing_table, rows, write


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


def test_the_files_say_the_same(session, tmp_path):
    write(tmp_path / "deep" / "report", session)
    folder = tmp_path / "deep" / "report"
    assert sorted(path.name for path in folder.iterdir()) == ["report.json", "report.md"]
    report = json.loads((folder / "report.json").read_text())
    assert {key: report[key] for key in ("study", "simulated", "recipe", "runs", "machines", "replicates")} == {
        "study": "cifar10n",
        "simulated": False,
        "recipe": "small",
        "runs": "main",
        "machines": ["CE"],
        "replicates": 50,
    }
    assert [row["id"] for row in report["claims"]] == [row["id"] for row in rows(session)]
    assert report["claims"][2]["measured"] is None
    text = (folder / "report.md").read_text()
    assert text.startswith("# same-eyes: cifar10n, recipe small\n")
    assert "## 2. c is so. (strict)" in text
    assert "GCE" in text.split("## 2. c is so.")[1]
    assert "## 2. b is so." not in text
    assert "no runs" in text
    assert "simulated" not in text


def test_numpy_numbers_are_written_as_numbers(session, tmp_path):
    session.record = [Case(FIRST, "", "reproduced", np.float64(0.5), np.float64(0.4), np.float64(np.inf), slack=1.0)]
    write(tmp_path, session)
    (row,) = json.loads((tmp_path / "report.json").read_text())["claims"]
    assert (row["measured"], row["high"]) == (0.5, None)
