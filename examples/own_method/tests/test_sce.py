"""What the author of a method writes: its limits, and the suite's contract."""

import torch

from same_eyes.method import available
from same_eyes.testing import check_method
from symmetric_ce.sce import METHOD, loss


def test_the_suite_finds_it():
    assert available()["sce"].objective is METHOD.objective


def test_it_keeps_the_contract():
    check_method(METHOD)


def test_without_the_swapped_half_it_is_cross_entropy():
    logits, labels = torch.randn(8, 5, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 5
    ce = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    torch.testing.assert_close(loss(logits, labels, alpha=1.0, beta=0.0), ce)


def test_the_swapped_half_grows_linearly_as_the_label_becomes_unlikely():
    certain = torch.tensor([[30.0, 0.0], [0.0, 0.0], [0.0, 30.0]])
    swapped = loss(certain, torch.zeros(3, dtype=torch.long), alpha=0.0, beta=1.0)
    torch.testing.assert_close(swapped, torch.tensor([0.0, 2.0, 4.0]))
