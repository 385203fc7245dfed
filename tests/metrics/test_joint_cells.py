import numpy as np
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
