import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import kstest
from sklearn.metrics import confusion_matrix

from metrics.error_distance import (
    error_counts,
    error_distance,
    error_distances,
    one_and_rest,
    permuted_distances,
)

K = 5
SKEWED, EVEN = [0.6, 0.2, 0.1, 0.1], [0.25] * 4


def sampled(steps, seed=0, n=500):
    """(n, m) classifiers who err on every image, by so much from the truth as their probabilities say."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(K, size=n)
    answers = np.stack([rng.choice(np.arange(1, K), size=n, p=p) for p in steps], 1)
    return (truth[:, None] + answers) % K, truth


def counts_of(*steps, **settings):
    return error_counts(*sampled(steps, **settings), K)


def test_counts_are_the_confusion_matrix_off_its_diagonal():
    labels, truth = sampled([SKEWED, EVEN])
    labels[::3] = truth[::3, None]
    for j in range(2):
        expected = confusion_matrix(truth, labels[:, j], labels=range(K))
        np.fill_diagonal(expected, 0)
        np.testing.assert_array_equal(error_counts(labels, truth, K)[j], expected)


def test_who_did_not_see_an_image_made_no_error():
    labels, truth = sampled([SKEWED])
    assert error_counts(np.full_like(labels, -1), truth, K).sum() == 0


def test_jensen_shannon_is_scipys_with_base_two():
    counts = counts_of(SKEWED, EVEN, n=60)
    expected = [jensenshannon(p, q, base=2) for p, q in zip(*counts, strict=True)]
    np.testing.assert_allclose(error_distance(*counts), expected)
    assert error_distances(counts)[0, 1] == pytest.approx(np.mean(expected))


def test_total_variation_is_the_greatest_difference_in_the_chance_of_any_set_of_answers():
    p, q = np.array([[0, 5, 3, 1, 1]]), np.array([[0, 1, 2, 3, 4]])
    sets = (np.arange(2**K)[:, None] >> np.arange(K)) & 1
    expected = np.abs(sets @ (p[0] / p.sum() - q[0] / q.sum())).max()
    assert error_distance(p, q, distance="total variation")[0] == pytest.approx(expected)


@pytest.mark.parametrize("distance", ["jensen-shannon", "total variation"])
def test_it_is_a_metric(distance):
    counts = counts_of(SKEWED, EVEN, SKEWED[::-1], n=200)
    matrix = error_distances(counts, distance=distance)
    assert (np.diagonal(matrix) == 0).all()
    assert matrix[0, 2] <= matrix[0, 1] + matrix[1, 2]
    apart = error_distances(np.array([[[0, 3, 0]], [[0, 0, 2]]]), distance=distance)
    assert apart[0, 1] == 1


def test_a_class_in_which_one_never_errs_is_left_out():
    first, second = np.array([[0, 2, 2], [1, 0, 1], [0, 0, 0]]), np.array([[0, 2, 2], [2, 0, 0], [1, 1, 0]])
    assert np.isnan(error_distance(first, second)).tolist() == [False, False, True]
    assert error_distances(np.stack([first, second]), distance="total variation")[0, 1] == pytest.approx(0.25)
    assert np.isnan(error_distances(np.zeros((2, 3, 3)))).all()


def pvalues(counts, seed=0, permutations=99, **settings):
    """(m, m) p-values of all pairs."""
    null = permuted_distances(counts, permutations=permutations, seed=seed, **settings)
    return (1 + (null >= error_distances(counts, **settings) - 1e-12).sum(0)) / (1 + permutations)


@pytest.mark.parametrize("distance", ["jensen-shannon", "total variation"])
def test_of_one_distribution_every_p_value_is_as_likely(distance):
    """Also where one makes four times the errors of the other; twelve independent pairs a draw."""
    found = []
    for seed in range(12):
        labels, truth = sampled([SKEWED] * 24, seed, n=200)
        labels[50:, 12:] = truth[50:, None]
        found.append(np.diagonal(pvalues(error_counts(labels, truth, K), seed, distance=distance), 12))
    found = np.concatenate(found)
    assert kstest(found, "uniform").pvalue > 0.01
    assert (found <= 0.1).mean() == pytest.approx(0.1, abs=0.075)  # three standard errors


def test_other_distributions_are_told_apart_and_copies_are_not():
    assert pvalues(counts_of(SKEWED, EVEN))[0, 1] == 0.01
    labels, truth = sampled([SKEWED])
    assert pvalues(error_counts(np.repeat(labels, 2, 1), truth, K))[0, 1] == 1


def test_what_is_dealt_out_are_the_errors_that_were_made():
    """With one wrong answer each there is nothing to exchange but the two."""
    null = permuted_distances(np.array([[[0, 1, 0]], [[0, 0, 1]]]), permutations=20)
    assert (null[:, 0, 1] == 1).all()
    one = permuted_distances(np.array([[[0, 2, 0]], [[0, 0, 1]]]), permutations=400, distance="total variation")
    assert set(one[:, 0, 1].round(6)) == {0.5, 1.0}
    assert (one[:, 0, 1] == 1).mean() == pytest.approx(1 / 3, abs=0.1)


def test_the_seed_decides_what_is_dealt_out():
    counts = counts_of(SKEWED, EVEN)
    null = permuted_distances(counts, permutations=20)
    np.testing.assert_array_equal(permuted_distances(counts, permutations=20, seed=0), null)
    assert (permuted_distances(counts, permutations=20, seed=1) != null).any()


def errors_of(answers, truth):
    found = np.stack([answers[truth == t].sum(0) for t in range(K)])
    np.fill_diagonal(found, 0)
    return found


@pytest.mark.parametrize("people", [3, 51])
def test_one_answer_is_drawn_without_replacement_and_is_like_the_rest(people):
    truth = np.repeat(np.arange(K), 400)
    rng = np.random.default_rng(0)
    counts = rng.multinomial(people, [0.5, 0.3, 0.1, 0.05, 0.05], size=len(truth))
    counts = np.stack([np.roll(row, t) for row, t in zip(counts, truth, strict=True)])
    one, rest = one_and_rest(counts)
    np.testing.assert_array_equal(one + rest, counts)
    assert (one.sum(1) == 1).all()
    assert (rest >= 0).all()
    two = np.stack([errors_of(part, truth) for part in (one, rest)])
    assert pvalues(two)[0, 1] > 0.05
    assert pvalues(np.stack([two[0], np.roll(two[1], 1, axis=1)]))[0, 1] == 0.01
    np.testing.assert_array_equal(one_and_rest(counts, 0)[0], one)
    assert (one_and_rest(counts, 1)[0] != one).any()


def test_the_only_answer_stays_with_the_rest():
    one, rest = one_and_rest([[0, 1], [0, 0], [2, 0]])
    assert one.tolist() == [[0, 0], [0, 0], [1, 0]]
    assert rest.tolist() == [[0, 1], [0, 0], [1, 0]]
