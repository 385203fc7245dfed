import krippendorff
import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from metrics.bootstrap import bootstrap_sums, resample_counts, standard_error
from metrics.error_consistency import (
    consistency_bounds,
    consistency_from_counts,
    consistency_se_from_counts,
    error_consistency,
    error_consistency_matrix,
)
from metrics.joint_cells import joint_cells, joint_counts


def several(seed=0, n=400, m=4):
    """(n, m) classifiers of unequal accuracy who find the same images hard."""
    rng = np.random.default_rng(seed)
    hard = rng.random(n) < 0.3
    return rng.random((n, m)) < np.where(hard, 0.4, 0.95)[:, None] - 0.05 * np.arange(m)


def correlated(kappa, a, b, n, rng, repeats):
    """(repeats, 4) counts of both right, only A, only B, both wrong, from classifiers of a known kappa."""
    both = a * b + kappa * (a + b - 2 * a * b) / 2
    return rng.multinomial(n, [both, a - both, b - both, 1 - a - b + both], size=repeats)


def counts_of(table):
    """Joint counts (..., 2, 2) and n of (..., 4) tables."""
    both, only_a, only_b, _ = np.moveaxis(table, -1, 0)
    joint = np.stack([np.stack([both + only_a, both], -1), np.stack([both, both + only_b], -1)], -2)
    return joint, table.sum(-1)


def test_it_is_cohens_kappa_of_being_right():
    right = several()
    expected = [[cohen_kappa_score(a, b) for b in right.T] for a in right.T]
    np.testing.assert_allclose(error_consistency_matrix(right), expected, atol=1e-12)


def test_value_and_standard_error_are_statsmodels():
    right = several(1)
    both, n = joint_counts(joint_cells(right).sum(0))
    kappa, se = consistency_from_counts(both, n), consistency_se_from_counts(both, n)
    for a in range(4):
        for b in range(4):
            table = [[((right[:, a] == i) & (right[:, b] == j)).sum() for j in (0, 1)] for i in (0, 1)]
            theirs = cohens_kappa(np.array(table))
            assert kappa[a, b] == pytest.approx(theirs.kappa)
            assert se[a, b] == pytest.approx(theirs.std_kappa, abs=1e-12)


@pytest.mark.slow
def test_it_is_torchmetrics_and_undefined_where_torchmetrics_is():
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchmetrics.functional.classification")
    right = np.column_stack([several(10), np.ones(400, bool), np.zeros(400, bool)])
    columns = torch.tensor(right.T.astype(int))
    theirs = [[functional.binary_cohen_kappa(a, b).item() for b in columns] for a in columns]
    np.testing.assert_allclose(error_consistency_matrix(right), theirs, atol=1e-6)


def test_of_equal_accuracies_it_is_krippendorffs_alpha_but_for_alphas_own_small_sample_term():
    n = 30
    a = several(2, n=n)[:, 0]
    b = np.roll(a, 3)
    alpha = krippendorff.alpha(np.stack([a, b]).astype(int), level_of_measurement="nominal")
    assert alpha == pytest.approx(1 - (1 - error_consistency(a, b)) * (1 - 1 / (2 * n)))


@pytest.mark.parametrize(
    ("a", "b", "kappa"),
    [
        ([1, 1, 1, 1], [1, 1, 1, 1], np.nan),  # both flawless
        ([0, 0, 0, 0], [0, 0, 0, 0], np.nan),  # both always wrong
        ([1, 1, 1, 1], [1, 0, 1, 0], 0),  # one flawless
        ([0, 0, 0, 0], [1, 0, 1, 0], 0),  # one always wrong
        ([1, 1, 1, 1], [0, 0, 0, 0], 0),  # one flawless, the other always wrong
        ([1, 0, 1, 0], [1, 0, 1, 0], 1),  # identical
        ([1, 0, 1, 0], [0, 1, 0, 1], -1),  # opposite: signed
        ([], [], np.nan),
    ],
)
def test_degenerate_cases_are_those_of_the_table(a, b, kappa):
    assert error_consistency(a, b) == pytest.approx(kappa, nan_ok=True)
    if not kappa < 0:
        assert error_consistency(a, b, unbiased=True) == pytest.approx(kappa, nan_ok=True)
    if len(a) and np.isfinite(kappa):
        assert error_consistency(a, b) == pytest.approx(cohen_kappa_score(a, b))


