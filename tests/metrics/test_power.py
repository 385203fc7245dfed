from itertools import product

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.power import NormalIndPower

from metrics.error_consistency import consistency_from_counts, error_consistency
from metrics.power import accuracy_difference_sd, comparison_power, detectable_difference, images_needed

REPEATS = 4000
NOISE = 3.5 * np.sqrt(0.8 * 0.2 / REPEATS)  # of a share of 0.8 found in so many simulated studies
CELLS = np.array(list(product((0, 1), repeat=3)))  # whether A, B and a person are right


def test_power_is_statsmodels_of_one_sample():
    theirs = NormalIndPower()
    for difference, n in product((0.005, 0.01, 0.05), (100, 1000, 10_000)):
        expected = theirs.power(difference / 0.4, n, 0.05, ratio=0)
        assert comparison_power(difference, 0.4, n) == pytest.approx(expected)
        assert comparison_power(-difference, 0.4, n) == pytest.approx(expected)
    needed = theirs.solve_power(0.01 / 0.4, power=0.8, alpha=0.05, ratio=0)
    assert images_needed(0.01, 0.4) == np.ceil(needed)


def test_images_power_and_difference_are_three_sides_of_one_rule():
    for power in (0.5, 0.8, 0.95):
        n = images_needed(0.01, 0.4, power=power)
        assert comparison_power(0.01, 0.4, n) == pytest.approx(power, abs=1e-3)
        assert comparison_power(0.01, 0.4, n - 1) < comparison_power(0.01, 0.4, n)
        assert detectable_difference(0.4, n, power=power) == pytest.approx(0.01, rel=1e-3)


def test_without_difference_or_spread():
    assert comparison_power(0.0, 0.4, 100) == pytest.approx(0.05)
    assert comparison_power(0.0, 0.0, 100) == pytest.approx(0.05)
    assert comparison_power(0.1, 0.0, 100) == 1
    assert images_needed(0.0, 0.4) == np.inf
    assert images_needed(0.1, 0.0) == 1
    assert np.isnan(images_needed(0.1, np.nan))


def of_three(accuracies=(0.86, 0.84, 0.82), copied=(0.5, 0.4)):
    """(8,) chances of `CELLS`: a person, and two machines who take so much of what the person gets right or wrong."""
    chance = []
    for a, b, person in CELLS:
        share = accuracies[2] if person else 1 - accuracies[2]
        for right, accuracy, copy in zip((a, b), accuracies, copied, strict=False):
            share *= copy * (right == person) + (1 - copy) * (accuracy if right else 1 - accuracy)
        chance.append(share)
    return np.array(chance)


def accuracy_gap(p):
    return p @ (CELLS[:, 0] - CELLS[:, 1])


def gain_gap(p):
    """What an oracle team with the person gains, A's less B's."""
    return p @ (((1 - CELLS[:, 0]) - (1 - CELLS[:, 1])) * CELLS[:, 2])


def consistency_gap(p):
    """Error consistency of A with the person, less that of B."""
    joint = np.einsum("...c,ci,cj->...ij", p, CELLS, CELLS)
    kappa = consistency_from_counts(joint, p.sum(-1))
    return kappa[..., 0, 2] - kappa[..., 1, 2]


def spread(gap, p):
    """Standard deviation of what one image adds to a difference: the delta method, by differences."""
    step = 1e-5
    pull = np.stack(
        [gap((p + step * unit) / (1 + step)) - gap((p - step * unit) / (1 - step)) for unit in np.eye(8)], -1
    )
    pull /= 2 * step
    mean = (p * pull).sum(-1, keepdims=True)
    return np.sqrt((p * (pull - mean) ** 2).sum(-1))


@pytest.mark.parametrize("gap", [accuracy_gap, gain_gap, consistency_gap])
def test_so_many_simulated_images_find_the_difference_four_times_in_five(gap):
    truth = of_three()
    n = int(images_needed(gap(truth), spread(gap, truth)))
    assert 100 < n < 100_000
    seen = np.random.default_rng(0).multinomial(n, truth, size=REPEATS) / n
    found = np.abs(gap(seen)) > norm.ppf(0.975) * spread(gap, seen) / np.sqrt(n)
    assert found.mean() == pytest.approx(0.8, abs=NOISE)


@pytest.mark.parametrize("gap", [accuracy_gap, gain_gap, consistency_gap])
def test_where_there_is_no_difference_one_in_twenty_is_found(gap):
    truth = of_three((0.85, 0.85, 0.82), (0.4, 0.4))
    assert gap(truth) == pytest.approx(0, abs=1e-12)
    seen = np.random.default_rng(1).multinomial(3000, truth, size=REPEATS) / 3000
    found = np.abs(gap(seen)) > norm.ppf(0.975) * spread(gap, seen) / np.sqrt(3000)
    assert found.mean() == pytest.approx(0.05, abs=3.5 * np.sqrt(0.05 * 0.95 / REPEATS))


def test_the_spread_of_an_accuracy_difference_follows_from_the_consistency():
    rng = np.random.default_rng(2)
    hard = rng.random(500) < 0.3
    a, b = (rng.random((2, 500)) < np.where(hard, 0.5, 0.95)).astype(int)
    expected = (a - b).std()
    assert accuracy_difference_sd(a.mean(), b.mean(), error_consistency(a, b)) == pytest.approx(expected)
    assert np.isnan(accuracy_difference_sd(0.9, 0.8, 0.9))  # they cannot be that consistent


def test_independent_errors_are_assumed_and_four_times_in_five_is_the_power():
    assert accuracy_difference_sd(0.9, 0.8) == pytest.approx(np.sqrt(0.9 * 0.1 + 0.8 * 0.2))
    assert detectable_difference(0.4, 10_000) == detectable_difference(0.4, 10_000, alpha=0.05, power=0.8)
    assert images_needed(0.01, 0.4) == images_needed(0.01, 0.4, alpha=0.05, power=0.8)
    assert comparison_power(0.01, 0.4, 500) == comparison_power(0.01, 0.4, 500, alpha=0.05)


@pytest.mark.parametrize(("a", "b"), [(0.9, 0.8), (0.75, 0.5), (0.3, 0.25), (0.2, 0.9)])
def test_as_consistent_as_two_accuracies_allow_and_no_further(a, b):
    chance = 1 - (a + b - 2 * a * b)
    low, high = ((agree - chance) / (1 - chance) for agree in (abs(a + b - 1), 1 - abs(a - b)))
    assert accuracy_difference_sd(a, b, high) == pytest.approx(np.sqrt(abs(a - b) - (a - b) ** 2))
    assert accuracy_difference_sd(a, b, low) == pytest.approx(np.sqrt(1 - abs(a + b - 1) - (a - b) ** 2))
    assert np.isnan(accuracy_difference_sd(a, b, [low - 1e-6, high + 1e-6])).all()
