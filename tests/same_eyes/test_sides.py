"""Where the two sides of a gate come from, and the command that compares them: on the digits, with planted machines."""

import json
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from same_eyes import baseline, cli, places, sides, studies
from same_eyes.claims import Estimate
from same_eyes.digits import HELDOUT, digits
from same_eyes.gate import Side
from same_eyes.method import available
from same_eyes.places import leaf
from same_eyes.runset import RunSet
from same_eyes.store import Run, Store
from same_eyes.types import BadInput

pytest_plugins = ["pytester"]

HERE = places.CHECKOUT
NAMES = ("ce", "gce", "nls")


def said(truth, seed, right):
    random = np.random.default_rng(seed)
    answer = np.where(random.random(len(truth)) < right, truth, random.integers(0, 10, len(truth)))
    probs = random.dirichlet(np.ones(10), len(truth)) * 0.3
    probs[np.arange(len(truth)), answer] += 0.7
    return probs


def plant(root, names=NAMES, change=lambda name, probs: probs, methods=None):
    """A store of made-up digits machines; ``change`` makes another of it."""
    store = Store(root, methods or available())
    truth = digits().truth[HELDOUT]
    for seed, name in enumerate(names):
        facts = {"accuracy": {"heldout": 0.85}, "seconds": 3.0, "device": "none"}
        probs = change(name, said(truth, seed, 0.85))
        store.save(Run("digits", "tiny", "random1", name, "digits"), {"heldout": probs}, facts)
    return store


def one_image(name, probs):
    """Another answer to the last image of all that CE answers rightly."""
    if name == "ce":
        i = np.flatnonzero(probs.argmax(1) == digits().truth[HELDOUT])[-1]
        probs[i] = np.roll(probs[i], 1)
    return probs


def every_fifth(name, probs):
    """Every fifth answer of CE moves by one class."""
    if name == "ce":
        probs[::5] = np.roll(probs[::5], 1, axis=1)
    return probs


def git(folder, *arguments):
    who = ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository of its own with the suite's expected/, a planted store, and the numbers that its gate keeps."""
    folder = tmp_path / "checkout"
    shutil.copytree(leaf("expected"), folder / "expected", ignore=shutil.ignore_patterns("baseline.json"))
    monkeypatch.setattr(places, "CHECKOUT", folder)
    plant(folder / "predictions")
    assert gate("--keep") == 0
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def gate(*arguments):
    return cli.main(["gate", "--study", "digits", "--replicates", "100", *map(str, arguments)])


def rows(text):
    """(quantity, of) to verdict, of a table of Markdown."""
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")][2:]
    return {(cells[0].strip(), cells[1].strip()): cells[-1].strip() for cells in lines}


# --- The command


def test_a_checkout_passes_against_its_own_numbers_and_its_own_commit(checkout, capsys, tmp_path):
    markdown = tmp_path / "not" / "yet" / "gate.md"
    assert gate("--markdown", markdown) == 0
    out = capsys.readouterr().out
    assert "against the numbers of expected/baseline.json" in out
    assert "SIMULATED" in out
    found = rows(markdown.read_text())
    assert set(found.values()) == {"same"}
    assert {of for quantity, of in found if quantity == "accuracy"} == {"CE", "GCE", "NLS"}
    assert out.splitlines()[-1] == markdown.read_text().splitlines()[-1]
    assert "Exit code 0" in out.splitlines()[-1]
    assert gate("--against", "HEAD") == 0


@pytest.mark.parametrize(("change", "code", "verdict"), [(one_image, 3, "changed"), (every_fifth, 1, "worse")])
@pytest.mark.parametrize("against", ["commit", "folder"])
def test_what_changed_is_told_from_what_is_worse(checkout, tmp_path, change, code, verdict, against):
    before = tmp_path / "before"
    shutil.copytree(checkout / "predictions", before)
    plant(checkout / "predictions", change=change)
    assert gate("--against", "HEAD" if against == "commit" else before, "--markdown", tmp_path / "gate.md") == code
    found = rows((tmp_path / "gate.md").read_text())
    assert found["accuracy", "CE"] == verdict
    assert found["accuracy", "GCE"] == found["accuracy", "NLS"] == found["same mistake", "two people"] == "same"