def test_bounds_are_met_and_never_left():
    n = 40
    for wrong_a, wrong_b in ((5, 9), (20, 20), (30, 35), (0, 7)):
        a = np.arange(n) >= wrong_a
        nested, apart = np.arange(n) >= wrong_b, np.arange(n) < n - wrong_b
        low, high = consistency_bounds(a.mean(), nested.mean())
        assert error_consistency(a, nested) == pytest.approx(high)
        assert error_consistency(a, apart) == pytest.approx(low)
    right = several(3)
    low, high = consistency_bounds(right.mean(0)[:, None], right.mean(0))
    kappa = error_consistency_matrix(right)
    assert ((low - 1e-12 <= kappa) & (kappa <= high + 1e-12)).all()


def test_simulated_classifiers_have_the_kappa_that_they_were_given():
    rng = np.random.default_rng(4)
    for kappa in (-0.1, 0.0, 0.4, 0.8):
        table = correlated(kappa, 0.85, 0.8, 2_000_000, rng, 1)[0]
        assert consistency_from_counts(*counts_of(table))[0, 1] == pytest.approx(kappa, abs=0.003)


def biases(kappa):
    """Bias of the plain and of the unbiased form with twenty images, and what simulation leaves open."""
    repeats = 400_000
    joint = counts_of(correlated(kappa, 0.7, 0.6, 20, np.random.default_rng(5), repeats))
    plain, corrected = (consistency_from_counts(*joint, unbiased=u)[:, 0, 1] for u in (False, True))
    return np.nanmean(plain) - kappa, np.nanmean(corrected) - kappa, 4 * np.nanstd(plain) / np.sqrt(repeats)


@pytest.mark.parametrize("kappa", [-0.1, 0.2, 0.4, 0.7])
def test_the_unbiased_form_has_less_than_half_of_the_bias(kappa):
    plain, corrected, noise = biases(kappa)
    assert abs(plain) > 3 * noise
    assert np.sign(plain) == -np.sign(kappa)  # kappa is biased towards 0
    assert abs(corrected) < abs(plain) / 2


def test_of_independent_classifiers_the_plain_form_has_no_bias():
    plain, _, noise = biases(0.0)
    assert abs(plain) < noise


def test_numerator_and_denominator_of_the_unbiased_form_are_unbiased():
    """Chance over all pairs of different images, by enumeration."""
    right = several(6, n=12, m=2)
    a, b = right.T
    different = ~np.eye(12, dtype=bool)
    chance = (a[:, None] == b[None, :])[different].mean()
    observed = (a == b).mean()
    assert error_consistency(a, b, unbiased=True) == pytest.approx((observed - chance) / (1 - chance))


def test_analytic_and_bootstrap_errors_agree_and_cover():
    right = several(7, n=600)
    cells = joint_cells(right)
    replicates = consistency_from_counts(*joint_counts(bootstrap_sums(cells, resample_counts(600, 1500))))
    pairs = np.triu_indices(4, 1)
    analytic = consistency_se_from_counts(*joint_counts(cells.sum(0)))[pairs]
    np.testing.assert_allclose(standard_error(replicates)[pairs], analytic, rtol=0.08)

    joint = counts_of(correlated(0.4, 0.85, 0.8, 800, np.random.default_rng(8), 20_000))
    kappa, se = (f(*joint)[:, 0, 1] for f in (consistency_from_counts, consistency_se_from_counts))
    assert np.mean(abs(kappa - 0.4) < norm.ppf(0.975) * se) == pytest.approx(0.95, abs=0.012)


def test_it_bootstraps_by_weights():
    right, weights = several(9, n=80), resample_counts(80, 20)
    replicates = consistency_from_counts(*joint_counts(bootstrap_sums(joint_cells(right), weights)))
    expected = [error_consistency_matrix(np.repeat(right, weight, axis=0)) for weight in weights]
    np.testing.assert_allclose(replicates, expected)
