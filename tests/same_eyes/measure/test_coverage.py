"""Do 95 % intervals hold the truth in 95 % of studies? Counted in planted studies whose truth is known.

    pytest tests/same_eyes/measure/test_coverage.py -m slow -s          prints the table of docs/statistics.md

A population of many images stands for all images: what is measured on it is the truth. Each study is a random sample
of it, measured as the suite measures: with its own images, its own bootstrap samples, its own levels and thresholds.
The truth of a cross-fitted team is that of its own thresholds, which others chose: its accuracy on all images. These
are counted in studies of the real one's size: the folds' scores hang together through each other's thresholds, which
the bootstrap does not see, and in studies of 2,000 images their intervals hold the truth in 92 % only.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from tabulate import tabulate
from tqdm import tqdm

from metrics.teaming.threshold import cross_fitted, threshold_team
from same_eyes.measure import Measured
from same_eyes.measure.core import accuracy
from same_eyes.measure.difficulty import curves, fall, fall_to_a_split, lead, slope_gap
from same_eyes.measure.matching import matchings
from same_eyes.measure.mistakes import same_mistake
from same_eyes.measure.teaming import (
    folds,
    gain_from_original,
    gain_over_better,
    loss_to_best,
    team,
    unrealised_share,
)
from same_eyes.testing.worlds import Observer, simulated_study
from same_eyes.types import Annotators

REPLICATES = 1000
CE, PERSON, ETA = "CE", "Human 1", 0.6

MEASUREMENTS = {
    "accuracy (Wilson)": lambda m: accuracy(m, CE),
    "accuracy, machine - person": lambda m: accuracy(m, CE) - accuracy(m, PERSON),
    "same mistake, machines - people": lambda m: same_mistake(m, "MM") - same_mistake(m, "HH"),
    "matching, machine and person": lambda m: matchings(m)[CE, PERSON],
    "matching, two machines - mixed": lambda m: matchings(m)[CE, "GCE"] - matchings(m)[CE, PERSON],
    "oracle gain over the better": lambda m: gain_over_better(m, CE, PERSON, "oracle"),
    "threshold gain at 0.6": lambda m: gain_from_original(m, CE, PERSON, ETA),
    "slope over confidence, machines - people": lambda m: slope_gap(curves(m, "confidence")),
    "people's lead at low confidence": lambda m: lead(curves(m, "confidence"), 2),
    "people's fall over time": lambda m: fall(curves(m, "time", kind="count"), "people"),
}
CROSS_FITTED = {
    "threshold gain, cross-fitted": lambda m: gain_from_original(m, CE, PERSON, "cross-fitted"),
    "share unrealised, cross-fitted": lambda m: unrealised_share(m, CE, PERSON, "cross-fitted"),
    "loss to the best eta, cross-fitted": lambda m: loss_to_best(m, CE, PERSON, ETA, "cross-fitted"),
}
HINDSIGHT = {  # the best of all thresholds, chosen for the very images: too good on average, and so no strict reading
    "threshold gain, hindsight": lambda m: gain_from_original(m, CE, PERSON, "hindsight"),
    "loss to the best eta, hindsight": lambda m: loss_to_best(m, CE, PERSON, ETA, "hindsight"),
}
OVER_ENTROPY = {  # of many answers to each image
    "people's fall over entropy": lambda m: fall_to_a_split(m, "people"),
    "machines' fall over entropy": lambda m: fall_to_a_split(m, "machines"),
}
ALL = MEASUREMENTS | CROSS_FITTED | HINDSIGHT | OVER_ENTROPY
OF_ITS_ETAS = {  # truths that depend on the thresholds at hand: from the team's accuracy on all images
    "threshold gain, cross-fitted": lambda right: right - true("accuracy (Wilson)"),
    "share unrealised, cross-fitted": lambda right: (
        1 - (right - true("accuracy (Wilson)")) / true("oracle gain over the better")
    ),
    "loss to the best eta, cross-fitted": lambda right: right - team(everything(), CE, PERSON, ETA).value,
}


@cache
def everything():
    """The population, measured."""
    machines = {CE: Observer(0.85, eye="machines"), "GCE": Observer(0.83, eye="machines"), "FW": Observer(0.8)}
    study = simulated_study([Observer(0.8, eye="people")] * 2, machines, images=200_000)
    return Measured(replace(study, group=None), replicates=2)


@cache
def crowd():
    """Another population, of which many people saw each image."""
    study = simulated_study([Observer(0.8, eye="people")] * 12, {CE: Observer(0.85, eye="machines")}, images=200_000)
    return Measured(replace(study, group=None), replicates=2)


def population(name):
    return crowd() if name in OVER_ENTROPY else everything()


@cache
def true(name):
    """The number of the population; over several random halves of the answers where it stands on one."""
    halves = range(8) if name in OVER_ENTROPY else [0]
    return np.mean([ALL[name](replace(population(name), seed=half)).value for half in halves])


def sample(study, images, rng):
    """A study of so many images drawn from a population."""
    drawn = rng.integers(len(study.truth), size=images)
    people = Annotators(study.people.labels[drawn], 10, study.people.names, seconds=study.people.seconds[drawn])
    index = np.arange(images)
    runs = {
        name: [replace(run, probs=run.probs[drawn], index=index) for run in runs]
        for name, runs in study.machines.items()
    }
    return replace(study, truth=study.truth[drawn], people=people, machines=runs, index=index, aggregate=None)


def answers(measured):
    """CE's confidence, and whether it and the person are right."""
    return measured.run(CE).confidence, *measured.right(CE, PERSON).T


