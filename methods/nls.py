"""Negative label smoothing: take weight from all classes alike and give it to the label.

    L_r(p, y) = (1 - r) (-log p_y) + r/k sum_j (-log p_j)        r < 0;  r = 0 is CE

Wei et al., ICML 2022.  https://arxiv.org/abs/2106.04149
Unbounded below as a p_j goes to 0. The published code survives by a step size of 1e-6; here probabilities
under 1e-7 add nothing more to the sum over classes, which bounds the loss, and the step is a small one.
The paper leaves the rate open; noisy validation does not tell -0.2, -0.5 and -1 apart (expected/tuning).
"""

from same_eyes.method import Method, pointwise

from ._smoothing import loss as smoothed

FLOOR = 1e-7


def loss(logits, labels, *, rate):
    """(b, k) logits, (b,) labels, smoothing rate r -> (b,) losses."""
    return smoothed(logits, labels, rate=rate, floor=FLOOR)


METHOD = Method(
    "nls",
    title="NLS",
    paper="https://arxiv.org/abs/2106.04149",
    objective=pointwise(loss),
    starts_from="ce",
    settings={"rate": -0.2},
    recipe={"tune_lr": 0.005},
)
