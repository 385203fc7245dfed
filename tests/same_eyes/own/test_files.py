"""What a user's file says: every way to write predictions that we know of, and everything that is none."""

import io
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest

from same_eyes.own.files import read
from same_eyes.types import BadInput

CLASSES = ("ant", "bee", "cat")
PROBS = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.3, 0.4, 0.3], [0.05, 0.9, 0.05]])
LABELS = [0, 2, 1, 1]


@pytest.fixture
def npz(tmp_path):
    def save(**arrays):
        np.savez_compressed(tmp_path / "mine.npz", **arrays)
        return read(tmp_path / "mine.npz", CLASSES)

    return save


@pytest.fixture
def text(tmp_path):
    def save(content, encoding="utf-8"):
        (tmp_path / "mine.csv").write_bytes(content.encode(encoding))
        return read(tmp_path / "mine.csv", CLASSES)

    return save


# --- Probabilities and labels, in every format


def savetxt(array, **more):
    buffer = io.StringIO()
    np.savetxt(buffer, array, **more)
    return buffer.getvalue()


def frame(**more):
    return pd.DataFrame(PROBS).to_csv(**more)


@pytest.mark.parametrize(
    "content",
    [
        savetxt(PROBS),
        savetxt(PROBS, delimiter=","),
        savetxt(PROBS, delimiter=";", header="ant;bee;cat"),
        savetxt(PROBS, delimiter="\t"),
        frame(),  # row numbers under no name, and columns 0 to 2
        frame(index=False),
        frame(header=False, index=False),
        "p1,p0,p2\n" + savetxt(PROBS[:, [1, 0, 2]], delimiter=","),
        "x,y,z\n" + savetxt(PROBS, delimiter=","),
        "\ufeffcat, Bee ,ant\n" + savetxt(PROBS[:, ::-1], delimiter=","),  # as spreadsheets write it
        "label,ant,bee,cat\n" + "".join(f"9,{a},{b},{c}\n" for a, b, c in PROBS),
    ],
)
def test_a_table_of_probabilities_is_read_as_it_was_meant(text, content):
    answers = text(content)
    assert answers.probs == pytest.approx(PROBS)
    assert answers.labels.tolist() == LABELS
    assert answers.index is None
    assert answers.named is ("bee" in content.lower())


@pytest.mark.parametrize(
    "content",
    [
        "0\n2\n1\n1\n",
        "label\n0\n2\n1\n1\n",
        "anything\n0\n2\n1\n1\n",
        "0.0\n2.0\n1.0\n1.0",
        "labels,filename\n0,a.png\n2,b.png\n1,c.png\n1,d.png\n",
        "label\nant\nCat\nbee\n bee\n",
        '"label"\n"ant"\n"cat"\n"bee"\n"bee"\n',
    ],
)
def test_a_table_of_labels_is_read_as_it_was_meant(text, content):
    answers = text(content)
    assert (answers.labels.tolist(), answers.probs) == (LABELS, None)
    assert answers.named is ("ant" in content)


@pytest.mark.parametrize(
    "content",
    [
        "index,label\n7,0\n3,2\n5,1\n6,1\n",
        "label,INDEX\n0,7\n2,3\n1,5\n1,6\n",
        pd.DataFrame({"label": LABELS}, index=[7, 3, 5, 6]).to_csv(),  # pandas' index, under no name
        pd.DataFrame(PROBS, index=pd.Index([7.0, 3, 5, 6], name="index")).to_csv(),
    ],
)
def test_image_numbers_are_read(text, content):
    answers = text(content)
    assert (answers.labels.tolist(), answers.index.tolist()) == (LABELS, [7, 3, 5, 6])


def test_a_parquet_file_is_a_table(tmp_path):
    pytest.importorskip("pyarrow")
    columns = dict(zip(CLASSES, PROBS.T, strict=True))
    path = tmp_path / "mine.dat"  # a file is known by how it begins
    pd.DataFrame(columns, index=[7, 3, 5, 6]).to_parquet(path)
    answers = read(path, CLASSES)
    assert answers.probs == pytest.approx(PROBS)
    assert answers.index.tolist() == [7, 3, 5, 6]
    pd.DataFrame({"label": ["ant", "cat", "bee", "bee"]}).to_parquet(path)
    assert read(path, CLASSES).labels.tolist() == LABELS


def test_parquet_without_pyarrow_says_how_to_get_it(tmp_path, monkeypatch):
    (tmp_path / "mine.parquet").write_bytes(b"PAR1")

    def missing(path):
        raise ImportError("Unable to find a usable engine")

    monkeypatch.setattr(pd, "read_parquet", missing)
    with pytest.raises(
        BadInput, match=r"mine.parquet: reading parquet needs pyarrow: pip install 'same-eyes\[parquet\]'"
    ):
        read(tmp_path / "mine.parquet", CLASSES)


def test_a_damaged_parquet_file_is_named(tmp_path):
    pytest.importorskip("pyarrow")
    (tmp_path / "mine.parquet").write_bytes(b"PAR1" + b"\0" * 100 + b"PAR1")
    with pytest.raises(BadInput, match=r"mine.parquet is no parquet file that can be read .* Save or copy it again"):
        read(tmp_path / "mine.parquet", CLASSES)


