"""Generalised cross entropy: between cross entropy, which learns fast, and absolute error, which is calm.

    L_q(p, y) = (1 - p_y^q) / q        0 < q <= 1;  q -> 0 is CE,  q = 1 is MAE

Zhang & Sabuncu, NeurIPS 2018, eq. 6.  https://arxiv.org/abs/1805.07836
The untruncated form with the paper's q = 0.7. Its authors published no code.
"""

from same_eyes.method import Method, pointwise


def loss(logits, labels, *, q):
    """(b, k) logits, (b,) labels, exponent q -> (b,) losses."""
    log_p = logits.log_softmax(1).gather(1, labels[:, None]).squeeze(1)
    return -(q * log_p).expm1() / q  # through the logarithm: its gradient stays finite as p -> 0


METHOD = Method(
    "gce",
    title="GCE",
    paper="https://arxiv.org/abs/1805.07836",
    objective=pointwise(loss),
    starts_from="ce",
    settings={"q": 0.7},
)
