"""No bytes crash a reader: it gives what it promises, or one BadInput.

Each reader gets arbitrary bytes, and valid files with a few bits, slices or tokens changed: these pass first checks.
For hours instead of seconds: HYPOTHESIS_PROFILE=fuzz pytest tests/fuzz/test_readers.py
"""

import contextlib
import hashlib
import io
import json
import pickle
import tarfile
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from same_eyes import baseline, data, expectations, parse, sources
from same_eyes import folder as folder_study
from same_eyes.claims import read_claims, read_deviations
from same_eyes.gate import read_margins
from same_eyes.large import LargeStudy, write_study
from same_eyes.method import available
from same_eyes.own.files import read
from same_eyes.places import leaf
from same_eyes.sources import File, Source
from same_eyes.store import Run, Store, pack, unpack
from same_eyes.types import Annotators, BadInput, Predictions, Study

METHODS = available()
RUN = Run("digits", "tiny", "random1", "ce", "digits")
PROBS = np.random.default_rng(0).dirichlet(np.ones(3), 5)
TOKENS = (
    b"9" * 7,
    b"9" * 30,
    b"9" * 400,
    b"9" * 5000,
    b"-1",
    b"1e999",
    b"nan",
    b"null",
    b"true",
    b"[",
    b"[" * 3000,
    b"{",
    b"]",
    b"}",
    b'"',
)
TOKENS += (b"= 1\n", b"[[x]]\n", b"\n", b",", b"\0" * 8, b"\xff" * 8, b"PK\1\2", b"PK\3\4", b"\x93NUMPY", b"|O", b"../")


@st.composite
def mutated(draw, *valid):
    """A valid file, changed in a few places."""
    blob = bytearray(draw(st.sampled_from(valid)))
    for how in draw(st.lists(st.sampled_from(["flip", "cut", "insert", "repeat", "end"]), min_size=1, max_size=5)):
        at, length = draw(st.integers(0, len(blob))), draw(st.integers(1, 40))
        if how == "flip" and at < len(blob):
            blob[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "cut":
            del blob[at : at + length]
        elif how == "insert":
            blob[at:at] = draw(st.sampled_from(TOKENS) | st.binary(max_size=8))
        elif how == "repeat":
            blob[at:at] = blob[at : at + length]
        elif how == "end":
            del blob[at:]
    return bytes(blob)


def npz(save=np.savez, **arrays):
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def zipped(name, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def tar(compression, **files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compression}") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"set/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def pickled(content):
    return pickle.dumps(content, protocol=2).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


# --- The readers: how each reads a blob, and some that it reads well


def read_predictions(folder, blob):
    for predictions in unpack(blob, "it").values():
        assert np.isfinite(predictions).all()


def read_arrays(folder, blob):
    (folder / "it").write_bytes(blob)
    assert all(isinstance(array, np.ndarray) for array in parse.arrays(folder / "it").values())


def read_manifest(folder, blob):
    store = Store(folder, METHODS)
    store.save(RUN, {"heldout": PROBS}, {})
    (folder / f"{RUN.name}.json").write_bytes(blob)
    assert store.status(RUN) in ("stored", "stale", "damaged")
    assert len(store.load(RUN)["heldout"].probs) == 5


def manifest():
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), METHODS)
        store.save(RUN, {"heldout": PROBS}, {"accuracy": {"heldout": 0.5}, "seconds": 1.5, "device": "none"})
        return (Path(folder) / f"{RUN.name}.json").read_bytes()


def parquet(table):
    if not find_spec("pyarrow"):  # the extra parquet
        return []
    buffer = io.BytesIO()
    pd.read_csv(io.BytesIO(table)).to_parquet(buffer)
    return [buffer.getvalue()]


def read_claim_tables(folder, blob):
    (folder / "a.toml").write_bytes(blob)
    for claim in read_claims(folder).values():
        assert isinstance(claim.says + claim.where + claim.why, str)
        assert all(np.isfinite(list(claim.values.values())))