def test_numbers_alone_are_compared_by_their_intervals_and_the_table_says_so(checkout, tmp_path):
    plant(checkout / "predictions", change=every_fifth)
    assert gate("--markdown", tmp_path / "gate.md") == 1
    text = (tmp_path / "gate.md").read_text()
    basis = {
        cells[1].strip(): cells[7].strip()
        for cells in (line.strip("|").split("|") for line in text.splitlines())
        if cells[0].strip() == "accuracy"
    }
    assert basis == {"CE": "intervals", "GCE": "same runs", "NLS": "same runs"}


def test_a_number_that_todays_code_does_not_measure_is_found(checkout, capsys):
    path = checkout / "expected" / "baseline.json"
    content = json.loads(path.read_text())
    content["quantities"]["digits/tiny"]["measured"]["matching"]["two machines"][0] += 1e-3
    path.write_text(json.dumps(content))
    assert gate() == 3
    git(checkout, "commit", "-qam", "another number")
    capsys.readouterr()
    assert gate("--against", "HEAD") == 3
    out = capsys.readouterr().out
    assert "measured again" in out
    assert out.splitlines()[-1].startswith("16 compared: 16 same.")


def test_nothing_measured_never_passes(checkout, tmp_path, capsys):
    assert gate("--store", tmp_path / "empty") == 4
    out = capsys.readouterr().out
    assert "No machine is stored" in out
    assert "same-eyes train" in out
    (tmp_path / "empty").mkdir()
    assert gate("--against", tmp_path / "empty") == 4
    assert gate("--store", tmp_path / "empty", "--against", "HEAD") == 4
    assert gate("--store", tmp_path / "empty", "--keep") == 4
    (checkout / "expected" / "baseline.json").unlink()
    assert gate() == 4
    assert "same-eyes gate --keep" in capsys.readouterr().out


def test_a_machine_that_went_and_one_that_came(checkout, tmp_path, capsys):
    fewer = plant(tmp_path / "fewer", NAMES[:2]).root
    assert gate("--store", fewer) == 4
    assert "NLS: the run digits/tiny/random1-digits-nls-0 is not stored" in capsys.readouterr().out
    assert gate("--store", fewer, "--against", "HEAD") == 4
    assert gate("--against", fewer) == 3


def test_a_stale_run_of_the_other_side_is_read_all_the_same(checkout, methods, tmp_path):
    then = methods | {"ce": replace(methods["ce"], recipe={**methods["ce"].recipe, "epochs": 77})}
    other = plant(tmp_path / "other", methods=then)
    assert Store(other.root, methods).status(Run("digits", "tiny", "random1", "ce", "digits")) == "stale"
    assert gate("--against", other.root) == 0
    assert gate("--store", other.root) == 4  # of this side it is not


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--against", "no-such-branch"], "neither a folder nor a commit"),
        (["--against", "--output=x"], None),
        (["--keep", "--against", "HEAD"], "leave --against"),
        (["--margins", "nowhere.toml"], "nowhere.toml"),
        (["--expectations", "nowhere.toml"], "nowhere.toml"),
    ],
)
def test_bad_input_is_one_line_and_code_5(checkout, capsys, arguments, message):
    if message is None:  # argparse's own: an option is no value
        with pytest.raises(SystemExit) as ended:
            gate(*arguments)
        assert ended.value.code == 2
        return
    assert gate(*arguments) == 5
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert message in err