@pytest.mark.parametrize("array", [PROBS, PROBS.astype(np.float16), np.asfortranarray(PROBS)])
def test_an_array_needs_no_name(tmp_path, npz, array):
    np.save(tmp_path / "mine.npy", array)
    for answers in (read(tmp_path / "mine.npy", CLASSES), npz(whatever=array)):
        assert answers.probs == pytest.approx(PROBS, abs=1e-3)
        assert answers.probs.sum(1) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    "labels", [np.array(LABELS), np.array(LABELS, np.uint8), np.array(LABELS, float), np.array(LABELS)[:, None]]
)
def test_labels_of_any_number_type(npz, labels):
    assert npz(labels=labels).labels.tolist() == LABELS


def test_probabilities_are_taken_where_labels_lie_beside_them(npz):
    answers = npz(labels=np.array([9, 9, 9, 9]), probs=PROBS)  # the truth, often
    assert answers.labels.tolist() == LABELS
    assert answers.notes == ("not read: labels",)


def test_columns_that_are_named_are_put_in_order(npz):
    answers = npz(probs=PROBS[:, [2, 0, 1]], classes=np.array(["cat", "Ant", "bee"]))
    assert answers.probs == pytest.approx(PROBS)
    assert answers.named
    with pytest.raises(BadInput, match="its classes are cat, dog, bee, the study's ant, bee, cat"):
        npz(probs=PROBS, classes=np.array(["cat", "dog", "bee"]))


def test_a_split_is_read_once_for_all_rows(npz, text):
    assert npz(probs=PROBS, split="official").split == npz(probs=PROBS, split=b"official").split == "official"
    assert npz(probs=PROBS).split == ""
    assert text("label,split\n" + "".join(f"{c},heldout\n" for c in LABELS)).split == "heldout"
    for wrong in ("train", np.array(["heldout", "heldout", "heldout", "official"])):
        with pytest.raises(BadInput, match=r"split says .* Say heldout or official"):
            npz(probs=PROBS, split=wrong)


@pytest.mark.parametrize("rows", [np.eye(3)[LABELS], np.eye(3, dtype=bool)[LABELS], np.eye(3, dtype=int)[LABELS]])
def test_one_hot_rows_are_labels(npz, rows):
    answers = npz(probs=rows)
    assert (answers.labels.tolist(), answers.probs) == (LABELS, None)
    assert answers.notes == ("one-hot rows: read as labels",)


def test_rounded_probabilities_are_normalised_and_ties_are_noted(npz):
    answers = npz(probs=np.array([[0.33, 0.33, 0.33], [0.25, 0.5, 0.25]]))
    assert answers.probs == pytest.approx(np.array([[1 / 3] * 3, [0.25, 0.5, 0.25]]))
    assert answers.notes == ("1 rows have two most probable classes; the lower class number counts",)


# --- What is none


def with_value(value, row=2):
    probs = PROBS.copy()
    probs[row, 0] = value
    return probs


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (with_value(np.nan), r"\(probs\): 1 rows hold NaN or infinity, the first is row 2"),
        (with_value(np.inf), "1 rows hold NaN or infinity"),
        (np.log(PROBS), "runs from -2.996 to -0.1054: log-probabilities. Take numpy.exp"),
        (np.log(PROBS) * 3 + 2, "logits, not probabilities. Take the softmax of each row first: scipy.special.softmax"),
        (PROBS * 5, "logits, not probabilities"),
        (PROBS * 100, "sum to 100: per cents. Divide by 100"),
        (np.array([[0.9, 0.8, 0.1]] * 4), r"4 rows do not sum to 1, the first is row 0 \(1.8\): sigmoids"),
        (PROBS.T, r"shape \(3, 4\), so 4 classes; transposed\? Give a row an image"),
        (np.full((4, 100), 0.01), r"so 100 classes; the study has 3: another data set\?"),
        (PROBS[:, None], r"shape \(4, 1, 3\)"),
        (np.zeros((0, 3)), r"holds nothing: its shape is \(0, 3\)"),
        (PROBS.astype(complex), "holds complex128"),
        (np.array(0.5), r"shape \(\) and holds float64"),
        (np.array([0.5, 0.25]), "holds one number a row, and no classes"),
        (np.array([0, np.nan]), "1 rows hold NaN or infinity, the first is row 1"),
        (np.array([True, False]), "holds bool"),
        (np.array(["ant", "dog"]), "no class is called 'dog'; the classes are ant, bee, cat"),
    ],
)
def test_an_array_that_holds_no_predictions_is_refused(npz, array, message):
    with pytest.raises(BadInput, match=message):
        npz(probs=array)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"index": np.arange(3)},
            r"\(index\) has the shape \(3,\) and holds int64. Give the image number of each of 4",
        ),
        ({"index": np.arange(4) + 0.5}, "image number of each"),
        ({"index": np.array(list("abcd"))}, "image number of each"),
        ({"index": np.array([1, 2, 3, 2])}, "image 2 occurs 2 times"),
    ],
)
def test_an_index_that_names_no_images_is_refused(npz, more, message):
    with pytest.raises(BadInput, match=message):
        npz(probs=PROBS, **more)


