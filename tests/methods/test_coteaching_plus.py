from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from methods import coteaching  # noqa: E402
from methods.coteaching_plus import objective, select  # noqa: E402


def test_selects_among_disagreements_alone(logits, logits2, labels):
    apart = (logits.argmax(1) != logits2.argmax(1)).nonzero().squeeze(1).tolist()
    assert 1 < len(apart) < len(labels)
    for chosen in select(logits, logits2, labels, 0.0):
        assert sorted(chosen.tolist()) == apart
    for chosen in select(logits, logits2, labels, 0.5):
        assert set(chosen.tolist()) < set(apart)
        assert len(chosen) == round(len(apart) / 2)


def test_the_first_and_the_last_disagreement_count_like_any_other():
    # the published code loses position 0
    logits1 = torch.tensor([[1.0, 0.0]] * 3)
    logits2 = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    for chosen in select(logits1, logits2, torch.tensor([0, 0, 0]), 0.0):
        assert sorted(chosen.tolist()) == [0, 2]


def test_each_network_learns_what_the_other_finds_easy():
    logits1 = torch.tensor([[1.0, 0.0], [2.0, 0.0], [9.0, 0.0]])
    logits2 = torch.tensor([[0.0, 2.0], [0.0, 1.0], [9.0, 0.0]])
    first, second = select(logits1, logits2, torch.tensor([0, 0, 0]), 0.5)
    assert (first.tolist(), second.tolist()) == ([1], [1])
    first, second = select(logits1, logits2, torch.tensor([1, 1, 0]), 0.5)
    assert (first.tolist(), second.tolist()) == ([0], [0])


def test_without_disagreement_it_is_co_teaching(logits, labels):
    ours = select(logits, logits + 1, labels, 0.25)
    theirs = coteaching.select(logits, logits + 1, labels, 0.25)
    assert [t.tolist() for t in ours] == [t.tolist() for t in theirs]
    assert len(ours[0]) == 9


def test_starts_as_co_teaching(logits, logits2, labels):
    settings = {"forget_rate": 0.2, "ramp": 0.3, "warmup": 0.5}
    ours, theirs = (make(SimpleNamespace(settings=settings)) for make in (objective, coteaching.objective))
    early, late = (SimpleNamespace(labels=labels, progress=progress) for progress in (0.4, 0.6))
    both = (logits, logits2)
    assert ours(both, early).item() == theirs(both, early).item()
    assert ours(both, late).item() != theirs(both, late).item()
