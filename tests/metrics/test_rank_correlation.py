import numpy as np
import pytest
from scipy.stats import spearmanr

from metrics.bootstrap import resample_counts
from metrics.rank_correlation import rank_correlation, resampled_rank_correlations


def test_it_is_scipys_with_and_without_ties():
    rng = np.random.default_rng(0)
    for values in (rng.normal(size=(2, 30)), rng.integers(4, size=(2, 30))):
        assert rank_correlation(*values) == pytest.approx(spearmanr(*values).statistic)


def test_replicates_are_ranked_against_one_row():
    rng = np.random.default_rng(1)
    replicates, printed = rng.normal(size=(5, 13)), rng.normal(size=13)
    expected = [spearmanr(row, printed).statistic for row in replicates]
    np.testing.assert_allclose(rank_correlation(replicates, printed), expected)


def test_resampling_by_weights_is_resampling_the_images():
    rng = np.random.default_rng(2)
    measures = np.column_stack([rng.normal(size=40), rng.integers(3, size=40), rng.random(40)])
    weights = resample_counts(40, 130)
    ours = resampled_rank_correlations(measures, weights)
    expected = [spearmanr(np.repeat(measures, weight, axis=0)).statistic for weight in weights]
    np.testing.assert_allclose(ours, expected)
    measures[3, 1] = np.nan
    without = resampled_rank_correlations(np.delete(measures, 3, 0), np.delete(weights, 3, 1))
    np.testing.assert_array_equal(resampled_rank_correlations(measures, weights), without)


def test_nothing_to_rank_is_nan():
    assert np.isnan(rank_correlation([1, 1, 1], [1, 2, 3]))
    assert np.isnan(rank_correlation([1, np.nan], [1, 2]))
    assert np.isnan(rank_correlation([], []))
    assert np.isnan(resampled_rank_correlations(np.zeros((0, 2)), resample_counts(0, 3))).all()


def test_either_side_may_have_replicates():
    rng = np.random.default_rng(3)
    replicates, printed = rng.normal(size=(5, 13)), rng.normal(size=13)
    np.testing.assert_allclose(rank_correlation(printed, replicates), rank_correlation(replicates, printed))
