"""Which runs a session judges, and what it says of those that are not there."""

from dataclasses import replace

import numpy as np
import pytest

from same_eyes.method import available
from same_eyes.runset import STUDY, RunSet
from same_eyes.store import Run, Store
from same_eyes.types import BadInput


def choose(store, study="digits", **more):
    return RunSet.choose(study, store.methods, predictions=store.root, **more)


def test_the_thirteen_are_there_in_the_order_of_table_1(methods, tmp_path):
    runset = choose(Store(tmp_path, methods))
    assert len(STUDY) == 13
    assert runset.names[:2] == ["CORES", "CE"]
    assert runset.names[-1] == "Co-teaching"
    assert runset.describe() == "recipe tiny, 0 of 13 machines stored"
    assert runset.machines() == {}
    assert RunSet.choose("digits", methods).store.root.name == "predictions"


def test_stored_machines_are_loaded(planted):
    runset = choose(planted("ce", "jocor"))
    assert runset.stored() == ["CE", "JoCoR"]
    machines = runset.machines()
    assert list(machines) == ["CE", "JoCoR"]
    assert machines["CE"][0].method == "ce"
    assert runset.describe() == "recipe tiny, 2 of 13 machines stored"


def test_a_machine_that_has_not_seen_a_split_is_left_out(planted):
    assert choose(planted("ce")).machines(split="official") == {}


def test_a_missing_run_is_named_with_the_command_that_makes_it(planted):
    runset = choose(planted("ce"))
    assert runset.why_missing("GCE") == (
        "the run digits/tiny/random1-digits-gce-0 is not stored. "
        "Train it: same-eyes train gce --study digits --recipe tiny --labels random1 --seed 0"
    )


def test_a_stale_run_is_left_out_and_named(planted):
    store = planted("ce", "gce")
    changed = {**store.methods, "gce": replace(store.methods["gce"], settings={"q": 0.1})}
    runset = choose(Store(store.root, changed))
    assert list(runset.machines()) == ["CE"]
    assert "random1-digits-gce-0 was trained before its method or recipe changed. Train it:" in runset.why_missing(
        "GCE"
    )


def test_a_damaged_run_is_an_error(planted):
    store = planted("ce", "gce")
    (store.root / "digits/tiny/random1-digits-gce-0.npz").write_bytes(b"")
    runset = choose(store)
    assert runset.stored() == ["CE"]
    assert "random1-digits-gce-0 is damaged. Train it: same-eyes train gce" in runset.why_missing("GCE")
    with pytest.raises(BadInput, match=r"gce-0.npz: damaged.*Train it"):
        runset.machines()


def test_the_preferred_recipe_is_the_one_that_is_complete_else_the_fullest(methods, tmp_path):
    store = Store(tmp_path, methods)
    probs = {"heldout": np.full((3, 10), 0.1)}
    assert choose(store, "cifar10n").recipe == "small"  # nothing is stored: the shorter one to train

    def save(recipe, backbone, names):
        for name in names:
            store.save(Run("cifar10n", recipe, "random1", name, backbone), probs, {})

    save("small", "conv6", STUDY[:2])
    assert choose(store, "cifar10n").recipe == "small"
    save("full", "resnet34", STUDY[:5])
    assert choose(store, "cifar10n").recipe == "full"
    save("small", "conv6", STUDY)
    assert choose(store, "cifar10n").recipe == "small"
    save("full", "resnet34", STUDY)
    assert choose(store, "cifar10n").recipe == "full"
    assert choose(store, "cifar10n", recipe="paper").recipe == "paper"


# --- A method of another package


@pytest.fixture
def mine(installed):
    installed("mine", "Method('mine', 'Mine', '', None)")
    return available()


def test_a_machine_of_ones_own_is_judged_where_a_run_of_it_is_stored(planted, mine):
    store = planted("ce", "mine", methods=mine)
    runset = choose(store)
    assert runset.own == ["Mine"]
    assert runset.names[-1] == "Mine"
    assert runset.describe() == "recipe tiny, 2 of 14 machines stored"
    assert list(runset.machines()) == ["CE", "Mine"]
    runs = [Run("digits", "tiny", "random1", name, "digits") for name in ("ce", "mine")]
    assert runset.hashes() == {run.name: store.manifest(run)["sha256"] for run in runs}
    for varied in (runset.labels(), runset.backbones()):  # it has no part in the study's draws
        assert varied.own == []
        assert len(varied.names) == 13


