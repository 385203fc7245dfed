"""Forward correction: pass the prediction through the noise before comparing it with the noisy label.

    L(p, y) = -log sum_i p_i T[i, y]        T[i, j] = P(noisy j | clean i);  T = I is CE

Patrini et al., CVPR 2017, theorem 2.  https://arxiv.org/abs/1609.03683
"""

from same_eyes.method import Method

from ._like import like
from ._transition import estimate_transition


def loss(logits, labels, *, transition):
    """(b, k) logits, (b,) labels, (k, k) transition matrix -> (b,) losses."""
    log_t = like(transition, logits).clamp(min=1e-30).log()  # a class never confused: -69, not -inf
    return -(logits.log_softmax(1) + log_t.T[labels]).logsumexp(1)


def objective(task):
    """Mean loss under the transition matrix that the CE model's probabilities give."""
    transition = like(estimate_transition(task.start.cpu()), task.start)
    return lambda logits, batch: loss(logits[0], batch.labels, transition=transition).mean()


METHOD = Method(
    "fw",
    title="FW",
    paper="https://arxiv.org/abs/1609.03683",
    objective=objective,
    starts_from="ce",
    transition=True,
)
