"""How near do rules come to what a machine's probabilities and a person's answer can tell?

The limit is the Bayes rate given these two. It is not known; what flexible models reach that may learn any function of
the same numbers is the nearest to it that so many images can show. A neural network and gradient boosting, each
stopped when a tenth of its own training images no longer improves, and the mean of their probabilities with the
logistic rule's, are cross-fitted by the same folds as rules are.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from same_eyes.metrics.teaming._machine import doubt, log_probs
from same_eyes.metrics.teaming._people import votes
from same_eyes.metrics.teaming.cross_fit import cross_fit

from ..claims import Estimate
from .beyond import folds_of, labels_of, members, rule_named
from .core import Measured, estimate, need_confidence, over_trainings, with_samples
from .team_table import as_it_comes, flat, in_processes
from .teaming import mean

RULE = "logistic"  # the rule that is compared: the most accurate with one person
Array = NDArray[np.float64]


def network() -> Any:
    """One hidden layer."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((64,), alpha=0.01, early_stopping=True, n_iter_no_change=5, max_iter=60, random_state=0)


def boosting() -> Any:
    """Small trees, one after the other."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=6, l2_regularization=5.0, early_stopping=True, n_iter_no_change=5, random_state=0
    )


MODELS = {"network": network, "boosting": boosting}


@dataclass(frozen=True)
class Flexible:
    """A classifier of scikit-learn in the place of a rule.

    Attributes
    ----------
    make : callable
        Makes one that has learnt nothing.
    fitted : classifier, optional
    """

    make: Callable[[], Any]
    fitted: Any = None

    def fit(self, probs: Array, human_labels: NDArray, truth: NDArray) -> Flexible:
        """One that has learnt."""
        model = self.make()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it might have gone on
            return Flexible(self.make, model.fit(_features(probs, human_labels), truth))

    def worth(self, probs: Array) -> Array:
        """(n,) the machine's doubt."""
        return doubt(probs)

    def __call__(self, probs: Array, human_labels: NDArray) -> Array:
        """(n, k) what it has learnt; 0 for a class that it never saw."""
        found = np.zeros(np.shape(probs))
        found[:, self.fitted.classes_] = self.fitted.predict_proba(_features(probs, human_labels))
        return found


def _features(probs: Array, human_labels: NDArray) -> Array:
    """(n, 3 k) log-probabilities, probabilities and votes."""
    log_p = log_probs(probs)
    return np.concatenate(
        [(log_p - log_p.mean(1, keepdims=True)) / 4, np.exp(log_p), votes(human_labels, log_p.shape[1])], 1
    )


def table(
    measured: Measured,
    machines: Sequence[str],
    workers: int = 1,
    progress: Callable[..., Iterable[Any]] = as_it_comes,
) -> pd.DataFrame:
    """A row a machine with the first person, and their mean: the share of the oracle's gain by the rule and each model.

    Returns
    -------
    DataFrame
        ``machine``, and ``realised_`` with the names "logistic", "network", "boosting" and "all" (the mean of these),
        with intervals; ``room`` is by how much the best of the three models is more accurate than the rule.
    """
    parts = progress(in_processes(partial(shares, measured), machines, workers), total=len(machines))
    rows = dict(zip(machines, parts, strict=True))
    rows["mean"] = {name: mean([found[name] for found in rows.values()]) for name in rows[machines[0]]}
    return pd.DataFrame([{"machine": machine, **flat(found)} for machine, found in rows.items()])


@over_trainings
def shares(measured: Measured, machine: str) -> dict[str, Estimate]:
    """Realised share of the oracle's gain with the first person, and ``room``, the best model less the rule."""
    need_confidence(measured, machine)
    partner = measured.people[0]
    everyone = measured.right(machine, *members(measured, partner))
    better, truth = everyone[:, everyone.mean(0).argmax()].astype(np.float64), measured.truth
    given = measured.run(machine).probs, labels_of(measured, partner), truth, folds_of(measured, 0)
    answers = {RULE: cross_fit(rule_named(RULE), *given).told}
    answers |= {name: cross_fit(Flexible(make), *given).told for name, make in MODELS.items()}
    answers["all"] = np.mean(list(answers.values()), 0)
    right = {name: (said.argmax(1) == truth).astype(np.float64) for name, said in answers.items()}
    columns = [everyone.any(1) - better, *(each - better for each in right.values())]
    sums = with_samples(np.stack(columns, 1).astype(np.float32), measured.weights)
    best = max(("all", *MODELS), key=lambda name: right[name].mean())
    ahead = with_samples((right[best] - right[RULE])[:, None].astype(np.float32), measured.weights)[:, 0]
    found = {f"realised_{name}": estimate(sums[:, 1 + i] / sums[:, 0]) for i, name in enumerate(right)}
    return {**found, "room": estimate(ahead / np.append(len(truth), measured.sizes))}
