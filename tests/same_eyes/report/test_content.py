"""What a report holds: every claim once, tables that are the measurements, and nothing that JSON cannot say."""

import json

import numpy as np
import pytest

from same_eyes.measure.core import accuracy
from same_eyes.measure.disagreement import most_different
from same_eyes.measure.teaming import gain_as_printed, published
from same_eyes.report.content import VERDICTS, content, plain
from same_eyes.types import BadInput


def test_every_claim_is_in_one_topic_in_the_studys_order(found):
    assert [topic["name"] for topic in found["topics"]] == ["accuracy", "mistakes", "teams", "beyond"]
    assert [topic["claims"] for topic in found["topics"]] == [[0], [1, 2], [3], [4]]
    assert [row["id"] for row in found["claims"]] == ["accurate", "wrong-together", "able", "teams", "ours"]
    assert sum(found["counts"].values()) == 5
    assert found["counts"] == {"reproduced": 1, "inconclusive": 1, "not reproduced": 2, "not testable": 1}
    assert list(found["counts"]) == list(VERDICTS)


def test_a_topic_has_its_figures_or_says_why_not(found):
    topics = {topic["name"]: topic for topic in found["topics"]}
    assert topics["mistakes"]["figures"] == [2]
    assert topics["teams"]["figures"] == []
    assert topics["teams"]["missing"] == [[7, "it needs two machines"]]
    assert found["left_out"] == ["figure 7: it needs two machines"]
    assert found["figures"][0]["alt"].endswith("0.36 [0.33, 0.39]")


def test_accuracies_are_the_measured_ones_beside_the_printed(found, measured):
    assert [row["name"] for row in found["accuracies"]] == measured.names
    for row in found["accuracies"]:
        seen = accuracy(measured, row["name"])
        assert (row["measured"], row["low"], row["high"]) == (seen.value, seen.low, seen.high)
    printed = {row["name"]: row["paper"] for row in found["accuracies"]}
    assert (printed["Human 1"], printed["CE"], printed["Human 2"]) == (0.828, 0.85, None)
    assert {row["kind"] for row in found["accuracies"]} == {"person", "people's majority", "machine"}


def test_gains_are_the_measured_ones_beside_the_printed(found, measured):
    oracle, realistic = found["gains"]
    for mode, rule, table in ((oracle, "oracle", "figure7_oracle"), (realistic, "hindsight", "figure7_realistic")):
        assert mode["rows"] == measured.machines
        for i, row in enumerate(mode["rows"]):
            for j, column in enumerate(mode["columns"]):
                if row == column:
                    assert mode["here"][i][j] is None
                    continue
                assert mode["here"][i][j]["measured"] == gain_as_printed(measured, row, column, rule).value
        human = mode["columns"].index("Human 1")
        assert mode["paper"][0][human] == pytest.approx(published(table).loc["CE", "Human 1"] / 100)
        assert mode["paper"][1][human] is None  # a machine that is not of the study


def test_beside_simulated_people_stands_no_number_of_the_paper(session):
    from dataclasses import replace

    from same_eyes.measure import Measured

    session.simulated = True
    session.measured = Measured(replace(session.measured.study, simulated=True), 20)
    found = plain(content(session, [], {}))
    assert {row["paper"] for row in found["accuracies"]} == {None}
    assert [mode["paper"] for mode in found["gains"]] == [None, None]


def test_other_images_stand_beside_no_number_of_the_paper(session):
    session.origin.elsewhere = True
    found = plain(content(session, [], {}))
    assert {row["paper"] for row in found["accuracies"]} == {None}
    assert [mode["paper"] for mode in found["gains"]] == [None, None]
    assert found["gains"][0]["rows"] == session.measured.machines


def test_tables_are_made_only_where_a_claim_asks_for_them(session):
    session.record = [case for case in session.record if case.claim.id in ("able", "ours")]
    found = content(session, [], {})
    assert found["accuracies"] == found["gains"] == []


def test_images_come_with_everybodys_answers(found, measured):
    lists = most_different(measured)
    for kind, images in zip(("people lead", "machines lead"), lists, strict=True):
        assert [each["row"] for each in found["differ"][kind]] == [image.row for image in images]
        for each, image in zip(found["differ"][kind], images, strict=True):
            truth = measured.study.classes[measured.study.truth[image.row]]
            assert each["truth"] == truth
            assert each["image"] == measured.study.index[image.row]
            assert np.mean([answer == truth for answer in each["people"].values()]) == pytest.approx(image.people)
            assert sum(each["machines"].values()) == 2
            assert each["machines"].get(truth, 0) / 2 == image.machines


def test_a_machine_of_ones_own_has_its_section(found, measured):
    (part,) = found["sections"]
    assert part["title"] == f"Where {measured.machines[1]} stands"
    assert "of 2 machines by accuracy" in part["words"]
    numbers, judged = part["tables"]
    assert numbers["rows"][0][0] == "accuracy"
    assert numbers["rows"][0][2]["measured"] == accuracy(measured, measured.machines[1]).value
    assert [(row[0], row[4]) for row in judged["rows"]] == [("1", "not reproduced"), ("14", "reproduced")]


def test_a_damaged_run_costs_the_tables_alone(session):
    class Damaged:
        def __init__(self, session):
            self.__dict__.update({key: value for key, value in vars(session).items() if key != "measured"})

        @property
        def measured(self):
            raise BadInput("a.npz: damaged,\n its SHA-256 differs")

    found = plain(content(Damaged(session), [], {}))
    assert len(found["claims"]) == 5
    assert found["left_out"] == ["tables and images: a.npz: damaged, its SHA-256 differs"]
    assert (found["accuracies"], found["gains"], found["differ"], found["sections"]) == ([], [], None, [])


def test_plain_is_what_json_can_say():
    value = {"a": np.float64(0.5), 2: (np.nan, -np.inf, np.int64(3)), "c": np.array([[1.0, np.nan]]), "d": np.True_}
    assert plain(value) == {"a": 0.5, "2": [None, None, 3], "c": [[1.0, None]], "d": True}
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == plain(value)
