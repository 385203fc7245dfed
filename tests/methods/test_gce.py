import pytest

torch = pytest.importorskip("torch")

from methods.gce import loss  # noqa: E402


def test_small_q_is_cross_entropy(logits, labels, ce):
    torch.testing.assert_close(loss(logits, labels, q=1e-9), ce, rtol=1e-6, atol=1e-6)


def test_q_one_is_mean_absolute_error(logits, labels):
    p_y = logits.softmax(1)[torch.arange(len(labels)), labels]
    torch.testing.assert_close(loss(logits, labels, q=1.0), 1 - p_y)


def test_value_by_hand():
    logits = torch.tensor([[0.25, 0.75]]).log()
    assert loss(logits, torch.tensor([0]), q=0.5).item() == pytest.approx((1 - 0.5) / 0.5)


def test_gradient(logits, labels):
    assert torch.autograd.gradcheck(lambda z: loss(z, labels, q=0.7), logits)


def test_extreme_logits_stay_finite(extreme, finite):
    logits, labels = extreme
    finite(loss(logits, labels, q=0.7), logits)
