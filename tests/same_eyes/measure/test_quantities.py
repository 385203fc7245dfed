"""The gate's quantities: each is the mean that its table says, and its replicates are those of resampled images."""

from dataclasses import replace

import numpy as np
import pytest

from same_eyes.measure import Measured
from same_eyes.measure.quantities import EVERY, QUANTITIES, quantities
from same_eyes.measure.teaming import folds
from same_eyes.metrics.matching import matching
from same_eyes.metrics.mistake_confusion import mistake_confusion, same_mistake
from same_eyes.metrics.teaming.threshold import cross_fitted
from same_eyes.testing.worlds import Observer, simulated_study
from same_eyes.types import Predictions

PEOPLE = [Observer(0.8, eye="people"), Observer(0.78, eye="people"), Observer(0.82, eye="people")]
MACHINES = {"CE": Observer(0.85), "GCE": Observer(0.86), "NLS": Observer(0.9)}


@pytest.fixture(scope="module")
def study():
    return simulated_study(PEOPLE, MACHINES, images=600)


def by_hand(study):
    """The same numbers, one image array and one loop at a time."""
    truth, people = study.truth, study.people.labels
    answers = {name: runs[0].labels_predicted for name, runs in study.machines.items()}
    confidence = {name: runs[0].confidence for name, runs in study.machines.items()}
    measured = Measured(study)
    found = {("accuracy", name): np.mean(labels == truth) for name, labels in answers.items()}
    for name, labels in answers.items():
        oracle, threshold = [], []
        for person in people.T:
            oracle.append(np.mean((labels == truth) | (person == truth)))
            team, _ = cross_fitted(confidence[name], labels == truth, person == truth, folds(measured))
            threshold.append(team.mean())
        found["oracle team", name], found["threshold team", name] = np.mean(oracle), np.mean(threshold)
    for rule in ("oracle", "threshold"):
        gains = [found[f"{rule} team", name] - found["accuracy", name] for name in answers]
        found[f"{rule} gain", EVERY] = np.mean(gains)
    machines = study.machine_labels()
    pairs = {
        "two people": (people, None),
        "two machines": (machines, None),
        "a person and a machine": (people, machines),
    }
    for pair, (first, second) in pairs.items():
        found["same mistake", pair] = same_mistake(mistake_confusion(first, second, truth, 10))
    rights = {name: labels == truth for name, labels in answers.items()}
    of_people = [person == truth for person in people.T]
    two = [matching(rights[a], rights[b]) for a in rights for b in rights if a != b]
    mixed = [
        matching(a, b)
        for machine in rights.values()
        for person in of_people
        for a, b in ((machine, person), (person, machine))
    ]
    found["matching", "two machines"], found["matching", "a person and a machine"] = np.mean(two), np.mean(mixed)
    return found


def test_every_quantity_is_what_its_name_says(study):
    found = quantities(Measured(study, replicates=20))
    expected = by_hand(study)
    assert found.keys() == expected.keys()
    assert {quantity for quantity, _ in found} == set(QUANTITIES)
    for key, estimate in found.items():
        assert estimate.value == pytest.approx(expected[key]), key


@pytest.mark.parametrize("key", [("oracle team", "CE"), ("matching", "two machines"), ("same mistake", "two people")])
def test_a_replicate_is_the_quantity_of_the_images_drawn(study, key):
    measured = Measured(study, replicates=20)
    drawn = np.repeat(np.arange(600), measured.weights[7])
    machines = {
        name: (replace(run, probs=run.probs[drawn], index=np.arange(600)),) for name, (run,) in study.machines.items()
    }
    people = replace(study.people, labels=study.people.labels[drawn], workers=None, seconds=None)
    again = replace(
        study,
        truth=study.truth[drawn],
        people=people,
        machines=machines,
        index=np.arange(600),
        group=None,
        aggregate=None,
    )
    assert quantities(measured)[key].replicates[7] == pytest.approx(quantities(Measured(again, 2))[key].value)


def test_one_machine_has_nothing_in_common_with_another(study):
    alone = Measured(replace(study, machines={"CE": study.machines["CE"]}), replicates=20)
    found = quantities(alone)
    assert ("matching", "two machines") not in found
    assert ("same mistake", "two machines") not in found
    assert ("same mistake", "a person and a machine") in found
    assert found["oracle gain", EVERY].value == pytest.approx(
        found["oracle team", "CE"].value - found["accuracy", "CE"].value
    )


def test_a_machine_trained_twice_is_the_mean_of_both(study):
    both = {name: (run, study.machines["NLS"][0]) for name, (run,) in study.machines.items() if name != "NLS"}
    once = [{name: (runs[i],) for name, runs in both.items()} for i in (0, 1)]
    found = quantities(Measured(replace(study, machines=both), replicates=20))
    for key, estimate in found.items():
        apart = [quantities(Measured(replace(study, machines=machines), replicates=20))[key].value for machines in once]
        assert estimate.value == pytest.approx(np.mean(apart)), key
        assert len(estimate.replicates) == 20


def test_of_labels_alone_no_threshold_is_measured(study):
    labels = study.machines["NLS"][0].labels_predicted
    machines = {**study.machines, "NLS": (Predictions.from_labels(labels, 10, study.index),)}
    found = quantities(Measured(replace(study, machines=machines), replicates=20))
    whole = quantities(Measured(study, replicates=20))
    assert whole.keys() - found.keys() == {("threshold team", "NLS"), ("threshold gain", EVERY)}
    assert all(found[key].value == whole[key].value for key in found)
