"""A study, resampled once: the ground that every measurement stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from same_eyes.metrics.accuracy import wilson_interval
from same_eyes.metrics.bootstrap import bootstrap_sums, resample_counts
from same_eyes.metrics.rank_correlation import rank_correlation

from ..claims import Estimate
from ..types import Study


@dataclass(frozen=True, eq=False)
class Measured:
    """A study and its bootstrap samples, shared by all measurements: any two can be compared in pairs.

    Parameters
    ----------
    study : Study
    replicates : int
        Bootstrap samples behind each interval.
    seed : int
        Of the resampling.
    """

    study: Study
    replicates: int = 2000
    seed: int = 0

    @cached_property
    def weights(self) -> NDArray[np.uint8]:
        """(B, n) how often each image occurs in each bootstrap sample."""
        return resample_counts(len(self.study.truth), self.replicates, self.seed)

    @cached_property
    def labels(self) -> dict[str, NDArray[np.int64]]:
        """(n,) answers of every person, the aggregate ("Aggre") and every machine, by name."""
        people = self.study.people
        answers = {name: people.labels[:, j] for j, name in enumerate(people.names)}
        if self.study.aggregate is not None:
            answers["Aggre"] = self.study.aggregate
        return answers | {name: runs[0].labels_predicted for name, runs in self.study.machines.items()}

    @property
    def people(self) -> list[str]:
        """The people's names, without the aggregate."""
        return list(self.study.people.names)

    @property
    def machines(self) -> list[str]:
        """The machines' names."""
        return list(self.study.machines)

    def right(self, *names: str) -> NDArray[np.bool_]:
        """(n, len(names)) whether each of them is right on each image."""
        columns = [self.labels[name] == self.study.truth for name in names]
        return np.stack(columns, 1) if columns else np.empty((len(self.study.truth), 0), bool)


def with_samples(cells: NDArray, weights: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(1 + B, c) sums of (n, c) cells: row 0 over all images, each other row over a bootstrap sample.

    What is computed of all rows at once has its replicates with it; :func:`estimate` takes a column of it.
    """
    return np.concatenate([cells.sum(0, dtype=np.float64)[None], bootstrap_sums(cells, weights)])


def estimate(rows: NDArray[np.float64]) -> Estimate:
    """(1 + B,) numbers computed from :func:`with_samples`: the first, with the interval of the others."""
    return Estimate.from_replicates(float(rows[0]), rows[1:])


@cache
def accuracy(measured: Measured, name: str) -> Estimate:
    """Share of right answers, with Wilson's interval and bootstrap replicates."""
    right = measured.right(name)
    low, high = wilson_interval(right.sum(), len(right))
    return Estimate(float(right.mean()), float(low), float(high), _accuracies(measured)[name])


def exact_accuracy(measured: Measured, name: str) -> Estimate:
    """Share of right answers on these very images, which stand for no others."""
    return Estimate.exact(measured.right(name).mean())


@cache
def _accuracies(measured: Measured) -> dict[str, NDArray[np.float64]]:
    """(B,) replicates of everybody's accuracy, from one matrix product."""
    right = measured.right(*measured.labels)
    shares = bootstrap_sums(right.astype(np.uint8), measured.weights) / len(right)
    return dict(zip(measured.labels, shares.T, strict=True))


def rank_agreement(measured: Measured, values: Mapping[str, float]) -> Estimate:
    """Spearman correlation of the machines' accuracies with given ones; images and machines are resampled."""
    names = list(values)
    given = np.array([values[name] for name in names])
    right = measured.right(*names)
    accuracies = bootstrap_sums(right.astype(np.uint8), measured.weights) / len(right)
    drawn = np.random.default_rng(measured.seed).integers(len(names), size=(measured.replicates, len(names)))
    replicates = rank_correlation(np.take_along_axis(accuracies, drawn, 1), given[drawn])
    return Estimate.from_replicates(float(rank_correlation(right.mean(0), given)), replicates)
