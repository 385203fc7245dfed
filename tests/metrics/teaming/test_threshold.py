import numpy as np
import pytest

from metrics.bootstrap import resample_counts
from metrics.teaming._people import majority, votes
from metrics.teaming.cross_fit import cross_fit
from metrics.teaming.threshold import (
    Threshold,
    best_eta,
    cross_fitted,
    resampled_best_gain,
    threshold_right,
    threshold_team,
)


def team(seed=0, n=60, ties=True):
    rng = np.random.default_rng(seed)
    confidence = rng.integers(1, 9, size=n) / 8 if ties else 1 - rng.random(n)
    return confidence.astype(np.float32), rng.random(n) < confidence, rng.random(n) < 0.7


def test_the_partner_answers_where_the_machine_is_not_confident():
    confidence, machine, partner = team()
    for eta in (0, 0.25, 0.6, 1):
        expected = [p if c <= eta else m for c, m, p in zip(confidence, machine, partner, strict=True)]
        np.testing.assert_array_equal(threshold_right(confidence, machine, partner, eta), expected)
        assert threshold_team(confidence, machine, partner, eta) == pytest.approx(np.mean(expected))
    assert threshold_team(confidence, machine, partner, 0) == pytest.approx(machine.mean())
    assert threshold_team(confidence, machine, partner, 1) == pytest.approx(partner.mean())


@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_the_best_threshold_is_that_of_trying_all(seed, ties):
    confidence, machine, partner = team(seed, ties=ties)
    tried = [0.0, *np.unique(confidence)]
    accuracies = [threshold_team(confidence, machine, partner, eta) for eta in tried]
    eta, accuracy = best_eta(confidence, machine, partner)
    assert (eta, accuracy) == (tried[np.argmax(accuracies)], max(accuracies))
    assert threshold_team(confidence, machine, partner, eta) == accuracy
    assert accuracy >= max(machine.mean(), partner.mean())


def test_a_partner_who_is_always_right_is_always_asked():
    assert best_eta([0.5, 0.75], [False, False], [True, True]) == (0.75, 1.0)
    assert best_eta([0.5, 0.75], [True, False], [True, True]) == (0.75, 1.0)


def test_equal_confidences_are_asked_together():
    # Asking only the second image would give two right; no threshold can.
    assert best_eta([0.5, 0.5], [True, False], [False, True]) == (0.0, 0.5)


@pytest.mark.parametrize("ties", [True, False])
def test_each_sample_has_its_own_best_threshold(ties):
    confidence, machine, partner = team(ties=ties)
    weights = resample_counts(60, 300)
    expected = []
    for weight in weights:
        drawn = np.repeat(np.arange(60), weight)
        team_right = 60 * best_eta(confidence[drawn], machine[drawn], partner[drawn])[1]
        expected.append(round(team_right) - machine[drawn].sum())
    gains = resampled_best_gain(confidence, machine, partner, weights)
    assert gains.dtype == np.int64
    np.testing.assert_array_equal(gains, expected)
    assert not resampled_best_gain(confidence, machine, machine, weights).any()


def test_a_partner_who_only_harms_is_not_asked():
    assert resampled_best_gain([0.5, 0.7], [1, 1], [0, 0], np.array([[1, 1], [2, 0]], np.uint8)).tolist() == [0, 0]


def test_a_fold_is_scored_by_the_threshold_of_the_others():
    confidence, machine, partner = team(3)
    folds = np.arange(60) % 3 + 5
    right, etas = cross_fitted(confidence, machine, partner, folds)
    for i, fold in enumerate((5, 6, 7)):
        rest, own = folds != fold, folds == fold
        eta = best_eta(confidence[rest], machine[rest], partner[rest])[0]
        assert etas[i] == eta
        np.testing.assert_array_equal(right[own], threshold_right(confidence[own], machine[own], partner[own], eta))
    flipped = machine.copy()
    flipped[0] = ~flipped[0]  # an image never moves the threshold of its own fold
    assert cross_fitted(confidence, flipped, partner, folds)[1][0] == etas[0]


def test_without_other_folds_nobody_is_asked():
    confidence, machine, partner = team()
    right, etas = cross_fitted(confidence, machine, partner, np.zeros(60, dtype=int))
    np.testing.assert_array_equal(right, machine)
    assert np.isnan(etas).all()


def test_the_rule_is_the_cross_fitted_threshold(independent):
    probs, labels, truth, *_ = independent(images=300)
    probs, folds = probs.astype(np.float32), np.arange(300) % 5
    answers = cross_fit(Threshold, probs, labels, truth, folds)
    confidence, machine, person = probs.max(1), probs.argmax(1) == truth, labels[:, 0] == truth
    expected, etas = cross_fitted(confidence, machine, person, folds)
    np.testing.assert_array_equal(answers.probs().argmax(1) == truth, expected)
    np.testing.assert_array_equal(answers.asks, confidence <= etas[folds])


def test_a_rule_that_saw_no_image_asks_nobody():
    rule = Threshold.fit(np.zeros((0, 2)), np.zeros((0, 1), int), np.zeros(0, int))
    assert (rule.worth([[0.6, 0.4], [0.5, 0.5]]) < 0).all()


def test_the_rules_people_are_a_majority(independent):
    probs, labels, truth, *_ = independent(images=300, people=3)
    rule = Threshold.fit(probs, labels, truth)
    people = majority(votes(labels, 4), probs)
    assert rule.eta == best_eta(probs.max(1), probs.argmax(1) == truth, people == truth)[0]
    np.testing.assert_array_equal(rule(probs, labels).argmax(1), people)
    assert abs(rule.right - (people == truth)[probs.max(1) <= rule.eta].mean()) < 0.01
