"""Planted worlds for likeness corrected for chance: known error consistencies, agreements and error distances."""

from functools import partial

import numpy as np
from scipy.spatial.distance import jensenshannon

from same_eyes.testing.worlds import World, Worlds, planted_mistakes
from same_eyes.types import Annotators, Predictions, Study

PEOPLE, MACHINES = 3, ("CE", "GCE", "JoCoR")
K = 10


def study_of(truth, answers, classes=K):
    """A study of (n, 6) answers: three people, then three machines."""
    runs = {}
    for name, said in zip(MACHINES, answers[:, PEOPLE:].T, strict=True):
        probs = np.full((len(truth), classes), 0.3 / (classes - 1))
        probs[np.arange(len(truth)), said] = 0.7
        runs[name] = [Predictions(probs, method=name)]
    people = Annotators(answers[:, :PEOPLE], classes)
    return Study("planted", truth, people, runs, tuple("abcdefghij"[:classes]), group=np.arange(len(truth)) // 10)


def answered(right, seed):
    """Answers of who is right as (n, 6) says; wrong ones are uniform, so that two agree on them by chance alone."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(K, size=len(right))
    wrong = (truth[:, None] + rng.integers(1, K, size=right.shape)) % K
    return study_of(truth, np.where(right, truth[:, None], wrong))


# --- Error consistency --------------------------------------------------------------------------------------

ACCURACY = 0.7


def copying(people, machines, *, together, images=6000, seed=0):
    """Two people of one error consistency and two machines of another: each copies a leader as often as its root.

    With one leader for both kinds (``together``) a person and a machine have the root of the two numbers' product;
    else they err independently.
    """
    rng = np.random.default_rng(seed)
    leaders = rng.random((images, 2)) < ACCURACY
    leader = np.repeat(leaders[:, [0, 0 if together else 1]], 3, axis=1)
    copied = rng.random((images, 6)) < np.sqrt(np.repeat([people, machines], 3))
    return answered(np.where(copied, leader, rng.random((images, 6)) < ACCURACY), seed)


def consistent(people, machines, *, together=False, **more):
    return World(partial(copying, people, machines, together=together), **more)


def mixed(*kappas, images=4000, seed=0):
    """Three people who are one, and machines who have these error consistencies with them, to the image."""
    rng = np.random.default_rng(seed)
    person = np.arange(images) < ACCURACY * images
    right = np.repeat(person[:, None], 6, axis=1)
    for j, kappa in enumerate(kappas):
        both = round(images * (ACCURACY**2 + kappa * ACCURACY * (1 - ACCURACY)))
        chosen = [rng.permutation(np.flatnonzero(person))[:both]]
        chosen += [rng.permutation(np.flatnonzero(~person))[: round(ACCURACY * images) - both]]
        right[:, PEOPLE + j] = np.isin(np.arange(images), np.concatenate(chosen))
    return answered(right[rng.permutation(images)], seed)


def mixed_world(*kappas, fails=(), **more):
    """``fails`` are machines, with all of the people."""
    kappas = kappas if len(kappas) > 1 else kappas * 3
    cases = {f"{machine} vs Human {j}" for machine in fails for j in (1, 2, 3)}
    return World(partial(mixed, *kappas), fails=cases, **more)


# --- Wrong agreement ------------------------------------------------------------------------------------------

CHANCE = 1 / (K - 1)


def beyond(**numbers):
    """Pairs that agree beyond chance so far; every wrong answer is as likely as another, so that a ninth is chance."""
    rates = {kind: CHANCE + number * (1 - CHANCE) for kind, number in numbers.items()}
    return partial(planted_mistakes, **rates, each=200)


def agreeing(kind):
    """Worlds for one kind of pair, with the other kinds far on the other side of the margin."""
    others = {"people", "machines", "mixed"} - {kind}

    def world(number, rest, **more):
        return World(beyond(**{kind: number}, **dict.fromkeys(others, rest)), **more)

    return Worlds(
        true=(world(0.4, -CHANCE), world(0.4, 0.4)),
        false=(world(-CHANCE, 0.4), world(-0.11, -0.11)),
        inside=(world(0.07, -CHANCE), world(0.37, 0.0, claim={"margin": 0.3})),
        outside=(world(-0.07, 0.4), world(0.23, 0.7, claim={"margin": 0.3})),
        undecided=world(0.0, 0.4),
    )


# --- Error distance -------------------------------------------------------------------------------------------

EVEN = 0.5


def confused(*steps, images=6000, classes=4, seed=0):
    """People take a class for either of the next two, and machines for the first of these with the chance ``steps``."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=images)
    first = np.array([EVEN] * PEOPLE + [*steps])
    step = np.where(rng.random((images, 6)) < first, 1, 2)
    wrong = rng.random((images, 6)) < 0.5
    return study_of(truth, (truth[:, None] + np.where(wrong, step, 0)) % classes, classes)


def copies(images=2000, seed=0):
    """Machines who each take a person's answers, and so lie nearer to people, as a sample, than one more person."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(K, size=images)
    answers = (
        truth[:, None] + np.where(rng.random((images, PEOPLE)) < 0.3, rng.integers(1, K, (images, PEOPLE)), 0)
    ) % K
    return study_of(truth, np.hstack([answers, answers]))


def chance_at(distance):
    """How often machines make the first confusion, to lie so far from people who make it half the time."""
    grid = np.linspace(EVEN, 1, 2001)
    reached = [jensenshannon([p, 1 - p], [EVEN, EVEN], base=2) for p in grid]
    return float(np.interp(distance, reached, grid))


CEILING = 0.02  # about; of 750 errors in each class, and as many again


def unlike(distance, *, fails=(), **more):
    """Machines so much further from people than one more person; those that fail are people."""
    step = chance_at(distance + CEILING)
    return World(partial(confused, *[EVEN if name in fails else step for name in MACHINES]), fails=fails, **more)


WORLDS = {
    "machines-err-on-the-same-images": Worlds(
        true=(consistent(0.2, 0.7), consistent(0.1, 0.5, together=True)),
        false=(consistent(0.7, 0.2), consistent(0.5, 0.1, together=True), mixed_world(0.6)),
        inside=(consistent(0.3, 0.38), consistent(0.3, 0.58, together=True, claim={"margin": 0.2})),
        outside=(consistent(0.38, 0.3), consistent(0.3, 0.42, together=True, claim={"margin": 0.2})),
        undecided=consistent(0.4, 0.4),
    ),
    "mixed-pairs-err-on-the-same-images": Worlds(
        true=(mixed_world(0.5), mixed_world(0.1, 0.3, 0.9)),
        false=(mixed_world(-0.2), mixed_world(-0.2, 0.5, 0.5, fails={"CE"})),
        inside=(mixed_world(0.06), mixed_world(0.26, claim={"margin": 0.2})),
        outside=(mixed_world(-0.06), mixed_world(0.5, 0.14, 0.5, fails={"GCE"}, claim={"margin": 0.2})),
        undecided=(mixed_world(0.0), mixed_world(0.5, 0.5, 0.0, fails={"JoCoR"})),
    ),
    "machines-agree-beyond-confusions": agreeing("machines"),
    "people-agree-beyond-confusions": agreeing("people"),
    "mixed-pairs-agree-beyond-confusions": agreeing("mixed"),
    "machines-confuse-classes-unlike-people": Worlds(
        true=unlike(0.5),
        false=World(copies),
        inside=(unlike(0.06), unlike(0.36, claim={"margin": 0.3})),
        outside=(unlike(0.05, claim={"margin": 0.1}), unlike(0.24, claim={"margin": 0.3})),
        undecided=(unlike(0.0), unlike(0.3, fails={"GCE"})),
    ),
}
