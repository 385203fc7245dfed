"""Section 4: what does a machine gain by a partner, and is it more by a person than by another machine?

A team's *rule* is one of

===============  ==========================================================================================
"oracle"         right where either member is
a number eta     the partner answers where the machine's confidence is at most eta
"hindsight"      the same, with the best eta of all: chosen on the images it is scored on, as in the study
"cross-fitted"   the same, with an eta chosen on the other four fifths of the images: what a user can have
===============  ==========================================================================================

Where one of several is chosen (the best machine partner, the better member) it is chosen by its value on all images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t

from same_eyes.metrics.bootstrap import bootstrap_sums
from same_eyes.metrics.matrix_t_test import Alternative, TTest
from same_eyes.metrics.paired_tests import holm, mcnemar, paired_t
from same_eyes.metrics.rank_correlation import rank_correlation
from same_eyes.metrics.teaming.gains import realised_share
from same_eyes.metrics.teaming.threshold import best_eta, cross_fitted, resampled_best_gain, threshold_right

from ..claims import Estimate
from ..places import leaf
from ..types import NotKnown
from .core import Measured, accuracy, kept, need_confidence, other_machines, over_trainings

Rule = Literal["oracle", "hindsight", "cross-fitted"] | float
Rival = Literal["the person", "the machine", "two machines"]

FOLDS = 5
EXACT = 9  # decimals: gains of as many images are ties, which differences of floats are not
PRE_TRAINED = ("PLS", "F-Div", "GCE", "FW", "PeerLoss", "BW")  # presumed: their oracle gains in Figure 7a are small
PRE_TRAINED_NLS = ("PLS", "F-Div", "NLS", "FW", "PeerLoss", "BW")
MULTI_NETWORK = ("Co-teaching+", "JoCoR", "Co-teaching")


# --- Teams --------------------------------------------------------------------------------------------------


def partners(measured: Measured) -> list[str]:
    """Whom a machine can be teamed with: the people, their majority "Aggre" where there is one, the machines."""
    return measured.names


def folds(measured: Measured) -> NDArray[np.intp]:
    """(n,) fold of each image, in turn; images that were answered together (a batch of ten) stay together."""
    study = measured.study
    group = study.index if study.group is None else study.group
    return np.unique(group, return_inverse=True)[1] % FOLDS


def team_right(measured: Measured, machine: str, partner: str, rule: Rule) -> NDArray[np.bool_]:
    """(n,) whether the team is right on each image, the machine being that of one training."""
    own, other = measured.right(machine, partner).T
    if rule == "oracle":
        return own | other
    confidence = measured.run(machine).confidence
    if rule == "cross-fitted":
        return cross_fitted(confidence, own, other, folds(measured))[0]
    eta = best_eta(confidence, own, other)[0] if rule == "hindsight" else rule
    return threshold_right(confidence, own, other, eta)


@kept
@over_trainings
def teams(measured: Measured, rule: Rule) -> dict[tuple[str, str], Estimate]:
    """Accuracy of every machine with every partner.

    In hindsight each bootstrap sample has its own best eta; a cross-fitted eta is that of the images at hand. A machine
    of which only labels are known is a partner under every rule, and the first member only where confidence is not
    asked for.
    """
    first = measured.machines if rule == "oracle" else measured.confident
    if not first:
        raise NotKnown("this asks how sure machines are, and of none more than labels is known")
    pairs = list(product(first, partners(measured)))
    right = np.stack([team_right(measured, machine, partner, rule) for machine, partner in pairs], 1)
    if rule == "hindsight":
        replicates = np.stack([_best_replicates(measured, *pair) for pair in pairs], 1)
    else:
        replicates = bootstrap_sums(right, measured.weights) / measured.sizes
    return {pair: Estimate.from_replicates(right[:, i].mean(), replicates[:, i]) for i, pair in enumerate(pairs)}


def _best_replicates(measured: Measured, machine: str, partner: str) -> NDArray[np.float64]:
    confidence = measured.run(machine).confidence
    gain = resampled_best_gain(confidence, *measured.right(machine, partner).T, measured.weights)
    alone = np.rint(np.asarray(accuracy(measured, machine).replicates) * measured.sizes[:, 0])
    return (alone + gain) / measured.sizes[:, 0]  # of whole images, so that equal teams are equal to the last bit


def team(measured: Measured, machine: str, partner: str, rule: Rule) -> Estimate:
    """Accuracy of a machine with a partner."""
    if rule != "oracle":
        need_confidence(measured, machine)
    for name in (machine, partner):
        if name not in measured.names:
            raise NotKnown(f"this asks for {name}, who is not in this study")
    return teams(measured, rule)[machine, partner]


# --- Gains --------------------------------------------------------------------------------------------------


def gain_from_original(measured: Measured, machine: str, partner: str, rule: Rule) -> Estimate:
    """What the team adds to the machine."""
    return team(measured, machine, partner, rule) - accuracy(measured, machine)


def gain_over_better(measured: Measured, machine: str, partner: str, rule: Rule) -> Estimate:
    """What the team adds to its better member."""
    return team(measured, machine, partner, rule) - _better(measured, machine, partner)


def gain_as_printed(measured: Measured, machine: str, partner: str, rule: Rule) -> Estimate:
    """The gain that Figures 5 and 7 print: over the better of two machines, but from the machine with a person."""
    gain = gain_over_better if partner in measured.machines else gain_from_original
    return gain(measured, machine, partner, rule)


def unrealised_share(measured: Measured, machine: str, partner: str, rule: Rule) -> Estimate:
    """Share of the oracle's gain over the better member that the team leaves: (oracle - team) / (oracle - better)."""
    better = _better(measured, machine, partner)
    of_all = [team(measured, machine, partner, rule), better, better, team(measured, machine, partner, "oracle")]
    value = 1 - realised_share(*(estimate.value for estimate in of_all))
    return Estimate.from_replicates(value, 1 - realised_share(*_replicates(*of_all)))


