import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from methods.fdiv import DIVERGENCES, loss  # noqa: E402

NAMES = ["tv", "js", "kl", "pearson", "jeffrey"]
F = {  # the convex functions f whose conjugates they are; f(1) = 0
    "tv": lambda u: np.abs(u - 1) / 2,
    "js": lambda u: u * np.log(u) - (u + 1) * np.log((u + 1) / 2),
    "kl": lambda u: u * np.log(u),
    "pearson": lambda u: (u - 1) ** 2,
    "jeffrey": lambda u: (u - 1) * np.log(u),
}


def test_the_five_of_the_paper():
    assert list(DIVERGENCES) == NAMES == list(F)


@pytest.mark.parametrize("name", NAMES)
def test_conjugate_is_the_legendre_transform(name):
    activation, conjugate = DIVERGENCES[name]
    u = np.append(np.geomspace(1e-8, 1e3, 400_001), 1.0)  # 1: total variation's corner
    for v in np.linspace(0.01, 0.99, 9):
        t = activation(torch.tensor(v, dtype=torch.float64))
        best = (t.item() * u - F[name](u)).max()
        assert conjugate(t).item() == pytest.approx(best, abs=2e-7)


def test_jeffreys_conjugate_by_lamberts_w():
    from scipy.special import lambertw

    t = torch.linspace(-30, 30, 121, dtype=torch.float64, requires_grad=True)
    w = lambertw(np.exp(1 - t.detach().numpy())).real
    value = DIVERGENCES["jeffrey"][1](t)
    np.testing.assert_allclose(value.detach().numpy(), w + 1 / w + t.detach().numpy() - 2, rtol=1e-9, atol=1e-9)
    (slope,) = torch.autograd.grad(value.sum(), t)
    np.testing.assert_allclose(slope.numpy(), 1 / w, rtol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_gradient(logits, labels, logits2, labels2, name):
    def scalar(z, z2):
        return loss(z, labels, peer_logits=z2, peer_labels=labels2, divergence=name)

    assert torch.autograd.gradcheck(scalar, (logits, logits2))


@pytest.mark.parametrize("name", NAMES)
def test_answers_that_tell_nothing_give_at_least_zero(name):
    """The variational form never exceeds the divergence, which is 0 where labels and answers are independent."""
    same = torch.zeros(4, 2)
    labels = torch.tensor([0, 1, 0, 1])
    assert loss(same, labels, peer_logits=same, peer_labels=labels, divergence=name).item() >= -1e-6


def test_value_by_hand():
    own, peer = (torch.tensor([[p, 1 - p]]).log() for p in (0.8, 0.3))
    zero = torch.tensor([0])
    by_hand = {
        "tv": math.tanh(0.3) / 2 - math.tanh(0.8) / 2,
        "js": 0.3 + math.log1p(math.exp(-0.3)) - 2 * math.log(2) + math.log1p(math.exp(-0.8)),
        "kl": math.exp(0.3 - 1) - 0.8,
        "pearson": 0.3**2 / 4 + 0.3 - 0.8,
    }
    for name, value in by_hand.items():
        ours = loss(own, zero, peer_logits=peer, peer_labels=zero, divergence=name).item()
        assert ours == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_extreme_logits_stay_finite(extreme, finite, name):
    logits, labels = extreme
    value = loss(logits, labels, peer_logits=logits, peer_labels=labels.flip(0), divergence=name)
    finite(value, logits)
