import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from metrics.teaming._machine import one_hot
from metrics.teaming._multinomial import weights
from metrics.teaming.logistic import Logistic, _features
from metrics.teaming.p_plus_l import ProbsPlusLabels


@pytest.mark.parametrize("ridge", [0.5, 10.0])
def test_around_nothing_it_is_scikit_learns(ridge):
    rng = np.random.default_rng(0)
    features, truth = rng.normal(size=(300, 5)), rng.integers(3, size=300)
    ours = weights(features, one_hot(truth, 3), np.zeros((300, 3)), ridge)
    theirs = LogisticRegression(C=1 / ridge, fit_intercept=False, tol=1e-10, max_iter=1000).fit(features, truth)
    np.testing.assert_allclose(ours.T, theirs.coef_, atol=1e-5)


def test_what_it_starts_from_is_corrected_only_as_far_as_it_is_wrong():
    rng = np.random.default_rng(1)
    start = rng.normal(size=(20_000, 3))
    p = np.exp(start) / np.exp(start).sum(1, keepdims=True)
    truth = (p.cumsum(1) < rng.random((20_000, 1))).sum(1)
    right = weights(start, one_hot(truth, 3), start, 1.0)
    twice = weights(start, one_hot(truth, 3), 2 * start, 1.0)
    assert np.abs(right).max() < 0.06
    assert np.ptp(start @ (twice - right + np.eye(3)), axis=1).max() < 0.15  # all but what all classes share


def test_what_it_learns_from_is_the_machine_the_votes_and_their_products():
    probs, people = np.array([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]]), np.array([[1, 1], [2, -1]])
    machine = np.log(probs) - np.log(probs).mean(1, keepdims=True)  # only its ratios say anything
    given = np.array([[0, 2, 0], [0, 0, 1]])
    expected = np.column_stack([[1, 1], machine / 4, given, given * machine / 4])
    np.testing.assert_allclose(_features(probs, people), expected)


def test_with_few_images_it_is_p_plus_l(independent):
    machine, labels, truth, *_ = independent()
    few = slice(0, 5)
    ours = Logistic.fit(machine[few], labels[few], truth[few])(machine, labels)
    plain = ProbsPlusLabels.fit(machine[few], labels[few], truth[few])(machine, labels)
    assert (ours.argmax(1) == plain.argmax(1)).mean() > 0.93
    none = Logistic.fit(machine[:0], labels[:0], truth[:0])(machine, labels)
    np.testing.assert_allclose(none, ProbsPlusLabels.fit(machine[:0], labels[:0], truth[:0])(machine, labels))


def test_with_many_images_it_finds_what_p_plus_l_assumes_away(independent):
    machine, labels, truth, *_ = independent(images=8000, classes=3)
    machine = machine * [20.0, 1.0, 1.0]  # it favours the first class
    machine /= machine.sum(1, keepdims=True)
    learn, score = slice(0, 4000), slice(4000, None)
    accuracy = {
        rule: (rule.fit(machine[learn], labels[learn], truth[learn])(machine[score], labels[score]).argmax(1)
               == truth[score]).mean()
        for rule in (ProbsPlusLabels, Logistic)
    }  # fmt: skip
    assert accuracy[Logistic] > accuracy[ProbsPlusLabels] + 0.01
