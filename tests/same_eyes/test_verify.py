"""`same-eyes verify`: a planted fault of each kind is one line, and an end that is not 0."""

import hashlib
import json
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

from same_eyes import cli, data
from same_eyes.cli.verify import _check_accuracy
from same_eyes.digits import HELDOUT, digits
from same_eyes.store import Run, Store, pack
from same_eyes.types import BadInput, Predictions

NAMES = ("ce", "gce")


def run_of(name):
    return Run("digits", "tiny", "random1", name, "digits")


@pytest.fixture
def store(tmp_path, methods):
    """A store of two sound runs, with their true accuracies."""
    store, truth = Store(tmp_path / "store", methods), digits().truth[HELDOUT]
    for seed, name in enumerate(NAMES):
        rng = np.random.default_rng(seed)
        probs = 0.5 * rng.dirichlet(np.ones(10), len(truth))
        probs[np.arange(len(truth)), np.where(rng.random(len(truth)) < 0.9, truth, (truth + 1) % 10)] += 0.5
        accuracy = float((probs.argmax(1) == truth).mean())
        store.save(run_of(name), {"heldout": probs}, {"accuracy": {"heldout": accuracy}, "seconds": 1.0, "device": "x"})
    return store


@pytest.fixture
def verify(store, capsys):
    """Runs the command; gives its end and the lines about runs, by state."""

    def command(*arguments):
        code = cli.main(["verify", "--store", str(store.root), *map(str, arguments)])
        lines = capsys.readouterr().out.splitlines()
        return code, [line.split(":")[0].split()[0] for line in lines if "digits/tiny" in line], "\n".join(lines)

    return command


def test_sound_runs_are_ok_line_by_line(verify, store):
    code, states, out = verify()
    assert (code, states) == (0, ["ok", "ok"])
    assert out.splitlines()[-1] == "2 runs, 0 faults"
    accuracy = store.manifest(run_of("ce"))["accuracy"]["heldout"]
    assert f"{run_of('ce').name}: heldout 797 x 10, accuracy {100 * accuracy:.2f} %" in out


def rewrite(store, name, probs=None, raw=None, **facts):
    """Another content, and a manifest that knows its hash."""
    path = store.root / f"{run_of(name).name}.npz"
    manifest = json.loads(path.with_suffix(".json").read_text())
    if raw is not None:
        np.savez_compressed(path, heldout=raw)
    elif probs is not None:
        path.write_bytes(pack({"heldout": probs}))
    manifest["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(json.dumps(manifest | facts))


def logs(store, name="gce"):
    with np.load(store.root / f"{run_of(name).name}.npz") as archive:
        return archive["heldout"].astype(np.float64)


FAULTS = {
    "a bit": "SHA-256",
    "lost": "lost",
    "not a number": "no finite",
    "sums": "sums to 1 only within",
    "rows": "holds rows",
    "accuracy": "its manifest says 0.1000",
    "stale": "has changed since it was trained",
    "unknown": "no method 'gce'",
    "manifest": "not a manifest",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_named_and_the_other_run_is_still_checked(verify, store, fault, monkeypatch, methods):
    path = store.root / f"{run_of('gce').name}.npz"
    if fault == "a bit":
        blob = bytearray(path.read_bytes())
        blob[len(blob) // 2] ^= 1
        path.write_bytes(blob)
    elif fault == "lost":
        path.unlink()
    elif fault == "not a number":
        rewrite(store, "gce", raw=np.where(np.eye(797, 10, dtype=bool), np.nan, logs(store)).astype(np.float16))
    elif fault == "sums":
        rewrite(store, "gce", raw=(logs(store) - 0.1).astype(np.float16))
    elif fault == "rows":
        rewrite(store, "gce", probs=np.exp(logs(store))[:-1])
    elif fault == "accuracy":
        rewrite(store, "gce", accuracy={"heldout": 0.1})
    elif fault == "manifest":
        path.with_suffix(".json").write_text("<!DOCTYPE html>")
    else:
        other = replace(methods["gce"], recipe={**methods["gce"].recipe, "lr": 9.0})
        known = {name: method for name, method in methods.items() if name != "gce"}
        known |= {"gce": other} if fault == "stale" else {}
        monkeypatch.setattr("same_eyes.cli.verify.available", lambda: known)
    code, states, out = verify()
    assert code == 1
    assert states == ["ok", "FAULT"]
    (line,) = [line for line in out.splitlines() if line.startswith("FAULT")]
    assert FAULTS[fault] in line
    assert out.splitlines()[-1] == "2 runs, 1 faults"


def test_float16_rounding_is_no_fault(verify, store):
    rng = np.random.default_rng(0)
    truth = digits().truth[HELDOUT]
    probs = rng.dirichlet(np.full(10, 100.0), len(truth))  # all classes alike: the largest error
    rewrite(store, "gce", probs=probs, accuracy={"heldout": float((probs.argmax(1) == truth).mean())})
    assert verify()[0] == 0


def test_predictions_without_a_manifest_are_a_fault(verify, store):
    (store.root / f"{run_of('gce').name}.json").unlink()
    code, states, out = verify()
    assert (code, states) == (1, ["ok", "FAULT"])
    assert "has no manifest" in out


def test_an_empty_store_verifies_nothing_and_that_is_no_success(capsys, tmp_path):
    assert cli.main(["verify", "--store", str(tmp_path / "none")]) == 1
    assert "none was verified" in capsys.readouterr().out


def test_damaged_data_are_a_fault_and_missing_data_are_not(verify, monkeypatch):
    source = data.SOURCES[0]
    monkeypatch.setattr(data, "status", lambda folder: [data.Status(source, None, "")])
    code, _, out = verify()
    assert code == 0
    assert f"missing data {source.name}: get it with `same-eyes data fetch`" in out
    monkeypatch.setattr(data, "status", lambda folder: [data.Status(source, None, "is empty")])
    code, _, out = verify()
    assert code == 1
    assert f"FAULT   data {source.name}: is empty" in out


@pytest.mark.parametrize(("alike", "fault"), [(3, False), (2, True)])
def test_images_whose_two_best_classes_are_alike_may_have_been_right(alike, fault):
    probs = np.tile([0.5, 0.3, 0.2], (10, 1)).astype(np.float32)
    probs[:alike] = [0.4, 0.4, 0.2]
    truth = np.full(10, 1)
    with pytest.raises(BadInput, match="manifest says") if fault else nullcontext():
        _check_accuracy(Predictions(probs), truth, 0.3)
