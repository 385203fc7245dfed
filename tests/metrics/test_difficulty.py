import numpy as np
import pytest
from scipy.stats import entropy

from metrics.difficulty import (
    agreement,
    confidence,
    human_entropy,
    leave_one_out_agreement,
    split_half_entropy,
)


def test_confidence_is_the_probability_of_the_machines_answer():
    probs = np.random.default_rng(0).dirichlet(np.ones(4), size=(7, 3))
    np.testing.assert_array_equal(confidence(probs), np.take_along_axis(probs, probs.argmax(-1)[..., None], -1)[..., 0])


def test_leave_one_out_is_the_agreement_of_the_others():
    right = np.random.default_rng(1).random((20, 5)) < 0.7
    expected = np.column_stack([agreement(np.delete(right, j, 1)) for j in range(5)])
    np.testing.assert_allclose(leave_one_out_agreement(right), expected)
    np.testing.assert_allclose(agreement(right), right.mean(1))


def test_a_machine_alone_has_no_others():
    assert np.isnan(leave_one_out_agreement([[True], [False]])).all()


def test_entropy_is_scipys():
    counts = np.random.default_rng(2).integers(0, 9, size=(30, 4))
    counts[:, 0] += 1  # somebody answered
    np.testing.assert_allclose(human_entropy(counts), entropy(counts, axis=1))
    assert np.isnan(human_entropy([[0, 0]]))


def test_halves_are_halves():
    counts = np.random.default_rng(3).integers(0, 9, size=(50, 4))
    first, rest = split_half_entropy(counts, seed=5)
    half = counts - rest
    assert (half >= 0).all()
    np.testing.assert_array_equal(half.sum(1), counts.sum(1) // 2)
    np.testing.assert_array_equal(first, human_entropy(half))
    np.testing.assert_array_equal(split_half_entropy(counts, seed=5)[1], rest)
    assert (split_half_entropy(counts, seed=6)[1] != rest).any()
    np.testing.assert_array_equal(split_half_entropy(counts)[1], split_half_entropy(counts, seed=0)[1])


def test_every_answer_is_as_likely_to_fall_into_either_half():
    counts = np.tile([6, 3, 1], (20_000, 1))
    _, rest = split_half_entropy(counts)
    assert rest.mean(0) == pytest.approx([3, 1.5, 0.5], abs=0.03)
    assert rest[:, 0].var() == pytest.approx(5 * 0.6 * 0.4 * 5 / 9, rel=0.03)  # the hypergeometric's
