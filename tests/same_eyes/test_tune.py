import json
from dataclasses import replace

import numpy as np
import pytest

from same_eyes.method import RECIPES, Recipe, Task, available
from same_eyes.tune import CANDIDATES, run, search, split, variants

TASK = Task(np.arange(40, dtype=np.uint8).reshape(40, 1, 1, 1), np.arange(40) % 4, 4, {"heldout": np.zeros(3)})


def test_sets_a_seeded_tenth_aside():
    part, labels = split(TASK, seed=1)
    aside = part.ask["aside"].ravel()
    assert len(aside) == 4
    assert sorted([*aside, *part.images.ravel()]) == list(range(40))
    assert np.array_equal(labels, aside % 4)
    assert np.array_equal(part.labels, part.images.ravel() % 4)
    assert np.array_equal(aside, split(TASK, seed=1)[0].ask["aside"].ravel())
    assert not np.array_equal(aside, split(TASK, seed=2)[0].ask["aside"].ravel())


def test_the_images_to_be_judged_on_are_out_of_sight():
    assert set(split(TASK)[0].ask) == {"aside"}


def test_every_combination_becomes_a_method():
    nls = available()["nls"]
    found = list(variants(nls, {"rate": (-0.2, -1.0), "tune_lr": (0.002, 0.005, 0.02)}))
    assert len(found) == 6
    chosen, variant = found[-1]
    assert chosen == {"rate": -1.0, "tune_lr": 0.02}
    assert variant.settings["rate"] == -1.0
    assert variant.adapt(RECIPES["small"]).tune_lr == 0.02
    assert nls.settings["rate"] != -1.0


def test_an_unknown_setting_is_refused():
    with pytest.raises(ValueError, match="gce has no setting temperature"):
        list(variants(available()["gce"], {"temperature": (1.0,)}))


@pytest.mark.parametrize("name", CANDIDATES)
def test_candidates_fit_their_method_and_hold_what_it_uses(name):
    method = available()[name]
    assert len(list(variants(method, CANDIDATES[name]))) > 1
    recipe = method.adapt(RECIPES["small"])
    for setting, values in CANDIDATES[name].items():
        used = method.settings[setting] if setting in method.settings else getattr(recipe, setting)
        assert used in values


def test_a_method_that_leaves_nothing_open_is_refused():
    with pytest.raises(ValueError, match="ce leaves nothing open"):
        run(available()["ce"], TASK, RECIPES["tiny"])


@pytest.fixture
def digits():
    pytest.importorskip("torch")
    from same_eyes.testing.method_contract import digits_task

    return digits_task()


QUICK = Recipe("quick", "digits", epochs=4, lr=0.1, tune_epochs=2, tune_lr=0.03, batch=64, shift=1, flip=False)


@pytest.mark.contract
def test_scores_candidates_by_the_noisy_labels_set_aside(digits, tmp_path):
    gce = available()["gce"]
    rows = search(gce, digits, QUICK, {"q": (0.7,), "tune_lr": (0.0, 0.03)}, keep=tmp_path)
    assert [set(row) for row in rows] == [{"q", "tune_lr", "accuracy", "se", "seconds"}] * 2
    assert rows[0]["accuracy"] >= rows[1]["accuracy"]
    assert 0.2 < rows[0]["accuracy"] < 0.9  # of labels of which a fifth are wrong
    (kept,) = tmp_path.glob("*.pt")
    before = kept.stat().st_mtime_ns
    again = search(gce, digits, QUICK, {"q": (0.7,), "tune_lr": (0.0, 0.03)}, keep=tmp_path)
    assert [row["accuracy"] for row in again] == [row["accuracy"] for row in rows]
    assert kept.stat().st_mtime_ns == before  # the starting network was found, not trained again
    search(gce, digits, replace(QUICK, revision=9), {"q": (0.7,)}, keep=tmp_path)
    assert len(list(tmp_path.glob("*.pt"))) == 2  # by what another recipe learns it is not


@pytest.mark.contract
def test_prints_a_table_and_writes_it_down(digits, tmp_path, capsys):
    out = tmp_path / "found" / "pls.json"
    rows = run(available()["pls"], digits, QUICK, out=out, progress=False)
    assert "accuracy" in capsys.readouterr().out
    found = json.loads(out.read_text())
    assert (found["method"], found["recipe"], found["rows"]) == ("pls", "quick", rows)
    assert len(rows) == len(CANDIDATES["pls"]["rate"])
