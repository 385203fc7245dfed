import numpy as np
import pytest
from scipy.stats import binned_statistic, linregress
from scipy.stats import t as student

from metrics.bootstrap import bootstrap_sums, resample_counts
from metrics.levels import (
    accuracy_by_level,
    fit_line,
    identity_slope_levels,
    level_cells,
    level_edges,
    levels_from_sums,
    slope,
    slope_difference,
)


def answers(seed=0, n=200, m=3):
    rng = np.random.default_rng(seed)
    difficulty = rng.random(n)
    return difficulty, rng.random((n, m)) < 0.4 + 0.5 * difficulty[:, None]


@pytest.mark.parametrize("kind", ["width", "count"])
def test_levels_are_scipys_bins(kind):
    difficulty, right = answers()
    levels = accuracy_by_level(difficulty, right, bins=7, kind=kind)
    edges = level_edges(difficulty, bins=7, kind=kind)
    expected = binned_statistic(difficulty, right.T, "mean", bins=edges).statistic
    np.testing.assert_allclose(levels.accuracies, expected.T)
    np.testing.assert_allclose(levels.accuracy, expected.mean(0))
    np.testing.assert_allclose(levels.low, expected.min(0))
    np.testing.assert_allclose(levels.high, expected.max(0))
    np.testing.assert_allclose(
        levels.difficulty, binned_statistic(difficulty, difficulty, "mean", bins=edges).statistic
    )
    assert (levels.count.sum(0) == 200).all()
    assert kind == "width" or np.ptp(levels.count[:, 0]) <= 1
    given = accuracy_by_level(difficulty, right, bins=edges)
    np.testing.assert_array_equal(given.accuracies, levels.accuracies)


def test_there_are_ten_levels_unless_another_number_is_asked_for():
    difficulty, right = answers()
    assert len(level_edges(difficulty)) == 11
    assert level_cells(difficulty, right).shape == (200, 10 * 9)
    np.testing.assert_array_equal(
        accuracy_by_level(difficulty, right).accuracies, accuracy_by_level(difficulty, right, bins=10).accuracies
    )


def test_each_classifier_may_have_its_own_difficulty():
    difficulty, right = answers()
    own = np.column_stack([difficulty, 1 - difficulty, difficulty**2])
    edges = np.linspace(0, 1, 6)
    together = accuracy_by_level(own, right, bins=edges)
    for j in range(3):
        alone = accuracy_by_level(own[:, j], right[:, j], bins=edges)
        np.testing.assert_array_equal(together.accuracies[:, [j]], alone.accuracies)


def test_what_was_not_seen_and_levels_without_images_do_not_count():
    levels = accuracy_by_level([0.0, 0.1, 1.0, np.nan], [[1, np.nan], [0, 1], [1, 1], [0, 0]], bins=3)
    assert levels.count.tolist() == [[2, 1], [0, 0], [1, 1]]
    np.testing.assert_array_equal(levels.accuracies, [[0.5, 1], [np.nan, np.nan], [1, 1]])
    np.testing.assert_array_equal(levels.low, [0.5, np.nan, 1])
    np.testing.assert_allclose(levels.difficulty, [0.2 / 3, np.nan, 1])


def test_equal_difficulties_are_never_parted():
    levels = accuracy_by_level([0, 0, 0, 0, 0, 1], [1, 1, 0, 0, 0, 1], bins=3, kind="count")
    assert levels.count[:, 0].tolist() == [0, 0, 6] or levels.count[:, 0].tolist() == [0, 5, 1]


def test_levels_bootstrap_by_weights():
    difficulty, right = answers(n=60)
    weights = resample_counts(60, 20)
    replicates = levels_from_sums(bootstrap_sums(level_cells(difficulty, right, bins=4), weights), 3)
    edges = level_edges(difficulty, bins=4)
    for weight, difficulties, accuracies in zip(weights, replicates.difficulty, replicates.accuracies, strict=True):
        drawn = np.repeat(np.arange(60), weight)
        expected = accuracy_by_level(difficulty[drawn], right[drawn], bins=edges)
        np.testing.assert_allclose(difficulties, expected.difficulty)
        np.testing.assert_allclose(accuracies, expected.accuracies)


