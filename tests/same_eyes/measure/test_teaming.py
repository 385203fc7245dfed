from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from same_eyes.claims import Estimate
from same_eyes.measure import Measured, teaming
from same_eyes.measure.core import accuracy
from same_eyes.metrics.paired_tests import holm, mcnemar
from same_eyes.metrics.teaming.threshold import best_eta, threshold_team
from same_eyes.testing.worlds import Observer, simulated_study

PEOPLE = [Observer(0.8, eye="people"), Observer(0.76, eye="people"), Observer(0.84, eye="people")]
MACHINES = {name: Observer(share, eye="machines") for name, share in (("CE", 0.85), ("GCE", 0.87), ("NLS", 0.9))}
RULES = ["oracle", 0.6, "hindsight", "cross-fitted"]


@pytest.fixture(scope="module")
def measured():
    return Measured(simulated_study(PEOPLE, MACHINES, images=600), replicates=60)


def members(measured, machine, partner):
    return measured.study.machines[machine][0].confidence, *measured.right(machine, partner).T


@pytest.mark.parametrize("rule", RULES)
def test_every_machine_is_teamed_with_everyone(measured, rule):
    teams = teaming.teams(measured, rule)
    assert set(teams) == {(m, p) for m in MACHINES for p in ("Human 1", "Human 2", "Human 3", "Aggre", *MACHINES)}
    for (machine, partner), team in teams.items():
        assert team.value == teaming.team_right(measured, machine, partner, rule).mean()
        if machine == partner:
            assert team.value == accuracy(measured, machine).value
    if rule == "oracle":
        assert teams["CE", "NLS"].value == teams["NLS", "CE"].value


def test_a_team_is_that_of_its_rule(measured):
    confidence, own, other = members(measured, "CE", "Human 1")
    assert teaming.team(measured, "CE", "Human 1", "oracle").value == (own | other).mean()
    assert teaming.team(measured, "CE", "Human 1", 0.6).value == threshold_team(confidence, own, other, 0.6)
    assert teaming.team(measured, "CE", "Human 1", "hindsight").value == best_eta(confidence, own, other)[1]


@pytest.mark.parametrize("rule", ["oracle", 0.6, "hindsight"])
def test_a_replicate_is_the_team_on_the_images_drawn(measured, rule):
    drawn = np.repeat(np.arange(600), measured.weights[3])
    confidence, own, other = (values[drawn] for values in members(measured, "GCE", "Human 3"))
    expected = {
        "oracle": (own | other).mean(),
        0.6: threshold_team(confidence, own, other, 0.6),
        "hindsight": best_eta(confidence, own, other)[1],
    }
    assert teaming.team(measured, "GCE", "Human 3", rule).replicates[3] == pytest.approx(expected[rule])


def test_no_rule_beats_the_oracle_and_none_with_a_fixed_eta_hindsight(measured):
    for pair, oracle in teaming.teams(measured, "oracle").items():
        hindsight = teaming.team(measured, *pair, "hindsight").value
        assert oracle.value >= hindsight
        assert hindsight >= max(teaming.team(measured, *pair, rule).value for rule in (0.4, 0.5, 0.6, "cross-fitted"))


def test_folds_keep_batches_of_ten_together(measured):
    folds = teaming.folds(measured)
    assert np.bincount(folds).tolist() == [120] * 5
    assert (folds.reshape(60, 10) == folds[::10, None]).all()
    without = Measured(replace(measured.study, group=None), replicates=10)
    assert np.bincount(teaming.folds(without)).tolist() == [120] * 5


def test_gains_are_from_the_original_or_over_the_better_member(measured):
    team = teaming.team(measured, "CE", "NLS", "oracle").value
    ce, nls = (accuracy(measured, name).value for name in ("CE", "NLS"))
    assert teaming.gain_from_original(measured, "CE", "NLS", "oracle").value == pytest.approx(team - ce)
    assert teaming.gain_over_better(measured, "CE", "NLS", "oracle").value == pytest.approx(team - nls)
    as_printed = teaming.gain_as_printed(measured, "CE", "NLS", "oracle").value
    assert as_printed == teaming.gain_over_better(measured, "CE", "NLS", "oracle").value
    with_majority = teaming.gain_as_printed(measured, "CE", "Aggre", "oracle").value
    assert with_majority == teaming.gain_from_original(measured, "CE", "Aggre", "oracle").value


def test_what_is_realised_and_what_is_left_are_one(measured):
    left = teaming.unrealised_share(measured, "CE", "Human 1", 0.6).value
    team = teaming.gain_over_better(measured, "CE", "Human 1", 0.6).value
    assert left == pytest.approx(1 - team / teaming.gain_over_better(measured, "CE", "Human 1", "oracle").value)
    assert teaming.unrealised_share(measured, "CE", "Human 1", "oracle").value == 0


def test_the_better_member_stays_the_better_one_in_the_samples():
    study = simulated_study([Observer(0.8)] * 2, {"CE": Observer(0.8)}, images=300)
    measured = Measured(study, replicates=200)
    left = teaming.unrealised_share(measured, "CE", "Human 1", 0.6)
    over = [teaming.gain_over_better(measured, "CE", "Human 1", rule) for rule in (0.6, "oracle")]
    own, other = (np.asarray(accuracy(measured, name).replicates) for name in ("CE", "Human 1"))
    assert (own < other).any()
    assert (own > other).any()
    np.testing.assert_allclose(left.replicates, 1 - over[0].replicates / over[1].replicates)


