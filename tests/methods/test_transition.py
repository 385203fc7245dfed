import numpy as np
import pytest

from methods._transition import estimate_transition


def test_reads_the_anchors_of_a_model_that_knows_the_noise():
    transition = np.array([[0.8, 0.15, 0.05], [0.1, 0.7, 0.2], [0.0, 0.1, 0.9]])
    clean = np.random.default_rng(0).dirichlet([0.2] * 3, size=5000)  # many images are almost one class
    estimate = estimate_transition(clean @ transition)
    assert np.abs(estimate - transition).max() < 0.02


def test_outliers_by_hand():
    # 100 images, two classes: the three highest of each column are set aside (the 97th percentile and up)
    p = np.linspace(0.005, 0.995, 100)
    probs = np.stack([p, 1 - p], 1)
    assert estimate_transition(probs)[0] == pytest.approx(probs[96])
    assert estimate_transition(probs)[1] == pytest.approx(probs[3])


def test_an_outlier_of_one_class_stays_for_the_others():
    # the published code would set the outlier's 0.99 to 0 for good, and with it row 1's entry
    probs = np.full((100, 2), 0.5)
    probs[0] = 0.99, 0.01
    probs[1:4] = 0.1, 0.9
    before = probs.copy()
    estimate = estimate_transition(probs, percentile=None)
    assert estimate == pytest.approx(np.array([[0.99, 0.01], [0.1, 0.9]]))
    estimate_transition(probs)
    assert np.array_equal(probs, before)


def test_answers_that_are_all_alike_still_give_rows():
    assert estimate_transition(np.full((10, 4), 0.25)) == pytest.approx(np.full((4, 4), 0.25))


def test_rows_sum_to_one_and_tensors_do_too():
    torch = pytest.importorskip("torch")
    probs = torch.randn(200, 6, generator=torch.Generator().manual_seed(0)).softmax(1)
    estimate = estimate_transition(probs)
    assert estimate.shape == (6, 6)
    assert estimate.sum(1) == pytest.approx(np.ones(6))
