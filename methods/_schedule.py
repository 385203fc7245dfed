"""Published schedules in epochs, told as shares of the training, since recipes differ in length."""


def ramp(progress, final, start, stop):
    """0 until the share ``start`` of the training is done, then linearly up to ``final`` at ``stop``."""
    return final * min(1.0, max(0.0, progress - start) / (stop - start))
