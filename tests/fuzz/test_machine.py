"""A machine that does not oblige: full disks, folders that cannot be written, two at once, a clock that jumps."""

import itertools
import os
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from same_eyes import baseline, sources
from same_eyes.places import CHECKOUT
from same_eyes.plan import trainer
from same_eyes.sources import File, MissingData, Source
from same_eyes.store import Run, Store, replace_file
from same_eyes.types import BadInput

CE = Run("digits", "tiny", "random1", "ce", "digits")
FULL = r"No space left|File too large"  # the disk is full, or the limit on one file is reached


def table(n=50, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(10), n)


def mounted(folder, *options):
    """Whether a small disk could be mounted there: root may, in most places."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
    return not subprocess.run(command, capture_output=True, check=False).returncode


@pytest.fixture
def small_disk(tmp_path):
    """A folder that holds 64 KB: a disk of that size, else a limit on how large a file may grow."""
    folder = tmp_path / "small"
    if mounted(folder, "size=64k"):
        yield folder
        subprocess.run(["umount", str(folder)], check=True)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that a write fails, and kills nobody
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, hard))
    yield folder
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, ignored)


@pytest.fixture
def read_only(tmp_path):
    """Makes a folder read-only, for root too where it may mount; gives the function that does."""
    frozen = []

    def freeze(folder):
        bound = not subprocess.run(["mount", "--bind", folder, folder], capture_output=True, check=False).returncode
        if bound:
            frozen.append(folder)
            subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        elif os.geteuid() == 0:
            pytest.skip("root may write everywhere, and may mount nothing here")
        else:
            folder.chmod(0o555)

    yield freeze
    for folder in frozen:
        subprocess.run(["umount", folder], check=True)


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")


# --- A full disk


def test_a_run_that_finds_no_room_leaves_the_old_one(small_disk, methods):
    store = Store(small_disk / "store", methods)
    store.save(CE, {"heldout": table()}, {"by": "the first"})
    before = files(small_disk)
    with pytest.raises(OSError, match=FULL):
        store.save(CE, {"heldout": table(20_000)}, {"by": "the second"})
    assert store.manifest(CE)["by"] == "the first"
    assert len(store.load(CE)["heldout"].probs) == 50
    with pytest.raises(OSError, match=FULL):  # room for the npz, none for its manifest
        store.save(CE, {"heldout": table(60)}, {"by": "the third" * 10_000})
    assert store.manifest(CE)["by"] == "the first"
    assert len(store.load(CE)["heldout"].probs) == 50
    assert files(small_disk) == before


def test_a_baseline_that_finds_no_room_leaves_the_old_one(small_disk):
    path = small_disk / "baseline.json"
    baseline.write(path, {"run": "hash"}, [])
    with pytest.raises(OSError, match=FULL):
        baseline.write(path, {str(i): "hash" * 16 for i in range(2000)}, [])
    assert baseline.read(path)["runs"] == {"run": "hash"}
    assert files(small_disk) == ["baseline.json"]


def test_a_file_that_finds_no_room_in_the_cache_is_missing_data(small_disk, tmp_path, monkeypatch):
    content = bytes(2**17)
    source = Source("set", "", {"set": File("", len(content))}, "http://127.0.0.1:9/set", "", "", "")
    monkeypatch.setattr(sources, "SOURCES", (source,))
    monkeypatch.setattr(sources, "CHECKOUT", None)
    monkeypatch.setattr(sources, "cache_dir", lambda: small_disk / "cache")
    monkeypatch.delenv("SAME_EYES_DATA", raising=False)
    monkeypatch.setattr(sources, "_retrieve", lambda source, scratch: (scratch / "set").write_bytes(content))
    with pytest.raises(MissingData, match=r"cannot be written \((No space left on device|File too large)\)"):
        sources.find("set")
    assert files(small_disk) == []


# --- A folder that cannot be written


def test_a_read_only_store_is_read_and_not_written(read_only, tmp_path, methods):
    store = Store(tmp_path / "store", methods)
    store.save(CE, {"heldout": table()}, {})
    damaged = Run("digits", "tiny", "random1", "gce", "digits")
    store.save(damaged, {"heldout": table()}, {})
    (store.root / f"{damaged.name}.npz").write_bytes(b"")
    read_only(store.root)
    assert store.status(CE) == "stored"
    assert len(store.load(CE)["heldout"].probs) == 50
    assert store.status(damaged) == "damaged"
    with pytest.raises(OSError, match=r"Read-only|Permission denied"):
        store.save(CE, {"heldout": table(7)}, {})
    assert len(store.load(CE)["heldout"].probs) == 50


def test_data_is_found_in_a_read_only_cache_and_what_is_missing_is_said_soon(read_only, tmp_path, monkeypatch):
    import hashlib

    there = File(hashlib.sha256(b"there").hexdigest(), 5)
    table = [Source(name, "", {name: there}, "http://127.0.0.1:9/", "", "", "") for name in ("there", "missing")]
    monkeypatch.setattr(sources, "SOURCES", tuple(table))
    monkeypatch.setattr(sources, "CHECKOUT", None)
    monkeypatch.setattr(sources, "cache_dir", lambda: tmp_path / "cache")
    monkeypatch.delenv("SAME_EYES_DATA", raising=False)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/there").write_bytes(b"there")
    read_only(tmp_path / "cache")
    assert sources.find("there").read_bytes() == b"there"
    began = time.monotonic()
    with pytest.raises(MissingData, match=r"The cache .* cannot be written \((Read-only|Permission denied)"):
        sources.find("missing")
    assert time.monotonic() - began < 5


# --- Two processes, one store

SAVE = """
import sys, numpy as np
from pathlib import Path
from same_eyes.method import available
from same_eyes.store import Run, Store
store = Store(Path(sys.argv[1]), available())
print("ready", flush=True)
for i in range(150):
    probs = np.random.default_rng(i).dirichlet(np.ones(10), 50 + i % 2)
    store.save(Run("digits", "tiny", "random1", "ce", "digits"), {"heldout": probs}, {"by": i})
