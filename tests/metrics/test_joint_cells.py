import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from metrics.joint_cells import joint_cells, joint_counts


def test_joint_counts_fill_the_table_of_every_pair():
    right = np.random.default_rng(0).random((50, 4)) < 0.7
    both, n = joint_counts(joint_cells(right).sum(0))
    assert n == 50
    for a in range(4):
        for b in range(4):
            (neither, only_b), (only_a, both_ab) = confusion_matrix(right[:, a], right[:, b], labels=[False, True])
            assert both[a, b] == both_ab
            assert both[a, a] == both_ab + only_a
            assert n - both[a, a] - both[b, b] + both[a, b] == neither
            assert both[b, b] == both_ab + only_b


def test_joint_counts_keep_leading_axes():
    cells = joint_cells(np.random.default_rng(1).random((6, 3)) < 0.5)
    both, n = joint_counts(np.stack([cells.sum(0), cells[:4].sum(0)]))
    assert both.shape == (2, 3, 3)
    assert n.tolist() == [6, 4]


@pytest.mark.parametrize("m", [0, 1, 20])
def test_counts_of_any_number_of_classifiers_come_back(m):
    right = np.random.default_rng(2).random((300, m)) < 0.9
    both, n = joint_counts(joint_cells(right).sum(0))
    np.testing.assert_array_equal(both, right.T.astype(int) @ right)
    assert n == 300


def test_cells_are_bytes_and_counts_are_floats():
    cells = joint_cells([[True, False]])
    assert cells.dtype == np.uint8
    both, n = joint_counts(cells[0])
    assert both.dtype == n.dtype == np.float64
    assert n - 2 == -1  # 255 in bytes
