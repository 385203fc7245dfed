"""F-divergence: the prediction of the label given should tell more than that of a stranger's label.

    L = -mean g(p_y(x)) + mean f*(g(p_y''(x')))        x', y'' drawn independently of each other

This is minus the variational form of the f-divergence between the joint distribution of (image, label) and
the product of its margins. f* is the conjugate of f, g maps a probability into f*'s domain.
Wei & Liu, ICLR 2021.  https://arxiv.org/abs/2011.03687
For Jeffrey the published code (weijiaheng/Robust-f-divergence-measures, CIFAR-10/runner.py) replaces the
conjugate by a polynomial; here it is the exact one, with Lambert's W.
"""

import math

from same_eyes.method import Method


def _jeffrey(t):
    """f*(t) = max_u t u - (u - 1) log u, reached at u = 1/W(e^(1-t)); then f*(t) = W + 1/W + t - 2."""
    s = 1 - t.detach()
    w = s.exp().log1p()  # Newton's method for w + log w = s, from softplus: it never leaves w > 0
    for _ in range(6):
        w = w * (1 + s - w.log()) / (1 + w)
    u = 1 / w  # at the maximum only t moves f*, so u may be a constant: df*/dt = u
    return t * u - (u - 1) * u.log()


# divergence: (activation g of a probability, conjugate f*)
DIVERGENCES = {
    "tv": (lambda v: v.tanh() / 2, lambda t: t),
    "js": (lambda v: math.log(2) - (-v).exp().log1p(), lambda t: -(2 - t.exp()).log()),
    "kl": (lambda v: v, lambda t: (t - 1).exp()),
    "pearson": (lambda v: v, lambda t: t**2 / 4 + t),
    "jeffrey": (lambda v: v, _jeffrey),
}


def loss(logits, labels, *, peer_logits, peer_labels, divergence):
    """Twice (b, k) logits and (b,) labels, the name of a divergence -> the batch's loss, a scalar.

    ``divergence``: "tv" total variation, "js" Jensen-Shannon, "kl", "pearson" chi-squared or "jeffrey".
    """
    activation, conjugate = DIVERGENCES[divergence]
    own = activation(logits.softmax(1).gather(1, labels[:, None]))
    peer = activation(peer_logits.softmax(1).gather(1, peer_labels[:, None]))
    return conjugate(peer).mean() - own.mean()


def objective(task):
    """The loss against an independent batch of images and another one of labels."""
    divergence = task.settings["divergence"]

    def step(logits, batch):
        peers = {"peer_logits": batch.peer_logits[0], "peer_labels": batch.peer_labels}
        return loss(logits[0], batch.labels, **peers, divergence=divergence)

    return step


METHOD = Method(
    "fdiv",
    title="F-Div",
    paper="https://arxiv.org/abs/2011.03687",
    objective=objective,
    starts_from="ce",
    peers=True,
    settings={"divergence": "tv"},
)
