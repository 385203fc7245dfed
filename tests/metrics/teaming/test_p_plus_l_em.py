import numpy as np
import pytest

from metrics.teaming._machine import temperature
from metrics.teaming._people import confusion
from metrics.teaming.p_plus_l import ProbsPlusLabels
from metrics.teaming.p_plus_l_em import ProbsPlusLabelsEM, _log_prior


def test_without_truth_it_recovers_the_model(independent):
    machine, labels, truth, psi, posterior = independent(images=20_000, people=3)
    rule = ProbsPlusLabelsEM.fit(machine, labels)
    assert rule.temperature == pytest.approx(2.0, rel=0.1)
    np.testing.assert_allclose(rule.psi, psi, atol=0.03)
    accuracy = (rule(machine, labels).argmax(1) == truth).mean()
    assert accuracy == pytest.approx((posterior.argmax(1) == truth).mean(), abs=0.002)


def test_with_the_truth_for_posterior_it_would_be_p_plus_l(independent):
    machine, _, truth, *_ = independent(temperature=1.0)
    oracle = np.repeat(truth[:, None], 12, axis=1)  # twelve people who are always right tell the truth
    with_truth, without = (rule.fit(machine, oracle, truth) for rule in (ProbsPlusLabels, ProbsPlusLabelsEM))
    assert without.temperature == pytest.approx(with_truth.temperature, rel=1e-3)
    np.testing.assert_allclose(without.psi, with_truth.psi, atol=1e-4)


@pytest.mark.parametrize("classes", [2, 3])
def test_without_images_the_m_step_finds_where_the_prior_is_greatest(classes):
    nothing = np.zeros((0, classes))
    psi, t = confusion(nothing, nothing), temperature(nothing, nothing)
    greatest = _log_prior(psi, t)
    for factor in (0.9, 1.1):
        assert _log_prior(psi, factor * t) < greatest
        other = psi * np.where(np.eye(classes, dtype=bool), factor, 1)
        assert _log_prior(other / other.sum(0), t) < greatest
