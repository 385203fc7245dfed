"""What is stored comes back; what is damaged, stale or no prediction at all is refused and named."""

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import log_loss

from same_eyes import store as store_module
from same_eyes.method import RECIPES
from same_eyes.metrics.teaming.threshold import best_eta
from same_eyes.places import CHECKOUT
from same_eyes.store import FLOOR, Run, Stale, Store, pack, remedy, replace_file, unpack
from same_eyes.types import BadInput

RUN = Run("digits", "tiny", "random1", "ce", "digits")
GCE = replace(RUN, method="gce")
UNKNOWN = [replace(RUN, method="sce"), replace(RUN, recipe="old")]
COMMAND = "Train it: same-eyes train ce --study digits --recipe tiny --labels random1 --seed 0"


def table(n=50, k=10, seed=0, sharpness=6.0):
    logits = np.random.default_rng(seed).normal(0, sharpness, (n, k))
    p = np.exp(logits - logits.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


@pytest.fixture
def store(tmp_path, methods):
    return Store(tmp_path, methods)


@pytest.fixture
def stored(store):
    store.save(RUN, {"heldout": table()}, {"accuracy": {"heldout": 0.5}})
    return store


def files(store, suffix):
    return store.root / f"digits/tiny/random1-digits-ce-0{suffix}"


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def zipped(name, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def swap(store, blob):
    """Another npz, with a manifest that vouches for it."""
    files(store, ".npz").write_bytes(blob)
    manifest = json.loads(files(store, ".json").read_text())
    manifest["sha256"] = hashlib.sha256(blob).hexdigest()
    files(store, ".json").write_text(json.dumps(manifest))


# --- There and back


def test_what_is_saved_is_loaded(stored):
    loaded = stored.load(RUN)["heldout"]
    assert loaded.probs == pytest.approx(table(), rel=0.01)
    assert loaded.probs.sum(1) == pytest.approx(np.ones(50), abs=1e-6)
    assert (loaded.method, loaded.labels, loaded.backbone, loaded.recipe, loaded.seed, loaded.split) == (
        "ce",
        "random1",
        "digits",
        "tiny",
        0,
        "heldout",
    )
    assert loaded.index.tolist() == list(range(50))
    assert stored.status(RUN) == "stored"
    assert stored.runs() == [RUN]


def test_a_run_of_another_seed_and_its_splits_are_told_apart(store):
    run = replace(RUN, seed=3)
    store.save(run, {"heldout": table(), "official": table()[::-1]}, {})
    loaded = store.load(run)
    assert {name: (each.seed, each.split) for name, each in loaded.items()} == {
        "heldout": (3, "heldout"),
        "official": (3, "official"),
    }
    assert (loaded["heldout"].probs == loaded["official"].probs[::-1]).all()


def test_the_manifest_says_what_was_asked(stored):
    manifest = json.loads(files(stored, ".json").read_text())
    assert manifest["signature"] == RUN.signature(stored.methods)
    assert manifest["sha256"] == hashlib.sha256(files(stored, ".npz").read_bytes()).hexdigest()
    assert manifest["splits"] == {"heldout": 50}
    assert manifest["accuracy"] == {"heldout": 0.5}
    assert manifest["asked"]["recipe"]["epochs"] == RECIPES["tiny"].epochs


def test_the_held_out_images_of_cifar10n_start_at_40000(store):
    run = Run("cifar10n", "small", "random1", "ce", "conv6")
    store.save(run, {"heldout": table(7), "official": table(5)}, {})
    loaded = store.load(run)
    assert loaded["heldout"].index.tolist() == list(range(40_000, 40_007))
    assert loaded["official"].index.tolist() == list(range(5))


def expected_calibration_error(probs, truth, bins=15):
    """Guo et al. 2017, eq. 3, over equally wide bins."""
    confidence, right = probs.max(1), probs.argmax(1) == truth
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    return sum(abs(right[bin_of == b].sum() - confidence[bin_of == b].sum()) for b in range(bins)) / len(truth)


def test_packing_moves_no_figure_that_is_read_off_the_probabilities():
    truth = np.random.default_rng(1).integers(0, 10, 10_000)
    logits = np.random.default_rng(2).normal(0, 3, (10_000, 10)) + 8 * (truth[:, None] == np.arange(10))
    before = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    after = unpack(pack({"heldout": before}), "it")["heldout"]
    assert log_loss(truth, after) == pytest.approx(log_loss(truth, before), abs=1e-4)
    assert expected_calibration_error(after, truth) == pytest.approx(
        expected_calibration_error(before, truth), abs=1e-3
    )
    assert (after.argmax(1) == before.argmax(1)).mean() > 0.999
    person = np.random.default_rng(3).random(10_000) < 0.8
    (eta, team), (eta_after, team_after) = (best_eta(p.max(1), p.argmax(1) == truth, person) for p in (before, after))
    assert eta_after == pytest.approx(eta, abs=2e-3)
    assert team_after == pytest.approx(team, abs=5e-4)


def test_impossible_classes_stay_possible_by_a_hair():
    probs = unpack(pack({"heldout": np.eye(3)}), "it")["heldout"]
    assert probs.argmax(1).tolist() == [0, 1, 2]
    assert probs[0, 1] == pytest.approx(np.exp(FLOOR), rel=0.01)


def test_log_probabilities_far_below_zero_are_normalised_all_the_same():
    assert unpack(npz(heldout=np.full((2, 4), -1e4)), "it")["heldout"].tolist() == [[0.25] * 4] * 2


def test_a_store_lists_its_runs_in_order_whatever_their_status(store):
    asked = [replace(RUN, seed=12), RUN, GCE, Run("cifar10n", "small", "aggre", "ce", "conv6", 3)]
    for run in asked:
        assert store.save(run, {"heldout": table()}, {}) == store.root / f"{run.name}.npz"
    store.root.joinpath("digits/tiny/random1-digits-gce-0.npz").unlink()
    assert store.runs() == [asked[3], RUN, asked[0], GCE]


def test_what_is_asked_is_the_run_its_recipe_and_its_method_as_plain_data(methods):
    asked = replace(GCE, backbone="conv6", seed=2).asked(methods)
    assert [asked[fact] for fact in ("study", "labels", "backbone", "seed")] == ["digits", "random1", "conv6", 2]
    assert (asked["recipe"]["name"], asked["recipe"]["backbone"]) == ("tiny", "conv6")
    assert asked["method"] == methods["gce"].facts()
    assert asked["start"] == replace(RUN, backbone="conv6", seed=2).signature(methods)
    assert "start" not in RUN.asked(methods)
    assert len(RUN.signature(methods)) == 16


def test_a_manifest_is_text_that_people_can_read(stored):
    text = files(stored, ".json").read_text()
    assert text.startswith('{\n "signature": ')
    assert text.endswith("\n}\n")


# --- What is refused


@pytest.mark.parametrize(
    ("probs", "message"),
    [
        (np.full((4, 3), np.nan), "4 rows hold NaN"),
        (table() * 0.9, "do not sum to 1"),
        (table()[:, 0], "must be \\(n, k\\)"),
        (np.log(table()), "Give probabilities, not logits"),
    ],
)
def test_no_nonsense_is_stored(store, probs, message):
    with pytest.raises(BadInput, match=f"predictions of 'ce' on 'heldout': .*{message}"):
        store.save(RUN, {"official": table(), "heldout": probs}, {})
    assert list(store.root.iterdir()) == []
    assert store.status(RUN) == "missing"


def test_facts_that_no_manifest_can_hold_leave_nothing_behind(store):
    with pytest.raises(TypeError, match="not JSON serializable"):
        store.save(RUN, {"heldout": table()}, {"device": object()})
    assert list(store.root.rglob("*.npz")) == []


def test_a_missing_run_is_named_with_the_command_that_makes_it(store):
    assert store.status(RUN) == "missing"
    with pytest.raises(FileNotFoundError, match=rf"random1-digits-ce-0.npz: not stored. {COMMAND}"):
        store.load(RUN)


@pytest.mark.parametrize("damage", ["truncated", "empty", "html", "flipped", "gone"])
def test_a_damaged_file_is_named_with_its_remedy(stored, damage):
    path = files(stored, ".npz")
    good = path.read_bytes()
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    bad = {"truncated": good[:100], "empty": b"", "html": b"<!DOCTYPE html>", "flipped": bytes(flipped)}
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(bad[damage])
    assert stored.status(RUN) == "damaged"
    with pytest.raises(BadInput, match=rf"random1-digits-ce-0.npz: (damaged|lost).*{COMMAND}"):
        stored.load(RUN)


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        (b"", "not a file of predictions"),
        (b"<!DOCTYPE html><p>404", "not a file of predictions"),
        (npz(heldout=np.zeros((50, 10)))[:-30], "not a file of predictions"),
        (zipped("heldout.npy", b"no array"), "not a file of predictions"),
        (npz(heldout=np.array([{}])), "not a file of predictions"),
        (npz(heldout=np.array([["a", "b"]])), r"'heldout' holds no finite .* but shape \(1, 2\) of <U1"),
        (npz(heldout=np.full((50, 10), np.nan)), "'heldout' holds no finite"),
        (npz(heldout=np.full((50, 10), np.inf)), "'heldout' holds no finite"),
        (npz(heldout=np.zeros(50)), r"'heldout' holds no finite \(n, k\) log-probabilities, but shape \(50,\)"),
        (npz(heldout=np.zeros((50, 1))), r"k >= 2, got shape \(50, 1\)"),
        (npz(heldout=np.zeros((49, 10))), "holds rows {'heldout': 49}, its manifest says {'heldout': 50}"),
        (npz(test=np.zeros((50, 10))), "holds rows {'test': 50}, its manifest says {'heldout': 50}"),
    ],
)
def test_a_file_of_something_else_is_named_with_its_remedy(stored, blob, message):
    swap(stored, blob)
    with pytest.raises(BadInput, match=rf"random1-digits-ce-0.npz: .*{message}.*{COMMAND}"):
        stored.load(RUN)


