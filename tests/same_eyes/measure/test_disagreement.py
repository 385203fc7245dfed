"""Images that people and machines differ on: the widest gaps, ties by the order of the images."""

import numpy as np
import pytest

from same_eyes.measure import Measured
from same_eyes.measure.disagreement import most_different, shares_right
from same_eyes.types import Annotators, Predictions, Study

TRUTH = np.zeros(6, int)
PEOPLE = np.array([[0, 0], [0, 1], [1, 1], [1, 1], [-1, 0], [-1, -1]])
MACHINES = {"A": [[1, 1, 0, 0, 1, 1]], "B": [[1, 1, 0, 1, 1, 0]]}


def measured(machines=MACHINES):
    runs = {name: [Predictions.from_labels(np.array(run), 2) for run in runs] for name, runs in machines.items()}
    return Measured(Study("planted", TRUTH, Annotators(PEOPLE, 2), runs, ("yes", "no")), 5)


def test_shares_are_of_those_who_saw_the_image():
    people, machines = shares_right(measured())
    np.testing.assert_array_equal(people, [1, 0.5, 0, 0, 1, np.nan])
    np.testing.assert_array_equal(machines, [0, 0, 1, 0.5, 0, 0.5])


def test_the_widest_gaps_come_first_and_ties_in_the_images_order():
    people_lead, machines_lead = most_different(measured())
    assert [tuple(image) for image in people_lead] == [(0, 1, 0), (4, 1, 0), (1, 0.5, 0)]
    assert [tuple(image) for image in machines_lead] == [(2, 0, 1), (3, 0, 0.5)]
    assert [image.row for image in most_different(measured(), each=1)[0]] == [0]


def test_a_machine_counts_by_the_share_of_its_trainings():
    _, machines = shares_right(measured({"A": [[1, 1, 0, 0, 1, 1], [0, 1, 0, 0, 1, 1]], "B": MACHINES["B"]}))
    np.testing.assert_array_equal(machines, [0.25, 0, 1, 0.5, 0, 0.5])


@pytest.mark.parametrize("same", [TRUTH, TRUTH + 1])
def test_nobody_leads_where_all_say_the_same(same):
    people = Annotators(np.stack([same] * 3, 1), 2)
    study = Study("planted", TRUTH, people, {"A": [Predictions.from_labels(same, 2)]}, ("yes", "no"))
    assert most_different(Measured(study, 5)) == ([], [])
