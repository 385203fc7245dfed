"""Planted worlds for the conclusions of Section 3.1: common errors, and images that every machine misses."""

from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np

from same_eyes.testing.worlds import World, Worlds, claims, planted_mistakes
from same_eyes.types import Annotators, Predictions, Study

CLAIMS = claims()
K = 10  # classes


def study_of(truth, people, machines):
    """A study of answers, (n, r) and (n, m)."""
    runs = {}
    for j, answers in enumerate(machines.T):
        probs = np.full((len(truth), K), 0.3 / (K - 1))
        probs[np.arange(len(truth)), answers] = 0.7
        runs[f"Machine {j + 1}"] = [Predictions(probs)]
    return Study("planted", truth, Annotators(people, K), runs, tuple("abcdefghij"), group=np.arange(len(truth)) // 10)


# --- Claim 12: three machines of unequal accuracy -----------------------------------------------------------

EACH = 400  # common errors of every pair
LONE = (0, 200, 600)  # errors of each machine alone: the pairs are 200, 600 and 400 errors apart


def unequal(widest, nearest, people):
    """Pairs of machines that share mistakes on a line from the nearest pair to the widest, and pairs of people."""
    rng = np.random.default_rng(0)
    wrong = []  # six answers an image, as steps from the truth; 0 is right
    rates = {(0, 1): nearest, (1, 2): (nearest + widest) / 2, (0, 2): widest}
    for first in (0, 3):
        for pair in combinations(range(3), 2):
            same = round((rates[pair] if first else people) * EACH)
            for image in range(EACH):
                steps = np.zeros(6, int)
                steps[[first + j for j in pair]] = (1, 1) if image < same else (1, 2)
                wrong.append(steps)
    for machine, alone in enumerate(LONE):
        wrong += [np.eye(6, dtype=int)[3 + machine]] * alone
    wrong = rng.permutation(np.concatenate([wrong, np.zeros((400, 6), int)]))
    truth = rng.integers(K, size=len(wrong))
    answers = (truth[:, None] + wrong) % K
    return study_of(truth, answers[:, :3], answers[:, 3:])


def gap_world(widest, nearest, people, **more):
    return World(partial(unequal, widest, nearest, people), **more)


# --- Claim 13: pairs that share mistakes as planted ---------------------------------------------------------


def pairs(machines, people=0.4, mixed=0.8, **more):
    return World(partial(planted_mistakes, people=people, machines=machines, mixed=mixed, each=300), **more)


def apart_worlds(claim, near):
    margin, strict = CLAIMS[claim].margin, CLAIMS[claim].reading == "strict"
    return Worlds(
        true=(pairs(0.7), pairs(0.7, mixed=0.1)),
        false=(pairs(0.2), gap_world(0.7, 0.1, 0.6)),
        inside=(pairs(0.4 + margin + near), pairs(0.6 + near, claim={"margin": 0.2})),
        outside=(pairs(0.4 + margin - near), pairs(0.6 - near, claim={"margin": 0.2})),
        undecided=pairs(0.4 + margin) if strict else (),
    )


# --- Claim 14: images that every machine misses -------------------------------------------------------------

MISSED = 600


def missed(got, *, guesses=(), class_known=False):
    """Images that all machines miss, of which each person gets the share ``got``, and as many that a machine gets.

    Persons in ``guesses`` get a ninth of them, as by chance. With ``class_known`` the truth follows from the
    machines' answer, and people say it without looking. On the other images people are right.
    """
    rng = np.random.default_rng(0)
    said = rng.integers(K, size=2 * MISSED)
    truth = (said + (1 if class_known else rng.integers(1, K, size=2 * MISSED))) % K
    machines = np.repeat(said[:, None], 4, 1)
    machines[MISSED:, 0] = truth[MISSED:]
    people = np.repeat(truth[:, None], 3, 1)
    for j in range(3 if not class_known else 0):
        share = 1 / 9 if f"Human {j + 1}" in guesses else got
        wrong = rng.permutation(MISSED)[round(share * MISSED) :]
        people[wrong, j] = (said[wrong] + _other_step(rng, (truth[wrong] - said[wrong]) % K)) % K
    return study_of(truth, people, machines)


def _other_step(rng, step):
    """A class beside the machines' answer and the truth."""
    other = rng.integers(1, K - 1, size=len(step))
    return other + (other >= step)


def missed_world(got, fails=(), **keywords):
    return World(partial(missed, got, **keywords), fails=fails)


def found(images):
    """Every machine misses half of the images; people get so many of those, and all others."""
    study = missed(images / MISSED)
    people = study.people.labels.copy()
    people[:MISSED, 1:] = study.machine_labels()[:MISSED, :1]  # the other two say what machines say
    return replace(study, people=Annotators(people, K))


NINTH = 1 / 9
WORLDS = {
    "unequal-machines-err-together-strict": Worlds(
        true=(gap_world(0.6, 0.8, 0.3), gap_world(0.6, 0.2, 0.45)),
        false=(gap_world(0.2, 0.8, 0.35), gap_world(0.2, 0.3, 0.6)),
        inside=(gap_world(0.38, 0.9, 0.3), gap_world(0.58, 0.2, 0.3, claim={"margin": 0.2})),
        outside=(gap_world(0.22, 0.9, 0.3), gap_world(0.42, 0.9, 0.3, claim={"margin": 0.2})),
        undecided=gap_world(0.3, 0.6, 0.3),
    ),
    "people-err-apart": apart_worlds("people-err-apart", 0.015),
    "people-err-apart-strict": apart_worlds("people-err-apart-strict", 0.09),
    "people-know-what-machines-miss": Worlds(
        true=World(partial(found, 100)),
        false=World(partial(found, 0)),
        inside=World(partial(found, 1)),
        outside=World(partial(found, 0)),
    ),
    "people-know-what-machines-miss-strict": Worlds(
        true=missed_world(0.7),
        false=missed_world(0.0),
        inside=missed_world(NINTH + 0.05),
        outside=missed_world(NINTH - 0.05),
        undecided=(
            missed_world(NINTH),
            missed_world(0.5, {"Human 2"}, guesses=("Human 2",)),
            missed_world(1.0, class_known=True),
        ),
    ),
}
