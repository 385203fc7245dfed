import numpy as np
import pytest

from metrics.teaming._machine import one_hot
from metrics.teaming._people import confusion, majority, votes
from metrics.teaming.p_plus_l import ProbsPlusLabels
from metrics.teaming.selective import Selective
from metrics.teaming.threshold import Threshold


def test_it_asks_as_often_as_the_threshold_and_combines(independent):
    machine, labels, truth, *_ = independent(people=1)
    rule, threshold = Selective.fit(machine, labels, truth), Threshold.fit(machine, labels, truth)
    assert (rule.worth(machine) >= 0).sum() == (threshold.worth(machine) >= 0).sum()
    np.testing.assert_array_equal(rule(machine, labels), ProbsPlusLabels.fit(machine, labels, truth)(machine, labels))


def test_the_worth_is_what_an_answer_adds_on_average(independent):
    machine, _, _, psi, _ = independent(images=50, temperature=1.0)
    rule = Selective(ProbsPlusLabels(1.0, psi + 1e-12), psi, cost=0.05)
    for row, worth in zip(machine, rule.worth(machine), strict=True):
        after = 0.0
        for answer in range(4):
            joint = row * psi[answer]
            after += joint.sum() * (joint / joint.sum()).max()
        assert worth == pytest.approx(after - row.max() - 0.05)


def test_its_people_are_a_majority_and_the_machine_breaks_their_ties(independent):
    machine, labels, truth, *_ = independent(images=400, people=2)
    answers = majority(votes(labels, 4), machine)
    expected = confusion(one_hot(answers, 4), one_hot(truth, 4))
    np.testing.assert_allclose(Selective.fit(machine, labels, truth).psi, expected)


def test_where_asking_never_pays_nobody_is_asked():
    sure, wrong = np.eye(3)[[0, 1, 2]] * 0.9 + 0.1 / 3, np.array([[1], [2], [0]])
    assert (Selective.fit(sure, wrong, [0, 1, 2]).worth(sure) < 0).all()