def read_deviation_tables(folder, blob):
    (folder / "a.toml").write_bytes(CLAIM)
    claims = read_claims(folder)
    (folder / "deviations.toml").write_bytes(blob)
    for deviation in read_deviations(folder, claims):
        assert deviation.covers("it", "CE", "main") in (True, False)


def read_study(folder, blob):
    return _study(folder, {"study.toml": blob})


def read_people(folder, blob):
    return _study(folder, {"people.csv": blob})


def read_counts(folder, blob):
    return _study(folder, {"study.toml": STUDY.replace(b"people.csv", b"counts.csv"), "counts.csv": blob})


def read_truth(folder, blob):
    return _study(folder, {"truth.csv": blob})


def _study(folder, files):
    for name, content in (FOLDER | files).items():
        (folder / name).write_bytes(content)
    there = folder_study.read(folder)
    assert there.people.counts.shape == (there.compared.sum(), len(there.classes))
    there.study({})


def read_expectations(folder, blob):
    (folder / "it.toml").write_bytes(blob)
    assert all(entry.reason for entry in expectations.read(folder / "it.toml", {"accuracy", "it"}))


def read_gate(folder, blob):
    (folder / "it.toml").write_bytes(blob)
    assert all(margin.margin >= 0 for margin in read_margins(folder / "it.toml").values())


def read_own(folder, blob):
    (folder / "it").write_bytes(blob)
    answers = read(folder / "it", CLASSES)
    assert answers.probs is None or np.isfinite(answers.probs).all()
    assert answers.labels.shape == (len(answers.labels),)


def read_large(folder, blob):
    write_study(folder, [0, 1], 2, ["A"], [], [([1, 1], None)], progress=False)
    (folder / "study.json").write_bytes(blob)
    assert LargeStudy.open(folder).labels.shape == (2, 1)


def read_large_array(folder, blob):
    write_study(folder, [0, 1], 2, ["A"], [], [([1, 1], None)], progress=False)
    (folder / "truth.npy").write_bytes(blob)
    assert LargeStudy.open(folder).labels.shape == (2, 1)


def read_baseline(folder, blob):
    (folder / "baseline.json").write_bytes(blob)
    kept = baseline.read(folder / "baseline.json")
    assert isinstance(baseline.difference(kept["measured"] if kept else {}, {"it": {"CE": [1.0, 0.0, 2.0]}}), str)


def read_tar(folder, blob):
    (folder / "archive").write_bytes(blob)
    scratch = folder / "scratch"
    scratch.mkdir()
    source = Source("set", "", {"set/one": File("", 12), "set/two": File("", 700)}, "https://host/set", "", "", "")
    try:
        sources._unpack(folder / "archive", source, scratch)
    except sources._NotDownloaded as error:
        raise BadInput(str(error)) from error
    finally:
        assert {path.relative_to(scratch).as_posix() for path in scratch.rglob("*")} <= {"set", "set/one", "set/two"}


def data_file(path, read):
    """A reader of a data file, whose checksum is made to fit."""

    def reader(folder, blob):
        files = {}
        for known, content in (DATA | {path: blob}).items():
            (folder / known).parent.mkdir(parents=True, exist_ok=True)
            (folder / known).write_bytes(content)
            identity = File(hashlib.sha256(content).hexdigest(), len(content))
            files.setdefault(NAMES[known], {})[known] = identity
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sources, "SOURCES", tuple(Source(name, "", files[name], "", "", "", "") for name in files))
            read(folder)

    return reader


