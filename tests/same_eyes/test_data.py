"""Reading and aligning: on small files made here, and on the real ones where they are found."""

import hashlib
import io
import os
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from same_eyes import data, sources
from same_eyes.data import HELDOUT, check_alignment, tfds_order
from same_eyes.sources import File, MissingData, Source
from same_eyes.types import BadInput

KEYS = ("clean_label", "random_label1", "random_label2", "random_label3", "aggre_label", "worse_label")
PATHS = {
    "cifar10n": "cifar10n/CIFAR-10_human.pt",
    "cifar10n-workers": "cifar10n/side_info_cifar10N.csv",
    "cifar10h": "cifar10h/cifar10h-counts.npy",
    "cifar10h-raw": "cifar10h/cifar10h-raw.zip",
    "cifar10": "cifar-10-batches-py/test_batch",
}
READERS = {
    "cifar10n": lambda: data.cifar10_labels("train", download=False),
    "cifar10n-workers": lambda: data.cifar10n(download=False),
    "cifar10h": lambda: data.cifar10h_counts(download=False),
    "cifar10h-raw": lambda: data.cifar10h_raw(),
    "cifar10": lambda: data.cifar10_labels("test", download=False),
}


def as_old_numpy(content):
    """A pickle that names NumPy's modules as the released files do."""
    return pickle.dumps(content, protocol=2).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def zipped(name, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def noisy(truth, rate, seed):
    rng = np.random.default_rng(seed)
    return np.where(rng.random(len(truth)) < rate, rng.integers(0, 10, len(truth)), truth)


TRUTH = np.random.default_rng(7).integers(0, 10, 500)
LABELS = {key: noisy(TRUTH, 0.2 * (key != "clean_label"), seed) for seed, key in enumerate(KEYS)}
WORKERS = "Image-batch,W1,S1,W2,S2,W3,S3\n" + "".join(
    f"{10 * i}--{10 * i + 9},{i},{i + 20},{i + 1},{i + 40},{i + 2},{i + 60}\n" for i in range(50)
)
RAW = """annotator_id,trial_index,is_attn_check,chosen_label,cifar10_test_test_idx,reaction_time
0,0,0,3,17,1200
0,1,1,5,-99999,900
1,0,0,4,17,-5
"""
BATCH = {b"labels": [3, 8, 8, 0], b"data": np.zeros((4, 3072), np.uint8)}


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


GOOD = {
    "cifar10n": zipped("archive/data.pkl", as_old_numpy(LABELS)),
    "cifar10n-workers": WORKERS.encode(),
    "cifar10h": npy(np.arange(20.0).reshape(2, 10)),
    "cifar10h-raw": zipped("cifar10h-raw.csv", RAW),
    "cifar10": as_old_numpy(BATCH),
}


def lay_out(folder, monkeypatch, **changes):
    """Put small files into a data folder, as the table of sources wants them."""
    table = []
    for name, content in (GOOD | {key.replace("_", "-"): value for key, value in changes.items()}).items():
        (folder / PATHS[name]).parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            (folder / PATHS[name]).write_bytes(content)
        file = File(hashlib.sha256(content or b"").hexdigest(), len(content or b""))
        table.append(Source(name, name, {PATHS[name]: file}, "http://127.0.0.1:9", "", "", ""))
    monkeypatch.setattr(sources, "SOURCES", tuple(table))
    monkeypatch.setattr(sources, "CHECKOUT", None)
    monkeypatch.setattr(sources, "cache_dir", lambda: folder)
    monkeypatch.delenv("SAME_EYES_DATA", raising=False)


@pytest.fixture
def small(tmp_path, monkeypatch):
    return lambda **changes: lay_out(tmp_path, monkeypatch, **changes)


def real(*names):
    for name in names:
        try:
            sources.find(name, download=False)
        except MissingData:
            pytest.skip(f"{name} is not on this machine: same-eyes data fetch")


# Reading small files


def test_cifar10n_has_six_label_sets_and_who_gave_them_when(small):
    small()
    people = data.cifar10n()
    assert set(people.labels) == {"random1", "random2", "random3", "aggre", "worst", "clean"}
    for ours, theirs in {"random2": "random_label2", "worst": "worse_label", "clean": "clean_label"}.items():
        np.testing.assert_array_equal(people.labels[ours], LABELS[theirs])
        assert people.labels[ours].dtype == np.int64
    assert people.workers[0].tolist() == people.workers[9].tolist() == [0, 1, 2]
    assert people.seconds[499].tolist() == [69.0, 89.0, 109.0]
    assert people.batch[[0, 9, 10, 499]].tolist() == [0, 0, 1, 49]


def test_nobody_can_change_what_was_read(small):
    small()
    people = data.cifar10n()
    for array in (*people.labels.values(), people.workers, people.seconds, people.batch):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(TypeError):
        people.labels["clean"] = TRUTH


def test_true_labels_of_both_splits(small):
    small()
    np.testing.assert_array_equal(data.cifar10_labels("train"), TRUTH)
    assert data.cifar10_labels("test").tolist() == [3, 8, 8, 0]
    with pytest.raises(BadInput, match="splits 'train' and 'test', not 'heldout'"):
        data.cifar10_labels("heldout")


def test_counts_are_integers(small):
    small()
    counts = data.cifar10h_counts()
    assert counts.dtype == np.int64
    assert counts[1].tolist() == list(range(10, 20))


def test_raw_answers_without_attention_checks_and_negative_times(small):
    small()
    answers = data.cifar10h_raw()
    assert answers.columns.tolist() == ["annotator", "image", "label", "milliseconds"]
    assert answers["image"].tolist() == [17, 17]
    assert answers["label"].tolist() == [3, 4]
    assert answers["milliseconds"].iloc[0] == 1200
    assert np.isnan(answers["milliseconds"].iloc[1])


def test_raw_answers_are_optional_unless_asked_for(small):
    small(cifar10h_raw=None)
    assert data.cifar10h_raw() is None
    with pytest.raises(MissingData, match="no connection to 127"):
        data.cifar10h_raw(download=True)


def test_raw_answers_are_not_fetched_unasked(monkeypatch):
    asked = []

    def find(name, where, download=True):
        asked.append(download)
        raise MissingData("it is not here")

    monkeypatch.setattr(data, "find", find)
    assert data.cifar10h_raw() is None
    assert asked == [False]


def test_images_are_read_after_the_checksum_in_the_order_of_the_batches(monkeypatch, tmp_path):
    planes = np.random.default_rng(0).integers(0, 256, (6, 4, 3, 32, 32), np.uint8)
    names = [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
    files = {}
    (tmp_path / "cifar-10-batches-py").mkdir()
    for name, batch in zip(names, planes, strict=True):
        path, content = f"cifar-10-batches-py/{name}", as_old_numpy({b"data": batch.reshape(4, 3072)})
        (tmp_path / path).write_bytes(content)
        files[path] = File(hashlib.sha256(content).hexdigest(), 0)
    monkeypatch.setattr(sources, "SOURCES", (Source("cifar10", "", files, "", "", "", ""),))
    train, test = (data.cifar10_images(split, tmp_path, download=False) for split in ("train", "test"))
    assert (train.shape, test.shape, train.dtype) == ((20, 32, 32, 3), (4, 32, 32, 3), np.uint8)
    np.testing.assert_array_equal(train[9, :, :, 2], planes[2, 1, 2])
    np.testing.assert_array_equal(test[3, :, :, 0], planes[5, 3, 0])
    (tmp_path / "cifar-10-batches-py/test_batch").write_bytes(b"other")
    with pytest.raises(BadInput, match=r"test_batch is another file"):
        data.cifar10_images("test", tmp_path, download=False)


FOLDER_READERS = {
    "cifar10n": data.cifar10n,
    "cifar10n-workers": data.cifar10n,
    "cifar10h": data.cifar10h_counts,
    "cifar10h-raw": data.cifar10h_raw,
    "cifar10": lambda *where, **more: data.cifar10_labels("test", *where, **more),
}


@pytest.mark.parametrize("name", FOLDER_READERS)
def test_each_reader_looks_in_the_folder_it_is_given(name, small, tmp_path, monkeypatch):
    small()
    monkeypatch.setattr(sources, "cache_dir", lambda: tmp_path / "empty")
    assert FOLDER_READERS[name](tmp_path, download=False) is not None
    data.cifar10_labels("train", tmp_path, download=False)
    if name != "cifar10h-raw":  # which is optional
        with pytest.raises(MissingData):
            FOLDER_READERS[name](download=False)


@pytest.mark.parametrize("name", sorted(FOLDER_READERS.keys() - {"cifar10h-raw"}))
def test_what_is_missing_is_downloaded_unless_told_otherwise(name, small):
    small(**{name.replace("-", "_"): None})
    with pytest.raises(MissingData, match="no connection to 127"):
        FOLDER_READERS[name]()
    with pytest.raises(MissingData) as error:
        FOLDER_READERS[name](download=False)
    assert "no connection" not in str(error.value)


def test_missing_images_are_downloaded_unless_told_otherwise(small):
    small(cifar10=None)
    with pytest.raises(MissingData, match="no connection to 127"):
        data.cifar10_images("test")
    with pytest.raises(MissingData) as error:
        data.cifar10_images("test", download=False)
    assert "no connection" not in str(error.value)


def test_images_that_do_not_read_name_their_file(small):
    small(cifar10=pickle.dumps({}))
    with pytest.raises(BadInput, match=r"test_batch could not be read"):
        data.cifar10_images("test", download=False)


def test_true_labels_come_with_those_of_people(small):
    small(cifar10n=None)
    with pytest.raises(MissingData, match="no connection to 127"):
        data.cifar10_labels("train")
    with pytest.raises(MissingData) as error:
        data.cifar10_labels("train", download=False)
    assert "no connection" not in str(error.value)


# Broken and hostile files


class Malicious:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("name", ["cifar10n", "cifar10"])
def test_a_malicious_pickle_is_not_executed(name, small, tmp_path):
    trace = tmp_path / "executed"
    evil = pickle.dumps({"clean_label": Malicious(f"touch {trace}"), b"labels": []}, protocol=2)
    small(**{name: zipped("archive/data.pkl", evil) if name == "cifar10n" else evil})
    with pytest.raises(BadInput, match=r"asks for .*system, which no label file needs"):
        READERS[name]()
    assert not trace.exists()
    pickle.loads(evil)  # and would have been, by pickle itself
    assert trace.exists()


def test_a_file_with_another_checksum_is_not_even_opened(small, tmp_path, monkeypatch):
    small()
    (tmp_path / PATHS["cifar10n"]).write_bytes(b"<html>")
    monkeypatch.setattr(data, "_unpickle", lambda _: pytest.fail("unpickled an unverified file"))
    with pytest.raises(BadInput, match="is a web page"):
        data.cifar10n()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("cifar10n", b"not a zip", "BadZipFile"),
        ("cifar10n", zipped("other.pkl", b""), "KeyError"),
        ("cifar10n", zipped("archive/data.pkl", pickle.dumps([1, 2])), "holds a list, not a dict"),
        ("cifar10n", zipped("archive/data.pkl", as_old_numpy({"clean_label": TRUTH})), "random_label1"),
        ("cifar10", GOOD["cifar10"][:-20], "could not be read"),
        ("cifar10", pickle.dumps({}), "KeyError"),
        ("cifar10n-workers", WORKERS[:-40].encode(), "could not be read"),
        ("cifar10n-workers", b"\n".join(WORKERS.encode().split(b"\n")[:-2]), "49 batches of 10, but 500 labels"),
        ("cifar10n-workers", b"\n".join(WORKERS.encode().split(b"\n")[:2]), "1 batches of 10, but 500 labels"),
        ("cifar10h", GOOD["cifar10h"][:-8], "could not be read"),
        ("cifar10h", npy(np.array([{}])), "Python objects, which are pickled"),
        ("cifar10h-raw", zipped("cifar10h-raw.csv", "a,b\n1,2\n"), "could not be read"),
        ("cifar10h-raw", zipped("else.csv", RAW), "KeyError"),
    ],
)
def test_a_file_that_does_not_read_is_named_with_a_remedy(name, content, says, small):
    small(**{name.replace("-", "_"): content})
    with pytest.raises(BadInput, match=says) as error:
        READERS[name]()
    assert PATHS[name] in str(error.value)
    assert "data fetch" in str(error.value)


