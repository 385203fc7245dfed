"""Cross entropy, the baseline: trust every label.

    L(p, y) = -log p_y

The other twelve are measured against it, and seven of them start from its network.
"""

from same_eyes.method import Method, pointwise


def loss(logits, labels):
    """(b, k) logits, (b,) labels -> (b,) losses."""
    return -logits.log_softmax(1).gather(1, labels[:, None]).squeeze(1)


METHOD = Method("ce", title="CE", paper="baseline", objective=pointwise(loss))