def _better(measured: Measured, machine: str, partner: str) -> Estimate:
    """Accuracy of the better of two, on all images."""
    return max((accuracy(measured, name) for name in (machine, partner)), key=lambda found: found.value)


# --- Partners -----------------------------------------------------------------------------------------------


def best_person(measured: Measured, machine: str, rule: Rule) -> str:
    """The person with whom the machine is most accurate."""
    return max(measured.people, key=lambda person: team(measured, machine, person, rule).value)


def least_accurate_person(measured: Measured) -> str:
    """The person who is right least often alone."""
    return min(measured.people, key=lambda person: accuracy(measured, person).value)


def best_machine(
    measured: Measured, machine: str, rule: Rule, size: Callable[[Measured, str, str, Rule], Estimate] = team
) -> str:
    """The other machine with which the team (or its gain, as ``size`` says) is greatest."""
    return max(other_machines(measured, machine), key=lambda other: size(measured, machine, other, rule).value)


# --- Test 4 and other tests ---------------------------------------------------------------------------------


def mean(estimates: Sequence[Estimate]) -> Estimate:
    """Mean of numbers that were resampled on the same images."""
    value = float(np.mean([estimate.value for estimate in estimates]))
    return Estimate.from_replicates(value, _replicates(*estimates).mean(0))


def _replicates(*estimates: Estimate) -> NDArray[np.float64]:
    """(number of estimates, B)."""
    return np.stack([np.asarray(estimate.replicates, np.float64) for estimate in estimates])


def loss_to_best(measured: Measured, machine: str, who: str, eta: float, rule: Rule = "hindsight") -> Estimate:
    """The accuracy at the best eta less that at a fixed eta.

    Parameters
    ----------
    who : str
        A partner's name, "mean of people", or "best person": the one with whom the machine's best is highest.
    rule : {"hindsight", "cross-fitted"}
        In hindsight the loss is never below 0, and too large: the best of all eta is chosen for these very images.
        Cross-fitted it is what a user loses who takes the fixed eta and not one chosen on other images.
    """
    chosen = {"mean of people": measured.people, "best person": [best_person(measured, machine, rule)]}
    return mean(
        [
            team(measured, machine, partner, rule) - team(measured, machine, partner, eta)
            for partner in chosen.get(who, [who])
        ]
    )


