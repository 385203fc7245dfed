"""The contract of a team rule, for ours and for anybody's: call :func:`check_rule` in a test of your own.

A rule is handed a small world of people and a machine who err, on different images for the most part. It must answer
image by image, in probabilities, with whoever was asked; know nothing of the names of the classes or of the order of
the images; and make a team that is worth having.
"""

from __future__ import annotations

from dataclasses import is_dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..team_rules import TeamRule
from ..types import UNSEEN

CLASSES, IMAGES = 4, 1200
TOLERANCE = 1e-4  # of a probability: iterations end a little elsewhere when sums are taken in another order

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


@cache
def _world(seed: int) -> tuple[Array, Labels, Labels]:
    """A machine's (n, k) probabilities, three people's (n, 3) labels, and the (n,) truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(CLASSES, size=IMAGES)
    scores = 2.0 * rng.normal(size=(IMAGES, CLASSES))
    scores[np.arange(IMAGES), truth] += 3.0
    probs = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    wrong = (truth[:, None] + rng.integers(1, CLASSES, size=(IMAGES, 3))) % CLASSES
    people = np.where(rng.random((IMAGES, 3)) < 0.8, truth[:, None], wrong)
    people[rng.random((IMAGES, 3)) < 0.05] = UNSEEN
    return probs, people, truth


def check_rule(rule: type[TeamRule], *, seed: int = 0) -> float:
    """Check that a team rule keeps the contract.

    Its answers are probabilities, image by image, and not a matter of who else is asked about; it answers without
    people, with some of them, and after having seen no image, one, one class only, or nobody's labels; neither the
    order of the images nor the names of the classes count, nor the truth where it says that it needs none; it leaves
    its input as it was, is frozen, and fits alike twice; and where it asks, the team is no worse than the least
    accurate of its members.

    Parameters
    ----------
    rule : type
        As :class:`same_eyes.team_rules.TeamRule` describes it.
    seed : int
        Of the world it is tried in.

    Returns
    -------
    float
        Accuracy of the team with as many people as it works with, scored on images it did not learn from.

    Raises
    ------
    AssertionError
        The rule breaks the contract; the message says where.

    Examples
    --------
    >>> from same_eyes.team_rules import available_rules
    >>> check_rule(available_rules()["p_plus_l"]) > 0.9
    True
    """
    name = rule.__name__
    assert is_dataclass(rule), f"{name} is not a dataclass."
    assert rule.__dataclass_params__.frozen, f"{name} is not frozen."  # type: ignore[attr-defined]
    assert rule.title, f"{name} has no title."
    assert isinstance(rule.needs_truth, bool), f"{name}: needs_truth must be True or False."
    assert rule.least >= 1, f"{name}: least must be a number of people."
    for people in range(rule.least, 4):
        accuracy = _with_people(rule, people, seed)
    _with_little(rule)
    return accuracy


def _with_people(rule: type[TeamRule], people: int, seed: int) -> float:
    name = f"{rule.__name__} with {people} people"
    probs, every, truth = _world(seed)
    given = every[:, :people]
    learn, score = np.arange(IMAGES) < IMAGES // 2, np.arange(IMAGES) >= IMAGES // 2

    lessons, questions = (probs[learn], given[learn], truth[learn]), (probs[score], given[score])
    before = [array.copy() for array in (*lessons, *questions)]
    fitted = rule.fit(*lessons)
    said, worth = fitted(*questions), fitted.worth(questions[0])
    for array, copy in zip((*lessons, *questions), before, strict=True):
        assert np.array_equal(array, copy), f"{name} changed what it was given."
    _probabilities(said, score.sum(), name)
    assert worth.shape == (score.sum(),), f"{name}: worth has shape {worth.shape}."
    assert not np.isnan(worth).any(), f"{name}: worth is NaN."

    again = rule.fit(probs[learn], given[learn], truth[learn])(probs[score], given[score])
    assert np.array_equal(said, again), f"{name}: fitted twice, it answers differently."
    few = np.flatnonzero(score)[::97]
    _same(np.concatenate([fitted(probs[[i]], given[[i]]) for i in few]), said[::97], f"{name}: not image by image")
    alone = fitted(probs[score], np.full((score.sum(), people), UNSEEN))
    _probabilities(alone, score.sum(), f"{name}, nobody asked,")
    mixed = np.where(np.arange(score.sum())[:, None] % 2, given[score], UNSEEN)
    alternately = np.where(np.arange(score.sum())[:, None] % 2, said, alone)
    _same(fitted(probs[score], mixed), alternately, f"{name}: an answer depends on who else was asked")
    if people > 1:
        partly = given[score].copy()
        partly[::2, 0] = UNSEEN
        _probabilities(fitted(probs[score], partly), score.sum(), f"{name}, one of whom was not asked,")

    order = np.random.default_rng(seed).permutation(np.flatnonzero(learn))
    turned = rule.fit(probs[order], given[order], truth[order])
    _same(turned(probs[score], given[score]), said, f"{name}: the order of the images counts")
    names = np.roll(np.arange(CLASSES), 1)
    renamed = np.where(given < 0, UNSEEN, names[given])
    other = rule.fit(probs[learn][:, np.argsort(names)], renamed[learn], names[truth[learn]])
    _same(
        other(probs[score][:, np.argsort(names)], renamed[score])[:, names],
        said,
        f"{name}: the names of the classes count",
    )
    if not rule.needs_truth:
        blind = rule.fit(probs[learn], given[learn], np.zeros_like(truth[learn]))
        _same(blind(probs[score], given[score]), said, f"{name} says that it needs no truth, but reads it")

    team = np.where((worth >= 0)[:, None], said, alone)
    accuracy = float((team.argmax(1) == truth[score]).mean())
    members = [(probs[score].argmax(1) == truth[score]).mean(), *(given[score] == truth[score][:, None]).mean(0)]
    assert accuracy >= min(members), f"{name}: {accuracy:.1%} right, and its least accurate member {min(members):.1%}."
    return accuracy


def _with_little(rule: type[TeamRule]) -> None:
    """Too little to learn from is no error: the rule then answers as it would without having learnt."""
    probs, people, truth = _world(0)
    few = {"no image": np.arange(0), "one image": np.arange(1), "ten images": np.arange(10)}
    for what, images in (few | {"one class": np.flatnonzero(truth == 0)[:20]}).items():
        fitted = rule.fit(probs[images], people[images], truth[images])
        _probabilities(fitted(probs[:50], people[:50]), 50, f"{rule.__name__}, having seen {what},")
        assert not np.isnan(fitted.worth(probs)).any(), f"{rule.__name__}, having seen {what}: worth is NaN."
        assert fitted(probs[:0], people[:0]).shape == (0, CLASSES), f"{rule.__name__} fails on no images."
    nobody = np.full((50, people.shape[1]), UNSEEN)
    fitted = rule.fit(probs[:50], nobody, truth[:50])
    _probabilities(fitted(probs[:50], people[:50]), 50, f"{rule.__name__}, having seen nobody's labels,")
    sure = np.eye(CLASSES)[truth[:50]]
    _probabilities(
        rule.fit(sure, people[:50], truth[:50])(sure, people[:50]), 50, f"{rule.__name__}, the machine sure,"
    )


def _probabilities(said: Array, images: int, what: str) -> None:
    assert said.shape == (images, CLASSES), f"{what} answers in the shape {said.shape}."
    assert np.isfinite(said).all(), f"{what} answers NaN or infinity."
    assert (said >= 0).all(), f"{what} answers below 0."
    assert np.allclose(said.sum(1), 1.0), f"{what} answers in rows that sum to {said.sum(1).min():.3g} at least."


def _same(here: Array, there: Array, message: str) -> None:
    apart = float(np.abs(here - there).max())
    assert apart <= TOLERANCE, f"{message}: by {apart:.2g} at most."
