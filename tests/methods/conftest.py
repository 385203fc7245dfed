"""Logits and labels that every method's test starts from, in float64."""

import pytest

B, K = 12, 5


def _draw(seed):
    torch = pytest.importorskip("torch")
    random = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(B, K, dtype=torch.float64, generator=random)
    return logits.requires_grad_(), torch.randint(K, (B,), generator=random)


@pytest.fixture
def logits():
    return _draw(0)[0]


@pytest.fixture
def labels():
    return _draw(0)[1]


@pytest.fixture
def logits2():
    return _draw(1)[0]


@pytest.fixture
def labels2():
    return _draw(1)[1]


@pytest.fixture
def ce(logits, labels):
    """(b,) cross entropies, by torch."""
    import torch

    return torch.nn.functional.cross_entropy(logits, labels, reduction="none")


@pytest.fixture
def transition():
    """Rows of 0.6 to 0.8 on the diagonal, the rest uneven."""
    import torch

    noise = torch.rand(K, K, dtype=torch.float64, generator=torch.Generator().manual_seed(2)).fill_diagonal_(0)
    stay = torch.linspace(0.6, 0.8, K, dtype=torch.float64)
    return (1 - stay)[:, None] * noise / noise.sum(1, keepdim=True) + stay.diag()


@pytest.fixture
def extreme():
    """Logits so far apart that probabilities underflow in float32, every label once for each row."""
    import torch

    rows = torch.tensor([[1e4, 0.0, -1e4, 50.0, -50.0], [-1e4, -1e4, -1e4, -1e4, 1e4]])
    labels = torch.arange(K).repeat(2)
    return rows.repeat_interleave(K, 0).requires_grad_(), labels


@pytest.fixture
def finite():
    """Check that losses and the gradients that flow from them are finite."""
    import torch

    def check(losses, *leaves):
        assert torch.isfinite(losses).all()
        for gradient in torch.autograd.grad(losses.sum(), leaves):
            assert torch.isfinite(gradient).all()

    return check
