import math
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from methods.jocor import loss, objective  # noqa: E402


def test_weight_zero_is_both_cross_entropies(logits, logits2, labels, ce):
    ce2 = torch.nn.functional.cross_entropy(logits2, labels, reduction="none")
    torch.testing.assert_close(loss(logits, logits2, labels, weight=0.0), ce + ce2)


def test_weight_one_is_both_divergences(logits, logits2, labels):
    log_p, log_q = logits.log_softmax(1), logits2.log_softmax(1)
    kl = torch.nn.functional.kl_div
    both = [kl(a, b, log_target=True, reduction="none").sum(1) for a, b in ((log_p, log_q), (log_q, log_p))]
    torch.testing.assert_close(loss(logits, logits2, labels, weight=1.0), sum(both))


def test_value_by_hand():
    one, two = (torch.tensor([[p, 1 - p]]).log() for p in (0.8, 0.5))
    agreement = 0.3 * math.log(0.8 / 0.5) + -0.3 * math.log(0.2 / 0.5)
    by_hand = 0.75 * -math.log(0.8 * 0.5) + 0.25 * agreement
    assert loss(one, two, torch.tensor([0]), weight=0.25).item() == pytest.approx(by_hand)


def test_gradient(logits, logits2, labels):
    assert torch.autograd.gradcheck(lambda z, z2: loss(z, z2, labels, weight=0.5), (logits, logits2))


def test_extreme_logits_stay_finite(extreme, finite):
    logits, labels = extreme
    finite(loss(logits, logits.flip(0), labels, weight=0.5), logits)


def test_both_networks_learn_from_the_same_smallest_losses(logits, logits2, labels):
    step = objective(SimpleNamespace(settings={"forget_rate": 0.25, "ramp": 0.3, "weight": 0.5}))
    value = step((logits, logits2), SimpleNamespace(labels=labels, progress=0.5))
    losses = loss(logits, logits2, labels, weight=0.5).sort().values
    torch.testing.assert_close(value, losses[:9].mean())
    for gradient in torch.autograd.grad(value, (logits, logits2)):
        assert (gradient.abs().sum(1) > 0).sum() == 9
