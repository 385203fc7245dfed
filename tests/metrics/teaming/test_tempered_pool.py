import numpy as np
import pytest
from scipy.optimize import minimize

from metrics.calibration import log_losses
from metrics.teaming._machine import log_probs, one_hot
from metrics.teaming._people import evidence, votes
from metrics.teaming.p_plus_l import ProbsPlusLabels
from metrics.teaming.tempered_pool import TemperedPool


@pytest.mark.parametrize("images", [4, 100, 4000])
def test_the_weights_have_the_greatest_posterior(independent, images):
    machine, labels, truth, *_ = (given[:images] for given in independent(people=2))
    rule = TemperedPool.fit(machine, labels, truth)
    log_p, people, target = log_probs(machine), evidence(rule.psi, votes(labels, 4)), one_hot(truth, 4)

    def loss(logs):
        a, b = np.exp(logs)
        scores = a * log_p + b * people
        likelihood = (scores * target).sum() - np.logaddexp.reduce(scores, 1).sum()
        return -likelihood + (((logs - [-0.5, 0.0]) ** 2) / 0.5).sum()

    best = minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-8}).x
    assert np.log(rule.weights) == pytest.approx(best, abs=1e-4)


def test_people_who_err_independently_count_in_full(independent):
    machine, labels, truth, *_ = independent(images=20_000, temperature=2.0, people=2)
    rule = TemperedPool.fit(machine, labels, truth)
    assert rule.weights == pytest.approx([0.5, 1.0], abs=0.05)
    assert rule.temperature == pytest.approx(2.0, rel=0.05)


def test_people_who_err_together_count_less(independent):
    machine, labels, truth, *_ = independent(images=8000)
    twice = np.repeat(labels, 2, axis=1)  # the second person copies the first
    rule = TemperedPool.fit(machine[:4000], twice[:4000], truth[:4000])
    assert rule.weights[1] == pytest.approx(0.5, abs=0.04)
    plain = ProbsPlusLabels.fit(machine[:4000], twice[:4000], truth[:4000])
    scored = machine[4000:], twice[4000:]
    assert log_losses(rule(*scored), truth[4000:]).mean() < log_losses(plain(*scored), truth[4000:]).mean()


def test_the_pool_weighs_the_machine_and_the_people(independent):
    machine, labels, *_ = independent(images=20)
    psi = np.full((4, 4), 0.1) + 0.6 * np.eye(4)
    rule = TemperedPool(temperature=3.0, psi=psi, weights=np.array([0.5, 2.0]))
    expected = machine**0.5 * psi[labels[:, 0]] ** 2
    np.testing.assert_allclose(rule(machine, labels), expected / expected.sum(1, keepdims=True))


def test_where_nobody_was_asked_it_is_the_calibrated_machine(independent):
    machine, labels, truth, *_ = independent()
    rule = TemperedPool.fit(machine, labels, truth)
    nobody = np.full_like(labels, -1)
    np.testing.assert_allclose(
        rule(machine, nobody), ProbsPlusLabels(rule.temperature, rule.psi)(machine, nobody), atol=1e-12
    )
