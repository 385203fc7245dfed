"""Error distance: how far apart are two classifiers' wrong answers, class by class?

    e(q | t) = P(answer q | truth t, wrong)
    Jensen-Shannon   √(H(m) - (H(e_A) + H(e_B)) / 2),   m = (e_A + e_B) / 2, entropies in bits
    total variation  Σ_q |e_A(q | t) - e_B(q | t)| / 2

Both are metrics between 0 and 1; a classifier's distance is their mean over the classes in which both err, each class
counting once (Xu et al., AAAI 2025, weight classes by their images). They say whether two confuse the same classes,
not whether they do so on the same images (`error_consistency`, `wrong_agreement`).

Two samples of one distribution lie apart, the further the fewer their errors. So a distance is read against

- a *permutation null*: all wrong answers of the two, dealt out anew to them class by class, as many to each as it
  gave. It is exact for classifiers that err independently; of two who share their mistakes it is conservative, and
  they may lie nearer than it;
- a *human ceiling*: the people's answers to each image in two parts, one of them drawn at random and the rest
  (`one_and_rest`). Nobody can be expected to lie nearer to people than one more person does; halves of more answers
  than one would lie nearer to each other than any single answerer can to either.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr

from . import _finite
from ._blocks import blocks
from ._dealt import dealt

Distance = Literal["jensen-shannon", "total variation"]


def error_counts(labels: ArrayLike, truth: ArrayLike, classes: int) -> NDArray[np.int64]:
    """How often each classifier gave each wrong answer to the images of each class.

    Parameters
    ----------
    labels : (n, m) int
        Labels, one column a classifier; -1 did not see.
    truth : (n,) int
        True classes.
    classes : int
        Number of classes k.

    Returns
    -------
    (m, k, k) int
        Row: truth, column: answer; the diagonals are 0.

    Examples
    --------
    >>> error_counts([[1, 0], [2, 1]], [0, 0], 3)[:, 0].tolist()
    [[0, 1, 1], [0, 1, 0]]
    """
    labels, truth = np.asarray(labels), np.asarray(truth)
    n, m = labels.shape
    counts = np.zeros(m * classes * classes, dtype=np.int64)
    for rows in blocks(n, m):
        said, true = labels[rows], truth[rows, None]
        image, who = np.nonzero((said >= 0) & (said != true))
        place = (who * classes + true[image, 0]) * classes + said[image, who]
        counts += np.bincount(place, minlength=len(counts))
    return counts.reshape(m, classes, classes)


def error_distance(
    first: ArrayLike, second: ArrayLike, *, distance: Distance = "jensen-shannon"
) -> NDArray[np.float64]:
    """Distance between two classifiers' errors in each class.

    Parameters
    ----------
    first, second : (..., k, k) number
        Counts of wrong answers, as in `error_counts`; they broadcast.
    distance : {"jensen-shannon", "total variation"}

    Returns
    -------
    (..., k) float
        In [0, 1]; NaN in a class where either makes no error.

    Examples
    --------
    >>> error_distance([[0, 1, 1]], [[0, 1, 0]], distance="total variation").tolist()
    [0.5]
    """
    p, q = (_finite.divide(part, part.sum(-1, keepdims=True)) for part in map(np.asarray, (first, second)))
    if distance == "total variation":
        return np.abs(p - q).sum(-1) / 2
    divergence = (entr((p + q) / 2) - (entr(p) + entr(q)) / 2).sum(-1) / np.log(2)
    return np.sqrt(np.clip(divergence, 0, 1))  # rounding may leave them by the last digit


def error_distances(counts: ArrayLike, *, distance: Distance = "jensen-shannon") -> NDArray[np.float64]:
    """Error distance of all pairs: mean over the classes in which both err.

    Parameters
    ----------
    counts : (..., m, k, k) number
        From `error_counts`.
    distance : {"jensen-shannon", "total variation"}

    Returns
    -------
    (..., m, m) float
        Symmetric, in [0, 1]; NaN where two err in no common class, so also for who never errs, from itself too.

    Examples
    --------
    >>> error_distances(error_counts([[1, 1], [2, 1]], [0, 0], 3), distance="total variation").tolist()
    [[0.0, 0.5], [0.5, 0.0]]
    """
    counts = np.asarray(counts)
    return _finite.mean(error_distance(counts[..., :, None, :, :], counts[..., None, :, :, :], distance=distance))


def permuted_distances(
    counts: ArrayLike, *, permutations: int = 500, seed: int = 0, distance: Distance = "jensen-shannon"
) -> NDArray[np.float64]:
    """Error distances of all pairs under the permutation null.

    Parameters
    ----------
    counts : (m, k, k) int
        From `error_counts`.
    permutations : int
        How often the wrong answers are dealt out anew.
    seed : int
    distance : {"jensen-shannon", "total variation"}

    Returns
    -------
    (permutations, m, m) float
        A pair's p-value is (1 + how many are at least its distance) / (1 + permutations).

    Examples
    --------
    >>> counts = error_counts([[1, 2]] * 5 + [[2, 2]], [0] * 6, 3)
    >>> null = permuted_distances(counts, permutations=99)[:, 0, 1]
    >>> bool((1 + (null >= error_distances(counts)[0, 1] - 1e-12).sum()) / 100 < 0.05)
    True
    """
    counts = np.asarray(counts, dtype=np.int64)
    first, second = np.triu_indices(len(counts))
    pooled, wanted = counts[first] + counts[second], counts[first].sum(-1)
    rng = np.random.default_rng(seed)
    null = np.empty((permutations, len(counts), len(counts)))
    for each in null:
        ours = dealt(rng, pooled, wanted)
        each[first, second] = each[second, first] = _finite.mean(error_distance(ours, pooled - ours, distance=distance))
    return null


def one_and_rest(counts: ArrayLike, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One of the people's answers to each image, drawn at random, and the rest of them: for the human ceiling.

    Parameters
    ----------
    counts : (n, k) int
        How many people gave each class to each image.
    seed : int
        Which answers.

    Returns
    -------
    one, rest : (n, k) int
        Their sum is `counts`. Of an image with a single answer nothing is drawn.

    Examples
    --------
    >>> [part.tolist() for part in one_and_rest([[0, 3], [1, 0]])]
    [[[0, 1], [0, 0]], [[0, 2], [1, 0]]]
    """
    counts = np.asarray(counts, dtype=np.int64)
    one = dealt(np.random.default_rng(seed), counts, np.minimum(counts.sum(1) // 2, 1))
    return one, counts - one
