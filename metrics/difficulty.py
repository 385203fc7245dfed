"""Difficulty of an image, for machines and for people.

    confidence       max_k p(k | x)                          of one machine
    agreement        share of the machines right on x        all, or without the machine that is judged
    human entropy    -Σ_k p_k log p_k                        p_k the share of people who say k

The study, Sections 3.2 and 3.3. Leave-one-out agreement is the study's own reading of Figure 3b ("12 machines
rank the sample, the 13th is scored"). The study's text indexes the machine in the entropy formula where it
means the people. Entropy and accuracy of the same answers fall together by construction; hence
`split_half_entropy`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr

from . import _finite
from ._dealt import dealt


def confidence(probs: ArrayLike) -> NDArray:
    """Largest class probability.

    Parameters
    ----------
    probs : (..., k) float
        Class probabilities.

    Returns
    -------
    (...) float
        In [1 / k, 1]; high where the machine finds the image easy.

    Examples
    --------
    >>> confidence([[0.25, 0.75], [0.5, 0.5]]).tolist()
    [0.75, 0.5]
    """
    return np.asarray(probs).max(-1)


def agreement(right: ArrayLike) -> NDArray[np.float64]:
    """Share of the machines that are right.

    Parameters
    ----------
    right : (n, m) bool
        Whether each machine is right.

    Returns
    -------
    (n,) float
        In [0, 1]; NaN without machines.

    Examples
    --------
    >>> agreement([[True, True], [True, False]]).tolist()
    [1.0, 0.5]
    """
    return _finite.mean(right, 1)


def leave_one_out_agreement(right: ArrayLike) -> NDArray[np.float64]:
    """Share of the other machines that are right: the judged machine never defines its own difficulty.

    Parameters
    ----------
    right : (n, m) bool
        Whether each machine is right.

    Returns
    -------
    (n, m) float
        Column j without machine j; in [0, 1], NaN for a machine without others.

    Examples
    --------
    >>> leave_one_out_agreement([[True, True, False]]).tolist()
    [[0.5, 0.5, 1.0]]
    """
    right = np.asarray(right, dtype=np.float64)
    return _finite.divide(right.sum(1, keepdims=True) - right, right.shape[1] - 1)


def human_entropy(counts: ArrayLike) -> NDArray[np.float64]:
    """Entropy of the labels that people gave.

    Parameters
    ----------
    counts : (n, k) int
        How many people gave each class.

    Returns
    -------
    (n,) float
        In nats, in [0, log k]; NaN where nobody answered.

    Examples
    --------
    >>> human_entropy([[5, 5], [10, 0]]).round(4).tolist()
    [0.6931, 0.0]
    """
    counts = np.asarray(counts)
    return entr(_finite.divide(counts, counts.sum(-1, keepdims=True))).sum(-1)


def split_half_entropy(counts: ArrayLike, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Entropy from a random half of the answers to each image, and the other half to score.

    Parameters
    ----------
    counts : (n, k) int
        How many people gave each class.
    seed : int
        Which half: the same seed draws the same people.

    Returns
    -------
    entropy : (n,) float
        In nats, of the first half (the smaller one where the number is odd); NaN where it is empty.
    rest : (n, k) int
        Counts of the other half, for `accuracy.share_right`.

    Examples
    --------
    >>> entropy, rest = split_half_entropy([[50, 0]])
    >>> entropy.tolist(), rest.tolist()
    ([0.0], [[25, 0]])
    """
    counts = np.asarray(counts, dtype=np.int64)
    half = dealt(np.random.default_rng(seed), counts, counts.sum(1) // 2)
    return human_entropy(half), counts - half
