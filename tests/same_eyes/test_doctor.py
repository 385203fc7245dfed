"""`same-eyes doctor`: plain lines in every state of a machine, and an end of 0 unless something essential is broken."""

import subprocess
import sys

import pytest

from same_eyes import cli, data, places
from same_eyes.cli import doctor
from same_eyes.places import CHECKOUT

STATES = ("ok      ", "missing ", "BROKEN  ")


@pytest.fixture
def ask(capsys):
    """Runs the command; gives its end and what it says of each thing."""

    def command(*arguments):
        code = cli.main(["doctor", *map(str, arguments)])
        out = capsys.readouterr().out
        lines = out.rstrip().splitlines()
        assert all(line.startswith(STATES) for line in lines[:-2])
        assert lines[-2] == ""
        return code, {line[8:].split(":")[0]: (line[:8].strip(), line[8:].partition(": ")[2]) for line in lines[:-2]}

    return command


def test_a_sound_machine(ask, work):
    code, found = ask()
    assert code == 0
    assert found["python"][1].startswith(sys.version.split()[0])
    for name in ("numpy", "pytest", "python", "same-eyes", "processor", "working folder", "cache"):
        assert found[name][0] == "ok"
    assert {f"data {source.name}" for source in data.SOURCES} <= set(found)
    assert found[f"runs in {places.leaf('predictions')}"][0] == "ok"
    assert {"git", "chromium", "training"} <= set(found)


def test_every_requirement_is_read_from_the_project(monkeypatch):
    named = {name: (least, extra) for name, least, extra in doctor.requirements()}
    assert named["numpy"] == ("1.26", "")
    assert named["torch"][1] == "train"
    assert named["ruff"][1] == "dev"
    monkeypatch.setattr(places, "CHECKOUT", None)  # as a wheel's metadata say it
    lines = ["numpy>=1.26", 'torch>=2.4; extra == "train"', "pre-commit; extra == 'dev'"]
    monkeypatch.setattr(doctor, "requires", lambda name: lines)
    assert doctor.requirements() == [("numpy", "1.26", ""), ("torch", "2.4", "train"), ("pre-commit", "0", "dev")]


def test_a_package_that_is_missing_or_old_says_how_to_get_it(ask, monkeypatch):
    needs = [("no-such-package", "1", ""), ("no-such-extra", "1", "train"), ("numpy", "999", ""), ("ruff", "0", "dev")]
    monkeypatch.setattr(doctor, "requirements", lambda: needs)
    code, found = ask()
    assert code == 1
    assert found["no-such-package"] == ("BROKEN", "pip install 'no-such-package>=1'")
    assert found["no-such-extra"] == ("missing", "pip install 'same-eyes[train]' (training)")
    assert found["numpy"][0] == "BROKEN"
    assert "is older than 999" in found["numpy"][1]


def test_an_optional_package_that_is_missing_is_no_failure(ask, monkeypatch):
    monkeypatch.setattr(doctor, "requirements", lambda: [("no-such-extra", "1", "train")])
    assert ask()[0] == 0


def test_old_versions_are_told_by_numbers():
    assert doctor._parts("1.9.0") < doctor._parts("1.26")
    assert not doctor._parts("2.10.0+cpu") < doctor._parts("2.9")


def test_where_an_essential_package_cannot_be_imported_the_doctor_alone_can_run():
    """In processes of their own, where an import fails as it does of a broken installation."""
    broken = "import sys; sys.modules['tabulate'] = None; from same_eyes import cli; sys.exit(cli.main(sys.argv[1:]))"

    def command(*arguments):
        asked = [sys.executable, "-c", broken, *arguments]
        return subprocess.run(asked, cwd=CHECKOUT, capture_output=True, text=True)

    ended = command("doctor")
    assert ended.returncode == 1, ended.stderr
    (line,) = [line for line in ended.stdout.splitlines() if line.startswith("BROKEN")]
    assert line.startswith("BROKEN  tabulate: cannot be imported")
    assert "--force-reinstall" in line
    ended = command("methods", "--any", "thing")
    assert ended.returncode == 1
    assert ended.stderr.startswith("same-eyes: import of tabulate halted")
    assert ended.stderr.rstrip().endswith("same-eyes doctor")
    assert ended.stderr.count("\n") == 1


def test_damaged_data_are_essential_and_missing_data_are_not(ask, monkeypatch, tmp_path):
    source = data.SOURCES[0]
    monkeypatch.setattr(data, "status", lambda folder: [data.Status(source, None, "")])
    code, found = ask()
    assert (code, found[f"data {source.name}"][0]) == (0, "missing")
    monkeypatch.setattr(data, "status", lambda folder: [data.Status(source, tmp_path, "is empty")])
    code, found = ask()
    assert (code, found[f"data {source.name}"][0]) == (1, "BROKEN")


def test_stores_that_are_empty_damaged_or_misnamed(ask, planted, tmp_path):
    code, found = ask("--store", tmp_path / "none")
    assert code == 0
    assert found[f"runs in {tmp_path / 'none'}"] == ("missing", "none. Train some: same-eyes train --all")
    store = planted("ce", "gce")
    next(store.root.glob("*/*/*-ce-0.npz")).write_bytes(b"")
    code, found = ask("--store", store.root)
    assert code == 1
    assert found[f"runs in {store.root}"] == ("BROKEN", "1 damaged, 1 stored. See: same-eyes verify")
    (store.root / "digits" / "tiny" / "notes.json").write_text("{}")
    assert ask("--store", store.root)[0] == 1


def test_programs_and_folders_that_are_not_there(ask, monkeypatch, tmp_path):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SAME_EYES_WORK", str(tmp_path / "file" / "below"))
    monkeypatch.setattr(doctor, "SPACE", 1e9)
    code, found = ask()
    assert code == 0
    assert found["git"][0] == found["chromium"][0] == found["cache"][0] == "missing"
    assert "GB are needed" in found["cache"][1]
    assert found["working folder"] == (
        "missing",
        f"{tmp_path / 'file' / 'below'} cannot be written (Not a directory). Name another: SAME_EYES_WORK",
    )
