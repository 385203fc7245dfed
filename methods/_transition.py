"""The transition matrix T[i, j] = P(noisy label j | clean class i), from a trained model's answers alone.

Patrini et al., CVPR 2017 (anchor points).  https://arxiv.org/abs/1609.03683
"""

import numpy as np


def estimate_transition(probs, percentile=97):
    """Transition matrix from anchor points.

    A model that learnt from noisy labels answers P(noisy label | image). Row i is its answer on the image
    it finds most like class i, once the outliers of class i are set aside.

    Parameters
    ----------
    probs : (n, k) array
        Class probabilities on the training images.
    percentile : float or None
        Images at or above this percentile of p_i are class i's outliers; None sets none aside.

    Returns
    -------
    (k, k) float64 array
        Rows sum to 1.

    Notes
    -----
    The published code (giorgiop/loss-correction, models.py) zeroes the outliers in a view of the
    probabilities, which also erases them from later rows; here ``probs`` stays as it is.

    Examples
    --------
    >>> estimate_transition([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], percentile=None)
    array([[0.9, 0.1],
           [0.2, 0.8]])
    """
    probs = np.asarray(probs, float)
    anchors = []
    for column in probs.T:
        if percentile is not None:
            inside = column < np.percentile(column, percentile, method="higher")
            column = np.where(inside, column, -1.0) if inside.any() else column
        anchors.append(column.argmax())
    return probs[anchors] / probs[anchors].sum(1, keepdims=True)