def test_a_damaged_run_on_either_side_is_bad_input(checkout, tmp_path, capsys):
    other = plant(tmp_path / "other").root
    broken = next(other.glob("digits/tiny/*-ce-0.npz"))
    broken.write_bytes(broken.read_bytes()[:-5])
    assert gate("--against", other) == 5
    assert gate("--store", other) == 5
    assert "random1-digits-ce-0" in capsys.readouterr().err


def test_a_commit_without_predictions_or_a_folder_outside_git(checkout, tmp_path, monkeypatch, capsys):
    git(checkout, "rm", "-rq", "--cached", "predictions")
    git(checkout, "commit", "-qm", "no predictions")
    assert gate("--against", "HEAD") == 5
    assert "has no predictions/" in capsys.readouterr().err
    assert gate("--against", "HEAD~1") == 0
    monkeypatch.setattr(places, "CHECKOUT", None)
    with pytest.raises(BadInput, match="needs a checkout"):
        sides.extract("HEAD", tmp_path)
    monkeypatch.setattr(places, "CHECKOUT", checkout)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match="git is not installed"):
        sides.extract("HEAD", tmp_path)


def test_a_commit_is_read_without_touching_the_checkout(checkout, tmp_path):
    (checkout / "expected" / "gate.toml").unlink()  # an uncommitted change
    before = git(checkout, "status", "--porcelain")
    sides.extract("HEAD", tmp_path / "out")
    assert git(checkout, "status", "--porcelain") == before
    assert git(checkout, "worktree", "list").count("\n") == 0
    files = sorted(path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*") if path.is_file())
    there = sorted(git(checkout, "ls-files", "predictions", "expected/baseline.json").splitlines())
    assert list(map(str, files)) == there


# --- Numbers, kept


def test_numbers_are_kept_and_read_as_they_were(tmp_path):
    path = tmp_path / "baseline.json"
    side = Side(
        {("accuracy", "CE"): Estimate(0.5, 0.25, 0.75), ("matching", "two machines"): Estimate.exact(0.125)},
        {"CE": "f" * 64},
    )
    assert sides.stored(path, "digits/tiny") is None
    baseline.keep(path, "digits/tiny", sides.section(side))
    assert sides.stored(path, "cifar10n/small") is None
    found = sides.stored(path, "digits/tiny")
    assert found.hashes == side.hashes
    assert {key: (e.value, e.low, e.high) for key, e in found.quantities.items()} == {
        ("accuracy", "CE"): (0.5, 0.25, 0.75),
        ("matching", "two machines"): (0.125, 0.125, 0.125),
    }
    baseline.keep(path, "cifar10n/small", sides.section(side))
    assert set(baseline.read(path)["quantities"]) == {"digits/tiny", "cifar10n/small"}
    baseline.write(path, {"a": "b"}, [])
    assert set(baseline.read(path)["quantities"]) == {"digits/tiny", "cifar10n/small"}
    assert baseline.read(path)["runs"] == {"a": "b"}


@pytest.mark.parametrize(
    "section",
    [3, {"measured": {}}, {"runs": {}, "measured": {"accuracy": {"CE": [1, 2]}}}, {"runs": 3, "measured": {}}],
)
def test_damaged_numbers_are_refused(tmp_path, section):
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps({"runs": {}, "measured": {}, "quantities": {"digits/tiny": section}}))
    with pytest.raises(BadInput, match=r"baseline\.json: not a baseline"):
        sides.stored(path, "digits/tiny")


def test_a_folder_is_read_by_recipe_and_by_titles(checkout):
    runset = RunSet.choose("digits", available(), predictions=checkout / "predictions")
    machines, hashes = sides.of_folder(checkout / "predictions", runset)
    assert list(machines) == list(hashes) == ["CE", "GCE", "NLS"]
    again, same = sides.of_runs(runset)
    assert same == hashes
    for title, (run,) in machines.items():
        np.testing.assert_array_equal(run.probs, again[title][0].probs)
    with pytest.raises(BadInput, match="no folder"):
        sides.of_folder(checkout / "nowhere", runset)


