"""Planted worlds for Table 1: accuracies met to the image."""

from functools import partial

import numpy as np
from scipy.stats import spearmanr
from statsmodels.stats.proportion import proportion_confint

from same_eyes.testing.worlds import Observer, World, Worlds, claims, simulated_study

CLAIMS = claims()
MACHINES = ("CE", "GCE", "Co-teaching")
N = 2000  # images both saw
WHOLE = 10_000  # images people alone saw


def study(people, machines, images=N, **observer):
    """People and machines of given accuracies."""
    return simulated_study(
        [Observer(accuracy, **observer) for accuracy in people],
        {name: Observer(accuracy, **observer) for name, accuracy in machines.items()},
        images=images,
    )


def world(people, machines, *, whole=None, images=N, fails=(), observer=None, **more):
    """A world of given accuracies; ``whole`` are the people's over all images."""
    return World(
        partial(study, people, machines, images, **(observer or {})),
        whole=partial(study, whole, {}, WHOLE) if whole else None,
        fails=fails,
        **more,
    )


# --- Machines above people --------------------------------------------------------------------------------

PEOPLE = (0.80, 0.81, 0.82)
ABOVE = {"CE": 0.88, "GCE": 0.90}
CE_FAILS = [f"CE vs Human {j}" for j in (1, 2, 3)]
NESTED = {"shared": 1.0}  # all err on the hardest images: a difference of twelve images is twelve against none


def level_with(person, images, margin):
    """Machines that many images above a person, beyond the margin."""
    return {name: person + margin + images / N for name in MACHINES}


def above_people():
    margin = CLAIMS["machines-above-people"].margin
    return Worlds(
        true=(world(PEOPLE, ABOVE), world([0.95] * 3, ABOVE, whole=PEOPLE)),  # people are those of all images
        false=(
            world(PEOPLE, {"CE": 0.70, "GCE": 0.90}, fails=CE_FAILS),
            world(PEOPLE, ABOVE, whole=[0.95] * 3),
            world((0.80, 0.89, 0.82), ABOVE, fails=["CE vs Human 2"]),  # one person, one machine
        ),
        inside=world([0.6] * 3, level_with(0.82, 1, margin), whole=[0.82] * 3),
        outside=world([0.6] * 3, level_with(0.82, -1, margin), whole=[0.82] * 3),
    )


def above_people_strict():
    margin = CLAIMS["machines-above-people-strict"].margin
    return Worlds(
        true=(world(PEOPLE, ABOVE), world(PEOPLE, ABOVE, whole=[0.95] * 3)),
        false=(
            world(PEOPLE, {"CE": 0.70, "GCE": 0.90}, fails=CE_FAILS),
            world([0.95] * 3, ABOVE, whole=PEOPLE),
            world((0.80, 0.95, 0.82), ABOVE, fails=["CE vs Human 2", "GCE vs Human 2"]),
        ),
        inside=world([0.82] * 3, level_with(0.82, 12, margin), observer=NESTED),
        outside=world([0.82] * 3, level_with(0.82, -12, margin), observer=NESTED),
        undecided=(
            world([0.82] * 3, level_with(0.82, 12, margin), observer={"shared": 0.0}),  # the same gap, unpaired
            world([0.82] * 3, level_with(0.82, 2, margin), observer=NESTED),
        ),
    )


# --- Values -----------------------------------------------------------------------------------------------


def at_edge(claim, case, side, images, *, inside):
    """The accuracy nearest to the tolerance's upper (+1) or lower (-1) end whose Wilson interval lies in or out."""
    edge = CLAIMS[claim].values[case] + side * CLAIMS[claim].tolerance
    right = np.arange(1, images)
    low, high = proportion_confint(right, images, method="wilson")
    end = high if inside == (side > 0) else low
    beyond = right[end > edge] if side > 0 else right[end < edge]  # the end that meets the edge first
    if inside:
        return (beyond.min() - 1 if side > 0 else beyond.max() + 1) / images
    return (beyond.min() if side > 0 else beyond.max()) / images


def value(claim, case, side=0, images=0):
    """The paper's accuracy, or so many images of all from an end of its tolerance."""
    return CLAIMS[claim].values[case] + side * (CLAIMS[claim].tolerance + images / WHOLE)


HUMANS = tuple(CLAIMS["people-accuracy"].values)
SIDES = (+1, -1, +1)  # one person above, the next below


def people_accuracy():
    name = "people-accuracy"

    def people(images=None, turn=1):
        sides = (0, 0, 0) if images is None else SIDES
        return [value(name, human, turn * side, images or 0) for human, side in zip(HUMANS, sides, strict=True)]

    low = [0.75] * 3  # on the images that machines saw
    return Worlds(
        true=world(low, {}, whole=people(), replicates=50),
        false=(
            world(people(), {}, whole=low, replicates=50),
            world(low, {}, whole=[*people()[:2], 0.85], fails=["Human 3"], replicates=50),
            world(
                low, {}, whole=people()[::-1], fails=["Human 1", "Human 3"], claim={"tolerance": 0.003}, replicates=50
            ),
        ),
        inside=[world(low, {}, whole=people(-1, turn), replicates=50) for turn in (1, -1)],
        outside=[world(low, {}, whole=people(+1, turn), replicates=50) for turn in (1, -1)],
    )


