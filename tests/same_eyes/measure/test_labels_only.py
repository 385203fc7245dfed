"""A machine of which only labels are known: what needs no confidence is as it was, what needs one is said to."""

import numpy as np
import pytest

from same_eyes.measure import Measured, teaming
from same_eyes.measure.difficulty import curves, hardness, slope_gap
from same_eyes.measure.matching import matchings
from same_eyes.measure.mistakes import same_mistake
from same_eyes.testing.worlds import Observer, simulated_study
from same_eyes.types import NoConfidence, Predictions, Study

MACHINES = {"CE": Observer(0.88), "GCE": Observer(0.9), "Mine": Observer(0.85)}


@pytest.fixture(scope="module")
def studies():
    """Three machines; the same with labels alone of one; the same without that one."""
    study = simulated_study([Observer(0.8)] * 3, MACHINES, images=1500)
    labels = Predictions.from_labels(study.machines["Mine"][0].labels_predicted, 10, method="Mine")

    def of(**machines):
        return Measured(
            Study("own", study.truth, study.people, machines, study.classes, None, study.group, study.aggregate), 100
        )

    rest = {name: study.machines[name] for name in ("CE", "GCE")}
    return of(**study.machines), of(**rest, Mine=[labels]), of(**rest)


def test_what_needs_no_confidence_is_as_it_was(studies):
    full, plain, _ = studies
    assert plain.confident == ["CE", "GCE"]
    for pair in ("MM", "HM"):
        assert same_mistake(plain, pair).value == same_mistake(full, pair).value
    assert matchings(plain)["Mine", "CE"].value == matchings(full)["Mine", "CE"].value
    assert (
        teaming.team(plain, "Mine", "Human 1", "oracle").value == teaming.team(full, "Mine", "Human 1", "oracle").value
    )
    for rule in ("hindsight", "cross-fitted", 0.6):  # as a partner it needs none
        assert teaming.team(plain, "CE", "Mine", rule).value == teaming.team(full, "CE", "Mine", rule).value
    assert np.array_equal(hardness(plain)["agreement"], hardness(full)["agreement"])
    by = "leave-one-out agreement"
    assert slope_gap(curves(plain, by)).value == slope_gap(curves(full, by)).value


def test_what_needs_one_is_refused(studies):
    _, plain, _ = studies
    for rule in ("hindsight", "cross-fitted", 0.6):
        with pytest.raises(NoConfidence, match="Mine gives labels only, and this asks how sure it is"):
            teaming.team(plain, "Mine", "Human 1", rule)
    with pytest.raises(NoConfidence, match="Mine gives labels only"):
        teaming.threshold_improves(plain, "Mine", "Human 1", 0.6)
    with pytest.raises(NoConfidence, match="Mine gives labels only"):
        teaming.against_rival(plain, "Mine", "Human 1", "the machine")


def test_levels_of_confidence_are_those_of_the_others(studies):
    full, plain, without = studies
    assert slope_gap(curves(plain, "confidence")).value == slope_gap(curves(without, "confidence")).value
    assert slope_gap(curves(plain, "confidence")).value != slope_gap(curves(full, "confidence")).value
    assert np.array_equal(hardness(plain)["confidence"], hardness(without)["confidence"])
