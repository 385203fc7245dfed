"""What nobody vouches for is read as what it is, or refused with the reason."""

import io
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from same_eyes import parse
from same_eyes.types import BadInput


def npz(save=np.savez, **arrays):
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def npy(array, **options):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, **options)
    return buffer.getvalue()


def header(shape, descr="<f8"):
    """The beginning of an npy that claims any shape."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": descr, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


@pytest.fixture
def file(tmp_path):
    def write(content):
        (tmp_path / "file").write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path / "file"

    return write


# --- TOML and JSON


def test_text_is_read_as_utf8(file):
    assert parse.toml(file("[a]\nb = 'é'")) == {"a": {"b": "é"}}
    assert parse.json(file('{"a": ["é", null]}')) == {"a": ["é", None]}


@pytest.mark.parametrize(("read", "name"), [(parse.toml, "TOML"), (parse.json, "JSON")])
@pytest.mark.parametrize(
    "text", ["[a", b"\xff\xfe", "a = " + "[" * 100_000, "[" * 100_000, "a = " + "9" * 5000, "9" * 5000, "[1, \0]"]
)
def test_what_is_no_text_of_its_kind_says_so(read, name, text, file):
    with pytest.raises(BadInput, match=f"^not {name}: "):
        read(file(text))


@pytest.mark.parametrize("value", [0, -3, 1.5, 1.7e308, -(10**308)])
def test_a_number_is_a_finite_float_or_an_integer_that_fits_one(value):
    assert parse.is_number(value)


@pytest.mark.parametrize("value", [True, None, "1", [1], float("nan"), float("inf"), 10**309, -(10**400)])
def test_nothing_else_is_a_number(value):
    assert not parse.is_number(value)


# --- Arrays


@given(hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, min_side=0)))
def test_arrays_are_what_numpy_reads(array):
    there = npz(a=array, b=np.asfortranarray(array))
    with np.load(io.BytesIO(there)) as numpys:
        ours = parse.arrays(there)
        assert set(ours) == {"a", "b"}
        for name in "ab":
            np.testing.assert_array_equal(ours[name], numpys[name])
            assert (ours[name].dtype, ours[name].shape) == (array.dtype, numpys[name].shape)
    np.testing.assert_array_equal(parse.arrays(npy(array, version=(2, 0)))[""], array)


def test_a_file_is_read_like_its_bytes_and_nobody_can_change_what_was_read(file):
    read = parse.arrays(file(npz(np.savez_compressed, a=np.eye(2))))
    np.testing.assert_array_equal(read["a"], np.eye(2))
    with pytest.raises(ValueError, match="read-only"):
        read["a"][0] = 1


@pytest.mark.parametrize(
    ("blob", "why"),
    [
        (b"", "neither npz nor npy"),
        (b"<html>", "neither npz nor npy"),
        (npz(a=np.eye(9))[:-60], "neither npz nor npy"),
        (zipped(a=b"no array"), "neither npz nor npy"),
        (zipped(a=npy(np.eye(2))[:-1]), "its header promises 32 bytes, 31 are there"),
        (npy(np.eye(2)) + b"!", "its header promises 32 bytes, 33 are there"),
        (header((10**12,)), "its header promises 8,000,000,000,000 bytes, 0 are there"),
        (zipped(a=header((10**9, 10**9))), "its header promises 8,000,000,000,000,000,000 bytes, 0 are there"),
        (header((-1, -1)) + bytes(8), "neither npz nor npy"),
        (npz(a=np.array([{}])), "Python objects, which are pickled"),
        (npy(np.array([{}]), allow_pickle=True), "Python objects, which are pickled"),
        (b"\x93NUMPY\x03\x00" + bytes(20), r"records, not numbers \(format \(3, 0\)\)"),
    ],
)
def test_what_is_no_array_says_why(blob, why):
    with pytest.raises(BadInput, match=why):
        parse.arrays(blob)


def test_nothing_is_unpacked_that_is_larger_than_the_largest(monkeypatch):
    monkeypatch.setattr(parse, "LARGEST", 2**20)
    half, whole = npy(np.zeros(2**16 - 200)), npy(np.zeros(2**20))
    assert set(parse.arrays(zipped(a=half))) == {"a"}
    bombs = [zipped(a=whole), zipped(a=half, b=half, c=half)]
    assert max(map(len, bombs)) < 2**15
    tracemalloc.start()
    for bomb in bombs:
        with pytest.raises(BadInput, match=r"it unpacks to [\d,]+ bytes; 1,048,576 is the most that is read"):
            parse.arrays(bomb)
    assert tracemalloc.get_traced_memory()[1] < 2**18
    tracemalloc.stop()


def test_a_member_that_hides_its_size_is_not_believed():
    honest = zipped(a=npy(np.zeros(2**20)))
    size = (2**23 + 128).to_bytes(4, "little")
    assert honest.count(size) == 2  # in the member's own header and in the directory
    for lie in (200, 2**23 - 8):
        with pytest.raises(BadInput, match=r"its header promises 8,388,608 bytes, [\d,]+ are there|Bad CRC-32"):
            parse.arrays(honest.replace(size, lie.to_bytes(4, "little")))


def test_a_mapped_array_is_the_one_on_disk(file):
    table = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    there = parse.mapped(file(npy(table)))
    assert isinstance(there, np.memmap)
    np.testing.assert_array_equal(there, table)
    assert there.flags.f_contiguous
    for blob, why in ((header((10**12,)), "8,000,000,000,000 bytes, 0 are there"), (b"PK", "neither npz nor npy")):
        with pytest.raises(BadInput, match=why):
            parse.mapped(file(blob))


def test_a_file_that_is_not_there_is_no_bad_input(tmp_path):
    for read in (parse.toml, parse.json, parse.arrays, parse.mapped):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "none")
