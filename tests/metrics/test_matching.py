import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from metrics.bootstrap import bootstrap_sums, resample_counts
from metrics.joint_cells import joint_cells, joint_counts
from metrics.matching import matching, matching_draw, matching_from_counts, matching_matrix


def two(seed=0, n=300):
    rng = np.random.default_rng(seed)
    hard = rng.random(n) < 0.3
    return (rng.random((n, 2)) < np.where(hard, 0.4, 0.95)[:, None]).T


def test_balanced_on_one_it_is_that_ones_balanced_accuracy():
    a, b = two()
    assert matching(a, b) == pytest.approx(balanced_accuracy_score(b, a))
    assert matching(a, b, balance="row") == pytest.approx(balanced_accuracy_score(a, b))


def test_pooled_it_is_the_mean_of_the_two_dice_coefficients():
    a, b = two()
    expected = (f1_score(a, b) + f1_score(~a, ~b)) / 2
    assert matching(a, b, balance="pooled") == pytest.approx(expected)


@pytest.mark.parametrize("balance", ["column", "row", "pooled"])
def test_it_is_the_agreement_on_a_set_drawn_half_right_half_wrong(balance):
    a, b = two()
    image, answer = np.tile(np.arange(len(a)), 2), np.concatenate([a, b])
    pool = {"row": slice(0, len(a)), "column": slice(len(a), None), "pooled": slice(None)}[balance]
    image, answer = image[pool], answer[pool]
    agree = a == b
    expected = (agree[image[answer]].mean() + agree[image[~answer]].mean()) / 2
    assert matching(a, b, balance=balance) == pytest.approx(expected)


def test_the_studys_draw_has_it_as_its_expectation():
    a, b = two(n=120)
    draws = [matching_draw(a, b, seed) for seed in range(1500)]
    assert np.mean(draws) == pytest.approx(matching(a, b), abs=4 * np.std(draws) / np.sqrt(1500))
    assert [matching_draw(a, b, seed) for seed in range(20)] == draws[:20]
    assert matching_draw(a, b) == draws[0]
    assert np.std(draws) > 0


def test_a_draw_takes_no_image_twice():
    a, b = np.random.default_rng(3).random(40) < 0.6, np.repeat([True, False], 20)
    assert {matching_draw(a, b, seed) for seed in range(20)} == {np.mean(a == b)}  # all images, whatever the seed


def test_the_matrix_holds_each_pair():
    right = np.column_stack([*two(0), *two(1)])
    for balance in ("column", "row", "pooled"):
        matrix = matching_matrix(right, balance=balance)
        expected = [[matching(a, b, balance=balance) for b in right.T] for a in right.T]
        np.testing.assert_allclose(matrix, expected)
    assert not np.allclose(matching_matrix(right), matching_matrix(right).T)


def test_it_bootstraps_by_weights():
    right = two(n=80).T
    weights = resample_counts(80, 30)
    replicates = matching_from_counts(*joint_counts(bootstrap_sums(joint_cells(right), weights)))
    expected = [matching_matrix(np.repeat(right, weight, axis=0)) for weight in weights]
    np.testing.assert_allclose(replicates, expected)


@pytest.mark.parametrize("balance", ["column", "row", "pooled"])
def test_counts_of_few_bytes_do_not_overflow(balance):
    both = np.array([[200, 150], [150, 190]])
    narrow = matching_from_counts(both.astype(np.uint8), np.uint8(250), balance=balance)
    np.testing.assert_array_equal(narrow, matching_from_counts(both.astype(float), 250.0, balance=balance))


def test_independence_is_one_half_and_flawless_is_undefined():
    a, b = np.repeat([True, False], 50), np.tile([True, False], 50)
    assert matching(a, b) == 0.5
    assert np.isnan(matching(a, np.ones(100)))
    assert np.isnan(matching_draw(a, np.ones(100)))
