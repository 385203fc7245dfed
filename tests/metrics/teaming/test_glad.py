import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm

from metrics.teaming.glad import Glad


def whitehill(images, ability, seed=0, classes=4):
    """Labels from GLAD's own model, the first column being the machine's."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=images)
    right = expit(np.asarray(ability) * np.exp(rng.normal(1.0, 1.0, size=(images, 1))))
    wrong = (truth[:, None] + rng.integers(1, classes, size=right.shape)) % classes
    return np.where(rng.random(right.shape) < right, truth[:, None], wrong), truth


def test_it_recovers_abilities():
    labels, _ = whitehill(20_000, [1.0, 0.3, 0.6, 0.05])
    rule = Glad.fit(np.eye(4)[labels[:, 0]], labels[:, 1:])
    assert rule.ability == pytest.approx([1.0, 0.3, 0.6, 0.05], abs=0.06)


def test_few_labels_leave_abilities_near_what_is_expected():
    labels, _ = whitehill(12, [1.0, 0.4, 0.7, 0.0], classes=3)
    labels[:, 3] = -1  # who never answered is what is expected
    easiness = np.linspace(-5, 7, 1201)
    weights = norm.pdf(easiness, 1, 1) * 0.01

    def surprise(ability):
        """Less the log posterior of three abilities, integrated by hand."""
        right = expit(ability[:, None, None, None] * np.exp(easiness))  # (3, 1, 1, e)
        given = labels[:, :3].T[:, :, None, None] == np.arange(3)[:, None]  # (3, n, k, 1)
        chances = np.where(given, right, (1 - right) / 2).prod(0).sum(1) / 3 @ weights
        return -np.log(chances).sum() - norm.logpdf(ability, 1, 1).sum()

    expected = minimize(
        surprise, [1.0, 1.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9, "maxiter": 2000}
    ).x
    assert Glad.fit(np.eye(3)[labels[:, 0]], labels[:, 1:]).ability == pytest.approx([*expected, 1.0], abs=5e-3)


def test_with_one_person_nothing_says_who_is_abler():
    labels, _ = whitehill(5_000, [1.0, 0.2])
    machine = np.eye(4)[labels[:, 0]]
    rule = Glad.fit(machine, labels[:, 1:])
    assert rule.ability[0] == pytest.approx(rule.ability[1], abs=1e-6)
    differ = labels[:, 0] != labels[:, 1]
    posterior = rule(machine, labels[:, 1:])[differ]
    both = np.take_along_axis(posterior, labels[differ], 1)
    np.testing.assert_allclose(both[:, 0], both[:, 1], atol=1e-6)
    assert (both[:, 0] > 0.4).all()


@pytest.mark.slow
def test_it_answers_as_crowd_kit_does(crowdkit):
    labels, truth = whitehill(150, [1.0, 0.4, 0.7])
    machine = np.eye(4)[labels[:, 0]]
    theirs = crowdkit("GLAD", machine, labels[:, 1:], n_iter=10).labels_.sort_index().to_numpy()
    ours = Glad.fit(machine, labels[:, 1:])(machine, labels[:, 1:]).argmax(1)
    agreed = np.array([len(set(row)) < 3 for row in labels])  # of three answers, two at least
    assert (ours == theirs)[agreed].mean() > 0.95
    assert (ours == truth).mean() >= (theirs == truth).mean() - 0.02


def test_the_posterior_is_an_integral_over_difficulties():
    rule = Glad(ability=np.array([0.5, 0.8]))
    ease = np.exp(np.random.default_rng(0).normal(1.0, 1.0, size=400_000))
    first, second = expit(0.5 * ease), expit(0.8 * ease)
    chances = np.array([(first * (1 - second) / 2).mean(), ((1 - first) / 2 * second).mean()])
    other = ((1 - first) * (1 - second) / 4).mean()
    expected = np.append(chances, other) / (chances.sum() + other)
    assert rule([[0.6, 0.3, 0.1]], [[1]])[0] == pytest.approx(expected, abs=2e-3)
