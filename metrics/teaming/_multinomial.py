"""Multinomial logistic regression around a given answer, ridge-regularised: where little is seen, it stays there."""

import numpy as np
from scipy.optimize import minimize

from ._machine import Array, largest


def weights(features: Array, target: Array, start: Array, ridge: float) -> Array:
    """(d, k) weights W that minimise Σ log loss of softmax(start + features W) + ridge |W|² / 2.

    Parameters
    ----------
    features : (n, d) float
    target : (n, k) float
        The truth, one-hot.
    start : (n, k) float
        Scores to start from: what is answered where W is 0.
    ridge : float
        Above 0, so that there is one minimum.
    """
    shape = (features.shape[1], target.shape[1])
    all_classes = np.ones(shape[1])  # a product sums short rows faster than sum does

    def loss(flat: Array) -> tuple[float, Array]:
        w = flat.reshape(shape)
        scores = start + features @ w
        scores -= largest(scores)[:, None]
        told = np.vdot(scores, target)
        p = np.exp(scores)
        total = p @ all_classes
        slope = features.T @ (p / total[:, None] - target) + ridge * w
        return float(np.log(total).sum() - told + ridge * np.vdot(w, w) / 2), slope.ravel()

    options = {"maxiter": 1000, "maxfun": 2000, "ftol": 1e-11, "gtol": 1e-5, "maxcor": 20}
    return minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options=options).x.reshape(shape)
