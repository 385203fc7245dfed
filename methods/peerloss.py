"""Peer loss: reward agreement with the label only beyond what a stranger's label would get.

    L(p, y) = -log p_y(x) + alpha log p_y''(x')        x', y'' drawn independently;  alpha = 0 is CE

Liu & Guo, ICML 2020.  https://arxiv.org/abs/1910.03231
alpha climbs while training; its final value is noisy validation's choice for a short one. The published
learning rate is divided by 1 + alpha: here the loss is, which is the same step but for the weight decay. The
peer term is unbounded below; probabilities under the published 1e-5 add no more to it.
"""

import math

from same_eyes.method import Method

from ._schedule import ramp
from .ce import loss as cross_entropy

FLOOR = 1e-5


def loss(logits, labels, *, peer_logits, peer_labels, alpha):
    """Twice (b, k) logits and (b,) labels, peer weight alpha -> (b,) losses."""
    peer = cross_entropy(peer_logits, peer_labels).clamp(max=-math.log(FLOOR))
    return cross_entropy(logits, labels) - alpha * peer


def objective(task):
    """Mean loss while alpha climbs linearly to its final value over the first half of the training."""
    final, climb = task.settings["alpha"], task.settings["climb"]

    def step(logits, batch):
        alpha = ramp(batch.progress, final, *climb)
        peers = {"peer_logits": batch.peer_logits[0], "peer_labels": batch.peer_labels}
        return loss(logits[0], batch.labels, **peers, alpha=alpha).mean() / (1 + alpha)

    return step


METHOD = Method(
    "peerloss",
    title="PeerLoss",
    paper="https://arxiv.org/abs/1910.03231",
    objective=objective,
    starts_from="ce",
    peers=True,
    settings={"alpha": 1.0, "climb": (0.0, 0.5)},
)