def test_expectations_excuse_and_their_stale_entries_fail(checkout, tmp_path, capsys):
    plant(checkout / "predictions", change=every_fifth)
    path = tmp_path / "expected.toml"
    assert gate("--against", "HEAD", "--markdown", tmp_path / "gate.md") == 1
    failing = {key: v for key, v in rows((tmp_path / "gate.md").read_text()).items() if v in ("worse", "inconclusive")}
    by_method = {}
    for quantity, of in failing:
        by_method.setdefault(of, []).append(quantity)
    path.write_text("".join(f'["{of}"]\nxfail = {names}\nreason = "planted"\n' for of, names in by_method.items()))
    assert gate("--against", "HEAD", "--expectations", path) == 3  # the rest has changed
    path.write_text(path.read_text() + '[NLS]\nxfail = ["accuracy"]\nreason = "stale"\n')
    capsys.readouterr()
    assert gate("--against", "HEAD", "--expectations", path) == 5
    assert "Stale expectation: 'NLS': 'accuracy' is same and does not fail" in capsys.readouterr().out


# --- A machine of one's own in the place of one of the study's


def own_file(tmp_path, loss=0.0, like="ce"):
    """A file of predictions: those of a planted machine, so much of which are another class."""
    probs = said(digits().truth[HELDOUT], NAMES.index(like), 0.85)
    for i in range(round(loss * len(probs))):
        probs[i] = np.roll(probs[i], 1)
    path = tmp_path / "mine.npz"
    np.savez(path, probs=probs)
    return path


def test_a_new_machine_that_is_no_worse_than_another_passes(checkout, tmp_path, capsys):
    asked = ["--predictions", f"Ours={own_file(tmp_path)}"]
    assert gate(*asked, "--as", "CE", "--markdown", tmp_path / "gate.md") == 0  # another machine: changed is no fault
    found = rows((tmp_path / "gate.md").read_text())
    assert set(found) == {("accuracy", "Ours"), ("oracle team", "Ours"), ("threshold team", "Ours")}
    assert "against CE, image by image" in capsys.readouterr().out
    assert gate(*asked, "--as", "ce", "--against", "HEAD") == 0
    assert "against CE of HEAD" in capsys.readouterr().out


def test_a_new_machine_that_is_worse_does_not_pass_and_one_that_cannot_be_told_does_not(checkout, tmp_path):
    assert gate("--predictions", f"Ours={own_file(tmp_path, loss=0.3)}", "--as", "CE") == 1
    margins = tmp_path / "gate.toml"
    text = (checkout / "expected" / "gate.toml").read_text()
    margins.write_text(text.replace("margin = 0.018", "margin = 0.001"))
    other = own_file(tmp_path, like="gce")
    assert gate("--predictions", f"Ours={other}", "--as", "CE", "--margins", margins) == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--as", "CE"], "--as MACHINE goes with"),
        (["--predictions", "Ours=mine.npz"], "--as MACHINE goes with"),
        (["--predictions", "mine.npz", "--as", "CE"], "NAME=FILE"),
        (["--predictions", "Ours=nowhere.npz", "--as", "CE"], "nowhere.npz"),
        (["--method", "nowhere.py", "--as", "CE"], "nowhere.py"),
        (["--predictions", "Ours={file}", "--as", "CEO"], "--as CEO: no predictions of it"),
        (["--predictions", "Ours={file}", "--as", "CE", "--keep"], "leave --against, --expectations and --as out"),
    ],
)
def test_a_wrong_new_machine_is_one_line_and_code_5(checkout, tmp_path, capsys, arguments, message):
    file = own_file(tmp_path)
    assert gate(*(argument.format(file=file) for argument in arguments)) == 5
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert message in err