def test_the_line_is_scipys():
    rng = np.random.default_rng(1)
    x = rng.random(10)
    y = 0.3 * x + rng.normal(0, 0.1, 10)
    expected = linregress(x, y)
    line = fit_line(np.append(x, np.nan), np.append(y, 1.0))
    assert line[:2] == pytest.approx((expected.slope, expected.intercept))
    assert line.slope_p == pytest.approx(expected.pvalue)
    half = student.ppf(0.975, 8) * expected.stderr
    assert (line.slope_low, line.slope_high) == pytest.approx((expected.slope - half, expected.slope + half))
    t_intercept = expected.intercept / expected.intercept_stderr
    assert line.intercept_p == pytest.approx(2 * student.sf(abs(t_intercept), 8))
    assert slope(x, y) == pytest.approx(expected.slope)
    np.testing.assert_allclose(slope(np.stack([x, 2 * x]), y), [expected.slope, expected.slope / 2])


@pytest.mark.parametrize("hole", [(np.nan, 9.0), (9.0, np.nan)])
def test_a_level_of_which_half_is_known_bends_no_line(hole):
    x, y = np.column_stack([[[0.0, 1, 3], [2.0, 3, 9]], hole])
    assert slope(x, y) == pytest.approx(linregress(x[:3], y[:3]).slope)
    assert fit_line(x, y)[:2] == pytest.approx(linregress(x[:3], y[:3])[:2])


def test_three_levels_are_enough_for_a_line():
    x, y = [0, 0.5, 1], [0, 1.1, 2]
    expected = linregress(x, y)
    line = fit_line(x, y)
    assert (line.slope, line.intercept, line.slope_p) == pytest.approx((*expected[:2], expected.pvalue))


def test_three_levels_are_enough_to_tell_slopes_apart():
    difference, se, p = slope_difference([0, 0.5, 1], [0, 1.1, 2], [0, 0.5, 1], [0, 0.4, 1])
    assert difference == pytest.approx(1)
    assert se > 0
    assert 0 < p < 0.05


def test_lines_that_fit_perfectly_have_slopes_and_no_test():
    flat = [0, 1, 2], [0, 0, 0]
    line, test = fit_line(*flat), slope_difference(*flat, *flat)
    assert (line.slope, line.intercept, test.difference, test.se) == (0, 0, 0, 0)
    assert np.isnan([line.slope_p, line.intercept_p, test.p]).all()


def test_no_line_through_too_little():
    assert np.isnan(fit_line([0, 1], [0, 1])).all()
    assert np.isnan(fit_line([1, 1, 1], [0, 1, 2])).all()
    assert np.isnan(slope([1, 1], [0, 1]))
    assert np.isnan(slope_difference([0, 1, 2], [0, 1, 3], [0, 1], [0, 1])).all()


def test_the_difference_of_slopes_is_the_pooled_t_test_of_two_regressions():
    rng = np.random.default_rng(2)
    x1, x2 = rng.random(12), rng.random(8)
    y1, y2 = x1 + rng.normal(0, 0.2, 12), 0.2 * x2 + rng.normal(0, 0.2, 8)
    lines = [linregress(x1, y1), linregress(x2, y2)]
    residuals = [y - line.intercept - line.slope * x for x, y, line in zip((x1, x2), (y1, y2), lines, strict=True)]
    variance = sum((residual**2).sum() for residual in residuals) / (20 - 4)
    se = np.sqrt(variance * (1 / (12 * x1.var()) + 1 / (8 * x2.var())))
    difference = lines[0].slope - lines[1].slope
    expected = (difference, se, 2 * student.sf(abs(difference / se), 16))
    assert slope_difference(x1, y1, x2, y2) == pytest.approx(expected)


def test_the_studys_reading_has_slope_one_whatever_the_machines_do():
    for seed in range(3):
        difficulty, right = answers(seed)
        right = right[np.random.default_rng(9).permutation(len(right))]  # difficulty says nothing any more
        machines = accuracy_by_level(difficulty, right)
        study = identity_slope_levels(machines, machines)
        line = fit_line(study.difficulty, study.accuracy)
        assert line[:2] == pytest.approx((1, 0), abs=1e-9)
        assert abs(fit_line(machines.difficulty, machines.accuracy).slope) < 0.5
