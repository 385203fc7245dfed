"""Where a machine stands: in worlds in which it is planted."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from same_eyes.measure import Measured, teaming
from same_eyes.measure.core import accuracy
from same_eyes.measure.matching import matchings
from same_eyes.measure.standing import consistencies, nearest, rank, rows
from same_eyes.testing.worlds import Observer, simulated_study
from same_eyes.types import Predictions, Study

PEOPLE = [Observer(0.8, eye="people"), Observer(0.78, eye="people"), Observer(0.82, eye="people")]
MACHINES = {
    "Best": Observer(0.95, shared=0.2),
    "Mine": Observer(0.88, shared=0.2),
    "Like mine": Observer(0.875, shared=0.2),
    "Twin": Observer(0.88, shared=0.2, copies="Mine", copied=0.9),
    "Worst": Observer(0.7, shared=0.2),
}


@pytest.fixture(scope="module")
def measured():
    return Measured(simulated_study(PEOPLE, MACHINES, images=4000, seed=3), 300)


def with_labels_only(study, name):
    """The same study, of whose machine only labels are known."""
    runs = dict(study.machines)
    runs[name] = [Predictions.from_labels(runs[name][0].labels_predicted, 10, method=name)]
    return Study("own", study.truth, study.people, runs, study.classes, group=study.group, aggregate=study.aggregate)


def test_a_rank_is_as_sure_as_the_tests_make_it(measured):
    place = rank(measured, "Mine")
    ahead = sorted(MACHINES, key=lambda name: -accuracy(measured, name).value)
    assert place.place == ahead.index("Mine") + 1
    assert place.among == 5
    assert set(place.ties) == {"Like mine", "Twin"}
    assert (place.low, place.high) == (2, 4)  # Best is told from it, and Worst
    assert rank(measured, "Best") == (1, 1, 1, 5, ())
    assert rank(measured, "Worst")[:4] == (5, 5, 5, 5)


def test_without_another_machine_it_is_the_first_of_one():
    alone = Measured(simulated_study(PEOPLE, {"Mine": Observer(0.9)}, images=500), 50)
    assert rank(alone, "Mine") == (1, 1, 1, 1, ())
    assert {(row.what, row.partner) for row in rows(alone, "Mine")} >= {("accuracy", ""), ("oracle gain", "Human 1")}
    assert not any(row.partner in ("all other machines, mean", "Best") for row in rows(alone, "Mine"))


def test_ranks_hold_true_of_the_accuracies_behind_the_samples():
    """Twelve machines of equal accuracy: hardly ever is one told from another, whatever the sample."""
    told = 0
    for seed in range(10):
        study = simulated_study([Observer(0.8)], {f"M{i}": Observer(0.85, shared=0.5) for i in range(12)}, images=800)
        rng = np.random.default_rng(seed)
        chosen = np.sort(rng.choice(800, 400, replace=False))
        runs = {m: [Predictions(r.probs[chosen], method=m)] for m, (r,) in study.machines.items()}
        part = Study(
            "part", study.truth[chosen], type(study.people)(study.people.labels[chosen], 10), runs, study.classes
        )
        told += len(rank(Measured(part, 10), "M0").ties) < 11
    assert told <= 2


def test_consistency_is_cohens_kappa_of_being_right(measured):
    right = {name: measured.right(name)[:, 0] for name in measured.names}
    for other in ("Best", "Human 2"):
        found = consistencies(measured)["Mine", other]
        assert found.value == pytest.approx(cohen_kappa_score(right["Mine"], right[other]))
        assert found.low < found.value < found.high
    assert nearest(measured, "Mine", ["Best", "Twin", "Worst"]) == "Twin"


def test_rows_are_the_suites_own_measurements(measured):
    found = {(row.what, row.partner): row.estimate for row in rows(measured, "Mine")}
    assert next(iter(found)) == ("accuracy", "")
    assert found["accuracy", ""] is accuracy(measured, "Mine")
    lead = accuracy(measured, "Mine") - accuracy(measured, "Human 3")
    assert found["ahead of", "Human 3"].value == lead.value
    assert ("error consistency", "Twin") in found
    others = [matchings(measured)["Mine", other].value for other in MACHINES if other != "Mine"]
    assert found["matching", "all other machines, mean"].value == pytest.approx(np.mean(others))
    assert found["matching", "people, mean"].value < found["matching", "all other machines, mean"].value
    for what, rule in (("oracle gain", "oracle"), ("threshold gain", "cross-fitted")):
        for partner in ("Human 1", "Human 2", "Human 3", teaming.best_machine(measured, "Mine", rule)):
            expected = teaming.gain_from_original(measured, "Mine", partner, rule)
            assert found[what, partner].value == expected.value
            assert (found[what, partner].low, found[what, partner].high) == (expected.low, expected.high)


def test_what_asks_for_a_confidence_is_left_out_where_only_labels_are_known(measured):
    plain = Measured(with_labels_only(measured.study, "Mine"), 300)
    found = {(row.what, row.partner): row.estimate.value for row in rows(plain, "Mine")}
    expected = {(row.what, row.partner): row.estimate.value for row in rows(measured, "Mine")}
    assert found == {key: value for key, value in expected.items() if key[0] != "threshold gain"}
    others = {(row.what, row.partner): row.estimate.value for row in rows(plain, "Best")}
    assert others == {
        (row.what, row.partner): row.estimate.value for row in rows(measured, "Best")
    }  # as a partner it serves
