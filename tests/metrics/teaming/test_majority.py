import numpy as np

from metrics.teaming.majority import Majority


def test_everybody_has_a_vote_and_the_machine_breaks_ties():
    machine = np.tile([0.5, 0.3, 0.2], (6, 1))
    labels = np.array([[1, 1, 1], [1, 1, 2], [1, 0, 2], [2, 1, -1], [2, 2, -1], [1, -1, -1]])
    assert Majority()(machine, labels).argmax(1).tolist() == [1, 1, 0, 0, 2, 0]


def test_with_one_person_the_machine_decides(independent):
    machine, labels, truth, *_ = independent()
    rule = Majority.fit(machine, labels, truth)
    np.testing.assert_array_equal(rule(machine, labels).argmax(1), machine.argmax(1))


def test_its_probability_is_how_often_it_is_right(independent):
    machine, labels, truth, *_ = independent(people=3)
    rule = Majority.fit(machine, labels, truth)
    said = rule(machine, labels)
    assert abs(said.max() - (said.argmax(1) == truth).mean()) < 1e-3
