import math
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from methods._transition import estimate_transition  # noqa: E402
from methods.fw import loss, objective  # noqa: E402


def test_no_noise_is_cross_entropy(logits, labels, ce):
    torch.testing.assert_close(loss(logits, labels, transition=torch.eye(5)), ce)


def test_is_the_cross_entropy_of_the_noisy_prediction(logits, labels, transition):
    noisy = logits.softmax(1) @ transition
    theirs = torch.nn.functional.nll_loss(noisy.log(), labels, reduction="none")
    torch.testing.assert_close(loss(logits, labels, transition=transition), theirs)


def test_value_by_hand():
    logits = torch.tensor([[0.25, 0.75]]).log()
    value = loss(logits, torch.tensor([1]), transition=[[0.9, 0.1], [0.4, 0.6]]).item()
    assert value == pytest.approx(-math.log(0.25 * 0.1 + 0.75 * 0.6))


def test_is_least_at_the_clean_prediction(transition):
    # in expectation over the noisy labels, whatever the clean class is (theorem 2)
    clean = torch.eye(5, dtype=torch.float64) * 0.999 + 0.0002
    every = torch.arange(5)
    for c in range(5):
        costs = [
            (transition[c] * loss(p.log().expand(5, 5), every, transition=transition)).sum().item()
            for p in clean / clean.sum(1, keepdim=True)
        ]
        assert min(range(5), key=costs.__getitem__) == c


def test_gradient(logits, labels, transition):
    assert torch.autograd.gradcheck(lambda z: loss(z, labels, transition=transition), logits)


def test_extreme_logits_stay_finite(extreme, finite):
    logits, labels = extreme
    transition = torch.eye(5)
    transition[0] = torch.tensor([0.5, 0.5, 0, 0, 0])
    finite(loss(logits, labels, transition=transition), logits)


def test_a_label_that_the_matrix_rules_out_stays_finite(finite):
    logits = torch.zeros(1, 2).requires_grad_()
    finite(loss(logits, torch.tensor([1]), transition=[[1.0, 0.0], [1.0, 0.0]]), logits)


def test_the_objective_estimates_the_matrix_from_the_starting_model(logits, labels):
    start = torch.randn(300, 5, generator=torch.Generator().manual_seed(3)).softmax(1)
    step = objective(SimpleNamespace(start=start))
    expected = loss(logits, labels, transition=estimate_transition(start)).mean()
    torch.testing.assert_close(step((logits,), SimpleNamespace(labels=labels)), expected, rtol=1e-6, atol=1e-6)
