"""The contract catches what it says it catches."""

from dataclasses import dataclass, make_dataclass
from typing import ClassVar

import numpy as np
import pytest

from metrics.teaming.p_plus_l import ProbsPlusLabels
from same_eyes.testing import check_rule


@dataclass(frozen=True, eq=False)
class Good(ProbsPlusLabels):
    """P+L under another name, for the rules below to spoil."""


def test_a_good_rule_is_told_its_accuracy():
    assert 0.9 < check_rule(Good) <= 1.0


class LooksAtOthers(Good):
    def __call__(self, probs, human_labels):
        said = super().__call__(probs, human_labels)
        return said if len(said) < 2 else (said + said.mean(0)) / 2


class MindsWhoElseIsAsked(Good):
    def __call__(self, probs, human_labels):
        said, asked = super().__call__(probs, human_labels), (np.asarray(human_labels) >= 0).any(1)
        return np.where(asked[:, None] | (asked.mean() < 0.6), said, 1 / said.shape[1])


class AnswersBeyondOne(Good):
    def __call__(self, probs, human_labels):
        return 1.1 * super().__call__(probs, human_labels)


class FailsWithoutPeople(Good):
    def __call__(self, probs, human_labels):
        said = super().__call__(probs, human_labels)
        return np.where((np.asarray(human_labels) < 0).all(1)[:, None], np.nan, said)


class LikesTheFirstClass(Good):
    def __call__(self, probs, human_labels):
        said = super().__call__(probs, human_labels) * ([2.0] + [1.0] * (np.shape(probs)[1] - 1))
        return said / said.sum(1, keepdims=True)


class LearnsFromTheFirstImages(Good):
    @classmethod
    def fit(cls, probs, human_labels, truth):
        return super().fit(probs[:100], human_labels[:100], truth[:100])


class DrawsLots(Good):
    @classmethod
    def fit(cls, probs, human_labels, truth):
        fitted = super().fit(probs, human_labels, truth)
        return cls(fitted.temperature * (1 + 0.1 * np.random.default_rng().random()), fitted.psi)


class ReadsTheTruth(Good):
    needs_truth: ClassVar[bool] = False


class ChangesItsInput(Good):
    @classmethod
    def fit(cls, probs, human_labels, truth):
        human_labels[human_labels < 0] = 0
        return super().fit(probs, human_labels, truth)


class AnswersTheContrary(Good):
    def __call__(self, probs, human_labels):
        said = 1 - super().__call__(probs, human_labels)
        return said / said.sum(1, keepdims=True)


class NeedsManyImages(Good):
    @classmethod
    def fit(cls, probs, human_labels, truth):
        fitted = super().fit(probs, human_labels, truth)
        return cls(fitted.temperature / min(len(truth) // 100, 1), fitted.psi)


class AsksInTheDark(Good):
    def worth(self, probs):
        return np.full(len(probs), np.nan)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (LooksAtOthers, "not image by image"),
        (AnswersBeyondOne, "rows that sum to"),
        (FailsWithoutPeople, "answers NaN"),
        (LikesTheFirstClass, "the names of the classes count"),
        (LearnsFromTheFirstImages, "the order of the images counts"),
        (DrawsLots, "fitted twice, it answers differently"),
        (ReadsTheTruth, "says that it needs no truth, but reads it"),
        (AnswersTheContrary, "its least accurate member"),
        (AsksInTheDark, "worth is NaN"),
        (ChangesItsInput, "changed what it was given"),
    ],
)
def test_a_rule_that_breaks_it_is_told_where(rule, why):
    with pytest.raises(AssertionError, match=why):
        check_rule(rule)


def test_a_rule_that_needs_many_images_fails_on_few():
    with pytest.raises(ZeroDivisionError):
        check_rule(NeedsManyImages)


def test_a_rule_is_a_frozen_dataclass():
    class Plain:
        title, needs_truth, least = "plain", True, 1

    with pytest.raises(AssertionError, match="is not a dataclass"):
        check_rule(Plain)
    with pytest.raises(AssertionError, match="is not frozen"):
        check_rule(make_dataclass("Thawed", [], namespace={"title": "x", "needs_truth": True, "least": 1}))
