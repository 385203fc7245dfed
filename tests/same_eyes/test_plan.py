"""Trainings in order, each once, and going on where one was killed."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from same_eyes import plan, studies
from same_eyes.method import Method
from same_eyes.places import CHECKOUT
from same_eyes.plan import Trainer, cost, in_order, trainer
from same_eyes.store import Run, Store
from same_eyes.types import BadInput

CE = Run("digits", "tiny", "random1", "ce", "digits")
GCE = replace(CE, method="gce")


def test_a_start_comes_before_all_that_need_it_and_once(methods):
    runs = [GCE, replace(CE, method="fw"), CE, replace(GCE, seed=1)]
    assert in_order(runs, methods) == [CE, GCE, replace(CE, method="fw"), replace(CE, seed=1), replace(GCE, seed=1)]
    chain = {**methods, "gce": replace(methods["gce"], starts_from="fw")}
    assert in_order([GCE], chain) == [CE, replace(CE, method="fw"), GCE]


def test_cost_counts_passes_of_one_network():
    plain = Method("plain", "", "", None)
    methods = {
        "plain": plain,
        "pair": replace(plain, networks=2),
        "peers": replace(plain, peers=True),
        "staged": replace(plain, first_stage=replace(plain, recipe={"epochs": 5})),
        "follower": replace(plain, starts_from="plain"),
    }
    costs = {name: cost(replace(CE, method=name), methods) for name in methods}
    assert costs == {"plain": 30, "pair": 60, "peers": 60, "staged": 35, "follower": 10}


@pytest.fixture
def quick(tmp_path, short, work, one_thread):
    pytest.importorskip("torch")
    return trainer(Store(tmp_path / "store", short))


def stamp(store, run):
    return (store.root / f"{run.name}.npz").stat().st_mtime_ns


def test_what_is_stored_is_not_trained_again(quick, capfd):
    store = quick.store
    quick.train_all([GCE, CE], progress=False)
    assert [store.status(run) for run in (CE, GCE)] == ["stored", "stored"]
    assert [line for line in capfd.readouterr().err.splitlines() if line.startswith("[")] == [
        f"[1/2] {CE.name}",
        f"[2/2] {GCE.name}",
    ]
    before = stamp(store, CE), stamp(store, GCE)
    quick.train_all([GCE, CE], progress=False)
    assert quick.train(CE, progress=False) is None
    assert (stamp(store, CE), stamp(store, GCE)) == before


def test_a_manifest_says_what_came_out_and_where(quick):
    quick.train(CE, progress=False)
    manifest = quick.store.manifest(CE)
    truth = studies.truths("digits")["heldout"]
    right = (quick.store.load(CE)["heldout"].labels_predicted == truth).mean()
    assert manifest["accuracy"]["heldout"] == pytest.approx(right, abs=0.003)
    assert len(manifest["loss"]) == 2
    assert "CPU, 1 threads" in manifest["device"]
    assert manifest["precision"] in ("float32", "bfloat16")
    assert set(manifest["versions"]) == {"same-eyes", "torch", "numpy", "python"}
    assert manifest["versions"]["numpy"] == np.__version__
    folder = quick.work / CE.signature(quick.store.methods)
    assert {path.name for path in folder.iterdir()} == {"lock", "network.pt"}


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_a_damaged_run_is_trained_again(quick, suffix):
    quick.train(CE, progress=False)
    good = quick.store.load(CE)["heldout"].probs
    path = quick.store.root / (CE.name + suffix)
    path.write_bytes(path.read_bytes()[:50])
    assert quick.store.status(CE) == "damaged"
    quick.train_all([CE], progress=False)
    assert np.array_equal(quick.store.load(CE)["heldout"].probs, good)


def test_a_start_whose_weights_are_lost_is_trained_again(quick):
    quick.train_all([GCE], progress=False)
    good = quick.store.load(GCE)["heldout"].probs
    before = stamp(quick.store, CE)
    (quick.work / CE.signature(quick.store.methods) / "network.pt").unlink()
    (quick.store.root / f"{GCE.name}.json").unlink()
    quick.train_all([GCE], progress=False)
    assert np.array_equal(quick.store.load(GCE)["heldout"].probs, good)
    assert stamp(quick.store, CE) == before


def test_afresh_forgets_what_was_there(quick):
    quick.train(CE, progress=False)
    left = quick.work / "afresh" / "old"
    left.mkdir(parents=True)
    again = trainer(quick.store, afresh=True)
    assert again.work == quick.work / "afresh"
    assert not left.exists()
    assert again.store.status(CE) == "missing"


def test_training_without_torch_says_how_to_get_it(tmp_path, methods, work, monkeypatch):
    monkeypatch.setattr(plan, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"training needs torch: pip install 'same-eyes\[train\]'"):
        trainer(Store(tmp_path / "store", methods)).train(CE)
    assert not (tmp_path / "store").exists()


def test_an_unknown_backbone_trains_nothing(quick):
    with pytest.raises(BadInput, match="no backbone 'none'"):
        quick.train(replace(CE, backbone="none"), progress=False)
    assert quick.store.runs() == []


def test_own_data_needs_a_task_and_a_truth(tmp_path, short, one_thread):
    pytest.importorskip("torch")
    task = studies.task("digits", "random2")
    ours = Trainer(
        Store(tmp_path / "store", short),
        tmp_path / "work",
        task=lambda study, labels: task,
        truths=lambda study: {"heldout": np.zeros(797, int)},
    )
    ours.train(replace(CE, study="own"), progress=False)
    assert ours.store.manifest(replace(CE, study="own"))["accuracy"]["heldout"] < 0.3


def test_the_commit_is_known_in_a_checkout_and_empty_outside(monkeypatch, tmp_path):
    known = plan.commit()
    if (CHECKOUT / ".git").exists():
        assert 12 <= len(known.rstrip("+")) <= 40
    monkeypatch.setenv("PATH", str(tmp_path))  # no git
    assert plan.commit() == ""


def test_outside_a_checkout_no_other_repository_is_asked(monkeypatch):
    monkeypatch.setattr(plan, "CHECKOUT", None)
    assert plan.commit() == ""


# --- Killed


def command(store, work):
    return subprocess.Popen(
        [sys.executable, "-m", "same_eyes.cli", "train", "ce", "--study", "digits", "--store", str(store)],
        cwd=CHECKOUT,
        env={**os.environ, "SAME_EYES_WORK": str(work), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_training_goes_on_and_ends_where_an_unbroken_one_ends(tmp_path, trained):
    import torch

    store, work = Store(tmp_path / "store", trained.methods), tmp_path / "work"
    checkpoint = work / CE.signature(store.methods) / "checkpoint.pt"
    process = command(store.root, work)
    for _ in range(60_000):
        if checkpoint.exists() or process.poll() is not None:
            break
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert store.status(CE) == "missing"
    assert not store.root.exists()
    state = torch.load(checkpoint, weights_only=True)
    assert 1 <= state["epochs"] < 30
    state["seconds"] += 1000  # shows that it goes on from here
    torch.save(state, checkpoint)
    (checkpoint.parent / "checkpoint.pt.99999.part").write_bytes(b"half a checkpoint")

    process = command(store.root, work)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert out.startswith(f"{CE.name}: heldout ")
    resumed, unbroken = store.manifest(CE), trained.manifest(CE)
    assert resumed["seconds"] > 1000
    assert resumed["loss"] == unbroken["loss"]
    assert resumed["sha256"] == unbroken["sha256"]
    assert np.array_equal(store.load(CE)["heldout"].probs, trained.load(CE)["heldout"].probs)
    assert {path.name for path in checkpoint.parent.iterdir()} == {"lock", "network.pt"}


def test_the_trained_store_is_what_the_manifests_say(trained):
    names = sorted(run.method for run in trained.runs())
    assert names == ["ce", "coteaching", "gce"]
    for run in trained.runs():
        assert trained.status(run) == "stored"
        assert json.loads((Path(trained.root) / f"{run.name}.json").read_text())["accuracy"]["heldout"] > 0.8


def test_two_processes_train_a_run_once_and_store_it_whole(tmp_path, methods):
    store, work = Store(tmp_path / "store", methods), tmp_path / "work"
    both = [command(store.root, work), command(store.root, work)]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len({out for out, _ in said}) == 1  # both say the same of it
    assert store.status(CE) == "stored"
    assert {path.name for path in (store.root / "digits" / "tiny").iterdir()} == {
        "random1-digits-ce-0.npz",
        "random1-digits-ce-0.json",
    }


def test_two_processes_with_folders_of_their_own_store_a_run_whole(tmp_path, methods, trained):
    """They know nothing of each other, and both train it: the last one stays, and nothing is mixed."""
    store = Store(tmp_path / "store", methods)
    both = [command(store.root, tmp_path / name) for name in ("here", "there")]
    assert [process.communicate() and process.returncode for process in both] == [0, 0]
    assert store.status(CE) == "stored"
    assert np.array_equal(store.load(CE)["heldout"].probs, trained.load(CE)["heldout"].probs)
    assert not list(store.root.rglob("*.part"))


def test_a_training_that_diverges_costs_itself_and_what_starts_from_it(quick, monkeypatch):
    broken = replace(quick.store.methods["ce"], objective=lambda task: lambda z, batch: z[0].sum() * float("nan"))
    methods = quick.store.methods | {"ce": broken}
    ours = replace(quick, store=Store(quick.store.root, methods))
    cores = replace(CE, method="cores")
    with pytest.raises(BadInput) as left:
        ours.train_all([CE, GCE, cores], progress=False)
    assert str(left.value).splitlines() == [
        "2 of 3 runs are not trained.",
        f"{CE.name}: ce: the loss is nan at step 0. Lower lr or clip.",
        f"{GCE.name}: it starts from {CE.name}",
    ]
    assert ours.store.status(cores) == "stored"
