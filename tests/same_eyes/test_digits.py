import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from same_eyes.digits import CLASSES, HELDOUT, TRAIN, digits, error_model, simulate_annotators
from same_eyes.types import BadInput


@pytest.fixture(scope="module")
def study():
    return digits()


def test_digits_are_grey_images_with_both_parts_balanced(study):
    assert study.images.shape == (1797, 8, 8)
    assert study.images.dtype == np.float32
    assert (study.images.min(), study.images.max()) == (0, 1)
    together = np.concatenate([np.arange(1797)[TRAIN], np.arange(1797)[HELDOUT]])
    np.testing.assert_array_equal(together, np.arange(1797))
    for part in (TRAIN, HELDOUT):
        counts = np.bincount(study.truth[part], minlength=len(CLASSES))
        assert counts.min() > 0.9 * counts.mean()
    with pytest.raises(ValueError, match="read-only"):
        study.truth[0] = 1


@pytest.mark.parametrize("rate", [0.01, 0.18, 0.9])
def test_the_mean_chance_of_an_error_is_the_rate(study, rate):
    chance, toward = error_model(study.images, study.truth, rate=rate)
    assert chance.mean() == pytest.approx(rate, abs=1e-9)
    np.testing.assert_allclose(toward.sum(1), 1)
    assert (toward[np.arange(1797), study.truth] == 0).all()


def test_annotators_err_as_often_and_toward_what_the_model_says(study):
    people = simulate_annotators(study.images, study.truth, raters=400, seed=1)
    chance, toward = error_model(study.images, study.truth)
    wrong = people.labels != study.truth[:, None]
    assert wrong.mean() == pytest.approx(0.18, abs=0.002)  # standard error 0.0004
    # each image's share of errors and each answer's share, within five standard errors of 400 draws
    assert (np.abs(wrong.mean(1) - chance) < 5 * np.sqrt(chance * (1 - chance) / 400)).all()
    answers = people.counts / 400
    expected = chance[:, None] * toward
    np.put_along_axis(expected, study.truth[:, None], 1 - chance[:, None], axis=1)
    assert np.abs(answers - expected).max() < 5 * np.sqrt(0.25 / 400)


def test_mistakes_depend_on_the_image_as_the_docstring_says(study):
    chance, toward = error_model(study.images, study.truth)
    assert chance.min() < 0.02
    assert chance.max() > 0.8
    correlation = chance.var() / (0.18 * 0.82)  # of two raters' errors, independent given the image
    assert correlation == pytest.approx(0.14, abs=0.005)
    same = (chance**2 * (toward**2).sum(1)).sum() / (chance**2).sum()
    assert same == pytest.approx(0.41, abs=0.005)


def test_a_seed_repeats_and_another_does_not(study):
    first, again, other = (simulate_annotators(study.images, study.truth, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.labels, again.labels)
    assert (first.labels != other.labels).any()
    assert first.labels.shape == (1797, 3)
    assert first.names == ("Simulated 1", "Simulated 2", "Simulated 3")
    assert first.classes == 10
    assert first.seconds is None


@settings(deadline=None)
@given(st.integers(2, 5), st.integers(5, 40), st.floats(0.01, 0.99), st.integers(0, 2**32 - 1))
def test_any_images_give_labels_in_range_and_the_rate(k, n, rate, seed):
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % k
    images = rng.random((n, 2, 3))
    chance, _ = error_model(images, truth, rate=rate)
    assert chance.mean() == pytest.approx(rate, abs=1e-6)
    labels = simulate_annotators(images, truth, rate=rate, seed=seed).labels
    assert labels.min() >= 0
    assert labels.max() < k


def test_images_all_alike_mislead_equally():
    chance, toward = error_model(np.ones((6, 4)), np.arange(6) % 3, rate=0.3)
    np.testing.assert_allclose(chance, 0.3)
    np.testing.assert_allclose(toward.max(1), 0.5)


@pytest.mark.parametrize(
    ("images", "truth", "rate", "says"),
    [
        (np.ones((3, 2)), [0, 1], 0.2, "3 images but 2 true classes"),
        (np.ones((2, 2)), [0, 1], 0.0, "above 0 and below 1, got 0.0"),
        (np.ones((2, 2)), [0, 1], 1.0, "above 0 and below 1, got 1.0"),
        (np.ones((2, 2)), [0, 0], 0.2, r"at least two classes needs an image.*\[2\]"),
        (np.ones((2, 2)), [0, 2], 0.2, r"they have \[1, 0, 1\]"),
    ],
)
def test_what_cannot_be_simulated_is_refused(images, truth, rate, says):
    with pytest.raises(BadInput, match=says):
        simulate_annotators(images, truth, rate=rate, seed=0)
