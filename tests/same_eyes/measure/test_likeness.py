import tracemalloc
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy.spatial import procrustes
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import cohen_kappa_score

from same_eyes.claims import Estimate
from same_eyes.measure import Measured, likeness
from same_eyes.metrics.error_consistency import consistency_bounds, error_consistency
from same_eyes.metrics.error_distance import error_counts, error_distances, one_and_rest, permuted_distances
from same_eyes.metrics.wrong_agreement import wrong_agreement
from same_eyes.testing.worlds import Observer, simulated_study
from same_eyes.types import Annotators

MACHINES = {
    "CE": Observer(0.8, eye="machine", shared=0.7),
    "GCE": Observer(0.82, eye="machine", shared=0.7),
    "NLS": Observer(0.78, eye="machine", shared=0.4),
}
K = 6


@pytest.fixture(scope="module")
def measured():
    study = simulated_study([Observer(0.75, eye="person")] * 3, MACHINES, images=900, classes=K)
    return Measured(study, replicates=60)


@pytest.fixture(scope="module")
def labels(measured):
    return np.hstack([measured.study.people.labels, measured.study.machine_labels()])


def only(measured, people=None, **machines):
    """The same images with other people and machines."""
    study = replace(measured.study, machines=machines, people=people or measured.study.people)
    return Measured(study, measured.replicates)


def test_every_pair_has_its_kappa_and_each_samples(measured):
    found = likeness.consistencies(measured)
    assert len(found) == 6 * 5
    for pair in (("Human 1", "Human 3"), ("CE", "Human 2"), ("Human 2", "CE"), ("NLS", "GCE")):
        right = measured.right(*pair)
        assert found[pair].value == pytest.approx(cohen_kappa_score(*right.T))
        drawn = np.repeat(np.arange(900), measured.weights[7])
        assert found[pair].replicates[7] == pytest.approx(cohen_kappa_score(*right[drawn].T))
        assert found[pair].low < found[pair].value < found[pair].high


def test_every_pair_has_its_wrong_agreement_and_each_samples(measured, labels):
    found, drawn = likeness.wrong_agreements(measured), np.repeat(np.arange(900), measured.weights[7])
    truth = measured.study.truth
    whole, sample = (wrong_agreement(labels[rows], truth[rows], K).beyond for rows in (slice(None), drawn))
    assert found["CE", "NLS"].value == pytest.approx(whole[3, 5])
    assert found["CE", "NLS"].replicates[7] == pytest.approx(sample[3, 5])
    assert found["Human 1", "GCE"].value == pytest.approx(whole[0, 4])


@pytest.mark.parametrize(
    ("mean", "pairs"),
    [(likeness.consistency, likeness.consistencies), (likeness.wrong_agreement, likeness.wrong_agreements)],
)
def test_kinds_are_means_over_their_pairs(measured, mean, pairs):
    people, machines, found = measured.people, measured.machines, pairs(measured)
    kinds = {
        "HH": [(people[0], people[1]), (people[0], people[2]), (people[1], people[2])],
        "MM": [(machines[0], machines[1]), (machines[0], machines[2]), (machines[1], machines[2])],
        "HM": [(person, machine) for person in people for machine in machines],
    }
    for kind, of in kinds.items():
        expected = np.mean([found[pair].replicates for pair in of], axis=0)
        np.testing.assert_allclose(mean(measured, kind).replicates, expected)
        assert mean(measured, kind).value == pytest.approx(np.mean([found[pair].value for pair in of]))


def test_nobody_is_compared_with_himself(measured):
    found, pairs = likeness.with_people(measured), likeness.consistencies(measured)
    assert found["Human 1"].value == pytest.approx(np.mean([pairs["Human 1", f"Human {j}"].value for j in (2, 3)]))
    assert found["CE"].value == pytest.approx(np.mean([pairs["CE", f"Human {j}"].value for j in (1, 2, 3)]))


@pytest.mark.parametrize("distance", ["jensen-shannon", "total variation"])
def test_distances_and_their_null_are_the_metrics(measured, labels, distance):
    counts = error_counts(labels, measured.study.truth, K)
    expected = error_distances(counts, distance=distance)
    found = likeness.distances(measured, distance)
    assert found["Human 1", "NLS"].value == pytest.approx(expected[0, 5])
    assert np.mean(found["Human 1", "NLS"].replicates) == pytest.approx(expected[0, 5])
    drawn = permuted_distances(counts, permutations=likeness.PERMUTATIONS, distance=distance)
    null = likeness.permutation_null(measured, distance)
    np.testing.assert_allclose(null.mean, drawn.mean(0))
    assert null.p[0, 5] == (1 + (drawn[:, 0, 5] >= expected[0, 5]).sum()) / (1 + likeness.PERMUTATIONS)