def t_over_methods(differences: Sequence[Estimate], alternative: Alternative = "two-sided") -> tuple[Estimate, TTest]:
    """Paired t-test over methods, as Test 4: the mean difference with the t-test's own 95 % interval, and the test."""
    values = np.array([difference.value for difference in differences])
    if len(values) < 2:
        raise NotKnown(f"a t-test over machines needs two of them, and there are {len(values)}")
    test = paired_t(values, np.zeros_like(values), alternative=alternative)
    half = float(t.ppf(0.975, test.df) * values.std(ddof=1) / np.sqrt(len(values)))
    return Estimate(values.mean(), values.mean() - half, values.mean() + half), test


def threshold_improves(measured: Measured, machine: str, partner: str, eta: float) -> tuple[Estimate, float]:
    """What a threshold adds to the machine, and McNemar's p-value: the largest, of several trainings."""
    pvalues = [
        mcnemar(team_right(training, machine, partner, eta), training.right(machine)[:, 0]).pvalue
        for training in measured.trainings
    ]
    return gain_from_original(measured, machine, partner, eta), max(pvalues)


def against_rival(measured: Measured, machine: str, person: str, rival: Rival) -> tuple[Estimate, float]:
    """What a machine's cross-fitted team with a person is ahead of a rival, and McNemar's p, Holm over machines.

    Parameters
    ----------
    rival : {"the person", "the machine", "two machines"}
        A member alone, or the best cross-fitted team of the machine with another.

    Notes
    -----
    Of several trainings the largest p counts: what is found must be found in each.
    """
    need_confidence(measured, machine)
    return _against_rival(measured, person, rival)[machine]


@kept
def _against_rival(measured: Measured, person: str, rival: Rival) -> dict[str, tuple[Estimate, float]]:
    rule: Rule = "cross-fitted"
    ahead, pvalues = [], []
    for machine in measured.confident:
        if rival == "two machines":
            other = best_machine(measured, machine, rule)
            theirs = team(measured, machine, other, rule)
            rivals = [team_right(training, machine, other, rule) for training in measured.trainings]
        else:
            name = person if rival == "the person" else machine
            theirs = accuracy(measured, name)
            rivals = [training.right(name)[:, 0] for training in measured.trainings]
        ours = [team_right(training, machine, person, rule) for training in measured.trainings]
        ahead.append(team(measured, machine, person, rule) - theirs)
        pvalues.append(max(mcnemar(*pair).pvalue for pair in zip(ours, rivals, strict=True)))
    return dict(zip(measured.confident, zip(ahead, holm(pvalues), strict=True), strict=True))


# --- The published tables -----------------------------------------------------------------------------------


@cache
def published(name: str) -> pd.DataFrame:
    """A table of the study, ``expected/<name>.csv``: accuracies in per cent, gains in points, a row a method."""
    return pd.read_csv(leaf("expected") / f"{name}.csv", comment="#", index_col=0)


def printed_gain(machine: str, column: str) -> float:
    """One cell of Figure 5 as a part of the images; NaN for a machine that is not of the study."""
    table = published("figure5")
    return float(np.asarray(table.loc[machine, column])) / 100 if machine in table.index else np.nan


def matrix_agreement(
    measured: Measured, rule: Rule, table: str, kind: Literal["people", "machines", "all"] = "all"
) -> tuple[Estimate, Estimate]:
    """Our gains beside Figure 7's, over the cells that both have, of one kind of partner or of all.

    Returns
    -------
    difference : Estimate
        Mean absolute difference.
    correlation : Estimate
        Spearman's rank correlation.
    """
    printed = published(table)
    pairs = [
        (machine, partner)
        for machine, partner in product(printed.index, printed.columns)
        if machine != partner
        and kind in ("all", "machines" if partner in printed.index else "people")
        and {machine, partner} <= set(measured.names)
    ]
    if not pairs:
        raise NotKnown("this asks for machines of Figure 7, of which none is in this study")
    theirs = np.array([printed.loc[pair] for pair in pairs]) / 100
    gains = [gain_as_printed(measured, *pair, rule) for pair in pairs]
    values = np.array([gain.value for gain in gains]).round(EXACT)
    replicates = _replicates(*gains).T.round(EXACT)
    return (
        Estimate.from_replicates(np.abs(values - theirs).mean(), np.abs(replicates - theirs).mean(1)),
        Estimate.from_replicates(rank_correlation(values, theirs), rank_correlation(replicates, theirs)),
    )
