import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import log_loss

from metrics.bootstrap import bootstrap_sums, resample_counts
from metrics.calibration import (
    _mean_of_folded_normal,
    brier_scores,
    calibration_cells,
    calibration_error,
    calibration_from_sums,
    log_losses,
)


def said(n=500, k=4, seed=0, honest=True):
    """Probabilities, and classes drawn from them (or from a flatter version of them)."""
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(k, 0.5), size=n)
    true = probs if honest else (probs + 1 / k) / 2
    return probs, (true.cumsum(1) < rng.random((n, 1))).sum(1)


def test_proper_scores_are_those_of_others():
    probs, truth = said()
    assert log_losses(probs, truth).mean() == pytest.approx(log_loss(truth, probs))
    assert brier_scores(probs, truth) == pytest.approx(((probs - np.eye(4)[truth]) ** 2).sum(1))
    assert log_losses([[1.0, 0.0]], [1]).tolist() == [np.inf]


@pytest.mark.slow
def test_it_is_torchmetrics_where_bins_of_equal_mass_have_equal_width():
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchmetrics.functional.classification")
    confidence = 0.5 + (np.arange(1000) + 0.5) / 2000
    probs = np.column_stack([confidence, 1 - confidence])
    truth = np.random.default_rng(0).integers(2, size=1000)
    theirs = functional.multiclass_calibration_error(torch.tensor(probs), torch.tensor(truth), 2, n_bins=20, norm="l1")
    assert calibration_error(probs, truth, bins=10) == pytest.approx(float(theirs), abs=1e-6)


@pytest.mark.parametrize("bins", [1, 7, 15])
def test_it_is_that_of_counting_bin_by_bin(bins):
    probs, truth = said()  # in some bins too sure and in others not sure enough, so that it matters which there are
    confidence, right = probs.max(1), probs.argmax(1) == truth
    edges = np.quantile(confidence, np.linspace(0, 1, bins + 1))[1:-1]
    expected = 0.0
    for b in range(bins):
        inside = np.array([(edges <= c).sum() == b for c in confidence])
        assert inside.sum() == pytest.approx(500 / bins, abs=1)
        expected += abs(right[inside].sum() - confidence[inside].sum()) / 500
    assert calibration_error(probs, truth, bins=bins) == pytest.approx(expected)


def test_a_bin_of_one_image_counts_as_much_as_the_image():
    assert calibration_error([[0.75, 0.25], [0.5, 0.5]], [0, 1], bins=2) == (0.25 + 0.5) / 2


def test_a_bin_without_images_counts_for_nothing():
    cells = calibration_cells([[0.75, 0.25], [0.5, 0.5]], [0, 1], bins=2)
    assert calibration_from_sums(cells).tolist() == [0.25, 0.5]


def test_equal_confidences_share_a_bin():
    probs = np.repeat([[0.9, 0.1], [0.6, 0.4]], [97, 3], axis=0) + 1e-15 * np.arange(100)[:, None]
    cells = calibration_cells(probs, np.zeros(100, dtype=int))
    assert sorted(cells.sum(0)[: cells.shape[1] // 3][-2:]) == [3, 97]


def test_debiased_it_is_near_zero_where_probabilities_are_honest():
    plain, debiased = (
        np.mean([calibration_error(*said(seed=seed), debiased=debias) for seed in range(30)])
        for debias in (False, True)
    )
    assert plain > 0.03  # with 33 images a bin
    assert abs(debiased) < plain / 4
    dishonest = [calibration_error(*said(5000, honest=False), debiased=debias) for debias in (False, True)]
    assert dishonest[0] == pytest.approx(dishonest[1], abs=0.002)
    assert dishonest[1] > 0.1


def test_the_mean_of_a_folded_normal():
    mean, spread = np.array([0.0, 0.3, 1.0, 0.2]), np.array([1.0, 0.2, 0.1, 0.0])
    drawn = np.abs(mean[:, None] + spread[:, None] * norm.ppf((np.arange(20_000) + 0.5) / 20_000))
    assert _mean_of_folded_normal(mean, spread) == pytest.approx(drawn.mean(1), abs=1e-3)


def test_replicates_are_those_of_the_images_drawn():
    probs, truth = said(60)
    weights = resample_counts(60, 5)
    cells = calibration_cells(probs, truth, bins=3)
    assert calibration_from_sums(cells.sum(0)) == calibration_error(probs, truth, bins=3)
    for replicate, weight in zip(calibration_from_sums(bootstrap_sums(cells, weights)), weights, strict=True):
        drawn = np.repeat(np.arange(60), weight)
        assert replicate == pytest.approx(calibration_from_sums(cells[drawn].sum(0)))