def errors_of(answers, truth):
    found = np.stack([answers[truth == t].sum(0) for t in range(K)])
    np.fill_diagonal(found, 0)
    return found


def test_the_ceiling_is_the_distance_of_one_answer_from_the_rest(measured):
    study = measured.study
    drawn = [one_and_rest(study.people.counts, seed) for seed in range(likeness.DRAWS)]
    parts = [[errors_of(part, study.truth) for part in two] for two in drawn]
    expected = np.mean([error_distances(np.stack(two))[0, 1] for two in parts])
    assert likeness.human_ceiling(measured).value == pytest.approx(expected)
    machine = error_counts(study.machine_labels(), study.truth, K)[1]
    expected = np.mean([error_distances(np.stack([machine, rest]))[0, 1] for _, rest in parts])
    assert likeness.distance_to_people(measured, "GCE").value == pytest.approx(expected)


@pytest.mark.parametrize("people", [3, 12])
def test_a_machine_that_is_one_more_person_meets_the_ceiling_of_however_many(people):
    """Halves of many answers would lie nearer to each other than a single answerer can to either."""
    one_more = Observer(0.75, eye="person")
    measured = Measured(simulated_study([one_more] * people, {"CE": one_more}, images=3000, classes=K), 200)
    beyond = likeness.distance_to_people(measured, "CE") - likeness.human_ceiling(measured)
    assert beyond.low < 0 < beyond.high


def test_people_who_are_counts_alone_have_a_ceiling_but_are_in_no_pair(measured):
    counted = only(measured, Annotators.from_counts(measured.study.people.counts), **measured.study.machines)
    assert likeness.everybody(counted) == list(MACHINES)
    for kind in ("HH", "HM"):
        assert np.isnan(likeness.consistency(counted, kind).value)
        assert np.isnan(likeness.wrong_agreement(counted, kind).value)
    assert likeness.consistency(counted, "MM").value == likeness.consistency(measured, "MM").value
    assert likeness.human_ceiling(counted).value == likeness.human_ceiling(measured).value


def test_several_trainings_are_one_machine_and_one_more_source_of_spread(measured):
    first, second = (measured.study.machines[name][0] for name in ("CE", "NLS"))
    both = only(measured, CE=(first, second))
    each = [likeness.consistencies(only(measured, CE=(run,)))["CE", "Human 1"].value for run in (first, second)]
    assert likeness.consistencies(both)["CE", "Human 1"].value == pytest.approx(np.mean(each))
    assert likeness.distance_to_people(both, "CE").value == pytest.approx(
        np.mean([likeness.distance_to_people(only(measured, CE=(run,)), "CE").value for run in (first, second)])
    )
    assert len(likeness.table(both)) == 6


def test_what_is_undefined_has_a_reason():
    flawless = Measured(simulated_study([Observer(1.0), Observer(1.0), Observer(0.8)], {"CE": Observer(1.0)}), 20)
    found = likeness.consistencies(flawless)
    assert np.isnan(found["Human 1", "CE"].value)
    assert "flawless" in likeness.why_undefined(flawless, "Human 1", "CE")
    assert found["Human 1", "Human 3"].value == 0
    assert likeness.why_undefined(flawless, "Human 1", "Human 3") == ""
    hopeless = Measured(simulated_study([Observer(0.0), Observer(0.0)], {"CE": Observer(0.8)}), 20)
    assert np.isnan(likeness.consistencies(hopeless)["Human 1", "Human 2"].value)
    assert "always wrong" in likeness.why_undefined(hopeless, "Human 1", "Human 2")
    table = likeness.table(flawless).set_index(["first", "second"])
    assert "flawless" in table.loc[("Human 1", "Human 2"), "undefined"]


def test_the_table_has_all_numbers_of_a_pair(measured):
    row = likeness.table(measured).set_index(["first", "second"]).loc[("Human 2", "GCE")]
    right = measured.right("Human 2", "GCE")
    assert row["kind"] == "HM"
    assert row["error_consistency"] == pytest.approx(error_consistency(*right.T))
    assert row["error_consistency_unbiased"] == pytest.approx(error_consistency(*right.T, unbiased=True))
    assert (row["error_consistency_least"], row["error_consistency_most"]) == consistency_bounds(*right.mean(0))
    assert row["error_distance_p"] == likeness.permutation_null(measured).p[1, 4]
    assert row["undefined"] == ""


# --- Ranks and maps -------------------------------------------------------------------------------------------


