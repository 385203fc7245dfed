"""Co-teaching: two networks, each taught by the samples that the other finds easy.

    net 1 learns from the (1 - R) share of the batch with net 2's smallest cross entropy, and net 2 from
    net 1's. The forget rate R climbs from 0 to its final value while the networks still learn clean patterns.

Han et al., NeurIPS 2018, algorithm 1.  https://arxiv.org/abs/1804.06872
The published code (bhanML/Co-teaching, loss.py) divides the mean loss by the number of samples a second
time; here the mean is the mean.
"""

from same_eyes.method import Method

from ._two_networks import forget_rate_at, smallest
from .ce import loss


def select(logits1, logits2, labels, forget_rate):
    """Indices into the batch that train net 1, and those that train net 2."""
    return smallest(loss(logits2, labels), forget_rate), smallest(loss(logits1, labels), forget_rate)


def objective(task):
    """Both networks' mean loss over what the other one selected."""
    forget_rate, ramp = task.settings["forget_rate"], task.settings["ramp"]

    def step(logits, batch):
        rate = forget_rate_at(batch.progress, forget_rate, ramp)
        chosen = select(*logits, batch.labels, rate)
        return sum(loss(z[i], batch.labels[i]).mean() for z, i in zip(logits, chosen, strict=True))

    return step


METHOD = Method(
    "coteaching",
    title="Co-teaching",
    paper="https://arxiv.org/abs/1804.06872",
    objective=objective,
    networks=2,
    settings={"forget_rate": 0.05, "ramp": 0.3},  # by noisy validation, expected/tuning
)
