"""Section 3.1: do two who err make the same mistake?"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from same_eyes.metrics import _finite
from same_eyes.metrics.matrix_t_test import TTest, matrix_t_test
from same_eyes.metrics.mistake_confusion import mistake_cells, normalise_rows
from same_eyes.metrics.mistake_confusion import same_mistake as diagonal_mean

from ..claims import Estimate
from ..types import NotKnown
from .core import Measured, kept, over_trainings, with_samples

Pair = Literal["HH", "MM", "HM"]
MOST = 2**33  # bytes that the cells or the samples of one confusion may take


@kept
def confusion(measured: Measured, pair: Pair) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mistake confusion of two people, two machines, or a person and a machine: ((k, k), (B, k, k) replicates)."""
    rows = _confusion_rows(measured, pair)
    return rows[0], rows[1:]


@over_trainings
def _confusion_rows(measured: Measured, pair: Pair) -> NDArray[np.float64]:
    """(1 + B, k, k): all images, then each bootstrap sample."""
    study = measured.study
    if max(len(study.truth), measured.replicates) * len(study.classes) ** 2 * 8 > MOST:
        raise NotKnown(
            f"the confusions of {len(study.classes):,} classes on {len(study.truth):,} images in "
            f"{measured.replicates:,} samples would fill the memory; without intervals: same-eyes large"
        )
    people, machines = study.people.labels, study.machine_labels()
    first, second = {"HH": (people, None), "MM": (machines, None), "HM": (people, machines)}[pair]
    k = len(study.classes)
    cells = mistake_cells(first, second, measured.truth, k, reading=measured.choices.reading)
    return normalise_rows(with_samples(cells, measured.weights).reshape(-1, k, k))


@kept
def same_mistake(measured: Measured, pair: Pair) -> Estimate:
    """Mean of the confusion's diagonal: how often two who err give the same wrong answer."""
    matrix, replicates = confusion(measured, pair)
    return Estimate.from_replicates(float(diagonal_mean(matrix)), diagonal_mean(replicates))


@kept
def other_mistake(measured: Measured, pair: Pair) -> Estimate:
    """Mean of the confusion off its diagonal: how often the second gives one particular other wrong answer."""
    matrix, replicates = confusion(measured, pair)
    off = ~np.eye(len(matrix), dtype=bool)
    return Estimate.from_replicates(float(_finite.mean(matrix[off])), _finite.mean(replicates[:, off]))


def matrix_test(
    measured: Measured, first: Pair, second: Pair, part: Literal["diagonal", "off-diagonal"]
) -> tuple[Estimate, TTest]:
    """Test 1: the mean difference of two matrices' entries with the t-test's own interval, and the test."""
    (a, _), (b, _), paired = confusion(measured, first), confusion(measured, second), measured.choices.paired
    test = matrix_t_test(a, b, part=part, paired=paired)
    entries = np.eye(len(a), dtype=bool) if part == "diagonal" else ~np.eye(len(a), dtype=bool)
    difference = float(_finite.mean(a[entries]) - _finite.mean(b[entries]))
    if test.statistic:
        error = abs(difference / test.statistic)
    else:  # no difference to divide by: one more in every entry has the same standard error
        error = 1 / matrix_t_test(a + 1, b, part=part, paired=paired).statistic
    half = float(error * t.ppf(0.975, test.df))
    return Estimate(difference, difference - half, difference + half), test
