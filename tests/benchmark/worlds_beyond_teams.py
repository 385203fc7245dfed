"""Planted worlds for teams that combine: viewers with Gaussian evidence, whose noise they share or not."""

from functools import partial

import numpy as np

from same_eyes.testing.worlds import World, Worlds
from same_eyes.types import Annotators, Predictions, Study

PEOPLE = ("Human 1", "Human 2", "Human 3")
K = 6


def study_of(
    machines=None,
    people=1.8,
    *,
    alike=0.5,
    shared=0.0,
    copied=0.0,
    where_unsure=0.0,
    overconfidence=1.0,
    guessing=0.0,
    images=3000,
    seed=0,
):
    """A study of viewers who see the true class this much stronger than the others, in units of their noise.

    Parameters
    ----------
    machines : mapping of str to float
        Strength of each machine's evidence.
    people : float
        Of the people's.
    alike : float
        Correlation of two machines' noise.
    shared : float
        Correlation of a person's noise with the first machine's.
    copied : float
        Correlation of two people's noise.
    where_unsure : float
        How much more people see where the first machine is unsure, and how much less where it is sure.
    overconfidence : float
        Power to which machines raise their probabilities.
    guessing : float
        Share of the answers of every second worker that are guesses.
    """
    machines = machines or {"CE": 1.8}
    rng = np.random.default_rng(seed)
    truth = rng.integers(K, size=images)
    is_true = np.eye(K)[truth]
    common, of_people = rng.normal(size=(2, images, K))
    runs, noise, confidence = {}, None, None
    for name, strength in machines.items():
        own = np.sqrt(alike) * common + np.sqrt(1 - alike) * rng.normal(size=(images, K))
        evidence = strength * (strength * is_true + own)
        probs = np.exp(evidence - evidence.max(1, keepdims=True))
        probs /= probs.sum(1, keepdims=True)
        if noise is None:
            noise, confidence = own, probs.max(1)
        probs = probs**overconfidence
        runs[name] = [Predictions(probs / probs.sum(1, keepdims=True), method=name)]
    unsure = (confidence < np.median(confidence))[:, None]
    answers = []
    for _ in PEOPLE:
        own = np.sqrt(copied) * of_people + np.sqrt(1 - copied) * rng.normal(size=(images, K))
        own = np.sqrt(shared) * noise + np.sqrt(1 - shared) * own
        answers.append(((people + where_unsure * np.where(unsure, 1, -1)) * is_true + own).argmax(1))
    labels, batch = np.stack(answers, 1), np.arange(images) // 10
    workers = np.stack([rng.integers(20, size=images // 10)[batch] for _ in PEOPLE], 1)
    guessed = (workers % 2 == 0) & (rng.random(labels.shape) < guessing)
    labels = np.where(guessed, rng.integers(K, size=labels.shape), labels)
    annotators = Annotators(labels, K, names=PEOPLE, workers=workers)
    return Study("planted", truth, annotators, runs, tuple("abcdef"), group=batch)


def world(fails=(), **made):
    return World(partial(study_of, **made), fails=fails)


def cases(machines, people=PEOPLE):
    """Names of the cases of machines with people."""
    return {f"{machine} vs {person}" for machine in machines for person in people}


ONE, THREE = ["CE"], ["CE", "GCE", "JoCoR"]


def several(strength, people, alike, fails=()):
    """Three machines of one strength, whose errors are more or less alike."""
    return world(fails, machines=dict.fromkeys(THREE, strength), people=people, alike=alike)


def worked(guessing, images, fails=()):
    return world(fails, guessing=guessing, images=images)


WORLDS = {
    "combining-beats-replacing": Worlds(
        true=world(),
        false=world(cases(ONE), where_unsure=1.2),  # who always knows what the machine does not need only be asked
        inside=world(where_unsure=0.3),
        outside=world(cases(ONE), where_unsure=0.9),
    ),
    "combining-beats-replacing-all-people": Worlds(
        true=(world(), world(copied=0.3)),
        false=world({"CE"}, where_unsure=1.0, people=1.4, shared=0.2),
        inside=world(where_unsure=0.3),
        outside=world({"CE"}, where_unsure=0.9, people=1.6),
    ),
    "three-people-realise-two-thirds": Worlds(
        true=world(),
        false=world({"CE"}, copied=0.9),  # three people who are one
        inside=world(copied=0.2),
        outside=world({"CE"}, copied=0.5),
    ),
    "person-beats-machine-by-one-rule": Worlds(
        true=(several(1.8, 1.8, 0.95), several(1.8, 1.3, 0.95)),  # though people be worse alone
        false=several(1.8, 1.0, 0.2, fails=cases(THREE)),
        inside=several(1.8, 1.55, 0.5),
        outside=several(1.8, 1.05, 0.35, fails=cases(THREE)),
    ),
    "pool-lowers-log-loss": Worlds(
        true=world(shared=0.3),
        false=world(set(PEOPLE)),  # P+L's own assumption: nothing is left to lower
        inside=world(shared=0.07),
        outside=world(set(PEOPLE), shared=0.001),
    ),
    "pool-lowers-brier": Worlds(
        true=world(shared=0.3),
        false=world(set(PEOPLE)),
        inside=world(shared=0.05),
        outside=world(set(PEOPLE), shared=0.001),
    ),
    "pool-halves-calibration-error": Worlds(
        true=world(shared=0.3),
        false=world(set(PEOPLE), shared=0.15, where_unsure=1.2),  # one weight is wrong for the sure and the unsure
        inside=world(shared=0.05),
        outside=world(set(PEOPLE), shared=0.1, where_unsure=0.7),
    ),
    "workers-do-not-matter": Worlds(
        true=worked(0.0, 8000),
        false=worked(0.95, 6000, fails=cases(ONE)),
        inside=worked(0.3, 8000),
        outside=worked(0.85, 10_000, fails=cases(ONE)),
    ),
    "logistic-realises-half": Worlds(
        true=world(where_unsure=0.9),
        false=world(cases(ONE), shared=0.6),
        inside=world(where_unsure=0.15),
        outside=world(cases(ONE), shared=0.15),
    ),
}
