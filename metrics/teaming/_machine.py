"""What rules do with a machine's probabilities: logarithms, temperature, doubt."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

FLOOR = float(np.exp(-30.0))  # a class that a machine gives no chance at all: what float32 logits leave of it
PRIOR_MEAN, PRIOR_VARIANCE = 0.5, 0.25  # of log T: most networks are overconfident (Kerrigan et al. 2021)

Array = NDArray[np.float64]


def log_probs(probs: ArrayLike) -> Array:
    """(n, k) log-probabilities, normalised; 0 counts as exp(-30)."""
    probs = np.maximum(np.asarray(probs, dtype=np.float64), FLOOR)
    return np.log(probs / total(probs))


def softmax(scores: Array) -> Array:
    """(n, k) probabilities proportional to the exponentials of the scores."""
    scores = np.exp(scores - highest(scores))
    return scores / total(scores)


def highest(rows: Array) -> Array:
    """(n, 1) maximum of each row; of a transposed copy, as NumPy takes three times as long over short rows."""
    return np.ascontiguousarray(rows.T).max(0, initial=-np.inf)[:, None]


def total(rows: Array) -> Array:
    """(n, 1) sum of each row; as a product, for the same reason."""
    return rows @ np.ones((rows.shape[1], 1))


def one_hot(labels: ArrayLike, classes: int) -> Array:
    """(n, k) 1 at each image's class."""
    return (np.asarray(labels)[:, None] == np.arange(classes)).astype(np.float64)


def doubt(probs: ArrayLike) -> Array:
    """(n,) 1 - the largest probability: the worth of asking, for a rule that always asks and has no other order."""
    return 1.0 - np.minimum(np.asarray(probs, dtype=np.float64).max(1, initial=0.0), 1.0)


def temperature(log_p: Array, target: Array) -> float:
    """The temperature T of p^(1/T) by maximum a posteriori, with Newton steps on t = log T.

    Parameters
    ----------
    log_p : (n, k) float
        Log-probabilities.
    target : (n, k) float
        What they should be: the truth, one-hot, or somebody's probabilities of it.

    Returns
    -------
    float
        Minimises the SUM of the images' cross entropies plus (t - 0.5)² / (2 · 0.25) + t, a weak log-normal prior.
    """
    log_p = log_p - highest(log_p)
    told, t = float(np.vdot(log_p, target)), PRIOR_MEAN
    for _ in range(60):
        sharpness = np.exp(-t)
        p = np.exp(sharpness * log_p)
        p /= total(p)
        weighted = p * log_p
        means = total(weighted)
        variance = float(np.vdot(weighted, log_p) - np.vdot(means, means))
        pull = sharpness * (told - float(means.sum()))  # the cross entropy's slope in t
        slope = pull + (t - PRIOR_MEAN) / PRIOR_VARIANCE + 1.0
        curvature = max(sharpness**2 * variance - pull + 1.0 / PRIOR_VARIANCE, 1.0 / PRIOR_VARIANCE)
        step = float(np.clip(-slope / curvature, -1.0, 1.0))
        t += step
        if abs(step) < 1e-7:  # the next step would be its square
            break
    return float(np.exp(t))
