"""Can a study tell its machines apart: in accuracy, in likeness to people, in what a person adds to them?

What one image adds to a difference of two machines has a standard deviation, √n times the bootstrap's standard error.
From it follow the images that a difference of a given size needs (``same_eyes.metrics.power``), and whether a
comparison that found nothing could have found it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal, NamedTuple, get_args

import numpy as np

from same_eyes.metrics.bootstrap import standard_error
from same_eyes.metrics.power import comparison_power, detectable_difference, images_needed

from ..claims import Estimate
from .core import Measured, accuracy, kept
from .likeness import with_people
from .quantities import quantities

Quantity = Literal["accuracy", "consistency", "gain"]
Found = Literal["apart", "alike", "under-powered", "undecided"]
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
MEANING = {
    "accuracy": "share of right answers",
    "consistency": "mean error consistency with the people",
    "gain": "what a person adds, asked below a cross-fitted confidence; mean over the people",
}
POWER = 0.8
SIZES = (0.005, 0.01, 0.02, 0.05)


@kept
def differences(measured: Measured, quantity: Quantity) -> dict[tuple[str, str], Estimate]:
    """How far any two machines are apart, of their first training: more images do nothing about the others."""
    training = measured.trainings[0]
    sizes: Mapping[str, Estimate]
    if quantity == "accuracy":
        sizes = {name: accuracy(training, name) for name in training.machines}
    elif quantity == "consistency":
        sizes = {name: with_people(training)[name] for name in training.machines}
    else:
        teams = {name: team for (what, name), team in quantities(training).items() if what == "threshold team"}
        sizes = {name: team - accuracy(training, name) for name, team in teams.items()}
    return {(a, b): sizes[a] - sizes[b] for a, b in combinations(sizes, 2)}


def spread(difference: Estimate, n: int) -> float:
    """Standard deviation of what one of n images adds to a difference."""
    return float(standard_error(difference.replicates)) * np.sqrt(n)


class Comparison(NamedTuple):
    """What a comparison of two came to, and that in a sentence."""

    verdict: Found
    text: str


def comparison(difference: Estimate, n: int, smallest: float) -> Comparison:
    """Judge a difference between two that were measured on the same n images.

    Parameters
    ----------
    difference : Estimate
        With its bootstrap replicates.
    n : int
        Images.
    smallest : float
        The smallest difference that matters.

    Returns
    -------
    Comparison
        *apart*: the 95 % interval leaves 0 out. *alike*: the 90 % interval lies within ± ``smallest``. Else
        *under-powered*, where so many images find a difference of that size less often than four times in five; and
        *undecided*, where they would have.
    """
    sd = spread(difference, n)
    inner = difference.at(0.9)
    interval = f"{difference.value:+.4f} [{difference.low:+.4f}, {difference.high:+.4f}]"
    if difference.low > 0 or difference.high < 0:
        return Comparison("apart", f"told apart: {interval}")
    if -smallest < inner.low and inner.high < smallest:
        return Comparison("alike", f"alike within {smallest:g}: {interval}")
    power = float(comparison_power(smallest, sd, n))
    if power < POWER:
        needed = float(images_needed(smallest, sd))
        return Comparison(
            "under-powered",
            f"under-powered: {interval}; a difference of {smallest:g} is found on {n:,} images with a chance of "
            f"{100 * power:.0f} %, and takes {needed:,.0f}",
        )
    return Comparison("undecided", f"undecided: {interval}")


class Row(NamedTuple):
    """One quantity: images that a difference takes, over all pairs of machines, and what the images at hand can tell.

    ``images`` maps a size of difference to the least, median and greatest number of images over pairs;
    ``detectable`` is the smallest difference that the images at hand find four times in five, in the median pair.
    """

    quantity: Quantity
    pairs: int
    images: dict[float, tuple[float, float, float]]
    detectable: float
    verdicts: dict[Found, int]


def table(
    measured: Measured, smallest: float, chosen: Sequence[Quantity] = QUANTITIES, sizes: Sequence[float] = SIZES
) -> list[Row]:
    """A row for each quantity of which two machines at least are known."""
    n = len(measured.study.truth)
    rows = []
    for quantity in chosen:
        found = list(differences(measured, quantity).values())
        if not found:
            continue
        spreads = np.array([spread(difference, n) for difference in found])
        ends = np.quantile(spreads, [0, 0.5, 1])
        verdicts = [comparison(difference, n, smallest).verdict for difference in found]
        rows.append(
            Row(
                quantity,
                len(found),
                {size: tuple(images_needed(size, ends).tolist()) for size in sorted({*sizes, smallest})},
                float(detectable_difference(ends[1], n)),
                {verdict: verdicts.count(verdict) for verdict in get_args(Found)},
            )
        )
    return rows
