"""One training of each machine, or several: what a measurement of several trainings is."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from metrics.bootstrap import leave_out_counts
from same_eyes.claims import Estimate
from same_eyes.measure import Measured
from same_eyes.measure.ability import known_beyond_chance, same_mistake_at_widest_gap
from same_eyes.measure.core import accuracy, class_sums, exact_accuracy, kept, pooled, rank_agreement
from same_eyes.measure.difficulty import curves, fall, figure_rows, hardness_correlations, lead, slope_gap
from same_eyes.measure.matching import matchings
from same_eyes.measure.mistakes import matrix_test, other_mistake, same_mistake
from same_eyes.measure.teaming import (
    against_rival,
    best_person,
    gain_over_better,
    loss_to_best,
    team,
    threshold_improves,
    unrealised_share,
)
from same_eyes.testing.worlds import Observer, simulated_study
from same_eyes.types import Annotators, NotKnown

PEOPLE = [Observer(0.8, eye="people")] * 3
MACHINES = {"CE": Observer(0.85), "GCE": Observer(0.82), "FW": Observer(0.7)}


@pytest.fixture(scope="module")
def study():
    return simulated_study(PEOPLE, MACHINES, images=1000)


@pytest.fixture(scope="module")
def once(study):
    return Measured(study, replicates=120)


def trained(study, *others):
    """The study with its machines as trained in other studies too."""
    runs = {name: [of.machines[name][0] for of in (study, *others)] for name in study.machines}
    return replace(study, machines=runs)


MEASUREMENTS = {
    "accuracy": lambda m: accuracy(m, "CE"),
    "accuracy of a person": lambda m: accuracy(m, "Human 1"),
    "same mistake": lambda m: same_mistake(m, "MM") - same_mistake(m, "HM"),
    "other mistake": lambda m: other_mistake(m, "HM"),
    "widest gap": lambda m: same_mistake_at_widest_gap(m, *m.machines),
    "beyond chance": lambda m: known_beyond_chance(m, "Human 1"),
    "matching": lambda m: matchings(m, "row")["CE", "Human 2"],
    "slopes": lambda m: slope_gap(curves(m, "confidence", bins=5)),
    "lead": lambda m: lead(curves(m, "leave-one-out agreement", bins=5), 4),
    "fall over time": lambda m: fall(curves(m, "time", bins=5, kind="count"), "people"),
    "hardness": lambda m: hardness_correlations(m)["confidence", "agreement"],
    "oracle": lambda m: gain_over_better(m, "CE", "Human 1", "oracle"),
    "hindsight": lambda m: loss_to_best(m, "CE", "mean of people", 0.6),
    "cross-fitted": lambda m: team(m, "CE", "GCE", "cross-fitted"),
    "unrealised": lambda m: unrealised_share(m, "CE", "Human 1", "cross-fitted"),
}


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_the_same_training_twice_is_that_training(study, once, name):
    twice = Measured(trained(study, study), replicates=120)
    one, two = MEASUREMENTS[name](once), MEASUREMENTS[name](twice)
    assert two.value == pytest.approx(one.value, rel=1e-12)
    np.testing.assert_allclose(two.replicates, one.replicates, rtol=1e-5, atol=1e-9)  # float32 sums


def test_one_training_is_measured_as_it_is(once):
    assert once.trainings == (once,)


def test_tests_and_rows_of_the_same_training_twice_are_those_of_the_training(study, once):
    twice = Measured(trained(study, study), replicates=120)
    (difference, test), (expected, by) = (matrix_test(m, "MM", "HH", "diagonal") for m in (twice, once))
    assert (difference.value, test.pvalue) == pytest.approx((expected.value, by.pvalue))
    assert threshold_improves(twice, "CE", "Human 1", 0.6)[1] == threshold_improves(once, "CE", "Human 1", 0.6)[1]
    for rival in ("two machines", "the person"):
        assert against_rival(twice, "CE", "Human 1", rival)[1] == against_rival(once, "CE", "Human 1", rival)[1]
    for row, other in zip(figure_rows(twice, "confidence"), figure_rows(once, "confidence"), strict=True):
        assert row.people.value == pytest.approx(other.people.value)
        np.testing.assert_allclose(
            [row.difficulty, *row.people_range, *row.machines_range],
            [other.difficulty, *other.people_range, *other.machines_range],
        )
    assert rank_agreement(twice, dict(zip(MACHINES, (3.0, 2.0, 1.0), strict=True))).value == 1
    assert exact_accuracy(twice, "CE").value == 0.85
    assert best_person(twice, "CE", "oracle") == best_person(once, "CE", "oracle")


def test_the_value_is_the_mean_over_trainings_and_each_has_its_share_of_the_samples(study):
    other = simulated_study(PEOPLE, {"CE": Observer(0.75), "GCE": Observer(0.8), "FW": Observer(0.6)}, images=1000)
    both = Measured(trained(study, other), replicates=120)
    found = accuracy(both, "CE")
    assert found.value == pytest.approx(0.80)
    weights = Measured(study, replicates=120).weights.astype(int)
    for number, of in enumerate((study, other)):
        right = of.machine_labels()[:, 0] == study.truth
        np.testing.assert_allclose(found.replicates[number::2], weights[number::2] @ right / 1000)


def test_the_interval_is_wider_by_what_trainings_differ():
    """Law of total variance: Var = mean over trainings of the variance over images + variance of the trainings."""
    levels = (0.78, 0.80, 0.85, 0.89)
    studies = [simulated_study(PEOPLE, {"CE": Observer(right)}, images=2000, seed=3) for right in levels]
    four = accuracy(Measured(trained(*studies), replicates=8000), "CE")
    images = np.mean([right * (1 - right) / 2000 for right in levels])
    assert np.var(four.replicates) == pytest.approx(images + np.var(levels), rel=0.05)
    assert np.var(levels) > 10 * images  # so that a missing level of sampling would be seen
    one = accuracy(Measured(studies[1], replicates=8000), "CE")
    assert np.var(one.replicates) == pytest.approx(0.8 * 0.2 / 2000, rel=0.05)
    assert four.high - four.low > 3 * (one.high - one.low)


def test_machines_trained_less_often_take_part_with_each_run_equally_often(study):
    others = [simulated_study(PEOPLE, MACHINES, images=1000, seed=seed) for seed in (1, 2, 3)]
    runs = {
        "CE": [study.machines["CE"][0], others[0].machines["CE"][0]],
        "GCE": [of.machines["GCE"][0] for of in others],
        "FW": study.machines["FW"],
    }
    measured = Measured(replace(study, machines=runs), replicates=60)
    assert len(measured.trainings) == 6
    for name, used in runs.items():
        taken = [training.run(name) for training in measured.trainings]
        assert [sum(run is each for run in taken) for each in used] == [6 // len(used)] * len(used)
    pairs = {(id(part.run("CE")), id(part.run("GCE"))) for part in measured.trainings}
    assert len(pairs) == 6


def test_no_single_training_stands_for_all_in_silence(study):
    twice = Measured(trained(study, study), replicates=5)
    with pytest.raises(ValueError, match="'CE' was trained 2 times: measure each"):
        twice.right("CE")
    assert twice.names == ["Human 1", "Human 2", "Human 3", "Aggre", "CE", "GCE", "FW"]


def test_a_p_value_of_several_trainings_is_the_largest(study):
    other = simulated_study(PEOPLE, MACHINES, images=1000, seed=5)
    both = Measured(trained(study, other), replicates=20)
    single = [threshold_improves(part, "CE", "Human 1", 0.6)[1] for part in both.trainings]
    assert threshold_improves(both, "CE", "Human 1", 0.6)[1] == max(single)
    assert single[0] != single[1]


def test_what_cannot_be_pooled_is_refused():
    assert pooled(["a", "a"]) == "a"
    assert pooled([{"x": (1.0, "a")}, {"x": (2.0, "a")}]) == {"x": (1.5, "a")}
    assert pooled([Estimate.exact(1), Estimate.exact(2)]).high == 1.5
    with pytest.raises(ValueError, match="cannot be pooled"):
        pooled(["a", "b"])


def test_samples_may_be_of_another_kind(study):
    """The jackknife, by the study's own groups of ten."""
    left_out = Measured(study, resample=lambda n, *_: leave_out_counts(n, groups=study.group))
    right = study.machine_labels()[:, 0] == study.truth
    expected = [right[study.group != group].mean() for group in range(100)]
    np.testing.assert_allclose(accuracy(left_out, "CE").replicates, expected)
    np.testing.assert_allclose(team(left_out, "CE", "CE", "hindsight").replicates, expected)


