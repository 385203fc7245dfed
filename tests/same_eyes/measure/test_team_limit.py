import numpy as np
import pytest

from same_eyes.measure import Measured
from same_eyes.measure.beyond import realised
from same_eyes.measure.team_limit import MODELS, Flexible, boosting, network, table
from same_eyes.testing.worlds import Observer, simulated_study


@pytest.fixture(scope="module")
def measured():
    machines = {"CE": Observer(0.8, eye="machine"), "GCE": Observer(0.78, eye="machine")}
    return Measured(simulated_study([Observer(0.75, eye="person")] * 2, machines, images=600, classes=3), 50)


def test_the_rule_is_beyonds_and_the_mean_is_the_means(measured):
    found = table(measured, ["CE", "GCE"]).set_index("machine")
    assert list(found.index) == ["CE", "GCE", "mean"]
    rule = realised(measured, "CE", "Human 1", "logistic")
    assert found.loc["CE", "realised_logistic"] == pytest.approx(rule.value)
    assert found.loc["CE", "realised_logistic_low"] == pytest.approx(rule.low)
    assert found.loc["mean", "realised_all"] == pytest.approx(found["realised_all"].iloc[:2].mean())
    for name in ("logistic", "all", *MODELS):
        assert (found[f"realised_{name}"] <= 1).all()
    assert (found["room_low"] <= found["room"]).all()


@pytest.mark.parametrize("make", [network, boosting])
def test_a_flexible_model_learns_what_no_logarithm_of_probabilities_is_linear_in(make):
    rng = np.random.default_rng(0)
    sure, label = rng.random(3000), rng.integers(2, size=(3000, 1))
    probs = np.column_stack([sure, 1 - sure])
    truth = np.where(np.abs(sure - 0.5) < 0.25, label[:, 0], 1 - label[:, 0])  # people lie where machines are sure
    model = Flexible(make).fit(probs[:2000], label[:2000], truth[:2000])
    assert (model(probs[2000:], label[2000:]).argmax(1) == truth[2000:]).mean() > 0.85
    assert model(probs, label).sum(1) == pytest.approx(np.ones(3000))


def test_a_class_that_was_never_seen_has_no_chance():
    probs = np.full((60, 3), 1 / 3)
    labels = np.arange(60)[:, None] % 2
    model = Flexible(boosting).fit(probs, labels, labels[:, 0])
    assert (model(probs, labels)[:, 2] == 0).all()
