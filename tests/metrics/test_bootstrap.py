import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from metrics.bootstrap import (
    bca_interval,
    bootstrap_sums,
    degenerate_share,
    equivalence_p,
    jackknife_sums,
    leave_out_counts,
    percentile_interval,
    resample_counts,
    standard_error,
)
from metrics.joint_cells import joint_cells, joint_counts
from metrics.matching import matching_from_counts
from metrics.teaming.oracle import oracle_from_counts


def test_each_sample_has_as_many_images_and_each_image_the_multinomial_spread():
    counts = resample_counts(50, replicates=4000)
    assert counts.dtype == np.uint8
    assert (counts.sum(1) == 50).all()
    assert counts.mean(0) == pytest.approx(np.ones(50), abs=0.1)
    assert counts.var(0).mean() == pytest.approx(1 - 1 / 50, abs=0.02)
    assert np.cov(counts[:, 0], counts[:, 1])[0, 1] == pytest.approx(-1 / 50, abs=0.05)


def test_of_no_image_nothing_is_drawn():
    assert resample_counts(0, 5).shape == (5, 0)


def test_the_seed_decides_the_samples():
    np.testing.assert_array_equal(resample_counts(9, 5, seed=3), resample_counts(9, 5, seed=3))
    assert (resample_counts(9, 5, seed=3) != resample_counts(9, 5, seed=4)).any()
    np.testing.assert_array_equal(resample_counts(9, 5), resample_counts(9, 5, seed=0))


def test_groups_are_drawn_whole():
    groups = np.array([7, 7, 2, 2, 2, 9])
    counts = resample_counts(6, 100, seed=3, groups=groups)
    assert counts.shape == (100, 6)
    np.testing.assert_array_equal(counts, resample_counts(6, 100, seed=3, groups=groups))
    assert (counts != resample_counts(6, 100, seed=4, groups=groups)).any()
    assert (counts[:, 0] == counts[:, 1]).all()
    assert (counts[:, 2:4] == counts[:, 4:5]).all()
    assert (counts[:, [0, 2, 5]].sum(1) == 3).all()


@pytest.mark.parametrize("scale", [1, 2**23 + 1, 0.1])  # summed in float32; too large for it; not whole
def test_sums_are_those_of_the_images_drawn(scale):
    rng = np.random.default_rng(0)
    cells = rng.integers(-3, 4, size=(40, 6)) * (rng.random((40, 1)) < 0.5) * scale
    weights = resample_counts(40, 600)
    expected = [np.repeat(cells, weight, axis=0).sum(0) for weight in weights]
    sums = bootstrap_sums(cells, weights)
    np.testing.assert_allclose(sums, expected, rtol=1e-12, atol=1e-12)
    if scale != 0.1:
        np.testing.assert_array_equal(sums, expected)


def test_images_that_add_nothing_are_left_out_of_the_sums():
    cells = np.zeros((40, 2))
    cells[[3, 17, 39]] = [[1, 2], [0.5, 0], [7, 1]]
    weights = resample_counts(40, 300)
    np.testing.assert_allclose(bootstrap_sums(cells, weights), weights @ cells)


def test_float32_cells_are_summed_as_they_are():
    cells = np.random.default_rng(1).random((500, 3))
    weights = resample_counts(500, 300)
    single, double = bootstrap_sums(cells.astype(np.float32), weights), bootstrap_sums(cells, weights)
    assert single.dtype == np.float64
    np.testing.assert_allclose(single, double, rtol=1e-5)
    assert (single != double).any()


def test_the_jackknife_leaves_out_an_image_or_a_group():
    cells, groups = np.arange(10.0).reshape(5, 2), np.array([1, 0, 1, 0, 2])
    np.testing.assert_array_equal(jackknife_sums(cells), [np.delete(cells, i, 0).sum(0) for i in range(5)])
    np.testing.assert_array_equal(jackknife_sums(cells, groups), [cells[groups != group].sum(0) for group in range(3)])


def test_the_jackknifes_weights_take_a_byte_an_image():
    assert leave_out_counts(3).dtype == leave_out_counts(3, groups=[0, 1, 1]).dtype == np.uint8
    assert leave_out_counts(3).tolist() == leave_out_counts(3, 7, 5).tolist() == (1 - np.eye(3)).tolist()