CLAIM = b"""
[it]
number = "1"
reading = "strict"
says = "s"
where = "w"
why = "y"
values = {CE = 0.5, "F-Div" = 1}
tolerance = 0.1
margin = 1

[other]
says = "s"
where = "w"
why = "y"
values_from = "it"
"""
DEVIATION = b"""
[[it]]
verdict = "inconclusive"
reason = "r"
study = "s"
recipe = "t"
runs = "main"
cases = ["CE", "*"]
"""
STUDY = b"""
name = "birds"
classes = ["finch", "tit"]
truth = "truth.csv"
people = "people.csv"
answers = 2
[machines]
"ResNet" = "resnet.npz"
"""
FOLDER = {
    "study.toml": STUDY,
    "truth.csv": b"image,label\na,0\nb,1\n",
    "people.csv": b"image,annotator,label,seconds\na,X,1,1.5\na,Y,0,2\nb,X,1,\nb,Y,1,1e3\nb,Z,0,1\n",
    "counts.csv": b"image,finch,tit\na,2,1\nb,0,3\n",
}
EXPECTED = b'["Our method"]\nxfail = ["accuracy"]\nskip = ["it"]\nreason = "r"\n'
CLASSES = ("cat", "dog", "ship")
OWN = b"index,cat,dog,ship\n0,0.5,0.25,0.25\n1,1,0,0\n2,0.1,0.1,0.8\n"
BASELINE = {"runs": {"a": "b"}, "versions": {}, "measured": {"it": {"CE": [0.5, 0.4, 0.6], "": [1, 0, 2]}}}

TRUTH = np.arange(100) * 7 % 10
KEYS = ("clean_label", "random_label1", "random_label2", "random_label3", "aggre_label", "worse_label")
ROWS = "Image-batch,W1,S1,W2,S2,W3,S3\n" + "".join(f"{i},{i},20,{i + 1},30,{i + 2},40\n" for i in range(10))
RAW = "annotator_id,is_attn_check,chosen_label,cifar10_test_test_idx,reaction_time\n0,0,3,17,1200\n1,1,4,18,-5\n"
NAMES = {
    "cifar10n/CIFAR-10_human.pt": "cifar10n",
    "cifar10n/side_info_cifar10N.csv": "cifar10n-workers",
    "cifar10h/cifar10h-counts.npy": "cifar10h",
    "cifar10h/cifar10h-raw.zip": "cifar10h-raw",
    "cifar-10-batches-py/test_batch": "cifar10",
    "cifar-10-batches-py/batches.meta": "cifar10",
}
LABELS, WORKERS, COUNTS, ANSWERS, BATCH, META = NAMES
DATA = {
    LABELS: zipped("archive/data.pkl", pickled(dict.fromkeys(KEYS, TRUTH))),
    WORKERS: ROWS.encode(),
    COUNTS: npy(np.arange(20.0).reshape(2, 10)),
    ANSWERS: zipped("cifar10h-raw.csv", RAW),
    BATCH: pickled({b"labels": [3, 8], b"data": np.zeros((2, 3072), np.uint8)}),
    META: pickled({}),
}

READERS = {
    "predictions": (read_predictions, [pack({"heldout": PROBS, "official": PROBS[:2]})]),
    "npz": (read_arrays, [npz(a=PROBS, b=np.array(["x"])), npz(np.savez_compressed, a=np.asfortranarray(PROBS))]),
    "npy": (read_arrays, [npy(PROBS), npy(np.arange(6))]),
    "manifest": (read_manifest, [manifest()]),
    "claims": (read_claim_tables, [CLAIM]),
    "deviations": (read_deviation_tables, [DEVIATION]),
    "own csv": (read_own, [OWN, b"label\n0\n2\n1\n", b"index;label\n7;cat\n8;dog\n"]),
    "own npz": (read_own, [npz(probs=PROBS, index=np.arange(5), split="heldout"), npy(PROBS), npz(labels=TRUTH % 3)]),
    "own parquet": (read_own, parquet(OWN)),
    "study parquet": (read_people, parquet(FOLDER["people.csv"])),
    "study": (read_study, [STUDY, STUDY.replace(b'["finch", "tit"]', b"2")]),
    "study truth": (read_truth, [FOLDER["truth.csv"], b"label,image\nfinch,a\ntit,b\n"]),
    "study people": (read_people, [FOLDER["people.csv"]]),
    "study counts": (read_counts, [FOLDER["counts.csv"]]),
    "expectations": (read_expectations, [EXPECTED]),
    "gate": (read_gate, [(leaf("expected") / "gate.toml").read_bytes()]),
    "large": (read_large, [b'{"classes": 2, "people": ["A"], "machines": []}']),
    "large array": (read_large_array, [npy(np.array([0, 1], np.int8))]),
    "baseline": (read_baseline, [json.dumps(BASELINE).encode()]),
    "archive": (read_tar, [tar(kind, one=b"first" * 2, two=b"second" * 100) for kind in ("", "gz", "bz2", "xz")]),
    "labels": (data_file(LABELS, lambda folder: data.cifar10n(folder, download=False)), [DATA[LABELS]]),
    "workers": (data_file(WORKERS, lambda folder: data.cifar10n(folder, download=False)), [DATA[WORKERS]]),
    "counts": (data_file(COUNTS, lambda folder: data.cifar10h_counts(folder, download=False)), [DATA[COUNTS]]),
    "answers": (data_file(ANSWERS, data.cifar10h_raw), [DATA[ANSWERS]]),
    "batch": (data_file(BATCH, lambda folder: data.cifar10_images("test", folder, download=False)), [DATA[BATCH]]),
}