def test_labels_in_another_order_are_refused_though_their_checksum_is_right(small):
    shuffled = LABELS | {"worse_label": np.roll(LABELS["worse_label"], 1)}
    small(cifar10n=zipped("archive/data.pkl", as_old_numpy(shuffled)))
    with pytest.raises(BadInput, match=r"CIFAR-10N's 'worst' agree .* shifted by one row"):
        data.cifar10n()


# Aligning


@given(
    st.integers(0, 2**32 - 1),
    st.integers(500, 2000),
    st.floats(0, 0.5),
    st.integers(2, 10),
)
def test_noisy_labels_of_the_right_images_pass_and_moved_ones_do_not(seed, n, rate, k):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    labels = np.where(rng.random(n) < rate, rng.integers(0, k, n), truth)
    check_alignment(labels, truth, classes=k)
    sorted_apart = np.empty_like(labels)  # by chance alone one order in 740 agrees by three standard errors
    sorted_apart[np.argsort(truth)] = np.roll(np.sort(labels), n // 2)
    for moved in (np.roll(labels, 1), np.roll(labels, -1), sorted_apart, labels + 1):
        with pytest.raises(BadInput, match="mine"):
            check_alignment(moved, truth, what="mine", classes=k)


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (np.roll(TRUTH, 1), r"shifted by one row in 100 %: each stands one row too late"),
        (np.roll(TRUTH, -1), r"shifted by one row in 100 %: each stands one row too early.*header"),
        (TRUTH + 1, r"with 1 subtracted in 100 %: their classes are counted from 1"),
        (np.random.default_rng(1).permutation(TRUTH), "another order"),
        (np.random.default_rng(1).integers(0, 3, 500), "not as frequent as they should be"),
        (np.random.default_rng(1).integers(0, 100, 500), "there are classes 0 to 9"),
        (np.where(TRUTH == 4, -7, TRUTH), "run from -7 to 9"),
        (TRUTH[1:], r"shape \(499,\), the truth \(500,\)"),
        (TRUTH[:, None], r"shape \(500, 1\)"),
        (TRUTH.astype(float), "float64, not integers"),
        (np.array(["cat"] * 500), "<U3, not integers"),
        ((TRUTH + 5) % 10, "agree with the truth in 0 % of images, and chance would give 10 %.*another order"),
        (np.full(500, -1), "hold no answer"),
        (np.empty(0, int), r"shape \(0,\)"),
    ],
)
def test_misaligned_labels_are_refused_by_what_is_wrong_with_them(labels, says):
    with pytest.raises(BadInput, match=f"my file.*{says}"):
        check_alignment(labels, TRUTH, what="my file")


