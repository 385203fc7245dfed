import warnings

import numpy as np
import pytest

from metrics.teaming.crowdlab import Crowdlab

multiannotator = pytest.importorskip("cleanlab.multiannotator", reason="the extra teaming")


@pytest.mark.parametrize("always", [None, 0])
def test_it_is_cleanlabs(independent, always):
    machine, labels, *_ = independent(images=400, people=3)
    if always is not None:
        labels[:, 2] = always  # one who calls everything the first class
    labels = np.where(np.random.default_rng(0).random(labels.shape) < 0.3, -1, labels)
    labels[:, 0] = np.where((labels < 0).all(1), 0, labels[:, 0])
    given = np.where(labels < 0, np.nan, labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = multiannotator.get_label_quality_multiannotator(
            given, machine, consensus_method=["best_quality", "majority_vote"], verbose=False
        )["label_quality"]
    ours = Crowdlab.fit(machine, labels)(machine, labels)
    np.testing.assert_array_equal(ours.argmax(1), theirs["consensus_label"])
    vote = theirs["consensus_label_majority_vote"]
    np.testing.assert_allclose(ours[np.arange(400), vote], theirs["consensus_quality_score_majority_vote"], atol=1e-9)


def test_who_agrees_more_weighs_more(independent):
    machine, labels, *_ = independent(people=3, right=0.9)
    labels[:, 2] = np.random.default_rng(0).integers(4, size=len(labels))
    weights = Crowdlab.fit(machine, labels).weights
    assert weights[1] > 3 * weights[3]
    assert weights[2] > 3 * weights[3]


def test_of_two_people_who_differ_one_agrees_with_the_consensus(independent):
    machine, labels, *_ = independent(people=2)
    same = (labels[:, 0] == labels[:, 1]).mean()
    assert Crowdlab.fit(machine, labels).agreement == pytest.approx((1 + same) / 2)


def test_two_people_who_always_give_the_first_class_agree(independent):
    machine, labels, *_ = independent(images=50, people=2)
    assert Crowdlab.fit(machine, np.zeros_like(labels)).agreement == 1.0


def test_without_two_people_an_image_all_weigh_alike(independent):
    machine, labels, *_ = independent(images=20, people=1)
    assert Crowdlab.fit(machine, labels).weights.tolist() == [1.0, 1.0]
