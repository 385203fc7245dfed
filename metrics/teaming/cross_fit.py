"""Cross-fitting: each fold's answers come from a rule that was fitted on the other folds.

The only way to score a rule here on images whose truth it could have seen; `in_hindsight` says what it is.

Stone, Journal of the Royal Statistical Society B 36, 1974.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata


class TeamAnswers(NamedTuple):
    """What a team answers to each image, whether it asks people or not.

    Attributes
    ----------
    told : (n, k) float
        Where people are asked.
    alone : (n, k) float
        Where they are not.
    asks : (n,) bool
        Whether the rule asks them.
    turn : (n,) float
        In (0, 1], which share of its fold is asked no later than this image, by the rule's own order.
    """

    told: NDArray[np.float64]
    alone: NDArray[np.float64]
    asks: NDArray[np.bool_]
    turn: NDArray[np.float64]

    def probs(self, asked: ArrayLike | None = None) -> NDArray[np.float64]:
        """(n, k) the team's probabilities where it asks as it wants to, or about the images given, (n,) bool."""
        asked = self.asks if asked is None else np.asarray(asked, dtype=bool)
        return np.where(asked[:, None], self.told, self.alone)


def cross_fit(
    rule: Any,
    probs: ArrayLike,
    human_labels: ArrayLike,
    truth: ArrayLike,
    folds: ArrayLike,
    images: int | None = None,
    seed: int = 0,
) -> TeamAnswers:
    """Answers to each fold by the rule fitted on the other folds.

    Parameters
    ----------
    rule : type
        A rule, as `metrics.teaming` describes it.
    probs : (n, k) float
        The machine's probabilities.
    human_labels : (n, r) int
        People's labels; -1 did not see.
    truth : (n,) int
        True classes.
    folds : (n,) int
        Fold of each image; images that were answered together belong in one fold.
    images : int, optional
        Learn from no more than so many images of the other folds, drawn at random: for learning curves.
    seed : int
        Of that draw.

    Returns
    -------
    TeamAnswers
        A fold without others is answered by a rule that was fitted on no image at all.

    Examples
    --------
    >>> from metrics.teaming.p_plus_l import ProbsPlusLabels
    >>> probs, people = np.tile([[0.6, 0.4], [0.4, 0.6]], (2, 1)), np.array([[0], [0], [0], [0]])
    >>> team = cross_fit(ProbsPlusLabels, probs, people, [0, 0, 0, 0], folds=[0, 0, 1, 1])
    >>> team.probs().argmax(1).tolist(), team.asks.all()
    ([0, 0, 0, 0], np.True_)
    """
    probs, human_labels, truth, folds = (np.asarray(given) for given in (probs, human_labels, truth, folds))
    rng = np.random.default_rng(seed)
    parts = []
    for fold in np.unique(folds):
        learn, score = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if images is not None:
            learn = np.sort(rng.permutation(learn)[:images])
        fitted = rule.fit(probs[learn], human_labels[learn], truth[learn])
        parts.append((score, _answers(fitted, probs[score], human_labels[score])))
    return _joined(parts, probs.shape)


def in_hindsight(rule: Any, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike) -> TeamAnswers:
    """Answers by a rule fitted on the very images it answers: better than anybody can have, as the study's Figure 7.

    Parameters
    ----------
    rule, probs, human_labels, truth
        As in `cross_fit`.

    Returns
    -------
    TeamAnswers

    Examples
    --------
    >>> from metrics.teaming.threshold import Threshold
    >>> team = in_hindsight(Threshold, [[0.6, 0.4], [0.9, 0.1]], [[1], [1]], [1, 0])
    >>> team.asks.tolist(), team.probs().argmax(1).tolist()
    ([True, False], [1, 0])
    """
    probs, human_labels = np.asarray(probs), np.asarray(human_labels)
    return _answers(rule.fit(probs, human_labels, np.asarray(truth)), probs, human_labels)


def _answers(fitted: Any, probs: NDArray, human_labels: NDArray) -> TeamAnswers:
    worth = fitted.worth(probs)
    nobody = np.full_like(human_labels, -1)  # labels are hidden from a rule that does not ask for them
    turn = rankdata(-worth, method="max") / max(len(worth), 1)
    return TeamAnswers(fitted(probs, human_labels), fitted(probs, nobody), worth >= 0, turn)


def _joined(parts: list[tuple[NDArray, TeamAnswers]], shape: tuple[int, ...]) -> TeamAnswers:
    n, classes = shape
    whole = TeamAnswers(np.empty((n, classes)), np.empty((n, classes)), np.empty(n, dtype=bool), np.empty(n))
    for score, part in parts:
        for into, values in zip(whole, part, strict=True):
            into[score] = values
    return whole
