import math
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from methods.cores import METHOD, Objective, loss, sieve  # noqa: E402
from same_eyes.method import Task  # noqa: E402


def test_beta_zero_is_cross_entropy(logits, labels, ce):
    torch.testing.assert_close(loss(logits, labels, prior=np.full(5, 0.2), beta=0.0), ce)


def test_value_by_hand():
    logits = torch.tensor([[0.25, 0.75]], dtype=torch.float64).log()
    value = loss(logits, torch.tensor([0]), prior=[0.4, 0.6], beta=2.0).item()
    assert value == pytest.approx(-math.log(0.25) + 2 * (0.4 * math.log(0.25) + 0.6 * math.log(0.75)))


def test_the_regulariser_rewards_confidence(labels):
    flat, sharp = torch.zeros(len(labels), 5), 6 * torch.eye(5)[labels]
    prior = np.full(5, 0.2)

    def gain(beta):
        return (loss(flat, labels, prior=prior, beta=beta) - loss(sharp, labels, prior=prior, beta=beta)).mean()

    assert gain(2.0) > gain(0.0) > 0


def test_sieve_by_hand():
    # -log p_y = 1.39 against a mean of 0.84: dropped; 0.29 against 0.84: kept; equal: kept
    logits = torch.tensor([[0.25, 0.75], [0.25, 0.75], [0.5, 0.5]]).log()
    assert sieve(logits, torch.tensor([0, 1, 0])).tolist() == [False, True, True]


def test_sieve_keeps_only_the_sure_labels_of_extremes(extreme):
    logits, labels = extreme
    kept = sieve(logits.detach(), labels)
    assert kept.tolist() == [True] + 8 * [False] + [True]


def test_gradient(logits, labels):
    prior = torch.tensor([0.1, 0.2, 0.3, 0.2, 0.2])
    assert torch.autograd.gradcheck(lambda z: loss(z, labels, prior=prior, beta=2.0), logits)


def test_extreme_logits_stay_finite(extreme, finite):
    logits, labels = extreme
    finite(loss(logits, labels, prior=np.full(5, 0.2), beta=2.0), logits)


def _objective():
    task = Task(np.zeros((4, 1, 2, 2), np.uint8), np.array([0, 0, 0, 1]), 2, settings=METHOD.settings | {"beta": 2.0})
    return Objective(task)


def _batch(epoch, progress, labels):
    return SimpleNamespace(epoch=epoch, progress=progress, labels=torch.tensor(labels))


def test_before_the_sieve_all_count_and_beta_is_zero():
    logits = torch.tensor([[3.0, 0.0], [0.0, 0.0]])
    ours = _objective()((logits,), _batch(0, 0.05, [1, 0]))
    torch.testing.assert_close(ours, torch.nn.functional.cross_entropy(logits, torch.tensor([1, 0])))


def test_the_sieve_drops_and_the_prior_follows():
    ours = _objective()
    assert ours.prior.tolist() == [0.75, 0.25]
    sure = torch.tensor([[0.0, 3.0], [0.0, 3.0], [3.0, 0.0], [0.0, 3.0]])
    labels = [0, 0, 0, 1]
    value = ours((sure,), _batch(7, 0.5, labels))  # drops the first two
    assert ours.dropped.tolist() == [2, 0]
    kept = loss(sure[2:], torch.tensor([0, 1]), prior=[0.75, 0.25], beta=2.0).mean() / 3
    torch.testing.assert_close(value, kept)
    ours((sure,), _batch(8, 0.55, labels))
    assert ours.prior.tolist() == [0.5, 0.5]
    assert ours.dropped.tolist() == [2, 0]


def test_a_batch_of_which_nothing_is_kept_teaches_nothing():
    logits = torch.tensor([[0.0, 3.0]], requires_grad=True)
    value = _objective()((logits,), _batch(7, 0.5, [0]))
    (gradient,) = torch.autograd.grad(value, logits)
    assert value.item() == 0
    assert gradient.tolist() == [[0.0, 0.0]]


def test_its_state_can_be_taken_up():
    ours, theirs = _objective(), _objective()
    sure = torch.tensor([[0.0, 3.0], [0.0, 3.0], [3.0, 0.0], [0.0, 3.0]])
    ours((sure,), _batch(7, 0.5, [0, 0, 0, 1]))
    theirs.load_state_dict(ours.state_dict())
    later = _batch(8, 0.55, [0, 0, 1, 1])
    assert ours((sure,), later).item() == theirs((sure,), later).item() != _objective()((sure,), later).item()
