"""JoCoR: two networks that agree with the labels and with each other, on the samples where both come easy.

    L = (1 - w) (-log p1_y - log p2_y) + w (KL(p1 || p2) + KL(p2 || p1))        w = 0 is CE twice

The (1 - R) share of the batch with the smallest joint loss trains both networks.
Wei et al., CVPR 2020.  https://arxiv.org/abs/2003.02752
"""

from same_eyes.method import Method

from ._two_networks import forget_rate_at, smallest
from .ce import loss as cross_entropy


def loss(logits1, logits2, labels, *, weight):
    """Twice (b, k) logits, (b,) labels, weight of agreement -> (b,) joint losses."""
    log_p1, log_p2 = logits1.log_softmax(1), logits2.log_softmax(1)
    apart = ((log_p1.exp() - log_p2.exp()) * (log_p1 - log_p2)).sum(1)  # both directions of KL at once
    return (1 - weight) * (cross_entropy(logits1, labels) + cross_entropy(logits2, labels)) + weight * apart


def objective(task):
    """Mean joint loss over the samples that both networks find easiest together."""
    forget_rate, ramp, weight = (task.settings[name] for name in ("forget_rate", "ramp", "weight"))

    def step(logits, batch):
        losses = loss(*logits, batch.labels, weight=weight)
        return losses[smallest(losses, forget_rate_at(batch.progress, forget_rate, ramp))].mean()

    return step


METHOD = Method(
    "jocor",
    title="JoCoR",
    paper="https://arxiv.org/abs/2003.02752",
    objective=objective,
    networks=2,
    settings={"forget_rate": 0.1, "ramp": 0.3, "weight": 0.1},  # by noisy validation, expected/tuning
)
