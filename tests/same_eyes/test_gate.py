"""The gate's rule: verdicts, exit codes and margins; and planted losses that it must catch, or must not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from same_eyes import sides
from same_eyes.claims import Estimate
from same_eyes.gate import ALPHA, CODES, Gate, Margin, Row, Side, compare, read_margins
from same_eyes.measure.quantities import QUANTITIES
from same_eyes.metrics.bootstrap import bootstrap_sums, resample_counts
from same_eyes.places import leaf
from same_eyes.testing.worlds import Observer, simulated_study
from same_eyes.types import BadInput, Predictions

MARGINS = read_margins(leaf("expected") / "gate.toml")
KEY = ("same mistake", "two machines")
RUNS, OTHER_RUNS = {"CE": "a" * 64}, {"CE": "b" * 64}


def numbers(estimate, hashes=RUNS, key=KEY):
    return Side({key: estimate}, hashes)


def resampled(value, *ends):
    """An estimate whose replicates spread evenly between two ends."""
    return Estimate.from_replicates(value, np.linspace(*ends, 2001))


def judged(before, now, worse="lower", margin=0.05):
    (row,) = compare(before, now, {KEY[0]: Margin(worse, margin, "because")})
    return row


ZERO = resampled(0.5, 0.5, 0.5)


# --- Verdicts

# the difference's interval, with the worse side on the left where "lower" is worse, and what it is called
VERDICTS = [
    ((-0.09, -0.06), "worse"),
    ((-0.09, -0.04), "inconclusive"),
    ((-0.06, 0.06), "inconclusive"),
    ((-0.04, -0.01), "changed"),  # a significant loss, but within the margin
    ((-0.04, 0.02), "changed"),
    ((0.06, 0.09), "changed"),  # a gain
    ((0.0, 0.0), "same"),
]


@pytest.mark.parametrize(("ends", "verdict"), VERDICTS)
def test_a_loss_is_judged_by_where_its_interval_lies(ends, verdict):
    now = resampled(0.5 + np.mean(ends), 0.5 + ends[0], 0.5 + ends[1])
    row = judged(numbers(ZERO), numbers(now, OTHER_RUNS))
    assert (row.verdict, row.basis) == (verdict, "paired")
    mirrored = resampled(0.5 - np.mean(ends), 0.5 - ends[1], 0.5 - ends[0])
    assert judged(numbers(ZERO), numbers(mirrored, OTHER_RUNS), "higher").verdict == verdict


@pytest.mark.parametrize("worse", ["lower", "higher", "either"])
def test_an_interval_without_ends_shows_nothing(worse):
    now = Estimate(0.5, np.nan, np.nan, np.full(2001, np.nan))
    assert judged(numbers(ZERO), numbers(now, OTHER_RUNS), worse).verdict == "inconclusive"


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(("ends", "verdict"), [*VERDICTS[:5], VERDICTS[-1]])
def test_where_no_side_is_better_both_are_worse(ends, verdict, sign):
    ends = sorted(sign * end for end in ends)
    now = resampled(0.5 + np.mean(ends), 0.5 + ends[0], 0.5 + ends[1])
    assert judged(numbers(ZERO), numbers(now), "either").verdict == verdict


@pytest.mark.parametrize(
    ("change", "verdict"),
    [(0, "same"), (1e-7, "same"), (1e-4, "changed"), (-0.049, "changed"), (-0.051, "worse"), (0.2, "changed")],
)
def test_numbers_of_the_same_runs_differ_by_arithmetic_alone(change, verdict):
    kept, now = Estimate(0.5, 0.2, 0.8), resampled(0.5 + change, 0.2, 0.8)
    row = judged(numbers(kept), numbers(now))
    assert (row.verdict, row.basis) == (verdict, "same runs")
    assert np.isnan(row.holm)


@pytest.mark.parametrize(
    ("kept", "verdict"),
    [
        (Estimate(0.5, 0.49, 0.51), "changed"),  # equal, of other predictions
        (Estimate(0.52, 0.51, 0.53), "changed"),
        (Estimate(0.55, 0.54, 0.56), "inconclusive"),
        (Estimate(0.58, 0.57, 0.59), "worse"),
        (Estimate(0.5, 0.4, 0.6), "inconclusive"),
    ],
)
def test_numbers_of_other_runs_are_compared_as_two_samples(kept, verdict):
    now = resampled(0.5, 0.49, 0.51)
    row = judged(numbers(kept), numbers(now, OTHER_RUNS))
    assert (row.verdict, row.basis) == (verdict, "intervals")
    width = np.hypot(kept.high - kept.low, now.high - now.low)
    assert row.difference.high - row.difference.low == pytest.approx(width)


def test_a_number_of_all_machines_is_not_compared_with_that_of_others():
    kept = Side({KEY: Estimate(0.5, 0.4, 0.6)}, {"CE": "a", "GCE": "b"})
    row = judged(kept, numbers(resampled(0.5, 0.4, 0.6)))
    assert row.verdict == "gone"


def test_one_machine_is_compared_although_another_is_not_there():
    key = ("accuracy", "CE")
    kept = Side({key: Estimate(0.5, 0.4, 0.6), ("accuracy", "GCE"): Estimate(0.7, 0.6, 0.8)}, {"CE": "a", "GCE": "b"})
    now = Side({key: resampled(0.5, 0.4, 0.6)}, {"CE": "a"})
    rows = compare(kept, now, MARGINS)
    assert [(row.key[1], row.verdict) for row in rows] == [("CE", "same"), ("GCE", "gone")]
    assert [row.verdict for row in compare(now, kept, MARGINS)] == ["same", "new"]


@given(
    st.floats(-0.2, 0.2),
    st.floats(0, 0.2),
    st.floats(0, 0.1),
    st.sampled_from(["lower", "higher", "either"]),
)
def test_no_difference_is_both_worse_and_shown_not_to_be(middle, half, margin, worse):
    """The three verdicts part the plane: a smaller margin never makes a verdict milder."""
    now = resampled(0.5 + middle, 0.5 + middle - half, 0.5 + middle + half)
    order = ["same", "changed", "inconclusive", "worse"]
    strict, mild = (judged(numbers(ZERO), numbers(now), worse, m).verdict for m in (margin, margin + 0.01))
    assert order.index(mild) <= order.index(strict)


def test_accuracies_are_tested_by_mcnemar_exactly_and_holm_counts_the_family():
    rng = np.random.default_rng(0)
    right = {name: rng.random(400) < 0.8 for name in ("CE", "GCE", "NLS")}
    changed = right | {"GCE": right["GCE"] & (rng.random(400) > 0.05)}

    def side(answers):
        found = {("accuracy", name): resampled(float(r.mean()), 0.7, 0.9) for name, r in answers.items()}
        return Side(found, {name: str(r.sum()) for name, r in answers.items()}, answers)

    strict = {"accuracy": Margin("lower", 0.0, "any loss")}
    rows = {row.key[1]: row for row in compare(side(right), side(changed), strict)}
    lost = int((right["GCE"] & ~changed["GCE"]).sum())
    assert rows["GCE"].pvalue == pytest.approx(binomtest(lost, lost).pvalue)
    assert rows["GCE"].holm == pytest.approx(3 * rows["GCE"].pvalue)
    assert rows["GCE"].verdict == "worse"
    assert rows["CE"].pvalue == rows["NLS"].pvalue == 1
    rows = {row.key[1]: row for row in compare(side(changed), side(right), strict)}  # a gain
    assert rows["GCE"].pvalue == 1


# --- Exit codes


def row(verdict, excused=""):
    return Row(KEY, None, None, MARGINS[KEY[0]], verdict=verdict, excused=excused)


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (["same", "same"], 0),
        (["same", "worse", "gone", "inconclusive", "changed"], 1),
        (["same", "changed"], 3),
        (["same", "new"], 3),
        (["same", "changed", "gone", "inconclusive"], 4),
        (["same", "changed", "inconclusive"], 6),
        ([], 4),
        (["new", "new"], 4),
        (["gone", "new"], 4),
        (["skipped", "skipped"], 4),
        (["skipped", "same"], 0),
    ],
)
def test_the_gravest_verdict_is_the_exit_code_and_nothing_measured_never_passes(verdicts, code):
    assert Gate("now", "before", [row(verdict) for verdict in verdicts]).code == code


def test_what_is_expected_does_not_count_and_stale_expectations_do():
    excused = [row("worse", "known"), row("same")]
    assert Gate("now", "before", excused).code == 0
    assert "2 compared: 1 same, 1 worse, 1 of them as expected" in Gate("now", "before", excused).ending
    assert Gate("now", "before", excused, stale=["CE"]).code == 5


def test_numbers_of_a_commit_that_todays_code_does_not_measure_count():
    assert Gate("now", "before", [row("same")], drifted=[row("changed")]).code == 3
    assert Gate("now", "before", [row("same")], drifted=[row("worse")]).code == 1


def test_every_code_has_a_verdict_and_none_is_argparses():
    assert 2 not in CODES.values()
    assert set(CODES) >= {"same", "worse", "changed", "new", "gone", "inconclusive"}


# --- Margins

GOOD = '[accuracy]\nworse = "lower"\nmargin = 0.018\nwhy = "so"\n'


def test_the_margins_of_the_suite_are_those_of_its_rule():
    assert set(MARGINS) == set(QUANTITIES)
    training = 0.018
    assert {MARGINS[name].margin for name in ("accuracy", "oracle team", "threshold team")} == {training}
    assert MARGINS["oracle gain"].margin == pytest.approx(training / 0.15 * 0.1086, abs=5e-5)
    assert MARGINS["threshold gain"].margin == pytest.approx(training / 0.15 * 0.0509, abs=5e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[accuracy]", "accuracy"), "not TOML"),
        (("[accuracy]", "[precision]"), "'accuracy' has no margin"),
        (("[matching]", "[matches]"), "'matches' is no quantity"),
        (('worse  = "lower"\nmargin = 0.018', "margin = 0.018"), "'accuracy': .*worse"),
        (('worse  = "lower"', 'worse = "down"'), "worse must be one of lower, higher, either"),
        (("margin = 0.018", "margin = -1"), "margin must be a number, 0 or more"),
        (("margin = 0.018", 'margin = "1"'), "margin must be a number"),
        (("margin = 0.018", "margin = true"), "margin must be a number"),
        (("margin = 0.018", "margin = 0.018\nunit = 1"), "unit"),
    ],
)
def test_wrong_margins_are_refused_by_name(tmp_path, change, message):
    path = tmp_path / "gate.toml"
    text = (leaf("expected") / "gate.toml").read_text()
    assert change[0] in text
    path.write_text(text.replace(*change, 1))
    with pytest.raises(BadInput, match=f"gate.toml.*{message}"):
        read_margins(path)


# --- Planted losses, at the margins of the suite

PEOPLE = [Observer(0.83, eye="people"), Observer(0.82, eye="people"), Observer(0.83, eye="people")]
NAMES = ("CE", "GCE", "NLS")
IMAGES, ACCURACY = 10_000, 0.85
TWICE = 2 * MARGINS["accuracy"].margin


def trained_twice(loss=0.0, seed=0, names=NAMES):
    """One world before and after its machines were trained again, with the same eyes; CE lost so much accuracy."""
    first = {name: Observer(ACCURACY, shared=0.9) for name in names}
    again = {f"{name} again": Observer(ACCURACY - loss * (name == "CE"), shared=0.9) for name in names}
    world = simulated_study(PEOPLE, first | again, images=IMAGES, seed=seed)
    return tuple(
        replace(world, machines={name: world.machines[name + suffix] for name in names}) for suffix in ("", " again")
    )


def gated(before, now, replicates=200, common=None):
    common = list(now.machines) if common is None else common
    old = sides.measure(before, dict.fromkeys(before.machines, "old"), common, replicates)
    new = sides.measure(now, dict.fromkeys(now.machines, "new"), common, replicates)
    return Gate("now", "before", compare(old, new, MARGINS))


@pytest.fixture(scope="module")
def study():
    return trained_twice()[0]


def verdicts(gate):
    return {row.key: row.verdict for row in gate.rows}


def test_the_same_machines_are_the_same(study):
    gate = gated(study, study)
    assert set(verdicts(gate).values()) == {"same"}
    assert gate.code == 0


def test_a_machine_that_lost_twice_the_margin_is_caught_by_name():
    gate = gated(*trained_twice(TWICE))
    assert verdicts(gate)["accuracy", "CE"] == "worse"
    assert [key for key, verdict in verdicts(gate).items() if verdict == "worse" and key[1] in ("GCE", "NLS")] == []
    assert gate.code == 1


def test_machines_trained_again_without_loss_are_changed():
    gate = gated(*trained_twice())
    assert set(verdicts(gate).values()) == {"changed", "same"}
    assert {key for key, verdict in verdicts(gate).items() if verdict == "same"} == {("same mistake", "two people")}
    assert gate.code == 3


def test_machines_that_share_fewer_mistakes_than_before_have_moved_although_none_is_worse(study):
    rng = np.random.default_rng(0)
    machines = {}
    for name, (run,) in study.machines.items():
        probs = np.array(run.probs)
        for i in np.flatnonzero(run.labels_predicted != study.truth):  # another mistake on the same image
            other = rng.permutation(np.setdiff1d(np.arange(10), study.truth[i]))[0]
            said = probs[i].argmax()
            probs[i, [said, other]] = probs[i, [other, said]]
        machines[name] = (Predictions(probs, run.index, method=name),)
    gate = gated(study, replace(study, machines=machines))
    found = verdicts(gate)
    assert found["same mistake", "two machines"] == "worse"
    assert {found["accuracy", name] for name in NAMES} == {"same"}
    assert gate.code == 1


def test_of_a_machine_that_one_side_lacks_the_accuracy_alone_is_listed(study):
    fewer = replace(study, machines={name: study.machines[name] for name in ("CE", "GCE")})
    gate = gated(study, fewer)
    assert verdicts(gate).pop(("accuracy", "NLS")) == "gone"
    assert sorted(set(verdicts(gate).values())) == ["gone", "same"]
    assert gate.code == 4
    assert gated(fewer, study, common=["CE", "GCE"]).code == 3  # a new one


def test_no_machine_at_all_is_nothing_measured(study):
    nobody = replace(study, machines={})
    assert gated(nobody, nobody).code == 4
    assert gated(nobody, study, common=[]).code == 4


@pytest.fixture(scope="module")
def share_called_worse():
    """Gives how often any of thirteen accuracies is called worse, where each lost so much; new images each time."""
    weights = resample_counts(IMAGES, 100)
    names = [f"machine {i}" for i in range(13)]
    again = 0.03  # the share of images on which training again loses, or gains, a right answer

    def side(right):
        replicates = bootstrap_sums(right.astype(np.uint8), weights) / len(right)
        found = {
            ("accuracy", name): Estimate.from_replicates(right[:, i].mean(), replicates[:, i])
            for i, name in enumerate(names)
        }
        return Side(found, {}, dict(zip(names, right.T, strict=True)))

    def share(loss, draws):
        rng = np.random.default_rng(0)
        found = 0
        for _ in range(draws):
            before = rng.random((IMAGES, len(names)), np.float32) < ACCURACY
            chance = np.where(before, (again + loss) / ACCURACY, again / (1 - ACCURACY))
            now = before ^ (rng.random(before.shape, np.float32) < chance)
            rows = compare(side(before), side(now), {"accuracy": MARGINS["accuracy"]})
            found += any(row.verdict == "worse" for row in rows)
        return found / draws

    return share


def test_losses_of_no_more_than_the_margin_are_called_worse_once_in_twenty_at_most(share_called_worse):
    """At the margin itself, where each of thirteen machines lost as much as is allowed: the hardest case for Holm."""
    margin, draws = MARGINS["accuracy"].margin, 40
    assert share_called_worse(0.0, 20) == 0
    found = round(share_called_worse(margin, draws) * draws)
    assert binomtest(found, draws, ALPHA, alternative="greater").pvalue > 0.001


def test_a_loss_of_twice_the_margin_is_called_worse(share_called_worse):
    assert share_called_worse(TWICE, 20) > 0.8


@pytest.mark.slow
def test_of_all_quantities_losses_of_twice_the_margin_are_caught_and_none_raises_no_alarm():
    """Through the whole gate: new people, new machines and new images each time."""
    seeds = range(20)
    caught = [gated(*trained_twice(TWICE, seed)).code == 1 for seed in seeds]
    alarms = [gated(*trained_twice(0.0, seed)).code == 1 for seed in seeds]
    assert np.mean(caught) > 0.8
    assert np.mean(alarms) <= ALPHA


@pytest.mark.slow
def test_every_margin_is_wide_enough_for_twice_itself_to_be_seen():
    """By the errors of thirteen machines trained again, at the level that Holm gives the first of a family."""
    rows = gated(*trained_twice(names=[f"machine {i}" for i in range(13)])).rows
    level = norm.ppf(1 - ALPHA / 2 / len(rows))
    for row in rows:
        error = (row.difference.high - row.difference.low) / 2 / norm.ppf(0.975)
        assert error == 0 or norm.cdf(row.margin.margin / error - level) > 0.8, row.key
