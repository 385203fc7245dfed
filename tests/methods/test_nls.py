import math

import pytest

torch = pytest.importorskip("torch")

from methods.nls import FLOOR, METHOD, loss  # noqa: E402


def test_rate_zero_is_cross_entropy(logits, labels, ce):
    torch.testing.assert_close(loss(logits, labels, rate=0.0), ce)


@pytest.mark.parametrize("rate", [-0.2, -1.0, -8.0])
def test_is_positive_smoothing_carried_on_below_zero(logits, labels, ce, rate):
    # torch takes rates of 0 to 1 alone; the loss is linear in the rate, so two of them give the rest
    smooth = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=1.0, reduction="none")
    torch.testing.assert_close(loss(logits, labels, rate=rate), ce + rate * (smooth - ce))


def test_value_by_hand():
    logits = torch.tensor([[0.25, 0.75]]).log()
    by_hand = -2 * math.log(0.25) + 0.5 * (math.log(0.25) + math.log(0.75))
    assert loss(logits, torch.tensor([0]), rate=-1.0).item() == pytest.approx(by_hand)


def test_gradient(logits, labels):
    assert torch.autograd.gradcheck(lambda z: loss(z, labels, rate=-1.0), logits)


def test_extreme_logits_stay_finite(extreme, finite):
    logits, labels = extreme
    finite(loss(logits, labels, rate=-1.0), logits)


def test_is_bounded_below():
    logits = torch.tensor([[1e4, 0.0, 0.0]])
    assert loss(logits, torch.tensor([0]), rate=-3.0).item() == pytest.approx(2 * math.log(FLOOR), rel=1e-6)


def test_its_rate_is_negative():
    assert METHOD.settings["rate"] < 0
