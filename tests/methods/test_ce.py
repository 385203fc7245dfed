import math

import pytest

torch = pytest.importorskip("torch")

from methods.ce import loss  # noqa: E402


def test_equals_torchs_cross_entropy(logits, labels, ce):
    torch.testing.assert_close(loss(logits, labels), ce)


def test_a_coin_costs_log_two():
    assert loss(torch.zeros(1, 2), torch.tensor([1])).item() == pytest.approx(math.log(2))


def test_gradient(logits, labels):
    assert torch.autograd.gradcheck(lambda z: loss(z, labels), logits)


def test_extreme_logits_stay_finite(extreme, finite):
    logits, labels = extreme
    finite(loss(logits, labels), logits)
