"""CROWDLAB: no truth needed; an average of the machine and of each person, weighted by how well they agree.

    P(k | m, h) ∝ w_0 m[k] + Σ_j w_j (L if h_j = k, else (1 - L) / (K - 1))

L is how often people agree with their consensus, w_j how much better a person agrees with the others than the most
frequent class would, w_0 the same of the machine with the consensus, times √(mean number of labels an image). The
weights are cleanlab's (`get_label_quality_multiannotator`, extra "teaming"), those of the majority vote, by which it
chooses its consensus. It needs two people an image or more.

Goh, Tkachenko & Mueller, CROWDLAB, 2022.  https://arxiv.org/abs/2210.06812
"""

import warnings
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from ._machine import Array, doubt, log_probs
from ._people import RIGHT


@dataclass(frozen=True, eq=False)
class Crowdlab:
    """Average of machine and people, by weights that were learnt without truth.

    Attributes
    ----------
    weights : (1 + r,) float
        The machine's and each person's.
    agreement : float
        L.

    Examples
    --------
    >>> Crowdlab(weights=np.array([1.0, 1.0, 1.0]), agreement=0.8)([[0.5, 0.5]], [[1, 1]]).round(2).tolist()
    [[0.3, 0.7]]
    """

    title: ClassVar[str] = "CROWDLAB"
    needs_truth: ClassVar[bool] = False
    least: ClassVar[int] = 2
    requires: ClassVar[tuple[str, ...]] = ("cleanlab",)

    weights: Array
    agreement: float

    @classmethod
    def fit(cls, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike | None = None) -> Self:
        """Ask cleanlab; equal weights where no two people saw one image. The truth is not looked at."""
        probs, labels = np.exp(log_probs(probs)), np.asarray(human_labels)
        seen = (labels >= 0).any(1)
        probs, labels = probs[seen], labels[seen]
        answered = (labels >= 0).any(0)
        if not ((labels >= 0).sum(1) > 1).any():
            return cls(np.ones(1 + labels.shape[1]), RIGHT)
        from cleanlab.multiannotator import get_label_quality_multiannotator

        given = np.where(labels >= 0, labels, np.nan)[:, answered]
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # cleanlab's own calls of pandas, and its advice on annotators who never agree
            found = get_label_quality_multiannotator(
                given, probs, consensus_method="majority_vote", return_detailed_quality=False, return_weights=True,
                verbose=False,
            )  # fmt: skip
        quality = found["label_quality"]
        several = quality["num_annotations"] > 1
        weights = np.zeros(1 + labels.shape[1])
        weights[0] = found["model_weight"]
        weights[1:][answered] = found["annotator_weight"]
        return cls(weights, float(quality["annotator_agreement"][several].mean()))

    def worth(self, probs: ArrayLike) -> Array:
        """(n,) the machine's doubt: everybody is asked, about the least confident answers first."""
        return doubt(probs)

    def __call__(self, probs: ArrayLike, human_labels: ArrayLike) -> Array:
        """(n, k) the average."""
        machine, labels = np.exp(log_probs(probs)), np.asarray(human_labels)
        classes = machine.shape[1]
        average = self.weights[0] * machine
        for weight, column in zip(self.weights[1:], labels.T, strict=True):
            agrees = column[:, None] == np.arange(classes)
            says = np.where(agrees, self.agreement, (1 - self.agreement) / max(classes - 1, 1))
            average = average + np.where(column[:, None] >= 0, weight * says, 0.0)
        return average / average.sum(1, keepdims=True)


RULE = Crowdlab
