import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from metrics.mistake_confusion import (
    empty_rows,
    mistake_cells,
    mistake_confusion,
    normalise_rows,
    same_mistake,
)

CLASSES = 4


def labellers(seed=0, n=60):
    rng = np.random.default_rng(seed)
    truth = rng.integers(CLASSES, size=n)
    return rng.integers(-1, CLASSES, size=(n, 3)), rng.integers(-1, CLASSES, size=(n, 5)), truth


def pooled_by_a_loop(first, second, truth, reading):
    """The definition: visit each ordered pair, let another library count."""
    pairs = [
        (f, g)
        for i, f in enumerate(first.T)
        for j, g in enumerate((first if second is None else second).T)
        if second is not None or i != j
    ]
    counts = np.zeros((CLASSES, CLASSES))
    for f, g in pairs:
        wrong_f, wrong_g = f != truth, g != truth
        chosen = {"both": wrong_f & wrong_g, "first": wrong_f, "either": wrong_f | wrong_g}[reading]
        chosen = chosen & (f >= 0) & (g >= 0)
        if chosen.any():
            counts += confusion_matrix(f[chosen], g[chosen], labels=range(CLASSES))
    return counts


@pytest.mark.parametrize("reading", ["both", "first", "either"])
@pytest.mark.parametrize("one_kind", [True, False])
def test_counts_are_those_of_a_loop_over_pairs(reading, one_kind):
    people, machines, truth = labellers()
    second = None if one_kind else machines
    counts = pooled_by_a_loop(people, second, truth, reading)
    cells = mistake_cells(people, second, truth, CLASSES, reading=reading)
    np.testing.assert_array_equal(cells.sum(0).reshape(CLASSES, CLASSES), counts)
    np.testing.assert_allclose(
        mistake_confusion(people, second, truth, CLASSES, reading=reading), normalise_rows(counts)
    )


def test_one_classifier_has_no_partner_of_its_own_kind():
    people, _, truth = labellers()
    for reading in ("both", "first", "either"):
        assert np.isnan(mistake_confusion(people[:, :1], None, truth, CLASSES, reading=reading)).all()


def test_copies_make_the_same_mistakes_and_no_others():
    people, _, truth = labellers()
    confusion = mistake_confusion(people[:, [0, 0]], None, truth, CLASSES)
    np.testing.assert_array_equal(confusion, np.eye(CLASSES))
    assert same_mistake(confusion) == 1


def test_rows_without_counts_are_nan_and_counted():
    counts = np.array([[[2, 2], [0, 0]], [[1, 0], [0, 3]]])
    rows = normalise_rows(counts)
    assert np.isnan(rows[0, 1]).all()
    assert empty_rows(counts).tolist() == empty_rows(rows).tolist() == [0.5, 0]
    assert same_mistake(rows).tolist() == [0.5, 1]
    assert np.isnan(same_mistake(normalise_rows(np.zeros((2, 2)))))
