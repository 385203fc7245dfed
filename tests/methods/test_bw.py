import math
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from methods._transition import estimate_transition  # noqa: E402
from methods.bw import FLOOR, loss, objective  # noqa: E402


def test_no_noise_is_cross_entropy(logits, labels, ce):
    torch.testing.assert_close(loss(logits, labels, transition=torch.eye(5)), ce)


def test_is_unbiased(logits, labels, ce, transition):
    """Averaged over the noisy labels, exactly, it is the cross entropy to the clean one."""
    each = torch.stack([loss(logits, torch.full_like(labels, j), transition=transition) for j in range(5)], 1)
    torch.testing.assert_close((transition[labels] * each).sum(1), ce)


def test_value_by_hand():
    # the inverse of [[.75, .25], [.25, .75]] is [[1.5, -.5], [-.5, 1.5]]
    logits = torch.tensor([[0.25, 0.75]]).log()
    value = loss(logits, torch.tensor([0]), transition=[[0.75, 0.25], [0.25, 0.75]]).item()
    assert value == pytest.approx(-1.5 * math.log(0.25) + 0.5 * math.log(0.75))


def test_gradient(logits, labels, transition):
    assert torch.autograd.gradcheck(lambda z: loss(z, labels, transition=transition), logits)


def test_extreme_logits_stay_finite_and_bounded(extreme, finite, transition):
    logits, labels = extreme
    losses = loss(logits, labels, transition=transition)
    finite(losses, logits)
    assert losses.min() >= transition.inverse().clamp(max=0).sum(1).min() * -math.log(FLOOR)


def test_the_objective_estimates_the_matrix_from_the_starting_model(logits, labels):
    start = (3 * torch.randn(300, 5, generator=torch.Generator().manual_seed(3))).softmax(1)
    step = objective(SimpleNamespace(start=start))
    expected = loss(logits, labels, transition=estimate_transition(start)).mean()
    torch.testing.assert_close(step((logits,), SimpleNamespace(labels=labels)), expected, rtol=1e-4, atol=1e-4)
