"""CORES: regularise towards confident answers, then drop the samples that the network doubts.

    L(p, y) = -log p_y - beta sum_k prior_k (-log p_k)        beta = 0 is CE
    kept iff  -log p_y <= 1/K sum_k (-log p_k)                the sieve

Cheng et al., ICLR 2021, the first of its two phases.  https://arxiv.org/abs/2010.02347
beta climbs from 10 % to 40 % of the training, the sieve works from 31 % on, and the prior follows what it
keeps (UCSC-REAL/cores, loss.py); the sums over k end at the published floor of p_k, 1e-8. The published
learning rate is divided by 1 + beta: here the loss is. A batch of which nothing is kept teaches nothing
(there it crashes). The published final beta is 2, over 100 epochs; noisy validation of short trainings
prefers less, and does not tell 1 from 0.5 (expected/tuning).
"""

import math

from same_eyes.method import Method

from ._like import like
from ._schedule import ramp
from .ce import loss as cross_entropy

FLOOR = 1e-8


def _every(logits):
    """(b, k) logits -> (b, k) cross entropies, one for each label there could be."""
    return -logits.log_softmax(1).clamp(min=math.log(FLOOR))


def loss(logits, labels, *, prior, beta):
    """(b, k) logits, (b,) labels, (k,) shares of the noisy labels, regulariser's weight -> (b,) losses."""
    return cross_entropy(logits, labels) - beta * (_every(logits) @ like(prior, logits))


def sieve(logits, labels):
    """(b, k) logits, (b,) labels -> (b,) bool, which samples to keep."""
    return cross_entropy(logits, labels) <= _every(logits).mean(1)


class Objective:
    """Mean loss of the samples kept, with the prior of the noisy labels less those dropped last epoch."""

    def __init__(self, task):
        import torch

        self.settings = task.settings
        self.counts = torch.from_numpy(task.prior * len(task.labels))
        self.prior = self.counts / self.counts.sum()
        self.dropped = torch.zeros_like(self.counts)
        self.epoch = 0

    def __call__(self, logits, batch):
        """Loss of one step: ((b, k) logits of the one network,), batch -> scalar."""
        (logits,), labels = logits, batch.labels
        if batch.epoch != self.epoch:
            kept = (self.counts - self.dropped).clamp(min=0)
            self.prior = kept / kept.sum()
            self.dropped = 0 * self.dropped
            self.epoch = batch.epoch
        beta = ramp(batch.progress, self.settings["beta"], *self.settings["climb"])
        keep = sieve(logits.detach(), labels)
        if batch.progress < self.settings["sieve_from"]:
            keep = keep | True
        self.dropped = self.dropped + labels[~keep].bincount(minlength=len(self.counts)).cpu()
        losses = loss(logits, labels, prior=self.prior, beta=beta)
        return (losses * keep).sum() / keep.sum().clamp(min=1) / (1 + beta)

    def state_dict(self):
        """What the next epoch needs to know of the last one."""
        return {"prior": self.prior, "dropped": self.dropped, "epoch": self.epoch}

    def load_state_dict(self, state):
        """Take up what :meth:`state_dict` gave."""
        self.prior, self.dropped, self.epoch = state["prior"], state["dropped"], state["epoch"]


METHOD = Method(
    "cores",
    title="CORES",
    paper="https://arxiv.org/abs/2010.02347",
    objective=Objective,
    settings={"beta": 1.0, "climb": (0.1, 0.4), "sieve_from": 0.31},
)