# --- Who did not see all images -------------------------------------------------------------------------------


def test_where_somebody_is_right_who_did_not_see_all_images_is_not_known(study):
    labels = study.people.labels.copy()
    labels[:700, 0] = -1
    measured = Measured(replace(study, people=Annotators(labels, 10)), 20)
    for ask in (
        lambda: accuracy(measured, "Human 1"),
        lambda: matchings(measured),
        lambda: team(measured, "CE", "Human 1", "oracle"),
    ):
        with pytest.raises(NotKnown, match="Human 1 is right, who did not see 700 of the images"):
            ask()
    assert accuracy(measured, "Human 2").value == accuracy(Measured(study, 20), "Human 2").value


def test_what_was_found_is_kept_with_its_study_and_goes_with_it():
    calls = []

    @kept
    def size(measured, power=1, *, times=1):
        calls.append((power, times))
        return times * len(measured.study.truth) ** power

    study = simulated_study([Observer(0.8)] * 2, {"CE": Observer(0.9)}, images=20)
    one, other = Measured(study, 10), Measured(study, 10)
    assert [size(one), size(one), size(one, 2), size(one, 2), size(one, times=3), size(other)] == [
        20,
        20,
        400,
        400,
        60,
        20,
    ]
    assert calls == [(1, 1), (2, 1), (1, 3), (1, 1)]
    assert size(replace(one, replicates=20)) == 20
    assert len(calls) == 5
    accuracy(one, "CE")
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None


def test_sums_of_each_class_are_over_its_images():
    measured = Measured(simulated_study([Observer(0.8)] * 2, {}, images=30, classes=3), 5)
    cells = np.arange(60.0).reshape(30, 2)
    sums = class_sums(measured, cells)
    assert sums.shape == (6, 3, 2)
    for t in range(3):
        of = measured.truth == t
        np.testing.assert_allclose(sums[0, t], cells[of].sum(0))
        np.testing.assert_allclose(sums[4, t], (measured.weights[3][of, None] * cells[of]).sum(0))


def test_confusions_that_would_fill_the_memory_are_not_known():
    study = simulated_study([Observer(0.8)] * 2, {"CE": Observer(0.9)}, images=60, classes=1000)
    with pytest.raises(NotKnown, match=r"1,000 classes on 60 images in 2,000 samples would fill the memory.*large"):
        same_mistake(Measured(study, 2000), "HH")
    assert 0 <= same_mistake(Measured(study, 20), "HH").value <= 1
