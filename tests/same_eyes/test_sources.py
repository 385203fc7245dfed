"""Finding, verifying and downloading, on small made-up sources and a server on this machine."""

import hashlib
import io
import os
import socket
import tarfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from same_eyes import sources
from same_eyes.sources import File, MissingData, Source, fetch, find, search_places, status
from same_eyes.types import BadInput

LABELS = b"seven labels" * 100
BATCHES = {"set/one": b"first" * 50, "set/two": b"second" * 50}


def identity(data):
    return File(hashlib.sha256(data).hexdigest(), len(data))


def source(url="http://127.0.0.1:9/labels", **changes):
    fields = {
        "name": "labels",
        "what": "seven labels",
        "files": {"people/labels": identity(LABELS)},
        "licence": "none",
        "citation": "nobody",
        "needed_for": "tests",
    }
    return Source(url=url, **(fields | changes))


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """No place but those a test makes: an empty checkout, an empty cache, no variable, no proxy."""
    monkeypatch.delenv("SAME_EYES_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(sources, "CHECKOUT", tmp_path / "checkout")
    monkeypatch.setattr(sources, "cache_dir", lambda: tmp_path / "cache")
    monkeypatch.setattr(sources, "SOURCES", (source(),))


@pytest.fixture
def sources_are(monkeypatch):
    return lambda *table: monkeypatch.setattr(sources, "SOURCES", table)


@pytest.fixture
def served():
    """Serve ``pages``: path -> bytes, a status number, or a list of what successive requests get."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            answer = pages[self.path]
            if isinstance(answer, list):
                answer = answer.pop(0)
            if isinstance(answer, int):
                self.send_error(answer)
                return
            promised, body = answer if isinstance(answer, tuple) else (len(answer), answer)
            self.send_response(200)
            self.send_header("Content-Length", str(promised))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    pages, asked = {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", pages, asked
    server.shutdown()
    thread.join()
    server.server_close()


def put(folder, path="people/labels", data=LABELS):
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return target


def tar_of(files, mode="w:gz"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            if data is None:
                member.type = tarfile.DIRTYPE
                tar.addfile(member)
            else:
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def archived(url, data, **changes):
    files = {path: identity(content) for path, content in BATCHES.items()}
    md5 = hashlib.md5(data).hexdigest()
    return source(url, **{"name": "set", "files": files, "archive": f"md5:{md5}"} | changes)


def left_behind(tmp_path):
    return [p.name for p in (tmp_path / "cache").rglob("*") if p.is_file() and p.suffix != ".lock"]


# Finding


def test_places_come_in_the_order_promised(tmp_path, monkeypatch):
    order = []
    named, variable = tmp_path / "named", tmp_path / "variable"
    named.mkdir()
    variable.mkdir()
    monkeypatch.setenv("SAME_EYES_DATA", str(variable))
    wanted = [named, variable, tmp_path / "checkout/data", tmp_path / "shared/data", tmp_path / "cache"]
    assert search_places(named) == wanted
    for place in reversed(wanted):  # the file found moves up as better places get it
        put(place)
        order.insert(0, find("labels", named, download=False))
    assert order == [place / "people/labels" for place in wanted]


def test_an_installed_wheel_looks_in_no_checkout(monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "CHECKOUT", None)
    assert search_places() == [tmp_path / "cache"]


def test_the_cache_is_the_users(monkeypatch):
    monkeypatch.undo()
    assert "same-eyes" in str(sources.cache_dir())


@pytest.mark.parametrize("who", ["--data-dir", "SAME_EYES_DATA"])
def test_a_folder_that_is_none_is_named(who, tmp_path, monkeypatch):
    monkeypatch.setenv("SAME_EYES_DATA", str(tmp_path / "typo") if who == "SAME_EYES_DATA" else "")
    with pytest.raises(BadInput, match=f"{who} names .*typo, which is not a folder"):
        find("labels", tmp_path / "typo" if who == "--data-dir" else None)


def test_a_single_file_is_found_by_its_path_and_a_set_by_its_folder(tmp_path, sources_are):
    sources_are(archived("http://127.0.0.1:9", b""))
    put(tmp_path, "set/one", BATCHES["set/one"])
    assert find("set/one", tmp_path, download=False) == tmp_path / "set/one"
    with pytest.raises(MissingData, match=r"(?s)^set \(.*unpacked, as set/one"):
        find("set", tmp_path, download=False)
    put(tmp_path, "set/two", BATCHES["set/two"])
    assert find("set", tmp_path, download=False) == tmp_path / "set"


def test_an_unknown_name_lists_the_known():
    with pytest.raises(BadInput, match="no data named 'mnist'; there are: labels"):
        find("mnist")


def test_what_is_missing_is_said_with_where_it_was_sought_and_what_to_do(tmp_path):
    with pytest.raises(MissingData) as missing:
        find("labels", download=False)
    said = str(missing.value)
    for part in ("people/labels", "downloads are off", str(tmp_path / "cache"), "--data-dir", "data fetch"):
        assert part in said


# Verifying


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "is empty"),
        (b"\n <!DOCTYPE html><html>Sign in</html>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "is a Git LFS pointer"),
        (LABELS[:-1], "is cut short: 1,199 of 1,200 bytes"),
        (LABELS[::-1], "is another file: its SHA-256 is"),
        (LABELS + b"!", "is another file: its SHA-256 is"),
    ],
)
def test_a_broken_file_is_reported_though_a_later_place_has_a_good_one(content, fault, tmp_path):
    bad = put(tmp_path / "checkout/data", data=content)
    put(tmp_path / "cache")
    with pytest.raises(BadInput, match=fault) as error:
        find("labels")
    assert not isinstance(error.value, MissingData)
    assert str(bad) in str(error.value)
    assert "Delete it and run `same-eyes data fetch labels`" in str(error.value)
    assert status() == [(source(), tmp_path / "checkout/data", f"people/labels {status()[0].fault[14:]}")]
    assert fault in status()[0].fault


def test_a_file_that_cannot_be_read_is_reported(tmp_path, monkeypatch):
    put(tmp_path / "cache")

    def denied(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(sources, "_sha256", denied)
    with pytest.raises(BadInput, match=r"cannot be read \(Permission denied\)"):
        find("labels")


def test_a_file_is_hashed_once_and_again_when_it_changes(tmp_path, monkeypatch):
    path = put(tmp_path / "cache")
    hashed = []
    whole = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *args: hashed.append(1) or whole(*args))
    find("labels")
    find("labels")
    assert len(hashed) == 1
    os.utime(path, ns=(1, 1))
    find("labels")
    assert len(hashed) == 2


def test_status_of_what_is_there_and_what_is_not(tmp_path, sources_are):
    here, gone = source(), source(name="gone", files={"gone": identity(b"")})
    sources_are(here, gone)
    put(tmp_path / "cache")
    assert status() == [(here, tmp_path / "cache", ""), (gone, None, "")]


def test_the_table_has_what_every_source_must_have(monkeypatch):
    monkeypatch.undo()
    names = [s.name for s in sources.SOURCES]
    paths = [path for s in sources.SOURCES for path in s.files]
    assert len(set(names)) == len(names)
    assert len(set(paths)) == len(paths) == 11
    assert not set(names) & set(paths)
    for entry in sources.SOURCES:
        assert entry.url.startswith("https://")
        assert all(len(file.sha256) == 64 and int(file.sha256, 16) for file in entry.files.values())
        assert all(not path.startswith("/") and ".." not in path for path in entry.files)
        assert entry.what
        assert entry.licence
        assert entry.citation
        assert entry.needed_for
        assert len(entry.files) == 1 or entry.archive


# Downloading


def test_a_download_lands_in_the_cache_and_is_not_repeated(served, tmp_path, sources_are):
    url, pages, asked = served
    sources_are(source(f"{url}/labels"))
    pages["/labels"] = LABELS
    assert find("labels") == tmp_path / "cache/people/labels"
    assert find("labels").read_bytes() == LABELS
    assert asked == ["/labels"]
    assert left_behind(tmp_path) == ["labels"]


def test_fetch_leaves_out_what_is_optional_unless_named(served, tmp_path, sources_are):
    url, pages, _ = served
    extra = source(f"{url}/extra", name="extra", files={"extra": identity(b"extra")}, optional=True)
    sources_are(source(f"{url}/labels"), extra)
    pages |= {"/labels": LABELS, "/extra": b"extra"}
    assert fetch() == [tmp_path / "cache/people/labels"]
    assert fetch(names=["extra"]) == [tmp_path / "cache/extra"]


def test_two_at_once_download_once(served, sources_are):
    url, pages, asked = served
    sources_are(source(f"{url}/labels"))
    pages["/labels"] = LABELS
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(find, ["labels"] * 4))
    assert len(set(found)) == 1
    assert asked == ["/labels"]


@pytest.mark.parametrize(
    ("answer", "says", "asked_for"),
    [
        (b"<html>Please sign in</html>", "serves is not this file, its checksum differs", 1),
        (b"", "serves is not this file, its checksum differs", 1),
        (404, "does not give it: 404", 1),
        (503, "does not give it: 503", 1),
        ((len(LABELS), LABELS[:500]), "broke off 3 times", 3),
    ],
)
def test_a_bad_download_is_one_error_and_leaves_nothing(answer, says, asked_for, served, tmp_path, sources_are):
    url, pages, asked = served
    sources_are(source(f"{url}/labels"))
    pages["/labels"] = answer
    with pytest.raises(MissingData, match=says) as error:
        find("labels")
    assert "people/labels" in str(error.value)
    assert len(asked) == asked_for
    assert left_behind(tmp_path) == []


def test_a_download_that_breaks_off_is_started_again(served, tmp_path, sources_are):
    url, pages, asked = served
    sources_are(source(f"{url}/labels"))
    pages["/labels"] = [(len(LABELS), LABELS[:500]), LABELS]
    assert find("labels").read_bytes() == LABELS
    assert len(asked) == 2


@pytest.mark.parametrize("how", ["refused", "no such host", "silent"])
def test_a_missing_network_is_noticed_soon(how, tmp_path, sources_are, monkeypatch):
    monkeypatch.setattr(sources, "READ", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        host = {"refused": "127.0.0.1:9", "no such host": "no.such.host.invalid", "silent": f"127.0.0.1:{port}"}
        if how == "no such host":

            def unresolved(*_, **__):
                raise socket.gaierror(-2, "Name or service not known")

            monkeypatch.setattr(socket, "getaddrinfo", unresolved)
        sources_are(source(f"http://{host[how]}/labels"))
        start = time.monotonic()
        with pytest.raises(MissingData, match=f"There is no connection to {host[how]}"):
            find("labels")
    assert time.monotonic() - start < 5
    assert left_behind(tmp_path) == []


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "cache").write_text("a file in the folder's place")
    with pytest.raises(MissingData, match=r"The cache .*cache cannot be written \(File exists\)"):
        find("labels")


# Archives


def test_an_archive_gives_its_named_files_and_no_other(served, tmp_path, sources_are):
    url, pages, asked = served
    pages["/set"] = tar_of(BATCHES | {"../escaped": b"evil", "/tmp-escaped": b"evil", "set/more": b"more"})
    sources_are(archived(f"{url}/set", pages["/set"]))
    assert find("set") == tmp_path / "cache/set"
    assert find("set/two").read_bytes() == BATCHES["set/two"]
    assert sorted(left_behind(tmp_path)) == ["one", "two"]
    assert not (tmp_path / "escaped").exists()
    assert asked == ["/set"]


def test_an_archive_completes_a_set_of_which_a_part_is_there(served, tmp_path, sources_are):
    url, pages, _ = served
    put(tmp_path / "cache", "set/one", b"left from long ago")
    pages["/set"] = tar_of(BATCHES)
    sources_are(archived(f"{url}/set", pages["/set"]))
    assert (find("set") / "one").read_bytes() == BATCHES["set/one"]


@pytest.mark.parametrize(
    ("archive", "says"),
    [
        (tar_of({"set/one": BATCHES["set/one"]}), "could not be unpacked .*set/two"),
        (tar_of({"set/one": BATCHES["set/one"], "set/two": None}), "set/two is no file in"),
        (tar_of(BATCHES | {"set/two": b"forged"}), "set/two, as .* holds it, is cut short"),
        (b"no archive", "could not be unpacked"),
        (tar_of(BATCHES)[:60], "could not be unpacked"),
    ],
)
def test_a_bad_archive_leaves_nothing(archive, says, served, tmp_path, sources_are):
    url, pages, _ = served
    pages["/set"] = archive
    sources_are(archived(f"{url}/set", archive))
    with pytest.raises(MissingData, match=says):
        find("set")
    assert left_behind(tmp_path) == []
