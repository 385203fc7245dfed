"""Co-teaching+: co-teaching on those samples alone about which the two networks disagree.

    D = samples with two different predicted classes; net 1 learns from the (1 - R) share of D with net 2's
    smallest cross entropy, and net 2 from net 1's.

Yu et al., ICML 2019, algorithm 1.  https://arxiv.org/abs/1901.04215
The first tenth of the training is plain co-teaching, and so is a step without disagreement. The published
code (xingruiyu/coteaching_plus, loss.py) takes cross entropy of soft-max outputs instead of logits, divides
the mean once more, and loses the first disagreeing sample of a batch; none of it here.
"""

from same_eyes.method import Method

from ._two_networks import forget_rate_at
from .ce import loss
from .coteaching import select as coteach


def select(logits1, logits2, labels, forget_rate):
    """Indices into the batch that train net 1, and those that train net 2."""
    split = (logits1.argmax(1) != logits2.argmax(1)).nonzero().squeeze(1)
    if not len(split):
        return coteach(logits1, logits2, labels, forget_rate)
    ours = coteach(logits1[split], logits2[split], labels[split], forget_rate)
    return split[ours[0]], split[ours[1]]


def objective(task):
    """Both networks' mean loss over what the other one selected."""
    forget_rate, ramp, warmup = (task.settings[name] for name in ("forget_rate", "ramp", "warmup"))

    def step(logits, batch):
        rate = forget_rate_at(batch.progress, forget_rate, ramp)
        pick = coteach if batch.progress < warmup else select
        chosen = pick(*logits, batch.labels, rate)
        return sum(loss(z[i], batch.labels[i]).mean() for z, i in zip(logits, chosen, strict=True))

    return step


METHOD = Method(
    "coteaching_plus",
    title="Co-teaching+",
    paper="https://arxiv.org/abs/1901.04215",
    objective=objective,
    networks=2,
    settings={"forget_rate": 0.2, "ramp": 0.3, "warmup": 0.1},
)
