"""The built-in studies: who is on them, which images, and that nobody learns what is judged."""

from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from same_eyes import data, studies
from same_eyes.digits import HELDOUT, TRAIN, digits
from same_eyes.types import BadInput, Predictions


def test_digits_learn_from_one_persons_labels_on_other_images_than_are_judged():
    tasks = [studies.task("digits", labels) for labels in studies.LABEL_SETS]
    whole = studies.whole("digits")
    for j, task in enumerate(tasks):
        assert task.images.shape == (1000, 1, 8, 8)
        assert task.images.dtype == np.uint8
        assert task.images.max() == 16
        assert task.ask["heldout"].shape == (797, 1, 8, 8)
        assert np.array_equal(task.labels, whole.people.labels[TRAIN, j])
        assert 0.05 < (task.labels != digits().truth[TRAIN]).mean() < 0.35
    assert not np.array_equal(tasks[0].labels, tasks[1].labels)


def test_digits_are_judged_on_their_own_images():
    machine = Predictions(np.full((797, 10), 0.1))
    study = studies.heldout("digits", {"CE": [machine]})
    whole = studies.whole("digits")
    assert study.simulated
    assert whole.simulated
    assert np.array_equal(study.truth, digits().truth[HELDOUT])
    assert np.array_equal(study.people.labels, whole.people.labels[HELDOUT])
    assert np.array_equal(study.aggregate, whole.aggregate[HELDOUT])
    assert np.array_equal(whole.aggregate, whole.people.majority(studies.DIGITS_SEED))
    assert np.array_equal(studies.truths("digits")["heldout"], study.truth)
    assert study.machines["CE"] == (machine,)


@pytest.mark.parametrize(
    "ask", [lambda: studies.task("mnist", "random1"), lambda: studies.truths("mnist"), lambda: studies.whole("mnist")]
)
def test_an_unknown_study_is_refused(ask):
    with pytest.raises(BadInput, match="no study 'mnist'; there are cifar10n, digits"):
        ask()


def test_unknown_labels_are_refused():
    with pytest.raises(BadInput, match="no labels 'aggre'; there are random1, random2, random3"):
        studies.task("digits", "aggre")


N = 50_000


@pytest.fixture
def cifar(monkeypatch):
    """CIFAR-10N of one-pixel images, in the released files' shapes."""
    random = np.random.default_rng(0)
    columns = ("random1", "random2", "random3", "aggre", "worst", "clean")
    labels = MappingProxyType({name: random.integers(0, 10, N) for name in columns})
    batch = np.arange(N) // 10
    released = data.Cifar10N(labels, np.tile(batch[:, None], 3), np.tile(batch[:, None] + 0.5, 3), batch)
    pixels = {"train": np.arange(N * 3) % 251, "test": np.arange(10_000 * 3) % 251}
    test_truth = random.integers(0, 10, 10_000)
    monkeypatch.setattr(data, "cifar10n", lambda data_dir=None: released)
    monkeypatch.setattr(
        data, "cifar10_images", lambda split, data_dir=None: pixels[split].reshape(-1, 1, 1, 3).astype(np.uint8)
    )
    monkeypatch.setattr(
        data,
        "cifar10_labels",
        lambda split, data_dir=None, download=True: labels["clean"] if split == "train" else test_truth,
    )
    counts = np.tile(np.arange(10), (10_000, 1))
    monkeypatch.setattr(data, "cifar10h_counts", lambda data_dir=None: counts)
    return released


@pytest.mark.parametrize("labels", ["random1", "random3", "aggre", "worst"])
def test_cifar10n_learns_from_the_first_40000_and_answers_for_the_last_10000(cifar, labels):
    task = studies.task("cifar10n", labels)
    assert task.images.shape == (40_000, 3, 1, 1)
    assert np.array_equal(task.labels, cifar.labels[labels][:40_000])
    assert {split: len(images) for split, images in task.ask.items()} == {"heldout": 10_000, "official": 10_000}
    assert task.ask["heldout"][0].ravel().tolist() == [40_000 * 3 % 251 + i for i in range(3)]
    truths = studies.truths("cifar10n")
    assert np.array_equal(truths["heldout"], cifar.labels["clean"][40_000:])
    assert len(truths["official"]) == 10_000


def test_clean_labels_are_nothing_to_learn_from(cifar):
    with pytest.raises(BadInput, match="no labels 'clean'"):
        studies.task("cifar10n", "clean")


def test_cifar10n_compares_people_and_machines_on_the_held_out_images(cifar):
    machine = Predictions(np.full((10_000, 10), 0.1), np.arange(40_000, 50_000))
    study = studies.heldout("cifar10n", {"CE": [machine]})
    assert not study.simulated
    assert study.people.names == ("Human 1", "Human 2", "Human 3")
    assert np.array_equal(study.people.column("Human 2"), cifar.labels["random2"][40_000:])
    assert np.array_equal(study.aggregate, cifar.labels["aggre"][40_000:])
    assert study.group[0] == 4000
    assert study.people.workers[0, 0] == 4000
    assert study.people.seconds[0, 0] == 4000.5
    with pytest.raises(BadInput, match="predicted other images"):
        studies.heldout("cifar10n", {"CE": [Predictions(np.full((10_000, 10), 0.1))]})


def test_cifar10h_has_counts_of_answers(cifar, monkeypatch):
    monkeypatch.setattr(data, "cifar10h_raw", lambda data_dir=None: None)
    study = studies.official({"CE": [Predictions(np.full((10_000, 10), 0.1))]})
    assert study.people.counts[0].tolist() == list(range(10))
    assert study.people.majority().tolist() == [9] * 10_000


def test_cifar10h_as_a_study_has_three_of_the_answers_and_the_majority_of_all(cifar, monkeypatch):
    monkeypatch.setattr(data, "cifar10h_raw", lambda data_dir=None: None)
    study = studies.cifar10h({})
    assert study.people.labels.shape == (10_000, 3)
    shares = np.bincount(study.people.labels.ravel(), minlength=10) / 30_000
    np.testing.assert_allclose(shares, np.arange(10) / 45, atol=0.01)
    assert study.people.counts[0].tolist() == list(range(10))
    assert study.aggregate.tolist() == [9] * 10_000
    np.testing.assert_array_equal(studies.cifar10h({}).people.labels, study.people.labels)


def test_cifar10h_has_single_answers_and_times_where_its_raw_trials_are(cifar, monkeypatch):
    image, label, milliseconds = [2, 0, 2], [3, 4, 5], [1500.0, np.nan, 500.0]
    raw = pd.DataFrame({"annotator": [7, 7, 8], "image": image, "label": label, "milliseconds": milliseconds})
    monkeypatch.setattr(data, "cifar10h_raw", lambda data_dir=None: raw)
    people = studies.official({}).people
    assert people.labels[:3].tolist() == [[4, -1], [-1, -1], [3, 5]]
    np.testing.assert_array_equal(people.seconds[:3], [[np.nan] * 2, [np.nan] * 2, [1.5, 0.5]])
    assert people.counts.sum() == 3


def test_the_study_is_the_real_one_where_its_data_is(cifar, monkeypatch):
    assert studies.default() == "cifar10n"

    def missing(data_dir=None):
        raise data.MissingData("nowhere")

    monkeypatch.setattr(data, "cifar10n", missing)
    assert studies.default() == "digits"
