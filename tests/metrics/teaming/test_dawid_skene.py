import numpy as np
import pytest

from metrics.teaming.dawid_skene import DawidSkene


def test_everybody_is_asked_about_the_least_confident_answers_first(independent):
    machine, labels, *_ = independent(images=30)
    np.testing.assert_allclose(DawidSkene.fit(machine, labels).worth(machine), 1 - machine.max(1))


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


def test_it_stops_where_the_bound_gains_less_than_a_hundred_thousandth_a_label(independent):
    machine, labels, *_ = independent(images=60, people=2)
    said = np.column_stack([machine.argmax(1), labels])

    def learnt(q):
        counts = np.array([[q[column == answer].sum(0) for answer in range(4)] for column in said.T])
        counts = np.maximum(counts, 1e-10)
        return q.mean(0), counts / counts.sum(1, keepdims=True)

    def likelihoods(psi):
        return sum(np.log(psi[j, said[:, j]]) for j in range(3))

    (prior, psi), bounds = learnt(np.array([np.bincount(row, minlength=4) / 3 for row in said])), [-np.inf]
    while len(bounds) < 3 or bounds[-1] - bounds[-2] >= 1e-5:
        q = prior * np.exp(likelihoods(psi))
        q /= q.sum(1, keepdims=True)
        prior, psi = learnt(q)
        bound = q * (3 * np.log(prior) + likelihoods(psi) - np.log(np.maximum(q, 1e-10)))  # the prior with each label
        bounds.append(bound.sum() / said.size)
    assert 4 < len(bounds) < 100
    rule = DawidSkene.fit(machine, labels)
    np.testing.assert_allclose(rule.prior, prior, rtol=1e-9)
    np.testing.assert_allclose(rule.psi, psi, rtol=1e-6, atol=1e-9)


def test_it_recovers_each_annotators_own_confusion(independent):
    machine, labels, truth, psi, _ = independent(images=20_000, people=4, right=0.85)
    labels[:, 1] = np.where(np.random.default_rng(0).random(20_000) < 0.3, 3, labels[:, 1])  # one says 3 too often
    rule = DawidSkene.fit(machine, labels)
    np.testing.assert_allclose(rule.psi[1], psi, atol=0.05)
    np.testing.assert_allclose(rule.psi[2], 0.7 * psi + 0.3 * np.eye(4)[3][:, None], atol=0.05)
    assert rule.prior == pytest.approx(np.bincount(truth) / 20_000, abs=0.02)
