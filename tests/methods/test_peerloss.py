import math

import pytest

torch = pytest.importorskip("torch")

from methods.peerloss import FLOOR, loss  # noqa: E402


def test_alpha_zero_is_cross_entropy(logits, labels, logits2, labels2, ce):
    ours = loss(logits, labels, peer_logits=logits2, peer_labels=labels2, alpha=0.0)
    torch.testing.assert_close(ours, ce)


def test_is_the_difference_of_two_cross_entropies(logits, labels, logits2, labels2, ce):
    peer = torch.nn.functional.cross_entropy(logits2, labels2, reduction="none")
    ours = loss(logits, labels, peer_logits=logits2, peer_labels=labels2, alpha=1.5)
    torch.testing.assert_close(ours, ce - 1.5 * peer)


def test_value_by_hand():
    own, peer = (torch.tensor([[p, 1 - p]]).log() for p in (0.8, 0.3))
    zero = torch.tensor([0])
    value = loss(own, zero, peer_logits=peer, peer_labels=zero, alpha=2.0).item()
    assert value == pytest.approx(-math.log(0.8) + 2 * math.log(0.3))


def test_gradient(logits, labels, logits2, labels2):
    def losses(z, z2):
        return loss(z, labels, peer_logits=z2, peer_labels=labels2, alpha=0.7)

    assert torch.autograd.gradcheck(losses, (logits, logits2))


def test_extreme_logits_stay_finite_and_bounded(extreme, finite):
    logits, labels = extreme
    losses = loss(logits, labels, peer_logits=logits.flip(0), peer_labels=labels, alpha=3.0)
    finite(losses, logits)
    assert losses.min() >= 3 * math.log(FLOOR)
