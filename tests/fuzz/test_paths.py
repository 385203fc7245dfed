"""Nothing is written outside the folder: links, absolute names and ways up in archives lead nowhere."""

import io
import os
import tarfile

import pytest

from same_eyes import sources
from same_eyes.sources import File, Source

SOURCE = Source("set", "", {"set/one": File("", 5)}, "https://host/set.tar", "", "", "")


def member(name, kind=tarfile.REGTYPE, link="", size=0):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size = kind, link, size
    return entry


def archive(path, *members):
    with tarfile.open(path, "w") as tar:
        for entry in members:
            tar.addfile(entry, io.BytesIO(bytes(entry.size)) if entry.size else None)
    return path


@pytest.fixture
def scratch(tmp_path):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


@pytest.mark.parametrize(
    "entry",
    [
        member("set/one", tarfile.SYMTYPE, "../../secret"),
        member("set/one", tarfile.SYMTYPE, "set/one"),
        member("set/one", tarfile.LNKTYPE, "../secret"),
        member("set/one", tarfile.LNKTYPE, "set/two"),
        member("set/one", tarfile.FIFOTYPE),
        member("set/one", tarfile.CHRTYPE),
        member("set/one", tarfile.DIRTYPE),
    ],
    ids=lambda entry: f"{entry.type}-{entry.linkname}",
)
def test_only_whole_files_are_taken_from_an_archive(entry, scratch, tmp_path):
    path = archive(tmp_path / "tar", member("set/two", size=5), entry)
    with pytest.raises(sources._NotDownloaded, match="set/one is no file in"):
        sources._unpack(path, SOURCE, scratch)
    assert not any(scratch.iterdir())


def test_a_file_larger_than_it_should_be_is_not_unpacked(scratch, tmp_path):
    path = archive(tmp_path / "tar", member("set/one", size=6))
    with pytest.raises(sources._NotDownloaded, match="unpacks to 6 bytes"):
        sources._unpack(path, SOURCE, scratch)
    assert not any(scratch.iterdir())


@pytest.mark.parametrize("name", ["../escaped", "set/../../escaped", "{outside}/escaped"])
def test_what_else_an_archive_holds_is_left_there(name, scratch, tmp_path):
    name = name.format(outside=tmp_path)
    path = archive(tmp_path / "tar", member(name, size=9), member("set/one", size=5), member("set/more", size=3))
    sources._unpack(path, SOURCE, scratch)
    assert [file.relative_to(scratch).as_posix() for file in scratch.rglob("*")] == ["set", "set/one"]
    assert not list(tmp_path.rglob("escaped"))


def test_a_link_in_the_scratch_folder_is_not_there_to_be_followed(scratch, tmp_path):
    """A link first, then a file through it: neither is made."""
    os.makedirs(tmp_path / "outside")
    link = member("set", tarfile.SYMTYPE, str(tmp_path / "outside"))
    sources._unpack(archive(tmp_path / "tar", link, member("set/one", size=5)), SOURCE, scratch)
    assert (scratch / "set").is_dir()
    assert not (scratch / "set").is_symlink()
    assert not any((tmp_path / "outside").iterdir())
