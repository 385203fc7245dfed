from dataclasses import replace

import numpy as np
import pytest

from metrics.accuracy import share_right
from metrics.bootstrap import resample_counts
from metrics.difficulty import human_entropy, leave_one_out_agreement, split_half_entropy
from metrics.levels import accuracy_by_level, level_edges, slope_difference
from same_eyes.measure import Measured
from same_eyes.measure.difficulty import (
    FINE,
    By,
    curves,
    fall,
    fall_to_a_split,
    figure_rows,
    greatest_lead,
    hardness,
    hardness_correlations,
    identity_line,
    identity_slope_gap,
    lead,
    line,
    mean_seconds,
    slope_gap,
    surest_lead,
)
from same_eyes.testing.worlds import Observer, simulated_study
from same_eyes.types import Annotators, Study

MEASURES = By.__args__


@pytest.fixture(scope="module")
def measured():
    people = [Observer(0.8, eye="people")] * 3
    machines = {"CE": Observer(0.85), "GCE": Observer(0.9), "FW": Observer(0.8, insight=0.5), "BW": Observer(0.7)}
    return Measured(simulated_study(people, machines, images=1500), replicates=100)


def difficulty_of(study, by):
    """Oracle: (n,) or (n, m) difficulty, and the counts on which people are scored."""
    right = study.machine_labels() == study.truth[:, None]
    counts = study.people.counts
    return {
        "confidence": lambda: (np.stack([runs[0].probs.max(1) for runs in study.machines.values()], 1), counts),
        "agreement": lambda: (right.mean(1), counts),
        "leave-one-out agreement": lambda: (leave_one_out_agreement(right), counts),
        "entropy": lambda: (human_entropy(counts), counts),
        "half entropy": lambda: split_half_entropy(counts, 0),
        "time": lambda: (study.people.seconds.mean(1), counts),
    }[by]()