def estimates(**values):
    """Numbers with a standard error of 0.01 each, independent of each other."""
    rng = np.random.default_rng(0)
    return {name: Estimate.from_replicates(v, v + 0.01 * rng.normal(size=4000)) for name, v in values.items()}


def test_who_cannot_be_told_from_the_first_of_a_group_is_in_it():
    found = estimates(d=0.5, a=0.9, b=0.88, c=0.52, e=np.nan)
    assert likeness.tie_groups(found) == [["a", "b"], ["c", "d"]]
    assert likeness.tie_groups(estimates(a=0.9, b=0.84, c=0.78)) == [["a"], ["b"], ["c"]]


def test_ties_are_paired_over_images():
    """Two who rise and fall together are told apart by a hundredth."""
    rng = np.random.default_rng(1)
    common = 0.05 * rng.normal(size=4000)
    found = {
        n: Estimate.from_replicates(v, v + common + 0.001 * rng.normal(size=4000)) for n, v in (("a", 0.5), ("b", 0.49))
    }
    assert likeness.tie_groups(found) == [["a"], ["b"]]
    assert likeness.tie_groups({"a": found["a"], "copy": found["a"]}) == [["a", "copy"]]


def test_a_map_of_points_in_the_plane_is_the_plane():
    points = np.random.default_rng(2).normal(size=(7, 2))
    found, shown = likeness.positions(squareform(pdist(points)))
    assert procrustes(points, found)[2] < 1e-12
    np.testing.assert_allclose(pdist(found), pdist(points))
    assert shown == pytest.approx(1)
    assert np.ptp(found, axis=0).argmax() == 0


def test_a_map_of_more_dimensions_says_how_much_it_shows():
    _, shown = likeness.positions(1 - np.eye(5))  # equally far apart: four axes, two of them shown
    assert shown == pytest.approx(0.5)
    points, shown = likeness.positions(np.zeros((3, 3)))
    assert (points == 0).all()
    assert np.isnan(shown)


def test_a_matrix_holds_the_pairs(measured):
    found = likeness.consistencies(measured)
    kappa = likeness.matrix(["CE", "Human 1"], found, diagonal=1)
    assert kappa.tolist() == [[1, found["CE", "Human 1"].value], [found["Human 1", "CE"].value, 1]]
    assert partial(likeness.matrix, ["CE"])(found).shape == (1, 1)


def test_a_distance_that_is_undefined_has_no_p():
    flawless = Measured(simulated_study([Observer(0.7), Observer(0.8)], {"CE": Observer(1.0)}), 20)
    null = likeness.permutation_null(flawless)
    assert np.isnan(null.p[0, 2])
    assert 0 < null.p[0, 1] <= 1
    assert np.isnan(likeness.table(flawless).set_index(["first", "second"]).loc[("Human 1", "CE"), "error_distance_p"])


def test_people_may_be_many(measured):
    """As many answers to each image as make a count of a byte run over."""
    few = Annotators.from_counts(measured.study.people.counts)
    many = Annotators.from_counts(few.counts * 200)
    machines = {"CE": measured.study.machines["CE"]}
    ceilings = [likeness.distance_to_people(only(measured, people, **machines), "CE").value for people in (few, many)]
    assert ceilings[1] == pytest.approx(ceilings[0], abs=0.03)  # one of 600 answers less, instead of one of three


def test_many_classes_are_not_held_at_once():
    k = 300
    study = simulated_study([Observer(0.7, eye="person")] * 3, {"CE": Observer(0.8)}, images=2 * k, classes=k)
    many = Measured(study, replicates=100)
    tracemalloc.start()
    likeness.human_ceiling(many)
    likeness.distances(many)
    likeness.wrong_agreements(many)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 101 * k * 4 * k * 8 / 4  # a quarter of what (samples, classes, observers, classes) would take
    labels = np.hstack([study.people.labels, study.machine_labels()])
    found = wrong_agreement(labels, study.truth, k).beyond[0, 3]
    assert likeness.wrong_agreements(many)["Human 1", "CE"].value == pytest.approx(found)
    apart = error_distances(error_counts(labels, study.truth, k))[1, 3]
    assert likeness.distances(many)["Human 2", "CE"].value == pytest.approx(apart)


def test_where_nobody_errs_there_is_no_distance():
    flawless = Measured(simulated_study([Observer(1.0)] * 2, {"CE": Observer(1.0)}, images=30, classes=3), 5)
    assert np.isnan(likeness.human_ceiling(flawless).value)
    assert np.isnan(likeness.distances(flawless)["Human 1", "CE"].value)