def test_a_new_method_is_trained_and_compared(checkout, tmp_path, work, one_thread, capsys):
    """A real, short training in a working folder of the test's own."""
    path = tmp_path / "quick.py"
    ce = (HERE / "methods" / "ce.py").read_text()
    path.write_text(ce.replace('Method("ce", title="CE"', 'Method("quick", title="Quick", recipe={"epochs": 1}'))
    assert gate("--method", path, "--as", "CE") in (1, 6)  # one epoch is not enough
    assert "digits, Quick; against CE" in capsys.readouterr().out
    assert next((work / "own").rglob("*-quick-0.json"))


# --- The suite's own option

CLAIM = """
import pytest

@pytest.mark.claim("machines-above-people")
def test_of_machines(claim, measured):
    claim.greater(measured_difference(measured))

def measured_difference(measured):
    from same_eyes.measure.core import accuracy
    return accuracy(measured, "CE") - accuracy(measured, "Human 1")
"""


@pytest.fixture
def suite(checkout, pytester):
    """Runs a benchmark of one claim in the checkout."""
    (checkout / "benchmark").mkdir()
    (checkout / "benchmark" / "test_own.py").write_text(CLAIM)

    def run(*options):
        quick = ("-p", "same_eyes.plugin", "-p", "no:cacheprovider", "--study", "digits", "--replicates", "100")
        return pytester.runpytest_inprocess(*quick, str(checkout / "benchmark"), *options)

    return run


def test_the_suite_holds_its_machines_to_the_same_numbers(suite, checkout):
    result = suite("--gate")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["same-eyes gate: digits*", "gate: 16 compared: 16 same. Exit code 0*"])
    plant(checkout / "predictions", change=every_fifth)
    result = suite("--gate")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["ERROR gate: 16 compared: * worse. Exit code 1*"])
    result = suite()
    assert result.ret == 0
    assert "gate" not in result.stdout.str()


@pytest.mark.parametrize("file", ["baseline.json", "gate.toml"])
def test_a_gate_whose_file_is_damaged_says_so_and_fails(suite, checkout, file):
    (checkout / "expected" / file).write_text("<!DOCTYPE html>")
    result = suite("--gate", "--baseline", "off")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"ERROR gate: *{file}*"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_the_suites_gate_has_the_same_expectations(suite, checkout, tmp_path):
    plant(checkout / "predictions", change=every_fifth)
    known, markdown = checkout / "known.toml", tmp_path / "gate.md"
    gate("--markdown", markdown)
    failing = [key for key, verdict in rows(markdown.read_text()).items() if verdict in ("worse", "inconclusive")]
    by_method = {}
    for quantity, of in failing:
        by_method.setdefault(of, []).append(quantity)
    known.write_text("".join(f'["{of}"]\nxfail = {names}\nreason = "planted"\n' for of, names in by_method.items()))
    code = gate("--expectations", known)
    assert code in (0, 3)
    result = suite("--gate", "--expectations", str(known))
    result.stdout.fnmatch_lines([f"*gate: 16 compared: *{len(failing)} of them as expected. Exit code {code}*"])
    assert result.ret == (pytest.ExitCode.TESTS_FAILED if code else 0)
    known.write_text('[NLS]\nxfail = ["accuracy"]\nreason = "x"\n')
    result = suite("--gate", "--expectations", str(known))
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["Stale expectation: 'NLS': 'accuracy'*", "ERROR gate: * Exit code 5*"])


def test_a_baseline_that_the_suite_writes_has_the_numbers_of_the_gate(suite, checkout, monkeypatch):
    real = studies.origin
    monkeypatch.setattr(studies, "origin", lambda *asked: replace(real(*asked), simulated=False))
    plant(checkout / "predictions", change=one_image)
    assert gate() == 6  # 797 images are too few for two intervals
    (checkout / "benchmark" / "test_own.py").write_text(
        CLAIM.replace('accuracy(measured, "CE")', 'accuracy(measured, "GCE")')
    )
    result = suite("--baseline", "write")
    assert result.ret == 0, result.stdout.str()
    assert gate() == 0
