"""Before any claim: the study is what it says it is. These tests run on every study, simulated ones too."""

import numpy as np
import pytest

from same_eyes.measure.mistakes import confusion
from same_eyes.metrics.mistake_confusion import empty_rows
from same_eyes.types import NotKnown


def test_there_are_machines_to_judge(runset, machines):
    assert machines, f"no machine is stored: {runset.why_missing(runset.names[0])}"


@pytest.fixture
def well_above_chance(measured):
    """A quarter of the way from the share of the most frequent class to always right."""
    try:
        chance = np.bincount(measured.truth).max() / len(measured.truth)
    except NotKnown as why:
        pytest.skip(str(why))
    return chance + (1 - chance) / 4


def test_every_machine_has_learnt(study, machines, well_above_chance):
    for name, runs in machines.items():
        for run in runs:
            right = (run.labels_predicted == study.truth).mean()
            assert right > well_above_chance, f"{name} is right in {right:.1%} of images: has it learnt anything?"


def test_people_know_the_classes(study, people, well_above_chance):
    for name in people.names:
        right = (people.column(name) == study.truth).mean()
        assert right > well_above_chance, f"{name} is right in {right:.1%}: are these labels in the study's order?"


def test_people_did_not_copy_each_other(people):
    first, second = people.labels[:, 0], people.labels[:, 1]
    unrelated = (
        1
        - np.bincount(first, minlength=people.classes) @ np.bincount(second, minlength=people.classes) / len(first) ** 2
    )
    assert 0 < (first != second).mean() < unrelated, "two annotators' columns are one, or have nothing in common"


@pytest.mark.parametrize("pair", ["HH", "MM", "HM"])
def test_most_wrong_answers_are_given(measured, machines, pair, record_property):
    if pair != "HH" and len(machines) < 2:
        pytest.skip("fewer than two machines are stored")
    empty = float(empty_rows(confusion(measured, pair)[0]))
    record_property("share of empty rows", empty)
    assert empty < 0.5, f"{empty:.0%} of the rows of C_{pair} are empty: too few mistakes to compare"