@pytest.mark.parametrize(
    ("truth", "says"), [(TRUTH - 1, "true labels hold negative"), (TRUTH / 2, "true labels are float64")]
)
def test_a_bad_truth_is_refused(truth, says):
    with pytest.raises(BadInput, match=says):
        check_alignment(TRUTH, truth)


def agreeing(right, n=400, often=200):
    """Labels of two classes that agree with a balanced truth in so many images, the first class given so often."""
    truth = np.arange(n) // 2 % 2  # moved by one row, half of it is as it was
    flipped = (n - right + often - n // 2) // 2, (n - right - often + n // 2) // 2  # of the second class, of the first
    labels = truth.copy()
    for c, many in zip((1, 0), flipped, strict=True):
        labels[np.flatnonzero(truth == c)[:many]] = 1 - c
    return labels, truth


def test_three_standard_errors_above_chance_are_enough_and_no_less():
    check_alignment(*agreeing(232))  # chance is 200 of 400 +- 10
    with pytest.raises(
        BadInput, match=r"^these labels agree with the truth in 57 % of .* chance would give 50 %\. Each"
    ):
        check_alignment(*agreeing(230))


def test_rows_that_fit_better_when_moved_do_so_by_three_standard_errors():
    for right, says in ((232, r"50 % of images, shifted by one row in 58 %"), (230, "in another order")):
        labels, truth = agreeing(right)
        moved = np.roll(labels, 1)
        with pytest.raises(BadInput, match=says):
            check_alignment(moved, truth)


def test_which_classes_are_frequent_tells_another_order_from_other_labels():
    for often, says in ((239, "Each class is as frequent as it should be"), (241, "not as frequent as they should be")):
        with pytest.raises(BadInput, match=says):
            check_alignment(*agreeing(200 + often % 2, often=often))


def test_answers_that_are_not_there_do_not_count():
    sparse = np.where(np.arange(500) % 10 == 0, TRUTH, -1)
    check_alignment(sparse, TRUTH)
    with pytest.raises(BadInput, match="one row too late"):
        check_alignment(np.roll(sparse, 1), TRUTH)


def test_one_class_cannot_be_out_of_order():
    check_alignment(np.array([3, 3, 0, 3]), np.full(4, 3), classes=10)


@pytest.mark.parametrize(("split", "n"), [("train", 50_000), ("test", 10_000)])
def test_the_order_of_tensorflow_datasets_is_recognised_and_undone(split, n):
    truth = np.random.default_rng(3).integers(0, 10, n)
    order = tfds_order(split)
    assert sorted(order) == list(range(n))
    labels = noisy(truth, 0.2, 4)[order]
    with pytest.raises(BadInput, match=rf"TensorFlow Datasets' order in 8\d %: .*tfds_order\('{split}'\)"):
        check_alignment(labels, truth)
    check_alignment(labels[np.argsort(order)], truth)


def test_a_whole_training_set_in_an_unknown_order_is_not_called_tensorflows():
    truth = np.random.default_rng(3).integers(0, 10, 50_000)
    with pytest.raises(BadInput, match="in another order"):
        check_alignment(truth[::-1], truth)


# The real files


@pytest.fixture(scope="module")
def people():
    real("cifar10n", "cifar10n-workers")
    return data.cifar10n(download=False)


@pytest.mark.parametrize(
    ("name", "rate"),
    [("random1", 0.17234), ("random2", 0.18122), ("random3", 0.17640), ("aggre", 0.0901), ("worst", 0.40208)],
)
def test_noise_rates_of_cifar10n(people, name, rate):
    assert (people.labels[name] != people.labels["clean"]).mean() == pytest.approx(rate, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "accuracy"), [("random1", 82.78), ("random2", 82.15), ("random3", 83.23), ("aggre", 91.13)]
)
def test_accuracy_of_people_on_the_images_held_out(people, name, accuracy):
    right = people.labels[name][HELDOUT] == people.labels["clean"][HELDOUT]
    assert len(right) == 10_000
    assert 100 * right.mean() == pytest.approx(accuracy, abs=1e-9)


