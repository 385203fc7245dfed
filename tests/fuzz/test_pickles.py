"""No pickle runs: each reader is given one whose running would be seen, in every place where a pickle can hide."""

import hashlib
import io
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from same_eyes import data, parse, sources
from same_eyes.own.files import read
from same_eyes.plan import trainer
from same_eyes.sources import File, Source
from same_eyes.store import Run, Store, unpack
from same_eyes.types import BadInput

CE = Run("digits", "tiny", "random1", "ce", "digits")
KEYS = ("clean_label", "random_label1", "random_label2", "random_label3", "aggre_label", "worse_label")
CIFAR10N, BATCH, COUNTS = "cifar10n/CIFAR-10_human.pt", "cifar-10-batches-py/test_batch", "cifar10h/cifar10h-counts.npy"


class Trap:
    """Unpickling one makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.fixture
def sprung(tmp_path):
    return tmp_path / "sprung"


@pytest.fixture
def trap(sprung):
    yield Trap(sprung)
    assert not sprung.exists()


def objects(trap, save, **names):
    """What NumPy writes of an array of objects: a pickle, inside npy or npz."""
    buffer, array = io.BytesIO(), np.array([[trap]], dtype=object)
    save(buffer, array, allow_pickle=True) if save is np.save else save(buffer, heldout=array, probs=array)
    return buffer.getvalue()


def checkpoint(trap):
    """What torch.save writes: a zip with a pickle in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(trap, protocol=2))
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/byteorder", "little")
    return buffer.getvalue()


def test_the_trap_works(sprung):
    pickle.loads(pickle.dumps(Trap(sprung)))
    assert sprung.exists()
    sprung.unlink()
    np.load(io.BytesIO(objects(Trap(sprung), np.savez)), allow_pickle=True)["heldout"]
    assert sprung.exists()
    sprung.unlink()
    torch = pytest.importorskip("torch")
    torch.load(io.BytesIO(checkpoint(Trap(sprung))), weights_only=False)
    assert sprung.exists()


@pytest.mark.parametrize("save", [np.save, np.savez, np.savez_compressed])
def test_arrays_of_objects_are_refused(save, trap, tmp_path):
    blob = objects(trap, save)
    (tmp_path / "it").write_bytes(blob)
    for reading in (lambda: parse.arrays(blob), lambda: unpack(blob, "it"), lambda: read(tmp_path / "it", "abc")):
        with pytest.raises(BadInput, match="Python objects, which are pickled"):
            reading()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_bare_pickle_is_no_file_of_predictions(protocol, trap, tmp_path):
    blob = pickle.dumps(trap, protocol)
    (tmp_path / "it").write_bytes(blob)
    for reading in (lambda: parse.arrays(blob), lambda: unpack(blob, "it"), lambda: read(tmp_path / "it", "abc")):
        with pytest.raises(BadInput):
            reading()


def test_a_torch_checkpoint_is_no_file_of_predictions(trap, tmp_path):
    (tmp_path / "it").write_bytes(checkpoint(trap))
    with pytest.raises(BadInput, match="is a pickle, which is never opened here"):
        read(tmp_path / "it", "abc")
    with pytest.raises(BadInput):
        unpack(checkpoint(trap), "it")


@pytest.mark.parametrize("verified", [True, False], ids=["checksum fits", "checksum does not fit"])
@pytest.mark.parametrize(
    ("path", "reading"),
    [
        (CIFAR10N, lambda folder: data.cifar10_labels("train", folder, download=False)),
        (BATCH, lambda folder: data.cifar10_labels("test", folder, download=False)),
        (COUNTS, lambda folder: data.cifar10h_counts(folder, download=False)),
    ],
)
def test_data_files_run_nothing(path, reading, verified, trap, tmp_path, monkeypatch):
    content = {
        CIFAR10N: checkpoint(dict.fromkeys(KEYS, trap)),
        BATCH: pickle.dumps({b"labels": trap}, protocol=2),
        COUNTS: objects(trap, np.save),
    }[path]
    name = path.split("/")[0] if path != BATCH else "cifar10"
    known = File(hashlib.sha256(content if verified else b"").hexdigest(), len(content))
    monkeypatch.setattr(sources, "SOURCES", (Source(name, "", {path: known}, "", "", "", ""),))
    (tmp_path / path).parent.mkdir()
    (tmp_path / path).write_bytes(content)
    why = "could not be read" if verified else "is another file: its SHA-256"
    with pytest.raises(BadInput, match=why):
        reading(tmp_path)


@pytest.mark.parametrize("how", ["zip", "pickle"])
@pytest.mark.parametrize("name", ["network.pt", "checkpoint.pt"])
def test_weights_and_checkpoints_run_nothing(name, how, trap, tmp_path, short, work, one_thread):
    pytest.importorskip("torch")
    ours = trainer(Store(tmp_path / "store", short))
    run = replace(CE, method="gce") if name == "network.pt" else CE  # the first starts from CE's network
    folder = work / CE.signature(short)
    folder.mkdir(parents=True)
    (folder / name).write_bytes(checkpoint(trap) if how == "zip" else pickle.dumps(trap, protocol=2))
    with pytest.raises(BadInput, match=rf"{name}: not .*Delete it to train"):
        ours.train(run, progress=False)
    assert ours.store.status(run) == "missing"
