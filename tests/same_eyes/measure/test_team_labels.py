from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from same_eyes.measure import Measured, team_labels
from same_eyes.measure.beyond import ALL_PEOPLE, folds_of, labels_of
from same_eyes.measure.team_labels import SIZES, curve, table
from same_eyes.metrics.teaming.cross_fit import cross_fit
from same_eyes.metrics.teaming.p_plus_l import ProbsPlusLabels
from same_eyes.testing.worlds import Observer, simulated_study

MACHINES = {"CE": Observer(0.8, eye="machine"), "GCE": Observer(0.78, eye="machine")}


@pytest.fixture(scope="module")
def measured():
    return Measured(simulated_study([Observer(0.75, eye="person")] * 2, MACHINES, images=600, classes=4), 50)


def test_each_machine_is_taught_by_draws_of_its_own_from_the_other_folds(measured):
    found = curve(measured, ["CE", "GCE"], "Human 1", ["p_plus_l"])
    assert [images for _, images in found] == [10, 30, 100, 300]  # 480 is all that other folds have
    gains = []
    for number, machine in enumerate(["CE", "GCE"]):
        given = measured.run(machine).probs, labels_of(measured, "Human 1"), measured.truth, folds_of(measured, 0)
        said = cross_fit(ProbsPlusLabels, *given, images=30, seed=number).probs()
        better = max(measured.right(machine, "Human 1").mean(0))
        gains.append((said.argmax(1) == measured.truth).mean() - better)
    gain, realised = found["p_plus_l", 30]
    assert gain.value == pytest.approx(np.mean(gains))
    assert gain.low < gain.value < gain.high
    oracle = np.mean([measured.right(m, "Human 1").any(1).mean() - max(measured.right(m, "Human 1").mean(0)) for m in MACHINES])  # fmt: skip  # noqa: E501
    assert realised.value == pytest.approx(gain.value / oracle)


def test_more_labels_teach_more(measured):
    found = curve(measured, ["CE", "GCE"], ALL_PEOPLE, ["threshold"])
    assert found["threshold", 300][0].value > found["threshold", 10][0].value - 0.01


def test_rules_that_need_no_truth_are_left_out(measured):
    seen = []

    def progress(parts, total, desc):
        seen.append((desc, total))
        return parts

    found = table(measured, ["CE"], ["p_plus_l", "p_plus_l_em", "dawid_skene"], progress=progress)
    assert set(found["rule"]) == {"p_plus_l"}
    assert list(found["partner"].unique()) == ["Human 1", ALL_PEOPLE]
    assert set(found["images"]) <= set(SIZES)
    assert [total for _, total in seen] == [1, 1]


def test_a_rule_learns_from_as_many_people_as_it_needs(measured, monkeypatch):
    @dataclass(frozen=True)
    class Two(ProbsPlusLabels):
        least: ClassVar[int] = 2

    known = team_labels.rule_named
    monkeypatch.setattr(team_labels, "rule_named", lambda name: Two if name == "two" else known(name))
    found = table(measured, ["CE"], ["p_plus_l", "two"])
    assert set(found.loc[found["rule"] == "two", "partner"]) == {ALL_PEOPLE}
    assert set(found.loc[found["rule"] == "p_plus_l", "partner"]) == {"Human 1", ALL_PEOPLE}
