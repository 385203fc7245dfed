"""The runner of planted worlds: what it finds in a test's signature and marks, and what it does not let through."""

from functools import partial

import numpy as np
import pytest

from same_eyes.claims import Estimate
from same_eyes.metrics.mistake_confusion import mistake_confusion
from same_eyes.testing.worlds import Observer, World, planted_mistakes, run_claim, shuffled, simulated_study
from same_eyes.types import BadInput

CLAIM = "machines-above-people-strict"
WORLD = World(partial(simulated_study, [Observer(0.8)] * 2, {"CE": Observer(0.9), "GCE": Observer(0.9)}))


def test_one_case_for_each_machine_person_and_parameter():
    @pytest.mark.parametrize(("low", "high"), [(1, 2), pytest.param(3, 4)])
    @pytest.mark.parametrize("eta", [0.5])
    def test(measured, claim, machine, human, eta, low, high):
        assert high == low + 1
        claim.greater(Estimate.exact(1.0))

    names = [case.name for case in run_claim(CLAIM, WORLD, test)]
    assert len(names) == 8
    assert names[0] == "CE vs Human 1 vs 0.5 vs 1 vs 2"


def test_fixtures_are_the_worlds():
    whole, official = (partial(simulated_study, [Observer(0.5)], images=n) for n in (300, 400))

    def test(study, people, machines, measured, whole, measured_whole, measured_official, extra, all_machines, claim):
        assert measured.study is study
        assert people is study.people
        assert machines is study.machines
        assert all_machines == ["CE", "GCE"]
        assert measured_whole.study is whole
        assert (len(study.truth), len(whole.truth), len(measured_official.study.truth)) == (2000, 300, 400)
        claim.greater(Estimate.exact(extra))

    also = {"measured_official": official, "extra": lambda: 0.5}
    world = World(WORLD.study, whole=whole, also=also, claim={"margin": 0.6})
    assert [case.verdict for case in run_claim(CLAIM, world, test)] == ["not reproduced"]


def test_a_fixture_that_the_world_lacks_is_named():
    def test(claim, telescope):
        claim.greater(Estimate.exact(telescope))

    with pytest.raises(BadInput, match="telescope"):
        run_claim(CLAIM, WORLD, test)


def test_a_test_that_skips_is_no_check():
    def test(claim):
        pytest.skip("not today")

    with pytest.raises(AssertionError, match="skipped"):
        run_claim(CLAIM, WORLD, test)


def test_a_test_that_checks_nothing_is_no_check():
    def test(claim):
        pass

    with pytest.raises(AssertionError, match="checked nothing"):
        run_claim(CLAIM, WORLD, test)


def test_a_test_without_a_case_is_no_check():
    def test(claim, machine):
        claim.greater(Estimate.exact(1.0))

    with pytest.raises(AssertionError, match="nothing to run"):
        run_claim(CLAIM, World(partial(simulated_study, [Observer(0.8)])), test)


def test_a_test_that_swallows_its_verdict_is_noticed():
    def test(claim):
        with pytest.raises(AssertionError):
            claim.greater(Estimate.exact(-1.0))

    with pytest.raises(AssertionError, match="ending"):
        run_claim(CLAIM, WORLD, test)


def test_an_unknown_claim_has_no_test():
    with pytest.raises(BadInput, match="0 tests"):
        run_claim("machines-are-kind", WORLD)


# --- Simulators -------------------------------------------------------------------------------------------


def test_accuracies_are_met_and_confidence_is_calibrated():
    study = simulated_study([Observer(0.8), Observer(0.7)], {"CE": Observer(0.75)}, images=20_000)
    right = study.people.labels == study.truth[:, None]
    assert right.mean(0).tolist() == [0.8, 0.7]
    (run,) = study.machines["CE"]
    correct = run.labels_predicted == study.truth
    assert correct.mean() == 0.75
    for low in (0.3, 0.5, 0.7, 0.9):
        level = (run.confidence >= low) & (run.confidence < low + 0.1)
        assert correct[level].mean() == pytest.approx(run.confidence[level].mean(), abs=0.05)


def test_shared_difficulty_nests_mistakes_or_leaves_them_independent():
    for shared, both in ((1.0, 0.2), (0.0, 0.04)):
        study = simulated_study([Observer(0.8, shared=shared)] * 2, images=20_000)
        wrong = study.people.labels != study.truth[:, None]
        assert wrong.all(1).mean() == pytest.approx(both, abs=0.01)


def test_the_trap_is_the_eyes_own():
    people = [Observer(0.5, eye="people", trap=1.0)] * 2
    machines = {"CE": Observer(0.5, eye="machines", trap=1.0), "GCE": Observer(0.5, eye="people", trap=1.0)}
    study = simulated_study(people, machines, images=10_000)
    labels = np.column_stack([study.people.labels, study.machine_labels()])
    wrong = labels != study.truth[:, None]

    def same(a, b):
        both = wrong[:, a] & wrong[:, b]
        return (labels[both, a] == labels[both, b]).mean()

    assert (same(0, 1), same(0, 3)) == (1.0, 1.0)
    assert same(0, 2) == pytest.approx(1 / 9, abs=0.03)


def test_a_copy_answers_as_its_model():
    study = simulated_study([Observer(0.8), Observer(0.5, copies="Human 1", copied=1.0)])
    assert np.array_equal(study.people.labels[:, 0], study.people.labels[:, 1])


def test_hesitation_follows_difficulty():
    study = simulated_study([Observer(0.8, hesitation=0.9), Observer(0.8, hesitation=0.0)], images=10_000)
    right = study.people.labels == study.truth[:, None]
    slower = [
        np.log(seconds[~hit]).mean() - np.log(seconds[hit]).mean()
        for seconds, hit in zip(study.people.seconds.T, right.T, strict=True)
    ]
    assert slower[0] > 1
    assert abs(slower[1]) < 0.1


def test_planted_pairs_are_met_whatever_else_goes_on():
    study = planted_mistakes(
        people=np.linspace(0.2, 0.4, 10), machines=0.6, mixed=0.1, each=400, near=0.5, lone_machines=500
    )
    people, machines, truth = study.people.labels, study.machine_labels(), study.truth
    for first, second, same in (
        (people, None, np.linspace(0.2, 0.4, 10)),
        (machines, None, 0.6),
        (people, machines, 0.1),
    ):
        matrix = mistake_confusion(first, second, truth, 10)
        assert matrix.diagonal() == pytest.approx(same, abs=0.01)
        assert matrix[0, 1] > 3 * matrix[0, 5]


def test_a_rate_that_cannot_be_planted_is_refused():
    with pytest.raises(BadInput, match="rates"):
        planted_mistakes(people=np.linspace(-0.1, 0.1, 10), machines=0.5, mixed=0.5)


def test_a_shuffled_study_is_the_same_study():
    study = WORLD.study()
    turned = shuffled(study)
    back = np.argsort(turned.index)
    assert not np.array_equal(turned.index, study.index)
    assert turned.people.names == study.people.names[::-1]
    for name in study.people.names:
        assert np.array_equal(turned.people.column(name)[back], study.people.column(name))
    for name, (run,) in study.machines.items():
        assert np.array_equal(turned.machines[name][0].probs[back], run.probs)
    assert np.array_equal(turned.aggregate[back], study.aggregate)
