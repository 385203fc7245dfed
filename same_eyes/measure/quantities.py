"""What a gate holds a set of machines to: what each machine is worth, and what the study finds of all of them.

==================  ==============================  ====================================================================
quantity            of                              what
==================  ==============================  ====================================================================
``accuracy``        each machine                    share of right answers
``oracle team``     each machine                    accuracy of the team with one person, right where either is
``threshold team``  each machine                    the same, asking the person below a cross-fitted confidence
``same mistake``    two people, two machines, a     mean of the mistake confusion's diagonal
                    person and a machine
``matching``        two machines, a person and a    mean matching percentage
                    machine
``oracle gain``     all machines                    what the oracle team adds to the machine
``threshold gain``  all machines                    what the threshold team adds to the machine
==================  ==============================  ====================================================================

Teams and gains are means over the study's people, the last two over its machines too. A machine of which only labels
are known has no threshold team, and a study with such a machine no threshold gain.
"""

from __future__ import annotations

import numpy as np

from same_eyes.metrics.bootstrap import bootstrap_sums

from ..claims import Estimate
from .core import Measured, accuracy, over_trainings
from .matching import matchings
from .mistakes import Pair, same_mistake
from .teaming import Rule, mean, team_right

Key = tuple[str, str]  # a quantity, and of whom

PEOPLE = "two people"
PAIRS: dict[str, Pair] = {PEOPLE: "HH", "two machines": "MM", "a person and a machine": "HM"}
RULES: dict[str, Rule] = {"oracle": "oracle", "threshold": "cross-fitted"}
EVERY = "all machines"
QUANTITIES = ("accuracy", "oracle team", "threshold team", "same mistake", "matching", "oracle gain", "threshold gain")


def quantities(measured: Measured) -> dict[Key, Estimate]:
    """Every quantity of a study, each with its bootstrap replicates; what is undefined there is left out.

    Parameters
    ----------
    measured : Measured
        A study with at least one machine.

    Returns
    -------
    dict of (str, str) to Estimate
        In the order of ``QUANTITIES``.
    """
    return {key: estimate for key, estimate in _quantities(measured).items() if np.isfinite(estimate.value)}


@over_trainings
def _quantities(measured: Measured) -> dict[Key, Estimate]:
    found: dict[Key, Estimate] = {("accuracy", name): accuracy(measured, name) for name in measured.machines}
    able = {"oracle": measured.machines, "threshold": measured.confident}
    teams = {(rule, name): _team(measured, name, rule) for rule in RULES for name in able[rule]}
    found |= {(f"{rule} team", name): team for (rule, name), team in teams.items()}
    found |= {("same mistake", pair): same_mistake(measured, kind) for pair, kind in PAIRS.items()}
    matched: dict[str, list[Estimate]] = {}
    for (row, column), match in matchings(measured).items():
        kinds = (row in measured.machines) + (column in measured.machines)
        matched.setdefault((PEOPLE, "a person and a machine", "two machines")[kinds], []).append(match)
    found |= {("matching", pair): mean(matched[pair]) for pair in list(PAIRS)[1:] if pair in matched}
    for rule in RULES:
        if able[rule] == measured.machines:
            gains = [teams[rule, name] - accuracy(measured, name) for name in measured.machines]
            found[f"{rule} gain", EVERY] = mean(gains)
    return found


def _team(measured: Measured, machine: str, rule: str) -> Estimate:
    """Accuracy of a machine's team with one person, mean over the people."""
    people = measured.people
    right = np.stack([team_right(measured, machine, person, RULES[rule]) for person in people], 1).sum(1)
    replicates = bootstrap_sums(right[:, None], measured.weights) / measured.sizes / len(people)
    return Estimate.from_replicates(right.mean() / len(people), replicates[:, 0])