def test_arrays_that_could_be_anything_are_to_be_named(npz):
    with pytest.raises(BadInput, match=r'holds the arrays a, b. Name the one to read "probs" \(n, k\) or "labels"'):
        npz(a=PROBS, b=PROBS)
    with pytest.raises(BadInput, match="holds no array of predictions"):
        npz(index=np.arange(4))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "a,b\n1,2\n",
            "has the columns a, b. Give a column `label`, or 3 columns of probabilities, best named ant, bee",
        ),
        ("1,2\n3,4\n", "has 2 columns and no header. Name them in a first line"),
        ("ant,bee,cat\n", "has no rows. Give one for each image"),
        ("ant,bee,cat\n0.5,x,0.5\n", "the column 'bee' holds no numbers, the first is 'x'"),
        ("ant,bee,cat\n0.5,0.5\n", "1 rows hold NaN"),
        ("ant,bee,cat\n0.1,0.2,0.3,0.4\n", "its rows have more cells than its first line. Give every column"),
        ("ant,ant,cat\n0.1,0.2,0.7\n", "two columns are called ant"),
        ("0.1,0.2,0.7\n0.1,0.2,0.3,0.4\n", "is no table that can be read .* Save it as CSV"),
        ("\n\n", "is no table that can be read"),
    ],
)
def test_a_table_that_holds_no_predictions_is_refused(text, content, message):
    with pytest.raises(BadInput, match=message):
        text(content)


class Trap:
    """A pickle of it, if opened, would say so."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was opened",)


def stored(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def array_file(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def torch_file():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Trap()))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"is empty\. Save or copy it again"),
        (b"\n <!DOCTYPE html><html>", "is a web page saved under the file's name. Download the file itself"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
        (b"\x89HDF\r\n\x1a\n", "is an HDF5 file. Save the array as npz"),
        (b"\x1f\x8b\x08", "is compressed by gzip. Unpack it first"),
        (pickle.dumps(Trap()), "is a pickle, which is never opened here. Save the array as npz"),
        (torch_file(), "is a pickle, which is never opened here"),
        (stored(probs=np.array([Trap(), Trap()])), "holds Python objects, which are pickled, and no pickle is opened"),
        (array_file(np.array([{}, None])), "holds Python objects"),
        (stored(probs=PROBS)[:-30], "cannot be read: .* Save or copy it again"),
        (array_file(PROBS)[:-8], "header promises 96 bytes, 88 are there"),
        (b"PK\x05\x06" + b"\0" * 18, "holds no array of predictions"),
        (b"\xff\xd8\xff\xe0 JFIF", "is no table that can be read|has .* columns"),
    ],
)
def test_a_file_of_another_kind_is_refused_and_no_pickle_is_opened(tmp_path, content, message):
    path = tmp_path / "mine.npz"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=message) as refused:
        read(path, CLASSES)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("share", np.linspace(0, 0.99, 30))
def test_a_truncated_npz_is_one_line(tmp_path, share):
    path, whole = tmp_path / "mine.npz", stored(probs=PROBS, index=np.arange(4))
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(BadInput, match=r"mine.npz"):
        read(path, CLASSES)


def test_a_path_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"nowhere.npz cannot be read \(No such file or directory\). Correct the path"):
        read(tmp_path / "nowhere.npz", CLASSES)
    with pytest.raises(BadInput, match=r"cannot be read \(Is a directory"):
        read(tmp_path, CLASSES)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("image,label\na,ant\nb,\nc,bee\n", "the column 'label' says nothing in row 1"),
        ("image,label\na,ant\n,bee\nc,bee\n", "the column 'image' says nothing in row 1"),
        ('prediction\nant\n" "\nbee\n', "the column 'prediction' says nothing in row 1"),
    ],
)
def test_a_cell_that_says_nothing_is_named(text, content, message):
    with pytest.raises(BadInput, match=message):
        text(content)


def test_na_is_a_name_and_a_missing_probability_is_none(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("image,label\nNA,ant\nb,bee\n")
    assert read(path, CLASSES, ["b", "NA"]).index.tolist() == [1, 0]
    path.write_text("ant,bee,cat\n0.5,NA,0.5\n")
    with pytest.raises(BadInput, match="1 rows hold NaN"):
        read(path, CLASSES)


@pytest.mark.parametrize("k", [2, 10, 199, 1000])
def test_however_many_classes_probabilities_are_told_from_per_cents(tmp_path, k):
    classes, probs = [f"c{i}" for i in range(k)], np.random.default_rng(0).dirichlet(np.ones(k), 20)
    path = tmp_path / "mine.npz"
    path.write_bytes(stored(probs=probs))
    np.testing.assert_allclose(read(path, classes).probs, probs, atol=1e-6)
    path.write_bytes(stored(probs=100 * probs))
    with pytest.raises(BadInput, match=r"per cents. Divide by 100"):
        read(path, classes)
    path.write_bytes(stored(probs=0.7 * probs))
    with pytest.raises(BadInput):
        read(path, classes)
