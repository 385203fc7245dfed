"""Backward correction: undo the noise in the loss, so that its expectation is the clean one.

    L(p, y) = -sum_k (T^-1)[y, k] log p_k        T[i, j] = P(noisy j | clean i);  T = I is CE

Averaged over the noisy labels of an image of class c it is -log p_c, whatever T is.
Patrini et al., CVPR 2017, theorem 1.  https://arxiv.org/abs/1609.03683
T^-1 has negative entries, so the loss is unbounded below but for the published floor of p_k at 1e-7.
"""

import math

from same_eyes.method import Method

from ._like import like
from ._transition import estimate_transition

FLOOR = 1e-7


def loss(logits, labels, *, transition):
    """(b, k) logits, (b,) labels, (k, k) transition matrix -> (b,) losses."""
    log_p = logits.log_softmax(1).clamp(min=math.log(FLOOR))
    return -(like(transition, logits).inverse()[labels] * log_p).sum(1)


def objective(task):
    """Mean loss under the transition matrix that the CE model's probabilities give."""
    transition = like(estimate_transition(task.start.cpu()), task.start)
    return lambda logits, batch: loss(logits[0], batch.labels, transition=transition).mean()


METHOD = Method(
    "bw",
    title="BW",
    paper="https://arxiv.org/abs/1609.03683",
    objective=objective,
    starts_from="ce",
    transition=True,
    recipe={"tune_lr": 0.005},
)