def test_a_single_array_is_no_file_of_predictions():
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((5, 3)))
    with pytest.raises(BadInput, match=r"there.npz: not a file of predictions"):
        unpack(buffer.getvalue(), "there.npz")


@pytest.mark.parametrize(
    ("fact", "value"),
    [("signature", 3), ("sha256", None), ("splits", []), ("accuracy", 0.5), ("seconds", "9"), ("device", {})],
)
def test_a_fact_of_another_kind_is_named(stored, fact, value):
    manifest = json.loads(files(stored, ".json").read_text()) | {fact: value}
    files(stored, ".json").write_text(json.dumps(manifest))
    with pytest.raises(BadInput, match=rf"not a manifest of a run \({fact} is .*\)\. {COMMAND}$"):
        stored.manifest(RUN)


def test_a_store_that_cannot_be_locked_is_read_all_the_same(stored, monkeypatch):
    def locked(_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(store_module, "FileLock", locked)
    assert stored.status(RUN) == "stored"
    files(stored, ".npz").write_bytes(b"")
    with pytest.raises(BadInput, match=r"damaged, its SHA-256 is not its manifest's. Train it"):
        stored.load(RUN)


def test_a_run_that_is_just_being_replaced_is_waited_for(stored, monkeypatch):
    good = files(stored, ".npz").read_bytes()
    waited = []

    @contextmanager
    def lock(path):
        waited.append(path)
        files(stored, ".npz").write_bytes(good)  # the other process is done
        yield

    monkeypatch.setattr(store_module, "FileLock", lock)
    files(stored, ".npz").write_bytes(b"half")
    assert stored.load(RUN)["heldout"].probs.shape == (50, 10)
    assert waited == [stored.root / ".lock"]


def test_who_saves_holds_the_lock(store, monkeypatch):
    held = []

    @contextmanager
    def lock(path):
        held.append(path)
        yield
        assert files(store, ".npz").exists()
        assert files(store, ".json").exists()

    monkeypatch.setattr(store_module, "FileLock", lock)
    store.save(RUN, {"heldout": table()}, {})
    assert held == [store.root / ".lock"]


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "{}", '{"signature": "x", "sha256": "y"}', "\xff\xfe"])
def test_a_damaged_manifest_is_named_with_its_remedy(stored, text):
    files(stored, ".json").write_text(text, encoding="latin-1")
    assert stored.status(RUN) == "damaged"
    for read in (stored.load, stored.manifest):
        with pytest.raises(BadInput, match=rf"random1-digits-ce-0.json: not a manifest of a run.*{COMMAND}"):
            read(RUN)


