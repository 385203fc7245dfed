"""Positive label smoothing: hand a share of each label's weight to all classes alike.

    L_r(p, y) = (1 - r) (-log p_y) + r/k sum_j (-log p_j)        r > 0;  r = 0 is CE

Lukasik et al., ICML 2020.  https://arxiv.org/abs/2003.02819
The share r goes to all k classes, y among them, so the target of y is 1 - r + r/k.
"""

from same_eyes.method import Method, pointwise

from ._smoothing import loss as smoothed


def loss(logits, labels, *, rate):
    """(b, k) logits, (b,) labels, smoothing rate r -> (b,) losses."""
    return smoothed(logits, labels, rate=rate)


METHOD = Method(
    "pls",
    title="PLS",
    paper="https://arxiv.org/abs/2003.02819",
    objective=pointwise(loss),
    starts_from="ce",
    settings={"rate": 0.2},  # noisy validation does not tell 0.1, 0.2 and 0.4 apart
)
