"""Cost curve: the accuracy of a team as people are asked about more and more images.

    A(q) = 1/n (Σ_{turn(x) <= q} right with people + Σ_{turn(x) > q} right without),   0 <= q <= 1

Its area, the mean of A over all budgets q, judges the order in which a rule asks and what it makes of the answers.

Raghu et al., The Algorithmic Automation Problem, 2019 (as triage curves).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from .. import _finite


def cost_curve(turn: ArrayLike, told: ArrayLike, alone: ArrayLike, budgets: ArrayLike) -> NDArray[np.float64]:
    """Accuracy of the team at given numbers of questions.

    Parameters
    ----------
    turn : (n,) float
        When an image is asked about: the least first. Of equal turns a random share is asked, in expectation.
    told, alone : (n,) float
        Whether the team is right on each image where people are asked, and where they are not.
    budgets : (q,) float
        Shares of the images that people are asked about, in [0, 1].

    Returns
    -------
    (q,) float
        In [0, 1]; NaN without images.

    Examples
    --------
    >>> cost_curve([0.1, 0.2], [1, 1], [0, 1], [0.0, 0.5, 1.0]).tolist()
    [0.5, 1.0, 1.0]
    """
    turn, told, alone = (np.asarray(given, dtype=np.float64) for given in (turn, told, alone))
    n = len(turn)
    if not n:
        return np.full(np.shape(budgets), np.nan)
    gain = np.bincount((rankdata(turn, method="dense") - 1).astype(int), told - alone)
    asked = np.append(0, np.unique(turn, return_counts=True)[1].cumsum())
    gained = np.append(0.0, gain.cumsum())
    return (alone.sum() + np.interp(n * np.asarray(budgets, dtype=np.float64), asked, gained)) / n


def cost_weights(turn: ArrayLike) -> NDArray[np.float64]:
    """Share of all budgets under which each image is asked about: the area is mean(alone + weight (told - alone)).

    Parameters
    ----------
    turn : (n,) float
        As in `cost_curve`.

    Returns
    -------
    (n,) float
        In (0, 1).

    Examples
    --------
    The first of two images is asked about from a budget of 0 to 1/2 more and more, then always: 3/4 of all budgets.

    >>> cost_weights([0.1, 0.2]).tolist()
    [0.75, 0.25]
    """
    turn = np.asarray(turn, dtype=np.float64)
    return 1 - _finite.divide(rankdata(turn, method="average") - 0.5, len(turn)) if len(turn) else np.zeros(0)


def cost_area(turn: ArrayLike, told: ArrayLike, alone: ArrayLike) -> NDArray[np.float64]:
    """Area under the cost curve: mean accuracy over all budgets.

    Parameters
    ----------
    turn, told, alone
        As in `cost_curve`.

    Returns
    -------
    float
        In [0, 1]; NaN without images.

    Examples
    --------
    >>> float(cost_area([0.1, 0.2], [1, 1], [0, 1]))
    0.875
    """
    told, alone = np.asarray(told, dtype=np.float64), np.asarray(alone, dtype=np.float64)
    return _finite.mean(alone + cost_weights(turn) * (told - alone))
