import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from metrics.bootstrap import bootstrap_sums, resample_counts
from metrics.wrong_agreement import wrong_agreement, wrong_agreement_cells, wrong_agreement_from_sums

K = 5


def confused(seed=0, n=600, common=0.0, m=3):
    """Classifiers with confusions of their own, wrong in half of the images; a share ``common`` copies the first."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(K, size=n)
    steps = rng.choice(np.arange(1, K), size=(n, m), p=[0.5, 0.3, 0.1, 0.1])
    taken = rng.random((n, m)) < common
    steps = np.where(taken, steps[:, :1], steps)
    wrong = rng.random((n, m)) < 0.5
    return np.where(wrong, (truth[:, None] + steps) % K, truth[:, None]), truth


def test_observed_is_what_a_loop_counts():
    labels, truth = confused(common=0.3)
    observed = wrong_agreement(labels, truth, K).observed
    for a in range(3):
        for b in range(3):
            both = (labels[:, a] != truth) & (labels[:, b] != truth)
            expected = np.nan if a == b else (labels[both, a] == labels[both, b]).mean()
            assert observed[a, b] == pytest.approx(expected, nan_ok=True)


def test_chance_is_what_dealing_out_everybodys_wrong_answers_anew_gives():
    labels, truth = confused(n=300, common=0.5)
    rng = np.random.default_rng(1)
    dealt = []
    for _ in range(800):
        anew = labels.copy()
        for t in range(K):
            for j in range(3):
                errors = np.flatnonzero((truth == t) & (labels[:, j] != t))
                anew[errors, j] = labels[rng.permutation(errors), j]
        dealt.append(wrong_agreement(anew, truth, K).observed)
    noise = 4 * np.std(dealt, axis=0) / np.sqrt(800)
    assert (abs(np.mean(dealt, axis=0) - wrong_agreement(labels, truth, K).chance) <= noise)[
        np.triu_indices(3, 1)
    ].all()


def test_of_one_class_whose_images_both_miss_it_is_cohens_kappa_of_the_answers():
    rng = np.random.default_rng(2)
    a = rng.integers(1, K, size=200)
    b = np.where(rng.random(200) < 0.4, a, rng.integers(1, K, size=200))
    beyond = wrong_agreement(np.stack([a, b], 1), np.zeros(200, int), K).beyond
    assert beyond[0, 1] == pytest.approx(cohen_kappa_score(a, b))


def test_simulated_classifiers_agree_beyond_chance_as_far_as_they_copy():
    for common, expected in ((0.0, 0.0), (0.36, 0.36), (1.0, 1.0)):
        labels, truth = confused(3, n=200_000, common=common)
        beyond = wrong_agreement(labels, truth, K).beyond
        assert beyond[0, 1] == pytest.approx(expected, abs=0.015)
        assert beyond[1, 2] == pytest.approx(expected**2, abs=0.015)


def test_those_who_avoid_each_others_answers_are_below_chance():
    truth = np.zeros(40, int)
    labels = np.stack([np.arange(40) % 2 + 1, (np.arange(40) + 1) % 2 + 1], 1)
    assert wrong_agreement(labels, truth, 3).beyond[0, 1] == -1


def test_degenerate_cases_are_those_of_the_table():
    truth = np.array([0, 0, 0, 0, 1, 1])
    never = np.array([[1, 0], [2, 0], [0, 1], [0, 2], [1, 1], [1, 1]])
    assert np.isnan(wrong_agreement(never, truth, 3)).all()
    two_classes = np.array([[1, 1], [1, 1], [0, 0], [0, 0], [0, 0], [1, 1]])
    observed, chance, beyond = wrong_agreement(two_classes, truth, 2)
    assert (observed[0, 1], chance[0, 1]) == (1, 1)
    assert np.isnan(beyond[0, 1])
    one_confusion = np.array([[1, 1], [1, 1], [1, 1], [0, 0], [2, 2], [1, 1]])
    assert np.isnan(wrong_agreement(one_confusion, truth, 3).beyond[0, 1])
    identical = np.array([[1, 1], [2, 2], [1, 1], [0, 0], [2, 2], [1, 1]])
    assert wrong_agreement(identical, truth, 3).beyond[0, 1] == 1


def test_who_did_not_see_an_image_is_not_wrong_there():
    labels, truth = confused(4)
    labels[::2, 1] = -1
    seen = wrong_agreement(labels[1::2], truth[1::2], K)
    assert wrong_agreement(labels, truth, K).observed[0, 1] == seen.observed[0, 1]


def test_each_images_cells_give_what_the_blocks_give():
    labels, truth = confused(6, n=300, common=0.4)
    labels[::7, 0] = -1
    cells = wrong_agreement_cells(labels, truth, K)
    sums = np.stack([cells[truth == t].sum(0) for t in range(K)])
    for ours, theirs in zip(wrong_agreement_from_sums(sums), wrong_agreement(labels, truth, K), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_an_images_cells_take_a_byte_each():
    assert wrong_agreement_cells([[1, 2]], [0], 3).dtype == np.uint8


def test_it_bootstraps_by_weights():
    labels, truth = confused(5, n=90)
    weights = resample_counts(90, 12)
    cells = wrong_agreement_cells(labels, truth, K)
    sums = [bootstrap_sums(cells[truth == t], weights[:, truth == t]) for t in range(K)]
    replicates = wrong_agreement_from_sums(np.stack(sums, 1))
    for b, weight in enumerate(weights):
        expected = wrong_agreement(np.repeat(labels, weight, 0), np.repeat(truth, weight), K)
        for ours, theirs in zip(replicates, expected, strict=True):
            np.testing.assert_allclose(ours[b], theirs)
