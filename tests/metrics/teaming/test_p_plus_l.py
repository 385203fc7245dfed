import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from metrics.teaming._machine import log_probs, one_hot, temperature
from metrics.teaming._people import confusion, evidence, majority, votes
from metrics.teaming.p_plus_l import ProbsPlusLabels


def test_it_recovers_its_own_model_and_reaches_bayes_accuracy(independent):
    machine, labels, truth, psi, posterior = independent(images=20_000, people=2)
    half = 10_000
    rule = ProbsPlusLabels.fit(machine[:half], labels[:half], truth[:half])
    assert rule.temperature == pytest.approx(2.0, rel=0.03)
    np.testing.assert_allclose(rule.psi, psi, atol=0.02)
    said = rule(machine[half:], labels[half:])
    np.testing.assert_allclose(said, posterior[half:], atol=0.08)
    bayes = (posterior[half:].argmax(1) == truth[half:]).mean()
    assert (said.argmax(1) == truth[half:]).mean() == pytest.approx(bayes, abs=0.003)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_before_anybody_answered_people_are_right_three_times_in_four(classes):
    nothing = np.zeros((0, classes))
    expected = np.full((classes, classes), 0.25 / (classes - 1))
    np.fill_diagonal(expected, 0.75)
    np.testing.assert_allclose(confusion(nothing, nothing), expected)


def test_the_posterior_is_that_of_multiplying(independent):
    machine, labels, truth, *_ = independent(images=30, people=3)
    rule = ProbsPlusLabels.fit(machine, labels, truth)
    for image, row in enumerate(rule(machine, labels)):
        expected = machine[image] ** (1 / rule.temperature)
        for label in labels[image]:
            expected = expected * rule.psi[label]
        assert row == pytest.approx(expected / expected.sum())


@pytest.mark.parametrize("images", [0, 3, 40, 4000])
def test_the_temperature_has_the_greatest_posterior(independent, images):
    machine, _, truth, *_ = independent()
    log_p, target = log_probs(machine[:images]), one_hot(truth[:images], 4)

    def loss(t):
        tempered = log_p / np.exp(t)
        likelihood = (tempered * target).sum() - np.log(np.exp(tempered).sum(1)).sum()
        return -likelihood + (t - 0.5) ** 2 / 0.5 + t

    best = minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-10}).x
    assert np.log(temperature(log_p, target)) == pytest.approx(best, abs=1e-5)


@pytest.mark.parametrize("scale", [0.01, 100.0])
def test_the_temperature_is_found_from_afar(independent, scale):
    machine, _, truth, *_ = independent(temperature=1.0)
    assert temperature(scale * log_probs(machine), one_hot(truth, 4)) == pytest.approx(scale, rel=0.1)


def test_confusions_start_from_pseudo_counts():
    nothing = np.zeros((0, 10))
    psi = confusion(nothing, nothing)
    assert psi.diagonal() == pytest.approx(np.full(10, 0.75))
    assert psi.sum(0) == pytest.approx(np.ones(10))
    seen = confusion(votes([[3], [3], [-1]], 10), one_hot([5, 3, 5], 10))
    assert seen[3, 5] == pytest.approx(1.1 / 4.6)  # 0.1 and 2.7 + 9 times 0.1, and the one answer
    assert seen[3, 3] == pytest.approx(3.7 / 4.6)


def test_votes_evidence_and_majority():
    labels = np.array([[0, 1, 1], [-1, 2, -1], [-1, -1, -1], [0, 1, 2]])
    given = votes(labels, 3)
    assert given.tolist() == [[1, 2, 0], [0, 0, 1], [0, 0, 0], [1, 1, 1]]
    psi = np.array([[0.7, 0.1, 0.3], [0.2, 0.8, 0.3], [0.1, 0.1, 0.4]])
    assert evidence(psi, given)[0] == pytest.approx(np.log(psi[0] * psi[1] ** 2))
    assert evidence(psi, given)[2].tolist() == [0, 0, 0]
    assert majority(given, np.tile([0.2, 0.3, 0.5], (4, 1))).tolist() == [1, 2, -1, 2]  # the machine breaks the tie


def test_a_class_without_a_chance_can_still_win():
    rule = ProbsPlusLabels(1.0, np.full((3, 3), 1e-20) + np.eye(3))
    assert rule([[1.0, 0.0, 0.0]], [[2]]).argmax() == 2
