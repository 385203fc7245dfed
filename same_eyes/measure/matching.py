"""Section 3.4: do machines match machines more than people, on images half of which were answered rightly?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product
from typing import Literal

import numpy as np

from same_eyes.metrics.bootstrap import bootstrap_sums
from same_eyes.metrics.joint_cells import joint_cells, joint_counts
from same_eyes.metrics.matching import Balance, matching_draw, matching_from_counts

from ..claims import Estimate
from .core import Measured, kept, over_trainings


@kept
@over_trainings
def matchings(measured: Measured, balance: Balance | None = None) -> dict[tuple[str, str], Estimate]:
    """Matching percentage of every two people and machines, (row, column) as in Figures 4 and 6.

    One random draw is measured by its value alone: its replicates are all the same.
    """
    names = measured.people + measured.machines
    balance = balance or measured.choices.balance
    if balance == "draw":
        draws = {pair: matching_draw(*measured.right(*pair).T) for pair in permutations(names, 2)}
        return {
            pair: Estimate.from_replicates(draw, np.full(len(measured.weights), draw)) for pair, draw in draws.items()
        }
    cells = joint_cells(measured.right(*names))
    values, replicates = (
        matching_from_counts(*joint_counts(sums), balance=balance)
        for sums in (cells.sum(0, dtype=int), bootstrap_sums(cells, measured.weights))
    )
    places = {name: i for i, name in enumerate(names)}
    return {
        (row, column): Estimate.from_replicates(values[i, j], replicates[:, i, j])
        for (row, i), (column, j) in permutations(places.items(), 2)
    }


def others(measured: Measured, machine: str, differing: Literal["labels", "backbone"] | None = None) -> list[str]:
    """The machines beside this one; only those trained on other labels, or another backbone, where asked for."""
    runs = {name: runs[0] for name, runs in measured.study.machines.items() if name != machine}
    if differing is None:
        return list(runs)
    own = getattr(measured.study.machines[machine][0], differing)
    return [name for name, run in runs.items() if getattr(run, differing) != own]


def weakest_match(
    measured: Measured, machine: str, partners: Sequence[str], balance: Balance | None = None
) -> Estimate:
    """The least matching of a machine (row) with any of these machines (column)."""
    return min((matchings(measured, balance)[machine, other] for other in partners), key=lambda match: match.value)


def strongest_mixed_match(measured: Measured, balance: Balance | None = None) -> Estimate:
    """The greatest matching of any machine (row) with any person (column)."""
    pairs = product(measured.machines, measured.people)
    return max((matchings(measured, balance)[pair] for pair in pairs), key=lambda match: match.value)
