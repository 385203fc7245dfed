from itertools import combinations

import numpy as np
import pytest

from same_eyes.measure import Measured
from same_eyes.measure.ability import (
    known_beyond_chance,
    missed_by_machines_known_to_people,
    pairs,
    same_mistake_at_widest_gap,
    same_mistake_rate,
)
from same_eyes.testing.worlds import Observer, simulated_study
from same_eyes.types import Annotators, Predictions, Study


@pytest.fixture(scope="module")
def measured():
    people = [Observer(0.8, eye="people")] * 3
    machines = {"CE": Observer(0.85), "GCE": Observer(0.8), "FW": Observer(0.7), "BW": Observer(0.65)}
    return Measured(simulated_study(people, machines, images=1000), replicates=100)


def by_hand(study, names, labels):
    """Oracle: gap and rate of every pair."""
    for a, b in combinations(names, 2):
        wrong = (labels[a] != study.truth) & (labels[b] != study.truth)
        gap = abs((labels[a] == study.truth).mean() - (labels[b] == study.truth).mean())
        yield gap, (labels[a] == labels[b])[wrong].mean()


def test_pairs_are_counted_one_by_one(measured):
    found = pairs(measured, *measured.machines)
    assert [pair.names for pair in found] == list(combinations(measured.machines, 2))
    expected = list(by_hand(measured.study, measured.machines, measured.labels))
    np.testing.assert_allclose([(pair.gap.value, pair.same_mistake.value) for pair in found], expected)
    assert same_mistake_rate(measured, *measured.machines).value == pytest.approx(np.mean(expected, 0)[1])


def test_the_widest_gap_is_read_off_the_line(measured):
    gap, rate = np.array(list(by_hand(measured.study, measured.machines, measured.labels))).T
    expected = np.polyval(np.polyfit(gap, rate, 1), gap.max())
    found = same_mistake_at_widest_gap(measured, *measured.machines)
    assert found.value == pytest.approx(expected)
    assert found.low < found.value < found.high
    assert np.isnan(same_mistake_at_widest_gap(measured, "CE", "GCE").value)


def test_who_did_not_see_an_image_did_not_err_on_it():
    people = Annotators([[1, 1], [1, -1], [0, 2]], 3)
    measured = Measured(Study("s", [0, 0, 0], people, {}, "abc"), 5)
    assert same_mistake_rate(measured, "Human 1", "Human 2").value == 1


def test_a_replicate_is_that_of_the_images_drawn(measured):
    weight, study = measured.weights[3], measured.study
    missed = ~(study.machine_labels() == study.truth[:, None]).any(1)
    got = (study.people.labels == study.truth[:, None]).any(1)
    found = missed_by_machines_known_to_people(measured)
    assert found.value == (missed & got).mean()
    assert found.replicates[3] == pytest.approx((missed & got) @ weight / len(missed))


def test_chance_is_the_mean_over_all_ways_to_deal_the_answers_out(measured):
    study, rng = measured.study, np.random.default_rng(0)
    said = study.machine_labels()
    missed = ~(said == study.truth[:, None]).any(1)
    usual = np.array([np.bincount(row, minlength=10).argmax() for row in said[missed]])
    answers, truth = study.people.labels[missed, 0], study.truth[missed]
    dealt = []
    for _ in range(3000):
        shuffled = answers.copy()
        for answer in np.unique(usual):
            shuffled[usual == answer] = rng.permutation(answers[usual == answer])
        dealt.append((shuffled == truth).mean())
    error = np.std(dealt) / np.sqrt(len(dealt))
    found = known_beyond_chance(measured, "Human 1").value
    assert found == pytest.approx((answers == truth).mean() - np.mean(dealt), abs=4 * error)


def test_without_an_image_that_all_miss_there_is_nothing_to_know():
    people = Annotators([[0], [1]], 2)
    machine = Predictions([[0.9, 0.1], [0.2, 0.8]])
    measured = Measured(Study("s", [0, 1], people, {"CE": [machine]}, "ab"), 5)
    assert np.isnan(known_beyond_chance(measured, "Human 1").value)
    assert missed_by_machines_known_to_people(measured).value == 0
    nobody = Measured(Study("s", [0, 1], people, {}, "ab"), 5)
    assert missed_by_machines_known_to_people(nobody).value == 0


def test_what_people_know_beyond_chance_may_be_of_many_classes():
    """Of 1,000 classes the tables of answers would take 30 GB; and the number is that of the table by hand."""
    k = 1000
    study = simulated_study([Observer(0.5, eye="people")] * 2, {"CE": Observer(0.4)}, images=3000, classes=k)
    measured = Measured(study, replicates=2000)
    found = known_beyond_chance(measured, "Human 1")
    missed = ~measured.right("CE")[:, 0]
    usual, said, truth = (of[missed] for of in (measured.labels["CE"], measured.labels["Human 1"], measured.truth))
    chance = sum(((said[usual == a, None] == truth[usual == a]).mean(1)).sum() for a in np.unique(usual))
    assert found.value == pytest.approx(((said == truth).sum() - chance) / missed.sum())
    assert np.isfinite(found.replicates).all()