"""


def test_who_reads_while_another_writes_finds_a_whole_run(tmp_path, methods):
    store = Store(tmp_path, methods)
    store.save(CE, {"heldout": table()}, {"by": -1})
    command = [sys.executable, "-c", SAVE, str(tmp_path)]
    seen = set()
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout.readline() == "ready\n"
        while writer.poll() is None:
            assert store.status(CE) == "stored"
            seen.add(len(store.load(CE)["heldout"].probs))
            store.manifest(CE)
    assert writer.returncode == 0
    assert seen == {50, 51}  # it did read what changed under it
    assert store.manifest(CE)["by"] == 149


# --- A clock that jumps


@pytest.fixture
def clock_runs_backwards(monkeypatch):
    """Each look at the wall clock is an hour before the last one."""
    hours = itertools.count()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 3600 * next(hours))
    assert time.time() > time.time()


def test_seconds_are_those_that_passed(clock_runs_backwards, tmp_path, short, work, one_thread):
    pytest.importorskip("torch")
    ours = trainer(Store(tmp_path / "store", short))
    began = time.monotonic()
    ours.train(CE, progress=False)
    assert 0 < ours.store.manifest(CE)["seconds"] + 0.1 < time.monotonic() - began + 0.2
    assert ours.store.status(CE) == "stored"
    assert ours.train(CE, progress=False) is None


def test_files_from_the_future_and_from_1970_are_what_they_hold(tmp_path, methods):
    store = Store(tmp_path, methods)
    store.save(CE, {"heldout": table()}, {})
    for when in (0, 2**33):
        for path in tmp_path.rglob("*"):
            os.utime(path, (when, when))
        assert store.status(CE) == "stored"
    store.save(CE, {"heldout": table(51)}, {})
    assert len(store.load(CE)["heldout"].probs) == 51


def test_another_file_of_the_same_size_and_date_is_another_file(tmp_path, monkeypatch):
    import hashlib

    monkeypatch.setattr(
        sources, "SOURCES", (Source("set", "", {"set": File(hashlib.sha256(b"good").hexdigest(), 4)}, "", "", "", ""),)
    )
    path = tmp_path / "set"
    path.write_bytes(b"good")
    os.utime(path, ns=(10**18, 10**18))
    assert sources.find("set", tmp_path, download=False) == path
    for replaced in (lambda: path.write_bytes(b"evil"), lambda: replace_file(path, b"evil")):
        replaced()
        os.utime(path, ns=(10**18, 10**18))
        with pytest.raises(BadInput, match="is another file"):
            sources.find("set", tmp_path, download=False)
        path.write_bytes(b"good")
        os.utime(path, ns=(10**18, 10**18))
        assert sources.find("set", tmp_path, download=False) == path