@pytest.mark.parametrize("name", ["notes", "random1-digits-ce-01", "random1-digits-cé-0"])
def test_a_stray_manifest_is_named(stored, name):
    stray = files(stored, ".json").with_name(f"{name}.json")
    stray.write_text("{}")
    with pytest.raises(BadInput, match=rf"{name}.json: not named labels-backbone-method-seed"):
        stored.runs()


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {"q": 0.5}},
        {"recipe": {"tune_epochs": 7}},
        {"source": "another"},
        {"networks": 2},
        {"starts_from": "coteaching"},
    ],
)
def test_a_run_whose_question_has_changed_is_stale(store, change):
    store.save(GCE, {"heldout": table()}, {})
    now = Store(store.root, {**store.methods, "gce": replace(store.methods["gce"], **change)})
    assert now.status(GCE) == "stale"
    with pytest.raises(Stale, match=r"gce-0.npz: its method or recipe has changed since it was trained. Train it:"):
        now.load(GCE)
    now.save(GCE, {"heldout": table(seed=1)}, {})
    assert now.status(GCE) == "stored"
    assert store.status(GCE) == "stale"


def test_a_stale_run_is_loaded_where_that_is_asked_for(stored):
    for methods in ({"ce": replace(stored.methods["ce"], networks=2)}, {}):  # changed since; not at hand
        assert len(Store(stored.root, methods).load(RUN, stale=True)["heldout"].probs) == 50


def test_a_change_in_the_start_makes_what_starts_from_it_stale(store):
    store.save(GCE, {"heldout": table()}, {})
    now = Store(store.root, {**store.methods, "ce": replace(store.methods["ce"], recipe={"epochs": 31})})
    assert now.status(GCE) == "stale"