@pytest.mark.parametrize("groups", [None, np.array([7, 3, 7, 3, 1])])
def test_the_jackknife_is_a_set_of_weights(groups):
    cells = np.arange(10.0).reshape(5, 2)
    np.testing.assert_array_equal(
        bootstrap_sums(cells, leave_out_counts(5, groups=groups)), jackknife_sums(cells, groups)
    )


def test_percentiles_are_numpys_without_the_degenerate_replicates():
    replicates = np.random.default_rng(0).normal(size=(300, 4))
    replicates[::7, 1], replicates[::3, 2] = np.nan, np.inf
    known = np.where(np.isfinite(replicates), replicates, np.nan)
    np.testing.assert_allclose(percentile_interval(replicates, 0.9), np.nanpercentile(known, [5, 95], axis=0))
    np.testing.assert_allclose(percentile_interval(replicates.T, 0.9, axis=1), np.nanpercentile(known, [5, 95], axis=0))
    np.testing.assert_allclose(degenerate_share(replicates), [0, 43 / 300, 1 / 3, 0])
    np.testing.assert_allclose(standard_error(replicates), np.nanstd(known, axis=0, ddof=1))
    np.testing.assert_allclose(standard_error(replicates.T, axis=1), np.nanstd(known, axis=0, ddof=1))


def test_percentiles_of_one_replicate_are_that_and_of_none_are_nan():
    one = np.full((3, 2), np.nan)
    one[1, 0] = 0.25
    np.testing.assert_array_equal(percentile_interval(one), [[0.25, np.nan]] * 2)
    np.testing.assert_array_equal(percentile_interval(np.empty((0, 2))), np.full((2, 2), np.nan))
    assert percentile_interval([0.25]) == (0.25, 0.25)


def test_bca_is_scipys():
    sample = np.random.default_rng(0).exponential(size=40)
    scipys = stats.bootstrap((sample,), np.mean, n_resamples=500, method="BCa", rng=np.random.default_rng(1))
    jackknife = jackknife_sums(sample[:, None])[:, 0] / 39
    ours = bca_interval(sample.mean(), scipys.bootstrap_distribution, jackknife)
    np.testing.assert_allclose(ours, scipys.confidence_interval)
    replicates = np.append(scipys.bootstrap_distribution, [np.nan, np.inf])
    np.testing.assert_allclose(bca_interval(sample.mean(), replicates, jackknife), ours)


def test_bca_intervals_of_several_numbers_are_those_of_each():
    rng = np.random.default_rng(0)
    replicates, jackknife = rng.exponential([1, 2, 9], size=(300, 3)), rng.exponential([1, 2, 9], size=(40, 3))
    together = np.array(bca_interval([1, 2, 9], replicates, jackknife))
    for j, value in enumerate([1, 2, 9]):
        np.testing.assert_allclose(together[:, j], bca_interval(value, replicates[:, j], jackknife[:, j]))


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_an_image_without_which_the_number_is_undefined_does_not_skew(hole):
    replicates, jackknife = np.random.default_rng(0).exponential(size=300), [1.0, 1.2, 0.7]
    assert bca_interval(1.0, replicates, [*jackknife, hole]) == bca_interval(1.0, replicates, jackknife)


def test_bca_without_bias_and_skew_is_the_percentile_interval():
    replicates = np.arange(-50.0, 51.0)
    ours = bca_interval(0.0, replicates, np.zeros(5))
    np.testing.assert_allclose(ours, percentile_interval(replicates), atol=1e-9)


def test_bca_of_nothing_or_from_outside_is_nan():
    assert np.isnan(bca_interval(0.0, [np.nan] * 3, [1.0, 2.0])).all()
    assert np.isnan(bca_interval(9.0, [1.0, 2.0, 3.0], [1.0, 2.0])).all()


