"""CAL: measure how the noise depends on the image, and take that covariance out of the loss.

    L = mean(-log p_y) - alpha mean(sum_k prior_k l_k) - sum_i P(yh = i) sum_k Cov(1[y = k], l_k | yh = i)

with l_k = -log p_k and yh the distilled label, a first network's guess at the clean one. That network
learns by cross entropy and a confidence regulariser, -log p_y - alpha sum_k q_k l_k with q proportional to
the root of the prior.
Zhu, Liu & Liu, CVPR 2021.  https://arxiv.org/abs/2012.11854
As published (UCSC-REAL/CAL): a label is kept where -log p_y - mean_k l_k < -8 and is otherwise the first
network's answer; every weight is 1; both alphas climb from 10 % to 40 % of the training; the learning rate
is divided by 1 + alpha (here the loss is). Otherwise than published: labels are distilled once, from the
finished first network, in evaluation mode; the running mean of l_k is left out, as it shifts the loss by a
constant and no gradient; the floor of p_k at 1e-5 is cut off instead of added.
"""

import math

from same_eyes.method import Method

from ._like import like
from ._schedule import ramp
from .ce import loss as cross_entropy

FLOOR = 1e-5


def _every(logits):
    """(b, k) logits -> (b, k) losses l_k, one for each label there could be."""
    return -logits.log_softmax(1).clamp(min=math.log(FLOOR))


def loss(logits, labels, *, distilled, weight, alpha, prior, joint=None):
    """The batch's loss, a scalar.

    Parameters
    ----------
    logits : (b, k) tensor
    labels, distilled : (b,) int tensor
    weight : float or (b,) tensor
        Weight of each sample in the covariance.
    alpha : float
        Weight of the peer term.
    prior : (k,) array
        Shares of the noisy labels.
    joint : (k, k) array, optional
        Share of the training images with distilled label i and noisy label j; the batch's own when left out.
    """
    from torch.nn.functional import one_hot

    k = logits.shape[1]
    given, guess = (like(one_hot(t, k), logits) for t in (labels, distilled))
    joint = guess.T @ given / len(labels) if joint is None else like(joint, logits)
    share = joint.sum(1)
    each = _every(logits)
    covariance = ((given - (joint / share.clamp(min=1e-12)[:, None])[distilled]) * each).sum(1)
    representing = share[distilled] / guess.sum(0)[distilled]  # so that classes weigh as in the training set
    peer = (each @ like(prior, logits)).mean()
    return cross_entropy(logits, labels).mean() - alpha * peer - (weight * representing * covariance).sum()


def distil(probs, labels):
    """(n, k) probabilities of the first network, (n,) labels -> (n,) distilled labels."""
    log_p = probs.clamp(min=1e-8).log()
    score = log_p.mean(1) - log_p.gather(1, labels[:, None]).squeeze(1)
    return labels.where(score < -8, probs.argmax(1))


def first_objective(task):
    """Cross entropy with the confidence regulariser."""
    root = task.prior**0.5
    confidence = root / root.sum()

    def step(logits, batch):
        alpha = ramp(batch.progress, task.settings["alpha"], *task.settings["climb"])
        regulariser = _every(logits[0]) @ like(confidence, logits[0])
        return (cross_entropy(logits[0], batch.labels) - alpha * regulariser).mean() / (1 + alpha)

    return step


def objective(task):
    """The loss with the first network's distilled labels."""
    import torch

    start = task.start
    labels = torch.as_tensor(task.labels).to(start.device)
    distilled = distil(start, labels)
    k = task.classes
    joint = like((k * distilled + labels).bincount(minlength=k * k).view(k, k) / len(labels), start)
    prior = like(task.prior, start)

    def step(logits, batch):
        alpha = ramp(batch.progress, task.settings["alpha"], *task.settings["climb"])
        known = {"distilled": distilled[batch.index], "weight": 1.0, "prior": prior, "joint": joint}
        return loss(logits[0], batch.labels, **known, alpha=alpha) / (1 + alpha)

    return step


FIRST = Method(
    "cal_first",
    title="CAL, first stage",
    paper="https://arxiv.org/abs/2012.11854",
    objective=first_objective,
    settings={"alpha": 2.0, "climb": (0.1, 0.4)},
)
METHOD = Method(
    "cal",
    title="CAL",
    paper="https://arxiv.org/abs/2012.11854",
    objective=objective,
    first_stage=FIRST,
    settings={"alpha": 1.0, "climb": (0.1, 0.4)},
)
