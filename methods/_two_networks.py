"""What co-teaching, co-teaching+ and JoCoR share: how many samples to forget, and which to keep.

The published code lets the forget rate climb over its first 10 of 200 epochs. Trainings here are shorter, so that ten
epochs are too long a share: the climb takes 30 % (``ramp``). What is kept is rounded, not cut off, to whole samples.
"""


def forget_rate_at(progress, forget_rate, ramp):
    """Share of a batch to forget when the share ``progress`` of training lies behind.

    Climbs linearly from 0 and stays at ``forget_rate`` once ``progress`` has reached ``ramp``.
    """
    return forget_rate * min(1.0, progress / ramp)


def smallest(losses, forget_rate):
    """Positions of the (1 - forget_rate) share of smallest losses, at least one: (b,) -> (kept,)."""
    keep = max(1, round((1 - forget_rate) * len(losses)))
    return losses.detach().argsort(stable=True)[:keep]
