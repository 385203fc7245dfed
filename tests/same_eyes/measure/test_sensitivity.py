"""The claims under other choices: which are tested again, what is shown of them, and what the other intervals are."""

from dataclasses import replace

import numpy as np
import pytest

from metrics.bootstrap import bca_interval, jackknife_sums, percentile_interval
from metrics.levels import slope_difference
from metrics.matching import matching_draw
from metrics.matrix_t_test import matrix_t_test
from metrics.mistake_confusion import mistake_confusion
from same_eyes.measure import Measured
from same_eyes.measure.core import Choices
from same_eyes.measure.difficulty import curves
from same_eyes.measure.sensitivity import AS_IT_IS, HEADER, VARIATIONS, csv, leave_out_tens, rows, table
from same_eyes.measure.teaming import team
from same_eyes.testing.worlds import Observer, simulated_study

MACHINES = {
    "CE": Observer(0.85, eye="machines"),
    "GCE": Observer(0.83, eye="machines"),
    "Co-teaching": Observer(0.8, eye="machines", shared=0.8, trap=0.8, labels="random2"),
}


@pytest.fixture(scope="module")
def measured():
    people = [Observer(0.8, eye="people")] * 3
    return Measured(simulated_study(people, MACHINES, images=600, aggregate=Observer(0.9)), replicates=60)


@pytest.fixture(scope="module")
def found(measured):
    return rows(measured, {"measured_labels": measured, "measured_whole": measured})


def of(found, claim):
    """The claim's rows, by what is varied."""
    return {row.varied: row for row in found if row.claim == claim}


def test_each_claim_is_there_as_it_is_and_as_often_as_something_moved(found):
    by_claim = {row.claim: of(found, row.claim) for row in found}
    assert len(by_claim) > 30
    for varied in by_claim.values():
        assert next(iter(varied)) == AS_IT_IS
        assert len(varied) > 1
        assert varied[AS_IT_IS].stands
    assert [row.number for row in found] == sorted((row.number for row in found), key=int)
    assert set(VARIATIONS) | {AS_IT_IS, "BCa interval", "one regression over 10 levels"} == {
        row.varied for row in found
    }


def test_what_stands_ends_as_it_does_without_the_variation(found):
    for row in found:
        assert row.stands == (row.verdict == of(found, row.claim)[AS_IT_IS].verdict)
    assert {row.stands for row in found} == {True, False}


@pytest.mark.parametrize(("varied", "reading"), [("first", "first"), ("either", "either")])
def test_other_samples_are_those_of_the_other_reading(measured, found, varied, reading):
    study = measured.study
    people, machines = study.people.labels, study.machine_labels()
    pairs = [mistake_confusion(who, None, study.truth, 10, reading=reading) for who in (machines, people)]
    row = of(found, "machines-err-together")[f"samples on which {'the ' * (varied == 'first')}{varied} is wrong"]
    assert row.p == pytest.approx(float(matrix_t_test(*pairs).pvalue))
    assert row.value == pytest.approx(np.nanmean(pairs[0].diagonal()) - np.nanmean(pairs[1].diagonal()))


def test_the_paired_test_is_that_of_the_same_matrices(measured, found):
    study = measured.study
    pairs = [mistake_confusion(who, None, study.truth, 10) for who in (study.machine_labels(), study.people.labels)]
    row = of(found, "machines-err-together")["paired t-test"]
    assert row.p == pytest.approx(float(matrix_t_test(*pairs, paired=True).pvalue))
    assert row.value == pytest.approx(of(found, "machines-err-together")[AS_IT_IS].value)


def test_other_levels_are_those_of_as_many_curves(measured, found):
    for bins in (5, 15, 20):
        drawn = curves(measured, "confidence", bins=bins)
        row = of(found, "people-lead-at-low-confidence")[f"{bins} levels"]
        assert row.value == pytest.approx(drawn.people.accuracy[0, 0] - drawn.machines.accuracy[0, 0])
    choosing = replace(measured, choices=Choices(levels=5))
    np.testing.assert_array_equal(
        curves(choosing, "confidence").people.count, curves(measured, "confidence", bins=5).people.count
    )