def test_intervals_are_scipys_within_monte_carlo_error():
    right = np.random.default_rng(0).random((400, 2)) < [0.7, 0.6]
    replicates = bootstrap_sums(right, resample_counts(400, 4000)) / 400
    scipys = stats.bootstrap(
        (right[:, 0],), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    ours = percentile_interval(replicates)
    assert (ours[0][0], ours[1][0]) == pytest.approx(tuple(scipys), abs=0.2 * (scipys.high - scipys.low) / 2)


@pytest.mark.parametrize("metric", [matching_from_counts, oracle_from_counts])
def test_intervals_of_a_matrix_are_scipys_within_monte_carlo_error(metric):
    """One product with joint cells gives what one call with the matrix, and one call for each cell, give."""
    n, replicates, options = 300, 2000, {"n_resamples": 2000, "method": "percentile", "vectorized": True}
    rng = np.random.default_rng(0)
    right = rng.random((n, 4)) > np.where(rng.random((n, 1)) < 0.2, 0.6, 0.1)

    def of_drawn(drawn, axis):
        chosen = right[drawn].astype(float)
        matrices = metric(chosen.swapaxes(-1, -2) @ chosen, np.full(chosen.shape[:-2], n))
        return np.moveaxis(matrices, (-2, -1), (0, 1))

    def of_pair(a, b, axis):
        both = np.stack([[a, a & b], [a & b, b]]).sum(-1)
        return metric(np.moveaxis(both, (0, 1), (-2, -1)), np.full(a.shape[:-1], n))[..., 0, 1]

    sums = bootstrap_sums(joint_cells(right), resample_counts(n, replicates))
    ours = np.array(percentile_interval(metric(*joint_counts(sums))))
    whole = stats.bootstrap((np.arange(n),), of_drawn, rng=np.random.default_rng(1), **options)
    spread = whole.standard_error
    assert np.all(np.abs(ours - whole.confidence_interval)[:, spread > 0] < 0.42 * spread[spread > 0])  # 5 errors of a
    for a, b in ((0, 1), (3, 2)):  # percentile from 2,000 replicates, twice
        cell = stats.bootstrap(
            (right[:, a], right[:, b]), of_pair, paired=True, rng=np.random.default_rng(2), **options
        )
        assert np.all(np.abs(ours[:, a, b] - cell.confidence_interval) < 0.42 * cell.standard_error)


@pytest.mark.parametrize("margin", [0.1, 0.5])
def test_equivalence_is_statsmodels_tost(margin):
    rng = np.random.default_rng(0)
    x = rng.normal(size=30)
    y = x + rng.normal(0.05, 0.3, size=30)
    difference = x - y
    ours = equivalence_p(difference.mean(), stats.sem(difference), 29, margin)
    assert ours == pytest.approx(ttost_paired(x, y, -margin, margin)[0])


def test_equivalence_without_error_is_decided():
    assert equivalence_p([0.0, 0.2, 0.1, np.nan], 0.0, margin=0.1)[:3].tolist() == [0, 1, 1]
    assert np.isnan(equivalence_p(np.nan, 0.0, margin=0.1))


def test_without_a_margin_nothing_is_equivalent():
    assert equivalence_p([0.0, 0.5], 1.0).tolist() == pytest.approx([0.5, stats.norm.cdf(0.5)])


def coverage(worlds, seed):
    """Share of planted worlds whose 95 % intervals hold the truth: percentile and BCa, two metrics."""
    truth_cells = np.array([0.62, 0.2, 0.08, 0.1])  # both right, only A, only B, neither
    answers = np.array([[1, 1], [1, 0], [0, 1], [0, 0]], dtype=bool)
    both, n = np.array([[0.82, 0.62], [0.62, 0.70]]), 1.0
    rng = np.random.default_rng(seed)
    held = []
    for world in range(worlds):
        cells = joint_cells(answers[rng.choice(4, size=400, p=truth_cells)])
        replicates = joint_counts(bootstrap_sums(cells, resample_counts(400, 1000, seed=world)))
        value, jackknife = joint_counts(cells.sum(0)), joint_counts(jackknife_sums(cells))
        for metric in (matching_from_counts, oracle_from_counts):
            true = metric(both, n)[0, 1]
            low, high = percentile_interval(metric(*replicates)[:, 0, 1])
            least, most = bca_interval(metric(*value)[0, 1], metric(*replicates)[:, 0, 1], metric(*jackknife)[:, 0, 1])
            held.append([low <= true <= high, least <= true <= most])
    return np.reshape(held, (worlds, 4)).mean(0)


def test_intervals_hold_the_planted_truth_about_as_often_as_they_say():
    shares = coverage(worlds=100, seed=1)
    assert (shares >= 0.89).all(), shares  # 95 % less 2.7 standard errors of 100 worlds
    assert shares.mean() < 1


@pytest.mark.slow
def test_intervals_hold_the_planted_truth_in_93_to_97_percent():
    shares = coverage(worlds=3000, seed=2)
    assert ((shares >= 0.93) & (shares <= 0.97)).all(), shares
