import numpy as np
import pytest

from metrics.teaming.dawid_skene import DawidSkene


@pytest.mark.slow
def test_it_is_crowd_kits(independent, crowdkit):
    machine, labels, *_ = independent(images=600, people=2)
    labels = np.where(np.random.default_rng(0).random(labels.shape) < 0.2, -1, labels)
    theirs = crowdkit("DawidSkene", machine, labels)
    ours = DawidSkene.fit(machine, labels)
    answers = theirs.probas_.sort_index().sort_index(axis=1).to_numpy()  # before its last M step
    np.testing.assert_allclose(ours(machine, labels), answers, atol=0.01)
    np.testing.assert_allclose(ours.prior, theirs.priors_.sort_index(), atol=1e-8)
    errors = theirs.errors_.sort_index().sort_index(axis=1)
    for j, psi in enumerate(ours.psi):
        np.testing.assert_allclose(psi, errors.loc[j], atol=1e-8)


def test_it_recovers_each_annotators_own_confusion(independent):
    machine, labels, truth, psi, _ = independent(images=20_000, people=4, right=0.85)
    labels[:, 1] = np.where(np.random.default_rng(0).random(20_000) < 0.3, 3, labels[:, 1])  # one says 3 too often
    rule = DawidSkene.fit(machine, labels)
    np.testing.assert_allclose(rule.psi[1], psi, atol=0.05)
    np.testing.assert_allclose(rule.psi[2], 0.7 * psi + 0.3 * np.eye(4)[3][:, None], atol=0.05)
    assert rule.prior == pytest.approx(np.bincount(truth) / 20_000, abs=0.02)
