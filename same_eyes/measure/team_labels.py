"""With how few labelled images does a rule gain? Each is taught by 10 to 8,000 of them, drawn from the other folds.

A machine's images are drawn anew for every machine and fold, so that a mean over thirteen machines is one over
sixty-five draws. Only rules that read the truth are asked: the others do with none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from same_eyes.metrics.teaming.cross_fit import cross_fit

from ..claims import Estimate
from .beyond import ALL_PEOPLE, folds_of, labels_of, members, rule_named
from .core import Measured, estimate, need_confidence, over_trainings, with_samples
from .team_table import as_it_comes, flat, in_processes
from .teaming import FOLDS

SIZES = (10, 30, 100, 300, 1000, 3000, 8000)


def table(
    measured: Measured,
    machines: Sequence[str],
    rules: Sequence[str],
    workers: int = 1,
    progress: Callable[..., Iterable[Any]] = as_it_comes,
) -> pd.DataFrame:
    """A row for each kind of partner, rule and number of labelled images.

    Returns
    -------
    DataFrame
        ``partner`` (the first person, and all people where there are several), ``rule``, ``images``, and ``gain`` over
        the better member and ``realised`` share of the oracle's, over all machines together, with intervals.
    """
    partners = [measured.people[0], *[ALL_PEOPLE][: len(measured.people) > 1]]
    rows = []
    for partner in partners:
        people = len(members(measured, partner))
        known = [name for name in rules if rule_named(name).needs_truth and rule_named(name).least <= people]
        shown = partial(progress, desc=f"labels, {partner}")
        for (rule, images), (gain, realised) in curve(measured, machines, partner, known, workers, shown).items():
            numbers = {"gain": gain, "realised": realised}
            rows.append({"partner": partner, "rule": rule, "images": images, **flat(numbers)})
    return pd.DataFrame(rows)


@over_trainings
def curve(
    measured: Measured,
    machines: Sequence[str],
    partner: str,
    rules: Sequence[str],
    workers: int = 1,
    progress: Callable[..., Iterable[Any]] = as_it_comes,
) -> dict[tuple[str, int], tuple[Estimate, Estimate]]:
    """Gain over the better member, and share of the oracle's gain, by rule and number of labelled images."""
    at_hand = len(measured.truth) * (FOLDS - 1) // FOLDS
    taught = [(rule, images) for rule in rules for images in SIZES if images <= at_hand]
    one = partial(_gains, measured, partner=partner, taught=taught)
    gains = sum(progress(in_processes(one, enumerate(machines), workers), total=len(machines)))
    sums = with_samples((gains / len(machines)).astype(np.float32), measured.weights)
    size = np.append(len(gains), measured.sizes)
    return {
        key: (estimate(sums[:, 1 + i] / size), estimate(sums[:, 1 + i] / sums[:, 0])) for i, key in enumerate(taught)
    }


def _gains(
    measured: Measured, numbered: tuple[int, str], partner: str, taught: Sequence[tuple[str, int]]
) -> NDArray[np.float64]:
    """(n, 1 + taught) what the oracle, and each rule, gains on each image over the better member."""
    number, machine = numbered
    need_confidence(measured, machine)
    everyone = measured.right(machine, *members(measured, partner))
    given = measured.run(machine).probs, labels_of(measured, partner), measured.truth, folds_of(measured, 0)
    answers = (cross_fit(rule_named(rule), *given, images=images, seed=number) for rule, images in taught)
    right = [everyone.any(1), *(said.probs().argmax(1) == measured.truth for said in answers)]
    return np.stack(right, 1).astype(np.float64) - everyone[:, [everyone.mean(0).argmax()]]