def test_747_workers_in_whole_batches_of_ten(people):
    assert len(np.unique(people.workers)) == 747
    assert people.seconds.min() > 0
    for column in (people.workers, people.seconds, people.batch[:, None]):
        assert (column.reshape(5000, 10, -1) == column[::10, None]).all()
    assert not set(people.batch[HELDOUT]) & set(people.batch[: HELDOUT.start])


def test_batches_of_ten_show_no_trace_in_the_errors(people):
    """As the notes of ``cifar10n`` say: errors a batch spread as those of ten unrelated images."""
    for name in ("random1", "random2", "random3"):
        wrong = people.labels[name] != people.labels["clean"]
        a_batch, rate = wrong.reshape(5000, 10).sum(1), wrong.mean()
        # the ratio's standard error is sqrt(2 / 5000) = 0.02
        assert a_batch.var() / (10 * rate * (1 - rate)) == pytest.approx(1, abs=0.06)


def test_cifar10n_repeats_the_labels_of_the_python_batches(people):
    real("cifar10")
    read = []
    for i in range(1, 6):
        path = sources.find(f"cifar-10-batches-py/data_batch_{i}", download=False)
        read += data._unpickle(path.read_bytes())[b"labels"]
    np.testing.assert_array_equal(people.labels["clean"], read)


