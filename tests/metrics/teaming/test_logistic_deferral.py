import numpy as np
import pytest

from metrics.teaming.logistic_deferral import LogisticDeferral, _features
from metrics.teaming.plug_in_deferral import PlugInDeferral


def test_it_learns_where_people_know_little(independent):
    machine, labels, truth, *_ = independent(images=8000, classes=3)
    guess = np.random.default_rng(0).integers(3, size=labels.shape)
    labels = np.where(machine.argmax(1)[:, None] == 2, guess, labels)  # people cannot tell what looks like class 2
    rule = LogisticDeferral.fit(machine[:4000], labels[:4000], truth[:4000])
    asked = rule.worth(machine[4000:]) >= 0
    scored = machine[4000:].argmax(1)
    assert asked[scored == 2].mean() < asked[scored != 2].mean() / 3
    plain = PlugInDeferral.fit(machine[:4000], labels[:4000], truth[:4000])
    right = {
        which: np.where(each.worth(machine[4000:]) >= 0, labels[4000:, 0], scored) == truth[4000:]
        for which, each in (("learnt", rule), ("plugged in", plain))
    }
    assert right["learnt"].mean() > right["plugged in"].mean()


def test_its_guess_is_how_often_people_are_right(independent):
    machine, labels, truth, *_ = independent(images=8000)
    rule = LogisticDeferral.fit(machine[:4000], labels[:4000], truth[:4000])
    sure = LogisticDeferral(rule.temperature, 0 * rule.weights, rule.right)
    confidence = -(sure.worth(machine[4000:]) - 0.75)
    guess = rule.worth(machine[4000:]) + confidence
    assert abs(guess.mean() - (labels[4000:, 0] == truth[4000:]).mean()) < 0.02
    assert (labels[:, 0] == truth).mean() > 0.7


def test_what_it_learns_from_is_how_sure_the_machine_is_and_of_what():
    row = np.array([0.1, 0.4, 0.2, 0.3])
    expected = [1, *np.log([0.4, 0.3, 0.2]) / 4, -(row * np.log(row)).sum(), 0, 1, 0, 0]
    np.testing.assert_allclose(_features(np.log(row)[None]), [expected])


def test_people_are_taken_to_be_as_right_as_they_were_and_the_machine_is_calibrated(independent):
    machine, labels, truth, *_ = independent(right=0.5)
    rule = LogisticDeferral.fit(machine, labels, truth)
    assert rule.right == pytest.approx((labels[:, 0] == truth).mean(), abs=1e-3)
    calibrated = machine ** (1 / rule.temperature)
    calibrated /= calibrated.sum(1, keepdims=True)
    np.testing.assert_allclose(rule(machine, np.full_like(labels, -1)), calibrated, atol=1e-6)