@pytest.mark.parametrize("by", MEASURES)
@pytest.mark.parametrize(("bins", "kind"), [(10, "width"), (5, "count"), (20, "width"), (15, "width")])
def test_curves_are_accuracies_by_level(measured, by, bins, kind):
    study = measured.study
    difficulty, counts = difficulty_of(study, by)
    fine = FINE if FINE % bins == 0 else bins
    edges = level_edges(difficulty, bins=fine, kind=kind)[:: fine // bins]
    right = study.machine_labels() == study.truth[:, None]
    columns = difficulty if difficulty.ndim == 2 else np.repeat(difficulty[:, None], 4, 1)
    machines = accuracy_by_level(columns, right, bins=edges)
    people = accuracy_by_level(columns, np.repeat(share_right(counts, study.truth)[:, None], 4, 1), bins=edges)
    drawn = curves(measured, by, bins=bins, kind=kind)
    for ours, theirs in ((drawn.machines, machines), (drawn.people, people)):
        np.testing.assert_allclose(ours.accuracy[0], theirs.accuracy, rtol=1e-5)
        np.testing.assert_allclose(ours.difficulty[0], theirs.difficulty, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(drawn.machines.low[0], machines.low, rtol=1e-5)
    assert len(drawn.people.accuracy) == len(drawn.machines.accuracy) == 101


def test_replicates_are_those_of_the_images_drawn(measured):
    study, weight = measured.study, measured.weights[7]
    drawn = np.repeat(np.arange(len(study.truth)), weight)
    difficulty, _ = difficulty_of(study, "confidence")
    edges = level_edges(difficulty, bins=FINE)[::2]
    right = study.machine_labels() == study.truth[:, None]
    expected = accuracy_by_level(difficulty[drawn], right[drawn], bins=edges)
    replicate = curves(measured, "confidence").machines
    np.testing.assert_allclose(replicate.accuracy[8], expected.accuracy, rtol=1e-5)
    np.testing.assert_allclose(replicate.difficulty[8], expected.difficulty, rtol=1e-5)


def test_times_are_drawn_by_batches_of_ten(measured):
    study = measured.study
    by_batch = fall(curves(measured, "time", kind="count"), "people")
    by_image = fall(curves(Measured(replace(study, group=None), 100), "time", kind="count"), "people")
    assert by_batch.value == by_image.value
    sums = curves(measured, "time").people.count[1:, 0, 0]
    expected = resample_counts(1500, 100, groups=study.group)
    lowest = study.people.seconds.mean(1) < level_edges(study.people.seconds.mean(1), bins=10)[1]
    np.testing.assert_array_equal(sums, expected[:, lowest].sum(1))
    assert (by_batch.low, by_batch.high) != (by_image.low, by_image.high)


def test_identity_makes_the_machines_line_an_identity(measured):
    for by in ("confidence", "agreement"):
        drawn = curves(measured, by)
        machines, people = identity_line(drawn, "machines"), identity_line(drawn, "people")
        assert machines.slope == pytest.approx(1)
        assert machines.intercept == pytest.approx(0, abs=1e-9)
        assert identity_slope_gap(drawn).value == pytest.approx(1 - people.slope)


def test_the_honest_slope_is_that_over_difficulty(measured):
    drawn = curves(measured, "confidence")
    x, machines, people = drawn.machines.difficulty[0], drawn.machines.accuracy[0], drawn.people.accuracy[0]
    found = slope_gap(drawn)
    assert found.value == pytest.approx(slope_difference(x, machines, x, people).difference)
    assert found.value == pytest.approx(line(drawn, "machines").slope - line(drawn, "people").slope)
    assert found.low < found.value < found.high


def test_leads_are_peoples_accuracy_less_machines(measured):
    drawn = curves(measured, "confidence")
    values = [lead(drawn, level).value for level in range(10)]
    np.testing.assert_allclose(values, drawn.people.accuracy[0] - drawn.machines.accuracy[0])
    assert greatest_lead(drawn, "people") == max(values)
    assert greatest_lead(drawn, "machines") == -min(values)


def test_the_surest_lead_allows_for_ten_levels(measured):
    drawn = curves(measured, "confidence")
    wide = [lead(drawn, level).at(0.995) for level in range(10)]
    best = max(wide, key=lambda each: each.low)
    found = surest_lead(drawn, "people")
    assert (found.value, found.low, found.high) == (best.value, best.low, best.high)
    assert surest_lead(drawn, "machines").low == pytest.approx(max(-each.high for each in wide))


def test_accuracy_falls_by_the_drop_of_its_line(measured):
    drawn = curves(measured, "time", kind="count")
    x = drawn.people.difficulty[0]
    expected = -np.polyfit(x, drawn.people.accuracy[0], 1)[0] * (x[-1] - x[0])
    assert fall(drawn, "people").value == pytest.approx(expected)


@pytest.mark.parametrize("who", ["people", "machines"])
def test_accuracy_falls_along_the_line_through_all_images(measured, who):
    people = Annotators(np.random.default_rng(0).integers(10, size=(1500, 8)), 10)
    asked = Measured(replace(measured.study, people=people), 50)
    entropy, rest = split_half_entropy(people.counts, 0)
    truth = asked.study.truth
    right = rest[np.arange(1500), truth] / rest.sum(1) if who == "people" else asked.right(*asked.machines).mean(1)
    found = fall_to_a_split(asked, who)
    assert found.value == pytest.approx(-np.polyfit(entropy, right, 1)[0] * np.log(2))
    drawn = np.repeat(np.arange(1500), asked.weights[3])
    assert found.replicates[3] == pytest.approx(-np.polyfit(entropy[drawn], right[drawn], 1)[0] * np.log(2))


def test_without_two_answers_a_half_disagreement_is_undefined(measured):
    people = Annotators(measured.study.people.labels[:, :1], 10)
    assert np.isnan(fall_to_a_split(Measured(replace(measured.study, people=people), 20), "people").value)


@pytest.mark.parametrize("by", MEASURES)
def test_figure_rows_say_what_the_curves_say(measured, by):
    rows, drawn = figure_rows(measured, by), curves(measured, by)
    assert sum(row.images for row in rows) == pytest.approx(1500)
    for row in rows:
        assert row.people.low <= row.people.value <= row.people.high
        low, high = row.people_range
        assert by == "half entropy" or low - 1e-6 <= row.people.value <= high + 1e-6
        assert row.machines_range[0] <= row.machines.value <= row.machines_range[1]
    known = np.isfinite(drawn.people.accuracy[0])
    assert [row.people.value for row in rows] == drawn.people.accuracy[0][known].tolist()


def test_people_known_by_counts_have_curves_but_no_range():
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 100)
    counts = rng.multinomial(50, [0.5, 0.5], 200)
    study = Study("counts", truth, Annotators.from_counts(counts), {}, ("a", "b"))
    rows = figure_rows(Measured(study, 20), "entropy")
    assert all(np.isnan(row.people_range).all() for row in rows)
    everyone = sum(row.people.value * row.images for row in rows) / 200
    assert everyone == pytest.approx(share_right(counts, truth).mean())
    assert np.isnan(rows[0].machines.value)


def test_without_times_there_is_no_curve_over_them():
    study = Study("s", [0, 1], Annotators([[0], [1]], 2), {}, ("a", "b"))
    with pytest.raises(ValueError, match="no times"):
        curves(Measured(study, 2), "time")


def test_hardness_is_high_where_images_are_hard():
    machines = {"CE": Observer(0.85), "GCE": Observer(0.9)}
    measured = Measured(simulated_study([Observer(0.8)] * 9, machines, images=1500), replicates=100)
    measures = hardness(measured)
    right = measured.right(*measured.machines).mean(1)
    assert set(measures) == {"confidence", "agreement", "entropy", "other entropy", "time"}
    for name in ("confidence", "agreement"):
        assert np.corrcoef(measures[name], right)[0, 1] < 0, name
    correlations = hardness_correlations(measured)
    assert correlations["confidence", "agreement"].value > 0.3
    both = correlations["entropy", "time"], correlations["time", "entropy"]
    assert both[0].value == both[1].value
    assert both[0].low <= both[0].value <= both[0].high


def test_mean_seconds_leave_out_what_is_unknown():
    found = mean_seconds(np.array([[1.0, 3.0], [np.nan, 2.0], [np.nan, np.nan]]))
    np.testing.assert_array_equal(found, [2.0, 2.0, np.nan])
