import pytest

torch = pytest.importorskip("torch")

from methods._two_networks import forget_rate_at, smallest  # noqa: E402


def test_the_forget_rate_climbs_and_stays():
    rates = [forget_rate_at(progress, 0.2, 0.5) for progress in (0.0, 0.25, 0.5, 0.9)]
    assert rates == pytest.approx([0.0, 0.1, 0.2, 0.2])


@pytest.mark.parametrize(("rate", "kept"), [(0.0, 10), (0.2, 8), (0.24, 8), (0.26, 7), (1.0, 1)])
def test_keeps_the_share_it_says(rate, kept):
    losses = torch.arange(10.0).flip(0)
    assert smallest(losses, rate).tolist() == list(range(9, 9 - kept, -1))


def test_ties_keep_their_order():
    assert smallest(torch.ones(5), 0.4).tolist() == [0, 1, 2]
