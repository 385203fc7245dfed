"""What positive and negative label smoothing share: the generalised smoothed loss."""

import math


def loss(logits, labels, *, rate, floor=0.0):
    """(b, k) logits, (b,) labels, smoothing rate -> (b,) losses (1 - r) (-log p_y) + r mean_k (-log p_k).

    A positive ``floor`` is the least p_k whose logarithm still counts in the mean over classes.
    """
    log_p = logits.log_softmax(1)
    own = log_p.gather(1, labels[:, None]).squeeze(1)
    every = (log_p.clamp(min=math.log(floor)) if floor else log_p).mean(1)
    return -(1 - rate) * own - rate * every