def test_class_names_are_those_of_the_python_batches():
    real("cifar10")
    path = sources.find("cifar-10-batches-py/batches.meta", download=False)
    names = data._unpickle(path.read_bytes())[b"label_names"]
    assert tuple(name.decode() for name in names) == data.CLASSES


def test_cifar10h_has_47_to_63_answers_an_image_about_the_test_batch():
    real("cifar10h", "cifar10")
    counts = data.cifar10h_counts(download=False)
    assert counts.shape == (10_000, 10)
    assert counts.sum() == 511_000
    assert (counts.sum(1).min(), counts.sum(1).max()) == (47, 63)
    check_alignment(counts.argmax(1), data.cifar10_labels("test", download=False))


def test_raw_answers_of_cifar10h():
    real("cifar10h-raw")
    answers = data.cifar10h_raw()
    assert len(answers) == 514_200
    assert answers["annotator"].nunique() == 2571
    assert answers["milliseconds"].isna().sum() == 12


@pytest.mark.slow  # seconds, of which torchvision's import takes most
def test_images_are_those_torchvision_reads():
    real("cifar10")
    datasets = pytest.importorskip("torchvision.datasets")
    root = sources.find("cifar10", download=False).parent
    for split in ("train", "test"):
        theirs = datasets.CIFAR10(root, train=split == "train", download=False).data
        np.testing.assert_array_equal(data.cifar10_images(split, download=False), theirs)