def test_title_and_paper_are_not_what_was_asked(stored):
    renamed = replace(stored.methods["ce"], title="Cross entropy", paper="elsewhere")
    assert Store(stored.root, {**stored.methods, "ce": renamed}).status(RUN) == "stored"


def test_a_signature_is_that_of_the_runs_that_are_stored(methods):
    asked = json.dumps(RUN.asked(methods), sort_keys=True)
    assert RUN.signature(methods) == hashlib.sha256(asked.encode()).hexdigest()[:16]


def test_signatures_tell_runs_apart(methods):
    runs = [RUN, GCE, replace(RUN, seed=1), replace(RUN, labels="random2"), replace(RUN, backbone="conv6")]
    runs.append(replace(RUN, recipe="small"))
    assert len({run.signature(methods) for run in runs}) == len(runs)
    assert RUN.signature(methods) == Run(*RUN.name.split("/")[:2], "random1", "ce", "digits", 0).signature(methods)


def test_only_a_method_with_a_start_has_one(methods):
    assert GCE.start(methods) == RUN
    with pytest.raises(ValueError, match="ce starts from random weights"):
        RUN.start(methods)


def test_the_remedy_is_the_whole_command():
    assert remedy(RUN) == COMMAND
    assert remedy(replace(RUN, backbone="conv6", seed=3)).endswith(" --labels random1 --backbone conv6 --seed 3")


# --- Whole or not at all


def test_a_folder_that_is_not_there_is_made(tmp_path):
    replace_file(tmp_path / "a" / "b" / "c.txt", b"new")
    assert (tmp_path / "a" / "b" / "c.txt").read_bytes() == b"new"


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    replace_file(path, b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_module.os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]
    assert path.read_bytes() == b"old"


def test_of_two_files_none_is_replaced_before_both_are_written(tmp_path, monkeypatch):
    paths = [tmp_path / "a.npz", tmp_path / "a.json"]
    store_module.replace_files(dict.fromkeys(paths, b"old"))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.npz": b"old", "a.json": b"old"}
    written = type(tmp_path).write_bytes

    def full(path, blob):
        written(path, blob[:1])
        if "json" in path.name:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        store_module.replace_files(dict.fromkeys(paths, b"new"))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.npz": b"old", "a.json": b"old"}


def test_two_who_write_a_file_at_once_do_not_share_a_part(tmp_path, monkeypatch):
    parts, replace = [], os.replace
    monkeypatch.setattr(store_module.os, "replace", lambda part, path: (parts.append(part), replace(part, path)))
    for blob in (b"one", b"two"):
        replace_file(tmp_path / "a.npz", blob)
    assert len(set(parts)) == 2


SAVE_OFTEN = """
import sys, numpy as np
from pathlib import Path
from same_eyes.method import available
from same_eyes.store import Run, Store
store, probs = Store(Path(sys.argv[1]), available()), np.load(sys.argv[2])
for _ in range(20):
    store.save(Run("digits", "tiny", "random1", "ce", "digits"), {"heldout": probs}, {"by": sys.argv[2]})
"""


def test_two_processes_that_save_one_run_leave_one_whole_run(store):
    tables = [store.root / f"{seed}.npy" for seed in (1, 2)]
    for seed, path in enumerate(tables):
        np.save(path, table(seed=seed))
    processes = [
        subprocess.Popen([sys.executable, "-c", SAVE_OFTEN, str(store.root), str(path)], cwd=CHECKOUT)
        for path in tables
    ]
    assert [process.wait(120) for process in processes] == [0, 0]
    winner = store.manifest(RUN)["by"]
    assert store.load(RUN)["heldout"].probs == pytest.approx(np.load(winner), rel=0.01)
    assert sorted(os.listdir(files(store, "").parent)) == ["random1-digits-ce-0.json", "random1-digits-ce-0.npz"]


@pytest.mark.parametrize("run", UNKNOWN)
def test_a_run_whose_method_or_recipe_is_gone_is_stale_and_can_be_loaded_so(store, methods, run, monkeypatch):
    then = {**methods, "sce": replace(methods["ce"], name="sce")}
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "RECIPES", {**RECIPES, "old": RECIPES["tiny"]})
        Store(store.root, then).save(run, {"heldout": table()}, {})
    assert store.status(run) == "stale"
    with pytest.raises(Stale):
        store.load(run)
    assert store.load(run, stale=True)["heldout"].probs.shape == (50, 10)


def test_what_rounding_left_below_zero_is_stored_as_zero(store):
    store.save(RUN, {"heldout": [[1 + 5e-7, -5e-7]]}, {})
    assert store.load(RUN)["heldout"].probs.tolist() == [[1.0, pytest.approx(0, abs=1e-12)]]
