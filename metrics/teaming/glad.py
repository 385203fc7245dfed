"""GLAD: no truth needed; annotators have abilities and images have difficulties, and the machine is one annotator more.

    P(l_j = y | a_j, b_i) = sigmoid(a_j exp(b_i)),  evenly wrong else;   a_j, b_i ~ N(1, 1)

The abilities are those that make the labels most probable, with the images' difficulties integrated out (by
Gauss-Hermite quadrature): a new image's is not known, so that a rule cannot have it as a parameter. crowd-kit, which
maximises over it, takes minutes for what takes a second here.

With one person nothing says which of the two is abler: labels and expectation say the same of both. Their abilities
come out equal, and where the two answers differ the posterior is a tie between them.

Whitehill et al., Whose Vote Should Count More, NeurIPS 2009.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from ._machine import Array, doubt, softmax

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
EASE = np.exp(1.0 + NODES)  # exp(b) where b ~ N(1, 1)
LOG_WEIGHTS = np.log(WEIGHTS / WEIGHTS.sum())


@dataclass(frozen=True, eq=False)
class Glad:
    """Bayes' rule with abilities that were learnt without truth, over all difficulties an image may have.

    Attributes
    ----------
    ability : (1 + r,) float
        The machine's and the people's; 0 is chance for two classes, 1 is what is expected.

    Examples
    --------
    >>> Glad(ability=np.array([1.0, 1.0, 1.0]))([[0.9, 0.1]], [[1, 1]]).argmax(1).tolist()
    [1]
    """

    title: ClassVar[str] = "GLAD"
    needs_truth: ClassVar[bool] = False
    least: ClassVar[int] = 1

    ability: Array

    @classmethod
    def fit(cls, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike | None = None) -> Self:
        """Maximise the posterior of the abilities; the truth is not looked at."""
        patterns, counts, classes = *_patterns(probs, human_labels)[::2], np.shape(probs)[1]
        matches, seen = _matches(patterns, classes)

        def loss(ability: Array) -> tuple[float, Array]:
            joint = _joint(ability, matches, seen)  # (patterns, k, nodes)
            evidence = np.logaddexp.reduce(np.logaddexp.reduce(joint, 2), 1)
            share = np.exp(joint - evidence[:, None, None])
            chance = expit(ability[:, None] * EASE)
            # d log P(label) / d ability is ease (match - chance), averaged over truths and difficulties
            right = np.einsum("pkd,pkj,d->pj", share, matches, EASE)
            slope = right - seen * np.einsum("pkd,jd,d->pj", share, chance, EASE)
            return (
                float(-(counts * evidence).sum() + ((ability - 1) ** 2).sum() / 2),
                -(counts[:, None] * slope).sum(0) + ability - 1,
            )

        start = np.ones(patterns.shape[1])
        return cls(minimize(loss, start, jac=True, method="L-BFGS-B", options={"ftol": 1e-13, "gtol": 1e-8}).x)

    def worth(self, probs: ArrayLike) -> Array:
        """(n,) the machine's doubt: everybody is asked, about the least confident answers first."""
        return doubt(probs)

    def __call__(self, probs: ArrayLike, human_labels: ArrayLike) -> Array:
        """(n, k) the posterior."""
        patterns, image, _ = _patterns(probs, human_labels)
        joint = _joint(self.ability, *_matches(patterns, np.shape(probs)[1]))
        return softmax(np.logaddexp.reduce(joint, 2))[image]


def _patterns(probs: ArrayLike, human_labels: ArrayLike) -> tuple[NDArray, NDArray, NDArray]:
    """Distinct rows of labels (the machine's first), which of them each image has, and how many images have each."""
    columns = np.concatenate([np.asarray(probs).argmax(1)[:, None], np.asarray(human_labels)], 1)
    patterns, image, counts = np.unique(columns, axis=0, return_inverse=True, return_counts=True)
    return patterns.reshape(-1, columns.shape[1]), image.ravel(), counts


def _matches(patterns: NDArray, classes: int) -> tuple[Array, Array]:
    """(p, k, 1 + r) whether a label would be right if the truth were k; (p, 1 + r) whether there is a label."""
    return (patterns[:, None, :] == np.arange(classes)[:, None]).astype(float), (patterns >= 0).astype(float)


def _joint(ability: Array, matches: Array, seen: Array) -> Array:
    """(p, k, nodes) log P(labels | truth, difficulty) + log P(difficulty)."""
    classes = matches.shape[1]
    log_right, log_wrong = (log_expit(sign * ability[:, None] * EASE) for sign in (1, -1))  # (1 + r, nodes)
    log_wrong = log_wrong - np.log(max(classes - 1, 1))
    return matches @ log_right + (seen[:, None, :] - matches) @ log_wrong + LOG_WEIGHTS


RULE = Glad
