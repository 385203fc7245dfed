"""The table of teams: its numbers are those of measure.beyond, and no rule gets to see what it is scored on."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from same_eyes.measure import Measured, beyond, team_table
from same_eyes.measure.beyond import ALL_PEOPLE, cross_fitted, folds_of
from same_eyes.measure.team_table import BUDGETS, KINDS, numbers, rows_of, table
from same_eyes.metrics.calibration import log_losses
from same_eyes.metrics.teaming.cross_fit import in_hindsight
from same_eyes.testing.worlds import Observer, simulated_study
from same_eyes.types import NoConfidence, Predictions

MACHINES = {"CE": Observer(0.75, eye="machine"), "GCE": Observer(0.78, eye="machine"), "NLS": Observer(0.7)}
ENDS = ("value", "low", "high")


@pytest.fixture(scope="module")
def measured():
    return Measured(simulated_study([Observer(0.7, eye="person")] * 3, MACHINES, images=600, classes=5), 60)


def same(ours, theirs):
    assert [getattr(ours, end) for end in ENDS] == pytest.approx([getattr(theirs, end) for end in ENDS], abs=1e-6)


# --- The numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("partner", ["Human 2", ALL_PEOPLE, "GCE"])
@pytest.mark.parametrize("rule", ["threshold", "p_plus_l", "logistic", "dawid_skene"])
def test_by_one_division_they_are_those_of_beyond(measured, partner, rule):
    found = numbers(measured, "CE", partner, [rule], divisions=1)[rule]
    same(found.accuracy, beyond.team(measured, "CE", partner, rule))
    same(found.realised, beyond.realised(measured, "CE", partner, rule))
    same(found.ahead, beyond.ahead_of_replacing(measured, "CE", partner, rule))
    same(found.asked, beyond._estimates(measured, beyond.asks(measured, "CE", partner, rule))[0])


def test_calibration_is_that_of_beyond(measured):
    found = numbers(measured, "CE", "Human 1", ["p_plus_l", "tempered_pool"], divisions=1)
    ours, theirs = found["tempered_pool"], found["p_plus_l"]
    better = beyond.better_calibrated(measured, "CE", "Human 1", "tempered_pool", than="p_plus_l")
    same(theirs.log_loss - ours.log_loss, better.log_loss)
    same(theirs.brier - ours.brier, better.brier)
    assert theirs.ece_debiased.value / 2 - ours.ece_debiased.value == pytest.approx(better.calibration_error.value)
    assert theirs.ece.value > theirs.ece_debiased.value


def test_rules_of_closed_form_are_averaged_over_divisions(measured):
    found = numbers(measured, "CE", "Human 1", ["p_plus_l", "logistic"], divisions=3)
    truth = measured.truth
    for rule, repeats in (("p_plus_l", range(3)), ("logistic", range(1))):
        said = [cross_fitted(measured, "CE", "Human 1", rule, repeat).probs() for repeat in repeats]
        right = np.mean([each.argmax(1) == truth for each in said])
        assert found[rule].accuracy.value == pytest.approx(right)
        assert found[rule].log_loss.value == pytest.approx(np.mean([log_losses(each, truth) for each in said]))


def test_a_rule_of_its_own_order_asks_as_often_as_the_threshold_in_each_fold(measured):
    study, ours = (cross_fitted(measured, "CE", "Human 1", rule) for rule in ("threshold", "selective"))
    asked = np.zeros(len(measured.truth), bool)
    for fold in range(5):
        images = np.flatnonzero(folds_of(measured, 0) == fold)
        asked[images[np.argsort(ours.turn[images], kind="stable")[: study.asks[images].sum()]]] = True
    right = [each.argmax(1) == measured.truth for each in (ours.probs(asked), study.probs())]
    found = numbers(measured, "CE", "Human 1", ["selective"], divisions=1)["selective"]
    assert found.ahead.value == pytest.approx(right[0].mean() - right[1].mean(), abs=0.002)  # ties in the order
    assert (asked != study.asks).any()


def test_classes_add_up(measured):
    found = numbers(measured, "CE", "Human 1", ["threshold"], divisions=2)["threshold"]
    share = np.bincount(measured.truth) / len(measured.truth)
    assert share @ [gain.value for gain in found.class_gain] == pytest.approx(found.gain.value)
    assert share @ [asks.value for asks in found.class_asked] == pytest.approx(found.asked.value)
    assert found.worst_class.value == pytest.approx(min(gain.value for gain in found.class_gain))
    assert found.worst_class.low < found.worst_class.value < found.worst_class.high


def test_the_curve_goes_from_nobody_asked_to_everybody_and_has_its_area(measured):
    found = numbers(measured, "CE", "Human 1", ["selective"], divisions=1)["selective"]
    answers = cross_fitted(measured, "CE", "Human 1", "selective")
    ends = [(said.argmax(1) == measured.truth).mean() for said in (answers.alone, answers.told)]
    assert [found.curve[0], found.curve[-1]] == pytest.approx(ends)
    assert np.trapezoid(found.curve, BUDGETS) == pytest.approx(found.area.value, abs=0.005)


# --- Partners -------------------------------------------------------------------------------------------------


def test_the_other_machine_is_the_best_by_the_same_rule(measured):
    assert {row.partner for row in rows_of(measured, "CE", ["p_plus_l"], ["machine"], 1)} == {
        beyond.best_other_machine(measured, "CE", "p_plus_l")
    }


def test_machines_averaged(measured):
    (row,) = rows_of(measured, "CE", ["p_plus_l"], ["machines-averaged"], 2)
    mean = sum(measured.run(name).probs.astype(float) for name in ("CE", row.partner))
    assert row.numbers.accuracy.value == pytest.approx((mean.argmax(1) == measured.truth).mean())
    assert row.numbers.asked.value == 1
    assert row.rule == "average"


def test_a_second_person_stands_in_the_machines_place(measured):
    rows = rows_of(measured, "Human 1", ["threshold", "p_plus_l", "majority"], ["two-people"], 1)
    assert [(row.machine, row.partner) for row in rows[::3]] == [("Human 1", "Human 2"), ("Human 1", "Human 3")]
    accuracies = measured.right("Human 1", "Human 2").mean(0)
    found = {row.rule: row.numbers for row in rows[:3]}
    assert found["majority"].accuracy.value == pytest.approx(accuracies[0])  # a tie is the first one's
    assert abs(found["p_plus_l"].accuracy.value - accuracies.max()) < 0.03
    assert found["p_plus_l"].log_loss.value < found["majority"].log_loss.value + 0.3


def test_a_rule_for_several_people_is_left_out_with_one(measured):
    pytest.importorskip("cleanlab", reason="the extra teaming")
    kinds = [row.kind for row in rows_of(measured, "CE", ["crowdlab"], KINDS, 1)]
    assert kinds == ["people", "machines-averaged"]


def test_a_machine_that_gives_labels_only_is_no_first_member(measured):
    study = measured.study
    labels = Predictions.from_labels(study.machine_labels()[:, 0], classes=5, method="Mine")
    with_labels = Measured(replace(study, machines={**study.machines, "Mine": (labels,)}), 10)
    with pytest.raises(NoConfidence):
        numbers(with_labels, "Mine", "Human 1", ["p_plus_l"])
    assert numbers(with_labels, "CE", "Mine", ["p_plus_l"], divisions=1)


# --- The table ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(measured):
    seen = []

    def progress(parts, total):
        for part in parts:
            seen.append(total)
            yield part

    found = table(measured, ["CE", "GCE"], ["threshold", "p_plus_l"], divisions=2, progress=progress)
    assert seen == [4] * 4  # two machines, and two people who have a later one
    return found


def test_the_table_has_a_row_for_every_team_and_a_mean_for_every_kind(whole, measured):
    teams = whole.teams
    count = teams.groupby(["kind", "rule"]).size().unstack()
    assert count.loc["person"].dropna().tolist() == [7, 7]
    assert count.loc["machine"].dropna().tolist() == [3, 3]
    assert count.loc["two-people"].dropna().tolist() == [4, 4]
    assert count.loc["machines-averaged", "average"] == 3
    rows = teams[(teams["kind"] == "person") & (teams["rule"] == "p_plus_l")]
    mean = rows["machine"] == "mean"
    for column in ("accuracy", "gain", "realised", "ahead", "log_loss", "area", "asked", "worst_class"):
        assert rows[mean][column].item() == pytest.approx(rows[~mean][column].mean())
        assert (rows[f"{column}_low"] <= rows[column] + 1e-9).all()
        assert (rows[column] <= rows[f"{column}_high"] + 1e-9).all()
    assert set(teams["divisions"]) == {2}
    assert set(teams["worst_class_is"].dropna()) <= set(measured.study.classes)
    assert len(whole.classes) == 5 * (teams["machine"] != "mean").sum()
    curve = whole.costs[(whole.costs["kind"] == "people") & (whole.costs["rule"] == "threshold")]["accuracy"]
    accuracies = [measured.right(name).mean() for name in ("CE", "GCE")]
    assert curve.iloc[0] == pytest.approx(np.mean(accuracies))


@pytest.mark.slow
def test_it_does_not_depend_on_how_many_processes_find_it(whole, measured):
    again = table(measured, ["CE", "GCE"], ["threshold", "p_plus_l"], divisions=2, workers=2)
    for one, two in zip(whole, again, strict=True):
        assert one.equals(two)


def test_machines_trained_twice_are_pooled():
    twice = simulated_study([Observer(0.7)] * 2, {"CE": Observer(0.75)}, images=300, classes=4)
    other = simulated_study([Observer(0.7)] * 2, {"CE": Observer(0.85)}, images=300, classes=4)
    assert (twice.truth == other.truth).all()
    runs = (*twice.machines["CE"], *other.machines["CE"])
    study = replace(twice, machines={"CE": runs})
    both = Measured(study, 40)
    found = numbers(both, "CE", "Human 1", ["p_plus_l"], divisions=2)["p_plus_l"]
    each = [numbers(one, "CE", "Human 1", ["p_plus_l"], divisions=2)["p_plus_l"] for one in both.trainings]
    assert found.accuracy.value == pytest.approx(np.mean([one.accuracy.value for one in each]))
    assert found.class_gain[1].value == pytest.approx(np.mean([one.class_gain[1].value for one in each]))


# --- Hindsight ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Remembers:
    """Knows the truth of each image that it was fitted on, and answers the first class to all others."""

    title: ClassVar[str] = "remembers"
    needs_truth: ClassVar[bool] = True
    least: ClassVar[int] = 1
    seen: dict

    @classmethod
    def fit(cls, probs, human_labels, truth):
        return cls({row.tobytes(): answer for row, answer in zip(probs, truth, strict=True)})

    def worth(self, probs):
        return np.zeros(len(probs))

    def __call__(self, probs, human_labels):
        return np.eye(probs.shape[1])[[self.seen.get(row.tobytes(), 0) for row in probs]] * 0.9 + 0.1 / probs.shape[1]


def test_what_a_rule_remembers_of_its_images_is_worth_nothing(measured, monkeypatch):
    probs = np.random.default_rng(0).dirichlet(np.ones(5), len(measured.truth))  # no two are alike
    one = Measured(replace(measured.study, machines={"CE": (Predictions(probs, method="CE"),)}), 20)
    rules = {"threshold": beyond.rule_named("threshold"), "remembers": Remembers}
    for module in (beyond, team_table):
        monkeypatch.setattr(module, "rule_named", rules.__getitem__)
    found = numbers(one, "CE", "Human 1", ["remembers"], divisions=3)["remembers"]
    assert found.accuracy.value == pytest.approx((one.truth == 0).mean())  # its blind answer
    assert (cross_fitted(one, "CE", "Human 1", "remembers").told.argmax(1) == 0).all()
    known = in_hindsight(Remembers, one.run("CE").probs, one.labels["Human 1"][:, None], one.truth)
    assert (known.told.argmax(1) == one.truth).all()  # only under the name that says so