def test_slopes_are_compared_by_the_interaction_of_one_regression(measured, found):
    drawn = curves(measured, "confidence")
    lines = [each for of in (drawn.machines, drawn.people) for each in (of.difficulty[0], of.accuracy[0])]
    row = of(found, "confidence-guides-machines-more-strict")["one regression over 10 levels"]
    expected = slope_difference(*lines)
    assert (row.value, row.p) == pytest.approx((expected.difference, expected.p))
    assert row.low < row.value < row.high


def test_one_draw_is_one_draw(measured, found):
    row = of(found, "machines-match-across-labels")["one random draw, by its value alone"]
    names = list(MACHINES)
    draws = {
        (a, b): matching_draw(*measured.right(a, b).T) for a in names for b in [*names, *measured.people] if a != b
    }
    weakest = min(value for (_, b), value in draws.items() if b in names)
    strongest = max(value for (_, b), value in draws.items() if b not in names)
    assert row.value == pytest.approx(weakest - strongest)
    assert row.low == row.value == row.high


def test_the_own_majority_is_that_of_the_people_at_hand(measured, found):
    study = measured.study
    moved = of(found, "aggregate-accuracy")
    assert moved[AS_IT_IS].value == 0.9
    assert moved["own majority, ties at random"].value == (study.people.majority(0) == study.truth).mean()


def test_bca_is_that_of_the_worst_case_with_tens_left_out(measured, found):
    study = measured.study
    row = of(found, "person-gains-more-oracle-strict")["BCa interval"]
    machine = row.case.split(" vs ")[0]
    base = of(found, "person-gains-more-oracle-strict")[AS_IT_IS]
    teams = [team(measured, machine, other, "oracle") for other in measured.names]
    (ours, theirs) = next(
        (a, b) for a in teams for b in teams if a.value - b.value == pytest.approx(row.value, abs=1e-12) and a is not b
    )
    assert (base.low, base.high) == pytest.approx(percentile_interval(ours.replicates - theirs.replicates))
    assert (row.low, row.high) != (base.low, base.high)
    names = measured.names
    right = [measured.right(machine, names[teams.index(each)]).any(1) for each in (ours, theirs)]
    jackknife = jackknife_sums((right[0] * 1.0 - right[1])[:, None], np.arange(600) // 10)[:, 0]
    expected = bca_interval(row.value, ours.replicates - theirs.replicates, jackknife)
    assert (row.low, row.high) == pytest.approx(expected, abs=1e-9)
    assert len(study.truth) == 600


def test_tens_are_left_out_in_the_order_of_the_images_or_by_their_groups():
    assert leave_out_tens(25).sum(1).tolist() == [15, 15, 20]
    assert leave_out_tens(4, groups=np.array([1, 0, 1, 1])).tolist() == [[1, 0, 1, 1], [0, 1, 0, 0]]


def test_what_wilson_or_a_t_test_gives_has_no_other_interval(found):
    for claim in ("people-accuracy-strict", "machines-err-together", "neither-replaces-the-other-strict"):
        assert "BCa interval" not in of(found, claim)


def test_several_trainings_have_no_jackknife(measured):
    twice = {name: list(runs) * 2 for name, runs in measured.study.machines.items()}
    found = rows(Measured(replace(measured.study, machines=twice), replicates=20))
    assert "BCa interval" not in {row.varied for row in found}
    assert of(found, "machines-err-together")[AS_IT_IS].verdict == "reproduced"


def test_the_table_and_the_file_have_a_line_a_row(found):
    lines = csv(found).splitlines()
    assert lines[0] == "number,claim,varied,case,value,low,high,p,verdict,stands"
    assert len(lines) == len(found) + 1
    shown = table(found)
    assert {len(line) for line in shown} == {len(HEADER)}
    assert [line[-1] for line, row in zip(shown, found, strict=True) if row.varied == AS_IT_IS] == [""] * len(
        {row.claim for row in found}
    )
    assert sum(line[-1] == "NO" for line in shown) == sum(not row.stands for row in found)
