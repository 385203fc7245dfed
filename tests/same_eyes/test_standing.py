"""What is said of a user's own machine: its place, its numbers, and its cases of every claim."""

from types import SimpleNamespace

import pytest

from same_eyes.claims import Case, Claim
from same_eyes.measure import Measured
from same_eyes.standing import content, text
from same_eyes.testing.worlds import Observer, simulated_study
from same_eyes.types import Predictions, Study


def claim(name, number, reading="as reported"):
    return Claim(name, number, reading, f"{name} is so.", "Table 1", "it was said")


FIRST, SECOND, THIRD, ALL = claim("a", "1"), claim("b", "2", "strict"), claim("c", "3"), claim("d", "4")
RECORD = [  # in the order of tests, which is not that of the sentences
    Case(THIRD, "Mine", "not testable", note="no number is printed"),
    *(Case(FIRST, f"Mine vs Human {j}", "reproduced", 0.1, 0.05, 0.15) for j in (1, 2, 3)),
    Case(FIRST, "CE vs Human 1", "not reproduced", -0.1, -0.2, -0.05),
    Case(SECOND, "Mine vs Human 1", "not reproduced", -0.1, -0.2, -0.05),
    Case(SECOND, "Mine vs Human 2", "inconclusive", 0.0, -0.1, 0.1),
    Case(SECOND, "Mine vs Human 3", "reproduced", 0.1, 0.05, 0.15),
    Case(ALL, "", "reproduced", 0.5, 0.4, 0.6),
    Case(ALL, "Mine too vs Human 1", "reproduced", 0.5, 0.4, 0.6),
]


@pytest.fixture(scope="module")
def measured():
    machines = {"CE": Observer(0.95), "Mine": Observer(0.85)}
    return Measured(simulated_study([Observer(0.8)] * 3, machines, images=1000), 50)


def session(measured, **more):
    given = {"own": ["Mine", "Not trained"]}
    return SimpleNamespace(runset=SimpleNamespace(**given), measured=measured, record=RECORD, simulated=False, **more)


def test_the_cases_of_a_machine_are_found_by_its_whole_name(measured):
    (entry,) = content(session(measured))  # of the other machine there is nothing to say yet
    assert entry["name"] == "Mine"
    assert [(found["id"], [case["name"] for case in found["cases"]]) for found in entry["claims"]] == [
        ("a", ["Human 1", "Human 2", "Human 3"]),
        ("b", ["Human 1", "Human 2", "Human 3"]),
        ("c", [""]),
    ]
    assert entry["rank"] == {"place": 2, "low": 2, "high": 2, "among": 2, "ties": ()}
    own = entry["rows"][0]
    assert (own["what"], own["partner"], own["value"]) == ("accuracy", "", 0.85)


def test_verdicts_are_told_worst_first_and_by_case_where_they_differ(measured):
    lines = text(session(measured)).splitlines()
    assert lines[1].startswith("Where Mine stands: right in 0.850 [")
    assert lines[1].endswith("] of the images, rank 2 of 2 machines (between 2 and 2), told from every other.")
    joined = " ".join(" ".join(lines).split())
    assert "1 a is so. [as reported] reproduced (3 of 3) " in joined
    differing = "not reproduced (1 of 3): Human 1; inconclusive (1 of 3): Human 2; reproduced (1 of 3): Human 3"
    for part in differing.split("; "):
        assert part in joined
    assert "3 c is so. [as reported] not testable: no number is printed" in joined
    assert "d is so" not in joined


def test_where_people_are_simulated_no_verdict_is_shown(measured):
    simulated = session(measured)
    simulated.simulated = True
    assert "claim, for Mine" not in text(simulated)
    assert "oracle gain" in text(simulated)


def test_a_machine_of_which_only_labels_are_known_is_called_so(measured):
    study = measured.study
    labels = Predictions.from_labels(study.machines["Mine"][0].labels_predicted, 10, method="Mine")
    plain = Study(
        "own", study.truth, study.people, {**study.machines, "Mine": [labels]}, study.classes, aggregate=study.aggregate
    )
    (entry,) = content(session(Measured(plain, 50)))
    assert entry["labels only"]
    shown = text(session(Measured(plain, 50)))
    assert "Only labels are known of it: nothing that asks how sure it is was measured." in shown
    assert "threshold gain" not in shown
