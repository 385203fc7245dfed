import numpy as np
import pytest

from metrics.teaming.one_coin import OneCoin


@pytest.mark.slow
def test_it_is_crowd_kits(independent, crowdkit):
    machine, labels, *_ = independent(images=600, people=2)
    theirs = crowdkit("OneCoinDawidSkene", machine, labels)
    ours = OneCoin.fit(machine, labels)
    assert ours.psi[:, 0, 0] == pytest.approx(theirs.skills_.sort_index().to_numpy(), abs=1e-8)
    answers = theirs.probas_.sort_index().sort_index(axis=1).to_numpy()  # before its last M step
    np.testing.assert_allclose(ours(machine, labels), answers, atol=0.01)


def test_it_recovers_skills():
    rng = np.random.default_rng(0)
    truth = rng.integers(5, size=20_000)
    skills = np.array([0.9, 0.8, 0.6, 0.7, 0.8])
    wrong = (truth[:, None] + rng.integers(1, 5, size=(20_000, 5))) % 5
    labels = np.where(rng.random((20_000, 5)) < skills, truth[:, None], wrong)
    ours = OneCoin.fit(np.eye(5)[labels[:, 0]], labels[:, 1:])
    assert ours.psi[:, 2, 2] == pytest.approx(skills, abs=0.01)
    assert ours.psi[:, 2, 3] == pytest.approx((1 - skills) / 4, abs=0.01)


def test_who_never_answered_tells_nothing():
    machine = np.array([[0.9, 0.05, 0.05], [0.1, 0.8, 0.1]] * 3)
    ours = OneCoin.fit(machine, np.full((6, 1), -1))
    assert ours.psi[1] == pytest.approx(np.full((3, 3), 1 / 3))
