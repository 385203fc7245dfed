"""Joint cells: on how many images are two classifiers both right? For all pairs at once.

    both[a, b] = Σₓ right[x, a] · right[x, b]

With its diagonal (each classifier's own number right) and the number of images this fills the 2 x 2 table of
every pair, and so suffices for every metric of two classifiers' right and wrong answers: `matching`,
`teaming.oracle`, accuracies and their differences. Of all images at once `count_joint` makes it, one matrix product in
blocks; the bootstrap wants each image's own part, `joint_cells`.
"""

from math import isqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._blocks import blocks


def joint_cells(right: ArrayLike) -> NDArray[np.uint8]:
    """Each image's own contribution to the joint counts, for the bootstrap over images.

    Parameters
    ----------
    right : (n, m) bool
        Whether each classifier is right.

    Returns
    -------
    (n, 1 + m (m + 1) / 2) uint8
        The image itself, then each pair a <= b that is right on it.

    Examples
    --------
    >>> joint_cells([[True, False], [True, True]]).tolist()
    [[1, 1, 0, 0], [1, 1, 1, 1]]
    """
    right = np.asarray(right, dtype=bool)
    first, second = np.triu_indices(right.shape[1])
    both = right[:, first] & right[:, second]
    return np.column_stack([np.ones(len(right), dtype=bool), both]).astype(np.uint8)


def joint_counts(sums: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unfold sums of `joint_cells`.

    Parameters
    ----------
    sums : (..., 1 + m (m + 1) / 2) number
        Sums over images, or over bootstrap samples of them.

    Returns
    -------
    both : (..., m, m) float
        Images that a and b are both right on; on the diagonal, that a is right on.
    n : (...) float
        Images in all.

    Examples
    --------
    >>> both, n = joint_counts(joint_cells([[True, False], [True, True]]).sum(0))
    >>> both.tolist(), float(n)
    ([[2.0, 1.0], [1.0, 1.0]], 2.0)
    """
    sums = np.asarray(sums, dtype=np.float64)
    m = (isqrt(8 * sums.shape[-1] - 7) - 1) // 2
    first, second = np.triu_indices(m)
    both = np.empty((*sums.shape[:-1], m, m))
    both[..., first, second] = both[..., second, first] = sums[..., 1:]
    return both, sums[..., 0]


def count_joint(right: ArrayLike) -> tuple[NDArray[np.float64], float]:
    """Joint counts of all images: `joint_counts` of the summed `joint_cells`, without any cells.

    Parameters
    ----------
    right : (n, m) bool
        Whether each classifier is right; read block by block where it is memory-mapped.

    Returns
    -------
    both : (m, m) float
        Images that a and b are both right on; on the diagonal, that a is right on.
    n : float
        Images in all.

    Examples
    --------
    >>> both, n = count_joint([[True, False], [True, True]])
    >>> both.tolist(), n
    ([[2.0, 1.0], [1.0, 1.0]], 2.0)
    """
    right = np.asarray(right)
    n, m = right.shape
    both = np.zeros((m, m))
    for rows in blocks(n, m):
        block = right[rows].astype(bool).astype(np.float32)
        both += block.T @ block
    return both, float(n)