@pytest.mark.parametrize("name", READERS)
def test_the_valid_files_are_read(name, tmp_path):
    reader, valid = READERS[name]
    for i, blob in enumerate(valid):
        (tmp_path / str(i)).mkdir()
        reader(tmp_path / str(i), blob)


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=settings.default.max_examples // 2, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_bytes_crash_a_reader(name, data):
    reader, valid = READERS[name]
    blob = data.draw(mutated(*valid) | st.binary(max_size=100) if valid else st.binary(max_size=100))
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(BadInput):  # any other exception fails
        reader(Path(folder), blob)


@given(name=st.text("a0-_ .\u0663\u00e9\n", max_size=8), good=st.booleans())
def test_no_file_name_crashes_the_store(name, good):
    name = f"random1-digits-{name}-0" if good else name
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), METHODS)
        (Path(folder) / "digits/tiny").mkdir(parents=True)
        (Path(folder) / f"digits/tiny/{name}.json").write_text("{}")
        with contextlib.suppress(BadInput):
            for run in store.runs():
                assert run.name == f"digits/tiny/{name}"  # so that what is listed can be looked up


# --- Arrays that programs hand over

anything = hnp.arrays(
    hnp.scalar_dtypes() | hnp.array_dtypes() | st.just(np.dtype(object)), hnp.array_shapes(min_dims=0, min_side=0)
)
tables = st.lists(st.lists(st.floats() | st.integers() | st.none() | st.text(), max_size=3), max_size=3)
arrays = anything | tables | st.integers() | st.none()
near = hnp.arrays(st.sampled_from([np.int64, np.uint64, np.int8, np.float64]), (3, 2), elements={"min_value": 0})


@given(arrays, arrays)
def test_no_array_crashes_predictions(probs, index):
    with contextlib.suppress(BadInput):
        predictions = Predictions(probs, index)
        assert predictions.probs.shape[0] == len(predictions.index) == len(predictions.labels_predicted)


@given(arrays | near, st.integers(-2, 3), st.lists(st.text(), max_size=3), arrays | near, arrays | near)
def test_no_array_crashes_annotators(labels, classes, names, workers, seconds):
    with contextlib.suppress(BadInput):
        people = Annotators(labels, classes, names, workers, seconds)
        assert people.counts.shape == (len(people.labels), classes)
        assert (people.majority() < classes).all()
    with contextlib.suppress(BadInput):
        assert (Annotators.from_counts(labels).counts >= 0).all()


@given(arrays, arrays, arrays, arrays)
def test_no_array_crashes_a_study(truth, index, group, aggregate):
    people, machine = Annotators(np.zeros((3, 2), int), classes=2), Predictions(np.eye(2)[[0, 1, 0]])
    with contextlib.suppress(BadInput):
        study = Study("own", truth, people, {"CE": [machine]}, ("a", "b"), index, group, aggregate)
        assert study.machine_labels().shape == (3, 1)
