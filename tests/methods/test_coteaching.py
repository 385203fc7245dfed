import pytest

torch = pytest.importorskip("torch")

from methods.coteaching import select  # noqa: E402


def test_forget_rate_zero_keeps_all(logits, logits2, labels):
    for chosen in select(logits, logits2, labels, 0.0):
        assert sorted(chosen.tolist()) == list(range(len(labels)))


def test_each_network_learns_what_the_other_finds_easy(logits, logits2, labels, ce):
    ce2 = torch.nn.functional.cross_entropy(logits2, labels, reduction="none")
    first, second = select(logits, logits2, labels, 0.25)
    assert len(first) == len(second) == 9
    rest = [i for i in range(12) if i not in first.tolist()]
    assert ce2[first].max() < ce2[rest].min()
    rest = [i for i in range(12) if i not in second.tolist()]
    assert ce[second].max() < ce[rest].min()


def test_by_hand():
    # both labels are 0; net 1 is sure of the first image, net 2 of the second
    logits1 = torch.tensor([[5.0, 0.0], [0.0, 5.0]])
    first, second = select(logits1, logits1.flip(0), torch.tensor([0, 0]), 0.5)
    assert (first.tolist(), second.tolist()) == ([1], [0])