def people_accuracy_strict():
    name = "people-accuracy-strict"

    def people(turn=0, inside=True):
        if not turn:
            return [value(name, human) for human in HUMANS]
        sides = zip(HUMANS, SIDES, strict=True)
        return [at_edge(name, human, turn * side, WHOLE, inside=inside) for human, side in sides]

    low, settings = [0.75] * 3, {"images": WHOLE, "replicates": 50}
    return Worlds(
        true=world(people(), {}, whole=low, **settings),
        false=(
            world(low, {}, whole=people(), **settings),
            world([*people()[:2], 0.90], {}, fails=["Human 3"], **settings),
        ),
        inside=[world(people(turn), {}, **settings) for turn in (1, -1)],
        outside=[world(people(turn, inside=False), {}, **settings) for turn in (1, -1)],
    )


def machines_accuracy():
    name = "machines-accuracy"
    printed = CLAIMS[name].values

    def machines(turn, inside):
        return {
            machine: at_edge(name, machine, turn * side, 2 * N, inside=inside)
            for machine, side in zip(MACHINES, SIDES, strict=True)
        }

    settings = {"whole": PEOPLE, "images": 2 * N, "replicates": 50}
    return Worlds(
        true=world(PEOPLE, printed, **settings),
        false=(
            world(PEOPLE, {machine: 0.6 for machine in printed}, **settings),
            world(PEOPLE, {**printed, "CE": printed["Co-teaching"] + 0.03}, fails=["CE"], **settings),
            world(PEOPLE, {"CE": printed["Co-teaching"], "Co-teaching": printed["CE"]}, **settings),
        ),
        inside=[world(PEOPLE, machines(turn, True), **settings) for turn in (1, -1)],
        outside=[world(PEOPLE, machines(turn, False), **settings) for turn in (1, -1)],
    )


# --- Order ------------------------------------------------------------------------------------------------

PRINTED = CLAIMS["machines-order"].values


def ranked(low, high):
    """Accuracies from 0.60 to 0.90 for the thirteen, whose rank correlation with the paper's is in a range."""
    steps = np.linspace(0.60, 0.90, len(PRINTED))
    in_order = np.argsort(np.argsort(list(PRINTED.values())))
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        mixed = np.argsort(np.argsort(in_order * np.sign(low + high) + rng.normal(scale=rng.uniform(0, 20), size=13)))
        if low < spearmanr(steps[mixed], list(PRINTED.values())).statistic < high:
            return dict(zip(PRINTED, steps[mixed], strict=True))
    raise ValueError(f"no order has a rank correlation between {low} and {high}.")


REVERSED = {name: 1.75 - accuracy for name, accuracy in PRINTED.items()}

# --- Aggregate --------------------------------------------------------------------------------------------


def aggregated(accuracy, images):
    """People whose released aggregate has a given accuracy, which their majority has not."""
    return simulated_study([Observer(0.8, shared=1.0)] * 3, images=images, aggregate=Observer(accuracy))


def copied_aggregate(images):
    """Three people of whom two copy the first: their majority is no better than one."""
    people = [Observer(0.83), Observer(0.83, copies="Human 1"), Observer(0.83, copies="Human 1")]
    return simulated_study(people, images=images)


def aggregate_world(here, whole, images=WHOLE):
    return World(partial(aggregated, here, WHOLE), whole=partial(aggregated, whole, images), replicates=50)


def aggregate_accuracy():
    printed = value("aggregate-accuracy", "Aggre")
    return Worlds(
        true=aggregate_world(0.8, printed),
        false=(
            aggregate_world(printed, 0.8),
            aggregate_world(printed, 0.95),
            World(partial(copied_aggregate, WHOLE), replicates=50),
        ),
        # the tolerance is half an image of 10,000: of 40,000 it is two, so that one is inside and three are outside
        inside=[aggregate_world(0.8, printed + side / (4 * WHOLE), 4 * WHOLE) for side in (1, -1)],
        outside=[aggregate_world(printed, printed + 3 * side / (4 * WHOLE), 4 * WHOLE) for side in (1, -1)],
    )


def aggregate_accuracy_strict():
    name = "aggregate-accuracy-strict"

    def edge(side, inside):
        return at_edge(name, "Aggre", side, WHOLE, inside=inside)

    return Worlds(
        true=aggregate_world(value(name, "Aggre"), 0.8),
        false=(
            aggregate_world(0.8, value(name, "Aggre")),
            aggregate_world(0.95, value(name, "Aggre")),
            World(partial(copied_aggregate, WHOLE), replicates=50),
        ),
        inside=[aggregate_world(edge(side, True), 0.8) for side in (1, -1)],
        outside=[aggregate_world(edge(side, False), 0.9) for side in (1, -1)],
    )


WORLDS = {
    "machines-above-people": above_people(),
    "machines-above-people-strict": above_people_strict(),
    "people-accuracy": people_accuracy(),
    "people-accuracy-strict": people_accuracy_strict(),
    "machines-accuracy": machines_accuracy(),
    "machines-order": Worlds(
        true=world(PEOPLE, PRINTED),
        false=world(PEOPLE, REVERSED),
        inside=world(PEOPLE, ranked(0.0, 0.03)),
        outside=world(PEOPLE, ranked(-0.03, 0.0)),
    ),
    "machines-order-strict": Worlds(
        true=world(PEOPLE, ranked(0.95, 1.0)),
        false=world(PEOPLE, ranked(-1.0, -0.95)),
        inside=world(PEOPLE, ranked(0.70, 0.75)),
        outside=world(PEOPLE, ranked(-0.75, -0.70)),
        undecided=world(PEOPLE, ranked(0.2, 0.3)),
    ),
    "aggregate-accuracy": aggregate_accuracy(),
    "aggregate-accuracy-strict": aggregate_accuracy_strict(),
}