def test_a_method_of_ones_own_without_a_run_is_not_asked_for(planted, mine):
    runset = choose(planted("ce", methods=mine))
    assert runset.own == []
    assert runset.names == choose(planted("ce")).names


def test_a_machine_of_ones_own_that_is_stale_is_left_out_and_named(planted, mine):
    store = planted("ce", "mine", methods=mine)
    changed = {**mine, "mine": replace(mine["mine"], settings={"q": 0.1})}
    runset = choose(Store(store.root, changed))
    assert list(runset.machines()) == ["CE"]
    assert runset.own == []  # so that the study's own numbers are held to what is known of them
    assert runset.names == choose(planted("ce")).names
    assert runset.warnings() == [
        "Mine is left out: the run digits/tiny/random1-digits-mine-0 was trained before its method or recipe changed. "
        "Train it: same-eyes train mine --study digits --recipe tiny --labels random1 --seed 0"
    ]
    assert "mine" not in " ".join(runset.hashes())


def only(store, *names):
    runset = choose(store)
    return replace(runset, runs={name: runset.runs[name] for name in names})


def test_missing_runs_are_trained_into_the_store(tmp_path, short, work, one_thread):
    pytest.importorskip("torch")
    runset = only(Store(tmp_path / "store", short), "CE")
    assert runset.trained("never").machines() == {}
    trained = runset.trained("missing")
    assert trained.stored() == ["CE"]
    before = trained.machines()["CE"][0].probs
    assert np.array_equal(trained.trained("missing").machines()["CE"][0].probs, before)


def test_always_trains_afresh_and_leaves_the_stored_runs_as_they_are(tmp_path, short, work, one_thread):
    pytest.importorskip("torch")
    store = Store(tmp_path / "store", short)
    random = np.random.default_rng(0).dirichlet(np.ones(10), 797)
    path = store.save(Run("digits", "tiny", "random1", "ce", "digits"), {"heldout": random}, {})
    before = path.read_bytes()
    machines = only(store, "CE").trained("always").machines()
    assert path.read_bytes() == before
    assert np.abs(machines["CE"][0].probs - random).max() > 0.5
    assert (work / "always" / "digits").is_dir()


# --- Several trainings of one machine


def save(store, name, seed, right=0.85, **facts):
    run = Run("digits", "tiny", "random1", name, "digits", seed)
    store.save(replace(run, **facts), {"heldout": np.full((797, 10), 0.1)}, {"accuracy": {"heldout": right}})


def test_stored_seeds_are_trainings_of_the_same_machine(planted):
    store = planted("ce", "gce")
    for seed in (1, 2, 7):
        save(store, "ce", seed)
    runset = choose(store)
    assert [run.seed for run in runset.runs["CE"]] == [0, 1, 2]
    assert [run.seed for run in runset.runs["GCE"]] == [0]
    machines = runset.machines()
    assert [run.seed for run in machines["CE"]] == [0, 1, 2]
    assert len(machines["GCE"]) == 1
    assert runset.describe() == "recipe tiny, 2 of 13 machines stored, 1 of them trained several times"
    assert {"digits/tiny/random1-digits-ce-1", "digits/tiny/random1-digits-ce-2"} < set(runset.hashes())


def test_a_training_that_is_stale_or_of_a_machine_without_seed_0_is_not_used(planted):
    store = planted("gce")
    save(store, "ce", 1)
    save(store, "gce", 1)
    changed = Store(store.root, {**store.methods, "gce": replace(store.methods["gce"], settings={"q": 0.1})})
    assert list(choose(store).machines()) == ["GCE"]
    assert "ce-0 is not stored" in choose(store).why_missing("CE")
    assert [run.seed for run in choose(changed).runs["GCE"]] == [0]


def test_other_sets_of_runs_have_seeds_of_their_own(planted):
    store = planted("ce", "gce")
    save(store, "ce", 1)
    save(store, "gce", 0, labels="random3")
    save(store, "gce", 2, labels="random3")
    labels = choose(store).labels()
    assert [(run.labels, run.seed) for run in labels.runs["CE"]] == [("random3", 0)]
    assert [(run.labels, run.seed) for run in labels.runs["GCE"]] == [("random3", 0), ("random3", 2)]
    assert labels.stored() == ["GCE"]