def test_the_best_partners(measured):
    teams = teaming.teams(measured, "oracle")
    person = teaming.best_person(measured, "CE", "oracle")
    assert teams["CE", person].value == max(teams["CE", name].value for name in measured.people)
    assert teaming.least_accurate_person(measured) == "Human 2"
    other = teaming.best_machine(measured, "CE", "oracle")
    assert teams["CE", other].value == max(teams["CE", name].value for name in ("GCE", "NLS"))
    by_gain = teaming.best_machine(measured, "CE", "oracle", teaming.gain_over_better)
    gains = {name: teaming.gain_over_better(measured, "CE", name, "oracle").value for name in ("GCE", "NLS")}
    assert gains[by_gain] == max(gains.values())


def test_a_fixed_eta_never_gains_on_the_best(measured):
    people = [teaming.loss_to_best(measured, "CE", name, 0.5) for name in measured.people]
    assert min(loss.value for loss in people) >= 0
    assert min(loss.low for loss in people) >= 0
    average = teaming.loss_to_best(measured, "CE", "mean of people", 0.5)
    assert average.value == pytest.approx(np.mean([loss.value for loss in people]))
    best = teaming.best_person(measured, "CE", "hindsight")
    assert (
        teaming.loss_to_best(measured, "CE", "best person", 0.5).value
        == teaming.loss_to_best(measured, "CE", best, 0.5).value
    )


def test_the_t_test_over_methods_is_scipys():
    values = [0.01, 0.03, 0.02, 0.05]
    difference, test = teaming.t_over_methods([Estimate.exact(value) for value in values], alternative="greater")
    expected = stats.ttest_1samp(values, 0)
    assert test.statistic == pytest.approx(expected.statistic)
    assert test.pvalue == pytest.approx(stats.ttest_1samp(values, 0, alternative="greater").pvalue)
    assert (difference.low, difference.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_rivals_are_judged_by_mcnemar_and_holm(measured):
    rivals = [teaming.against_rival(measured, name, "Human 3", "the machine") for name in MACHINES]
    raw = [
        mcnemar(teaming.team_right(measured, name, "Human 3", "cross-fitted"), measured.right(name)[:, 0]).pvalue
        for name in MACHINES
    ]
    assert [p for _, p in rivals] == pytest.approx(holm(raw).tolist())
    two, _ = teaming.against_rival(measured, "CE", "Human 3", "two machines")
    best = teaming.best_machine(measured, "CE", "cross-fitted")
    team = teaming.team(measured, "CE", "Human 3", "cross-fitted")
    assert two.value == pytest.approx(team.value - teaming.team(measured, "CE", best, "cross-fitted").value)


@pytest.mark.parametrize(("kind", "cells"), [("people", 3 * 4), ("machines", 3 * 2), ("all", 3 * 6)])
def test_the_matrix_is_compared_where_both_have_a_cell(measured, kind, cells, monkeypatch):
    printed = teaming.published("figure7_oracle")
    ours = printed.copy()
    for machine in MACHINES:
        for partner in ("Human 1", "Human 2", "Human 3", "Aggre", *MACHINES):
            ours.loc[machine, partner] = 100 * teaming.gain_as_printed(measured, machine, partner, "oracle").value + 1
    monkeypatch.setattr(teaming, "published", lambda table: ours)
    seen, original = [], teaming.gain_as_printed
    monkeypatch.setattr(teaming, "gain_as_printed", lambda *asked: seen.append(asked) or original(*asked))
    difference, correlation = teaming.matrix_agreement(measured, "oracle", "figure7_oracle", kind)
    assert len(seen) == cells
    assert difference.value == pytest.approx(0.01)
    assert correlation.value == pytest.approx(1)


def test_gains_of_as_many_images_tie_in_the_matrix(measured, monkeypatch):
    apart = [np.nextafter(0.2, 0), 0.2]
    gains = iter([Estimate.from_replicates(gain, [gain, 1 - gain]) for gain in (0.1, *apart, 0.3)])
    printed = pd.DataFrame([[1.0, 3.0, 2.0, 4.0]], ["CE"], ["Human 1", "Human 2", "Human 3", "Aggre"])
    monkeypatch.setattr(teaming, "published", lambda table: printed)
    monkeypatch.setattr(teaming, "gain_as_printed", lambda *asked: next(gains))
    _, correlation = teaming.matrix_agreement(measured, "oracle", "figure7_oracle")
    expected = stats.spearmanr([1, 2, 2, 3], [1, 3, 2, 4]).statistic
    assert correlation.value == pytest.approx(expected)
    assert correlation.replicates == pytest.approx([expected, -expected])


@pytest.mark.parametrize("name", ["figure5", "figure7_oracle", "figure7_realistic"])
def test_the_published_tables_have_thirteen_methods(name):
    table = teaming.published(name)
    assert len(table) == 13
    assert table.notna().all(axis=None)
    if name != "figure5":
        assert list(table.columns) == ["Human 1", "Human 2", "Human 3", "Aggre", *table.index]
