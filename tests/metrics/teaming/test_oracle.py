import numpy as np
import pytest

from metrics.bootstrap import bootstrap_sums, resample_counts
from metrics.joint_cells import joint_cells, joint_counts
from metrics.teaming.oracle import oracle, oracle_from_counts, oracle_matrix


def test_the_oracle_is_right_where_either_is():
    right = np.random.default_rng(0).random((70, 4)) < 0.6
    expected = [[(a | b).mean() for b in right.T] for a in right.T]
    np.testing.assert_allclose(oracle_matrix(right), expected)
    assert oracle(right[:, 0], right[:, 1]) == pytest.approx(expected[0][1])


def test_it_bootstraps_by_weights():
    right = np.random.default_rng(1).random((50, 3)) < 0.6
    weights = resample_counts(50, 20)
    replicates = oracle_from_counts(*joint_counts(bootstrap_sums(joint_cells(right), weights)))
    np.testing.assert_allclose(replicates, [oracle_matrix(np.repeat(right, w, axis=0)) for w in weights])


def test_without_images_there_is_none():
    assert np.isnan(oracle([], []))


def test_counts_of_few_bytes_do_not_overflow():
    both = np.array([[200, 150], [150, 190]])
    np.testing.assert_array_equal(oracle_from_counts(both.astype(np.uint8), 250), oracle_from_counts(both, 250))
