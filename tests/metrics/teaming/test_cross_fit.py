from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from metrics.teaming.cross_fit import cross_fit, in_hindsight
from metrics.teaming.p_plus_l import ProbsPlusLabels


@dataclass(frozen=True)
class Remembers:
    """Answers the truth of an image it was fitted on, by the machine's first probability; else class 0."""

    title: ClassVar[str] = "remembers"
    needs_truth: ClassVar[bool] = True
    least: ClassVar[int] = 1
    seen: dict

    @classmethod
    def fit(cls, probs, human_labels, truth):
        return cls(dict(zip(probs[:, 0], truth, strict=True)))

    def worth(self, probs):
        return probs[:, 0] - 0.5

    def __call__(self, probs, human_labels):
        assert ((human_labels >= 0) == (human_labels[0] >= 0)).all()
        return np.eye(2)[[self.seen.get(p, 0) for p in probs[:, 0]]]


@pytest.fixture
def world():
    first = np.linspace(0.01, 0.99, 60)
    return np.column_stack([first, 1 - first]), np.zeros((60, 1), int), np.ones(60, int)


def test_no_image_is_answered_by_a_rule_that_saw_it(world):
    folds = np.arange(60) // 10
    assert (cross_fit(Remembers, *world, folds).told.argmax(1) == 0).all()
    assert (in_hindsight(Remembers, *world).told.argmax(1) == 1).all()
    pairs = np.arange(60) // 2 % 3  # two copies of one image, in two folds, are told apart by nothing
    twins = np.repeat(world[0][:30], 2, axis=0), world[1], world[2]
    assert (cross_fit(Remembers, *twins, pairs).told.argmax(1) == 0).all()
    assert (cross_fit(Remembers, *twins, np.arange(60) % 2).told.argmax(1) == 1).all()


def test_it_is_asked_where_it_is_worth_it_and_in_that_order(world):
    answers = cross_fit(Remembers, *world, np.arange(60) % 2)
    np.testing.assert_array_equal(answers.asks, world[0][:, 0] >= 0.5)
    assert answers.turn[::2].tolist() == pytest.approx((np.arange(30, 0, -1) / 30).tolist())  # within its fold
    mixed = answers.probs()
    np.testing.assert_array_equal(mixed[answers.asks], answers.told[answers.asks])
    np.testing.assert_array_equal(mixed[~answers.asks], answers.alone[~answers.asks])
    np.testing.assert_array_equal(answers.probs(np.zeros(60, bool)), answers.alone)


def test_each_fold_is_scored_by_a_fit_on_the_others(independent):
    machine, labels, truth, *_ = independent(images=90)
    folds = np.arange(90) % 3 + 7
    answers = cross_fit(ProbsPlusLabels, machine, labels, truth, folds)
    for fold in (7, 8, 9):
        learn, score = folds != fold, folds == fold
        rule = ProbsPlusLabels.fit(machine[learn], labels[learn], truth[learn])
        np.testing.assert_array_equal(answers.told[score], rule(machine[score], labels[score]))


def test_in_hindsight_it_is_scored_by_a_fit_on_all(independent):
    machine, labels, truth, *_ = independent(images=90)
    answers, rule = in_hindsight(ProbsPlusLabels, machine, labels, truth), ProbsPlusLabels.fit(machine, labels, truth)
    np.testing.assert_array_equal(answers.told, rule(machine, labels))
    np.testing.assert_array_equal(answers.alone, rule(machine, np.full((90, 1), -1)))


def test_a_team_that_is_made_to_ask_asks_about_those_images_alone(independent):
    machine, labels, truth, *_ = independent(images=90)
    answers, asked = in_hindsight(ProbsPlusLabels, machine, labels, truth), np.arange(90) % 2 == 1
    mixed = answers.probs(asked)
    np.testing.assert_array_equal(mixed[1::2], answers.told[1::2])
    np.testing.assert_array_equal(mixed[::2], answers.alone[::2])


def test_of_equal_worth_all_have_the_last_ones_turn():
    probs = np.array([[0.9, 0.1], [0.5, 0.5], [0.5, 0.5], [0.2, 0.8]])
    answers = in_hindsight(Remembers, probs, np.zeros((4, 1), int), [0, 0, 0, 0])
    assert answers.turn.tolist() == [0.25, 0.75, 0.75, 1]
    assert answers.asks.tolist() == [True, True, True, False]  # also where asking is worth nothing


def test_an_image_alone_in_its_fold_has_the_last_turn():
    assert in_hindsight(Remembers, np.array([[0.9, 0.1]]), np.zeros((1, 1), int), [0]).turn.tolist() == [1]


def test_a_learning_curve_takes_images_from_the_other_folds_alone(independent):
    machine, labels, truth, *_ = independent(images=90)
    folds = np.arange(90) % 3
    few = [cross_fit(ProbsPlusLabels, machine, labels, truth, folds, images=12, seed=seed).told for seed in (0, 0, 1)]
    np.testing.assert_array_equal(few[0], few[1])
    assert np.abs(few[0] - few[2]).max() > 0.01
    drawn = cross_fit(ProbsPlusLabels, machine, labels, truth, folds, images=12).told
    np.testing.assert_array_equal(drawn, few[0])  # by the seed 0
    everything = cross_fit(ProbsPlusLabels, machine, labels, truth, folds, images=10_000).told
    np.testing.assert_array_equal(everything, cross_fit(ProbsPlusLabels, machine, labels, truth, folds).told)
