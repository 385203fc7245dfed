"""What rules do with a machine's probabilities: logarithms, temperature, doubt."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

FLOOR = float(np.exp(-30.0))  # a class that a machine gives no chance at all: what float32 logits leave of it
PRIOR_MEAN, PRIOR_VARIANCE = 0.5, 0.25  # of log T: most networks are overconfident (Kerrigan et al. 2021)
MANY = 1000  # images of which an eighth says nearly as much
CLOSE = 1e-3  # a Newton step after which the next would be its square: a millionth

Array = NDArray[np.float64]


def log_probs(probs: ArrayLike) -> Array:
    """(n, k) log-probabilities, normalised; 0 counts as exp(-30)."""
    probs = np.maximum(np.asarray(probs, dtype=np.float64), FLOOR)
    return np.log(probs) - np.log(probs.sum(1, keepdims=True))


def largest(rows: Array) -> Array:
    """(n,) the greatest of each row, 0 columns giving -inf: column by column, since NumPy is slow on short rows."""
    found = np.full(len(rows), -np.inf)
    for column in rows.T:
        np.maximum(found, column, out=found)
    return found


def softmax(scores: Array) -> Array:
    """(n, k) probabilities proportional to the exponentials of the scores."""
    scores = np.exp(scores - largest(scores)[:, None])
    return scores / (scores @ np.ones(scores.shape[1]))[:, None]


def one_hot(labels: ArrayLike, classes: int) -> Array:
    """(n, k) 1 at each image's class."""
    return (np.asarray(labels)[:, None] == np.arange(classes)).astype(np.float64)


def doubt(probs: ArrayLike) -> Array:
    """(n,) 1 - the largest probability: the worth of asking, for a rule that always asks and has no other order."""
    return 1.0 - np.clip(largest(np.asarray(probs, dtype=np.float64)), 0.0, 1.0)


def temperature(log_p: Array, target: Array, start: float | None = None) -> float:
    """The temperature T of p^(1/T) by maximum a posteriori, with Newton steps on t = log T.

    Parameters
    ----------
    log_p : (n, k) float
        Log-probabilities.
    target : (n, k) float
        What they should be: the truth, one-hot, or somebody's probabilities of it.
    start : float, optional
        A temperature near it; else that of every eighth image is found first, which costs an eighth.

    Returns
    -------
    float
        Minimises the SUM of the images' cross entropies plus (t - 0.5)² / (2 · 0.25) + t, a weak log-normal prior.
    """
    log_p = log_p - largest(log_p)[:, None]
    t = PRIOR_MEAN if start is None else float(np.log(start))
    if start is None and len(log_p) >= MANY:
        t = _newton(log_p[::8], target[::8], t)
    return float(np.exp(_newton(log_p, target, t)))


def _newton(log_p: Array, target: Array, t: float) -> float:
    """The logarithm of T, from a guess of it."""
    told = float(np.vdot(log_p, target))
    all_classes = np.ones(log_p.shape[1])  # a product sums short rows faster than sum does
    for _ in range(60):
        sharpness = np.exp(-t)
        p = np.exp(sharpness * log_p)
        p /= (p @ all_classes)[:, None]
        weighted = p * log_p
        means = weighted @ all_classes
        variance = float(np.vdot(weighted, log_p) - means @ means)
        pull = sharpness * (told - float(means.sum()))  # the cross entropy's slope in t
        slope = pull + (t - PRIOR_MEAN) / PRIOR_VARIANCE + 1.0
        curvature = max(sharpness**2 * variance - pull + 1.0 / PRIOR_VARIANCE, 1.0 / PRIOR_VARIANCE)
        step = float(np.clip(-slope / curvature, -1.0, 1.0))
        t += step
        if abs(step) < CLOSE:
            break
    return t
