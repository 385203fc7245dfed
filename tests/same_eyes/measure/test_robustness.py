from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from same_eyes import cli
from same_eyes.measure import robustness
from same_eyes.measure.robustness import Variant, balanced, grid, without
from same_eyes.runset import LABELS, RunSet
from same_eyes.store import Run, Store
from same_eyes.testing.worlds import Observer, planted_mistakes, simulated_study
from same_eyes.types import BadInput

CLAIM = "machines-err-together-strict"
PROBS = np.random.default_rng(0).dirichlet(np.ones(10), (3, 10_000))  # of three trainings
MORE, LESS = (partial(planted_mistakes, people=0.3, machines=rate, mixed=0.3, each=120) for rate in (0.6, 0.1))


@pytest.fixture(scope="module")
def study():
    return simulated_study([Observer(0.7)] * 3, {"CE": Observer(0.8), "GCE": Observer(0.85)}, images=1000)


# --- The grid -------------------------------------------------------------------------------------------------


def test_every_claim_ends_in_every_variant_as_it_was_planted():
    variants = [
        Variant("more", "machines", MORE),
        Variant("less", "people", LESS),
        Variant("absent", "machines", None, "0 of 13 runs are stored; same-eyes train --all"),
    ]
    seen = []

    def progress(asked):
        for variant in asked:
            seen.append(variant.name)
            yield variant

    found = grid(variants, [CLAIM, "mixed-pairs-err-as-people-do-strict"], 200, progress)
    assert seen == ["more", "less", "absent"]
    assert found.cells[CLAIM, "more"].verdict == "reproduced"
    assert found.cells[CLAIM, "less"].verdict == "not reproduced"
    assert found.cells[CLAIM, "more"].value == pytest.approx(0.3, abs=0.01)
    assert found.cells[CLAIM, "more"].low < 0.3 < found.cells[CLAIM, "more"].high
    for claim in found.claims:
        assert found.cells[claim.id, "absent"].verdict == "not run"
        assert "same-eyes train" in found.cells[claim.id, "absent"].note
    table = found.table()
    assert len(table) == 6
    assert table.set_index(["claim", "variant"]).loc[(CLAIM, "less"), "verdict"] == "not reproduced"


def test_a_cell_shows_the_worst_of_its_cases(study):
    claim = "machines-above-people-strict"
    cell = grid([Variant("as it is", "machines", lambda: study)], [claim], 100).cells[claim, "as it is"]
    assert (cell.verdict, cell.hold, cell.cases) == ("reproduced", 6, 6)
    mixed = simulated_study([Observer(0.7)] * 3, {"CE": Observer(0.8), "GCE": Observer(0.6)}, images=1000)
    cell = grid([Variant("as it is", "machines", lambda: mixed)], [claim], 100).cells[claim, "as it is"]
    assert (cell.verdict, cell.hold, cell.cases) == ("not reproduced", 3, 6)
    assert cell.case.startswith("GCE")


def test_every_claim_of_the_grid_can_be_run_on_any_study(study):
    found = grid([Variant("any", "machines", lambda: study)], replicates=20)
    assert {claim.id for claim in found.claims} == set(robustness.CLAIMS)
    untested = [claim for claim in robustness.CLAIMS if found.cells[claim, "any"].verdict == "not testable"]
    assert untested == []


# --- The variants ---------------------------------------------------------------------------------------------


@pytest.fixture
def runset(methods, tmp_path):
    return RunSet.choose("cifar10n", methods, "small", predictions=tmp_path / "empty")


def test_what_is_not_trained_names_the_command_that_trains_it(runset, tmp_path, capsys):
    variants = list(robustness._machines(runset))
    names = [variant.name for variant in variants]
    assert len(set(names)) == len(names)
    assert {"as it is", "labels worst", "labels mixed", "backbones mixed", "recipe full", "seed 1"} <= set(names)
    for variant in variants:
        assert variant.make is None
        assert variant.why.startswith("0 of 13 runs are stored; same-eyes train ")
        words = variant.why.partition("; same-eyes ")[2].split()
        assert cli.main([*words, "--dry-run", "--store", str(tmp_path / "empty")]) == 0
        plan = capsys.readouterr().out
        planned, _, of = plan.partition("To train: ")[2].partition(" runs")[0].partition(" of ")
        assert int(planned) == int(of) >= 13  # and the CE that others start from
        if variant.name == "labels worst":
            assert plan.count("/worst-") >= 13


def test_another_recipe_is_its_first_training_and_further_seeds_are_shown_where_they_are_trained(methods, tmp_path):
    store = Store(tmp_path, {"ce": methods["ce"]})
    for recipe, seed in ("small", 0), ("short", 0), ("short", 2):
        store.save(Run("cifar10n", recipe, "random1", "ce", "conv6", seed), {"heldout": PROBS[seed]}, {})
    variants = robustness._machines(RunSet.choose("cifar10n", store.methods, predictions=tmp_path))
    made = {variant.name: variant.make for variant in variants}
    assert [name for name in made if "seed" in name or "recipe" in name] == [
        *("seed 1", "seed 2"),
        *("recipe short", "recipe short, seed 2"),  # seed 1 of a recipe beside the main one is not asked for
        "recipe full",
    ]
    assert made["seed 2"] is None
    for name, probs in ("recipe short", PROBS[0]), ("recipe short, seed 2", PROBS[2]):
        (run,) = made[name]().machines["CE"]
        np.testing.assert_allclose(run.probs, probs, atol=1e-3)


def test_label_variants_change_the_labels_and_nothing_else(runset):
    varied = robustness._changed(runset, labels="worst")
    for name, (run,) in runset.runs.items():
        assert varied.runs[name] == (replace(run, labels="worst"),)
    assert {run.labels for (run,) in runset.labels().runs.values()} == set(LABELS)


def test_a_study_of_simulated_people_has_no_grid(methods, tmp_path):
    digits = RunSet.choose("digits", methods, predictions=tmp_path)
    with pytest.raises(BadInput, match="simulated"):
        robustness.of_runs(digits)


def test_without_a_machine_there_is_no_grid(runset):
    with pytest.raises(BadInput, match=r"no machine is stored; .*same-eyes train"):
        robustness.of_runs(runset)


def test_one_person_is_left_out(study):
    fewer = without(study, "Human 2")
    assert fewer.people.names == ("Human 1", "Human 3")
    np.testing.assert_array_equal(fewer.people.labels, study.people.labels[:, [0, 2]])
    assert fewer.machines == study.machines


@pytest.mark.parametrize(("name", "wrong"), [("CE", 200), ("Human 1", 300)])
def test_half_of_the_answers_of_a_balanced_set_are_right(study, name, wrong):
    half = balanced(study, name)
    said = half.people.column(name) if name in half.people.names else half.machines[name][0].labels_predicted
    assert len(half.truth) == 2 * wrong
    assert (said == half.truth).mean() == 0.5
    assert len(set(half.index)) == 2 * wrong