def right_with_its_etas(measured):
    """The cross-fitted team's accuracy on all images."""
    etas = cross_fitted(*answers(measured), folds(measured))[1]
    return np.mean([threshold_team(*answers(everything()), eta) for eta in etas])


def held(images, worlds, names, seed):
    """(worlds, names) whether each interval holds the truth, and (worlds, names) by how much the value is above it."""
    rng, inside, above = np.random.default_rng(seed), [], []
    for world in tqdm(range(worlds), "planted studies"):
        measured = Measured(sample(population(names[0]).study, images, rng), REPLICATES, seed=world)
        found = [ALL[name](measured) for name in names]
        right = right_with_its_etas(measured) if OF_ITS_ETAS.keys() & set(names) else None
        truths = [OF_ITS_ETAS[name](right) if name in OF_ITS_ETAS else true(name) for name in names]
        inside.append([each.low <= truth <= each.high for each, truth in zip(found, truths, strict=True)])
        above.append([each.value - truth for each, truth in zip(found, truths, strict=True)])
    return np.array(inside), np.array(above)


def test_the_population_is_what_it_is_said_to_be():
    assert true("accuracy (Wilson)") == 0.85
    assert true("accuracy, machine - person") == pytest.approx(0.05)
    assert right_with_its_etas(everything()) == pytest.approx(
        team(everything(), CE, PERSON, "cross-fitted").value, abs=0.0005
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("images", "worlds", "seed", "names"),
    [
        (2000, 1000, 1, [*MEASUREMENTS, *HINDSIGHT]),
        (10_000, 800, 7, [*CROSS_FITTED]),
        (2000, 1000, 3, [*OVER_ENTROPY]),
    ],
    ids=["2,000 images", "10,000 images", "2,000 images that many saw"],
)
def test_intervals_hold_the_truth_in_93_to_97_percent(images, worlds, seed, names):
    inside, above = held(images, worlds, names, seed)
    shares = 100 * inside.mean(0)
    header = [f"95 % interval of ({images:,} images, {worlds:,} studies)", "holds the truth, %", "bias / its spread"]
    shown = zip(names, shares, above.mean(0) / above.std(0), strict=True)
    print("\n" + tabulate(shown, header, floatfmt=("", ".1f", ".2f")))
    for name, share, bias in zip(names, shares, above.mean(0), strict=True):
        assert bias > 0 if name in HINDSIGHT else 93 <= share <= 97, name
