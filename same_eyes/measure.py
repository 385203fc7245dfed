"""The suite's measurements: a study in, numbers with intervals out, each computed once.

What the claims assert, what the report prints and what the figures draw are these numbers. All bootstrap
intervals of a study come from one set of resampled images, so that any two numbers can be compared in pairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from same_eyes.metrics.accuracy import wilson_interval
from same_eyes.metrics.bootstrap import bootstrap_sums, resample_counts
from same_eyes.metrics.matrix_t_test import TTest, matrix_t_test
from same_eyes.metrics.mistake_confusion import Reading, mistake_cells, normalise_rows, same_mistake
from same_eyes.metrics.rank_correlation import rank_correlation

from .claims import Estimate
from .types import Study

Kind = Literal["people", "machines"]
PAIRS: dict[str, tuple[Kind, Kind | None]] = {
    "HH": ("people", None),
    "MM": ("machines", None),
    "HM": ("people", "machines"),
}


@dataclass(frozen=True, eq=False)
class Measured:
    """A study's measurements.

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

    @cache  # noqa: B019  (one object a session)
    def accuracy(self, name: str) -> Estimate:
        """Share of right answers, with Wilson's interval and bootstrap replicates."""
        right = self.labels[name] == self.study.truth
        low, high = wilson_interval(right.sum(), len(right))
        sums = bootstrap_sums(right[:, None].astype(np.uint8), self.weights)[:, 0]
        return Estimate(float(right.mean()), float(low), float(high), sums / len(right))

    @cache  # noqa: B019
    def mistakes(self, pair: str, reading: Reading = "both") -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mistake confusion of "HH", "MM" or "HM": ((k, k), its (B, k, k) replicates)."""
        first, second = (self._kind(kind) for kind in PAIRS[pair])
        assert first is not None
        k = len(self.study.classes)
        cells = mistake_cells(first, second, self.study.truth, k, reading=reading)
        sums = bootstrap_sums(cells, self.weights).reshape(-1, k, k)
        return normalise_rows(cells.sum(0).reshape(k, k)), normalise_rows(sums)

    @cache  # noqa: B019
    def same_mistake(self, pair: str, reading: Reading = "both") -> Estimate:
        """Mean of the mistake confusion's diagonal: how often two who err give the same wrong answer."""
        confusion, replicates = self.mistakes(pair, reading)
        return Estimate.from_replicates(same_mistake(confusion), same_mistake(replicates))

    @cache  # noqa: B019
    def other_mistake(self, pair: str, reading: Reading = "both") -> Estimate:
        """Mean of the mistake confusion off its diagonal: a particular other wrong answer."""
        k = len(self.study.classes)
        confusion, replicates = self.mistakes(pair, reading)
        off = ~np.eye(k, dtype=bool)
        with np.errstate(invalid="ignore"):
            return Estimate.from_replicates(_mean(confusion[off]), _mean(replicates[:, off]))

    def rank_agreement(self, values: Mapping[str, float]) -> Estimate:
        """Spearman correlation of the machines' accuracies with given ones; images and machines are resampled."""
        names = [name for name in self.study.machines if name in values]
        given = np.array([values[name] for name in names])
        right = np.stack([self.labels[name] == self.study.truth for name in names], 1)
        accuracies = bootstrap_sums(right.astype(np.uint8), self.weights) / len(right)
        drawn = np.random.default_rng(self.seed).integers(len(names), size=(self.replicates, len(names)))
        replicates = rank_correlation(np.take_along_axis(accuracies, drawn, 1), given[drawn])
        return Estimate.from_replicates(rank_correlation(right.mean(0), given), replicates)

    def matrix_test(
        self, first: str, second: str, part: Literal["diagonal", "off-diagonal"], paired: bool = False
    ) -> tuple[Estimate, TTest]:
        """Test 1: the difference of two matrices' entries, with the t-test's interval, and the test."""
        (a, _), (b, _) = self.mistakes(first), self.mistakes(second)
        test = matrix_t_test(a, b, part=part, paired=paired)
        chosen = np.eye(len(a), dtype=bool) if part == "diagonal" else ~np.eye(len(a), dtype=bool)
        difference = float(np.nanmean(a[chosen]) - np.nanmean(b[chosen]))
        from scipy.stats import t

        half = abs(difference / test.statistic) * float(t.ppf(0.975, test.df)) if test.statistic else np.nan
        return Estimate(difference, difference - half, difference + half), test

    def _kind(self, kind: Kind | None) -> NDArray[np.int64] | None:
        if kind is None:
            return None
        return self.study.people.labels if kind == "people" else self.study.machine_labels()


def _mean(values: NDArray) -> NDArray:
    count = np.isfinite(values).sum(-1)
    return np.where(count > 0, np.nansum(values, -1) / np.maximum(count, 1), np.nan)
