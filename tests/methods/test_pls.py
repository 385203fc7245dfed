import math

import pytest

torch = pytest.importorskip("torch")

from methods.pls import METHOD, loss  # noqa: E402


def test_rate_zero_is_cross_entropy(logits, labels, ce):
    torch.testing.assert_close(loss(logits, labels, rate=0.0), ce)


@pytest.mark.parametrize("rate", [0.1, 0.6, 1.0])
def test_equals_torchs_label_smoothing(logits, labels, rate):
    theirs = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=rate, reduction="none")
    torch.testing.assert_close(loss(logits, labels, rate=rate), theirs)


def test_value_by_hand():
    logits = torch.tensor([[0.25, 0.75]]).log()
    by_hand = -0.5 * math.log(0.25) - 0.25 * (math.log(0.25) + math.log(0.75))
    assert loss(logits, torch.tensor([0]), rate=0.5).item() == pytest.approx(by_hand)


def test_gradient(logits, labels):
    assert torch.autograd.gradcheck(lambda z: loss(z, labels, rate=0.4), logits)


def test_extreme_logits_stay_finite(extreme, finite):
    logits, labels = extreme
    finite(loss(logits, labels, rate=0.4), logits)


def test_its_rate_is_positive():
    assert METHOD.settings["rate"] > 0
