"""Symmetric cross entropy: cross entropy, and the same with prediction and label swapped.

    L(p, y) = -alpha log p_y - beta A (1 - p_y)        log 0 is taken as A = -4

Wang et al., ICCV 2019, eqs. 5 to 7.  https://arxiv.org/abs/1908.06112
"""

from same_eyes.method import Method, pointwise


def loss(logits, labels, *, alpha, beta, log_zero=-4.0):
    """(b, k) logits, (b,) labels, weights of the two directions -> (b,) losses."""
    log_p = logits.log_softmax(1).gather(1, labels[:, None]).squeeze(1)
    return -alpha * log_p - beta * log_zero * (1 - log_p.exp())


METHOD = Method(
    "sce",
    title="SCE",
    paper="https://arxiv.org/abs/1908.06112",
    objective=pointwise(loss),
    settings={"alpha": 0.1, "beta": 1.0},
)
