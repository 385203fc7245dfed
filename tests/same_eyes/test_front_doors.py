"""A user's own method and own predictions in the suite, as that user runs it; and the suite in several processes."""

import json

import numpy as np
import pytest

from same_eyes import plugin, studies
from same_eyes.digits import HELDOUT, digits
from same_eyes.method import RECIPES, available
from same_eyes.places import CHECKOUT, leaf
from same_eyes.store import Run, Store

pytest_plugins = ["pytester"]

QUICK = ("-p", "no:cacheprovider", "--replicates", "50", "--study", "digits")
TABLE = str(CHECKOUT / "benchmark" / "test_table1.py")
STATED = str(CHECKOUT / "benchmark" / "test_preconditions.py")
TRUTH = digits().truth[HELDOUT]

METHOD = """
from same_eyes.method import Method, pointwise


def loss(logits, labels):
    return -logits.log_softmax(1).gather(1, labels[:, None]).squeeze(1)


METHOD = Method("mine", title="Mine", paper="", objective=pointwise(loss), recipe={"epochs": 2})
"""
RUN = Run("digits", "tiny", "random1", "mine", "digits")


@pytest.fixture
def method(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(METHOD)
    return path


@pytest.fixture(scope="module")
def training(short, one_thread):
    """What training imports is imported: pytester would forget it after a run, and torch cannot be loaded twice."""
    pytest.importorskip("torch")
    from same_eyes.train import fit

    fit(short["ce"], studies.task("digits", "random1"), RECIPES["tiny"], progress=False)


def probabilities(right=0.9, seed=7):
    random = np.random.default_rng(seed)
    labels = np.where(random.random(len(TRUTH)) < right, TRUTH, random.integers(0, 10, len(TRUTH)))
    probs = np.full((len(TRUTH), 10), 0.03)
    probs[np.arange(len(TRUTH)), labels] = 0.73
    return probs


@pytest.fixture
def files(tmp_path):
    """Two machines by their files: probabilities, and labels alone."""
    np.savez(tmp_path / "mine.npz", probs=probabilities())
    np.save(tmp_path / "plain.npy", probabilities(0.8, 8).argmax(1))
    return ["--predictions", f"Mine={tmp_path}/mine.npz", "--predictions", f"Plain={tmp_path}/plain.npy"]


def said(result):
    return result.stdout.str() + result.stderr.str()


# --- Own predictions

BY_CONFIDENCE = """
import pytest
from same_eyes.measure.teaming import threshold_improves

@pytest.mark.claim("threshold-improves-strict")
def test_it(measured, claim, machine):
    claim.significant(*threshold_improves(measured, machine, "Human 1", 0.6))
"""


def test_a_machine_known_by_its_file_is_judged_and_placed(pytester, planted, files, tmp_path):
    report = tmp_path / "report"
    asked = ("--store", str(planted("ce", "gce").root), "--report", str(report), *files)
    result = pytester.runpytest_inprocess(TABLE, *QUICK, *asked)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "same-eyes: study digits, recipe tiny, 2 of 13 machines stored, and beside them Mine, Plain, 50 bootstrap*",
            f"same-eyes: Mine: probabilities of 797 rows from {tmp_path}/mine.npz, without an index: the held-out *",
            "same-eyes: Plain: labels of 797 rows *",
            "Where Mine stands: right in 0.9?? *, rank * of 4 machines (between * and *), *told from *",
            "Where Plain stands: *",
            "Only labels are known of it: nothing that asks how sure it is was measured.",
        ]
    )
    assert "claim, for Mine" not in said(result)  # people are simulated: no verdicts
    mine, plain = json.loads((report / "report.json").read_text())["own"]
    assert (mine["name"], mine["labels only"], plain["name"], plain["labels only"]) == ("Mine", False, "Plain", True)
    assert mine["rows"][0]["value"] == (probabilities().argmax(1) == TRUTH).mean()
    assert "Where Mine stands" in (report / "report.md").read_text()


def test_what_asks_for_a_confidence_is_not_testable_with_labels_alone(pytester, planted, files, tmp_path):
    pytester.makepyfile(BY_CONFIDENCE)
    asked = ("--store", str(planted("ce").root), "--report", str(tmp_path / "report"), *files)
    result = pytester.runpytest_inprocess("-p", "same_eyes.plugin", *QUICK, *asked, "-rs")
    result.stdout.fnmatch_lines(["SKIPPED*not testable: Plain gives labels only, and this asks how sure it is"])
    (row,) = json.loads((tmp_path / "report" / "report.json").read_text())["claims"]
    cases = {case["name"]: case for case in row["cases"]}
    assert cases["Plain"]["measured"] is None
    assert cases["Plain"]["note"] == "Plain gives labels only, and this asks how sure it is"
    assert cases["Mine"]["measured"] is not None


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("shifted.npz", "--predictions: write it as NAME=FILE|write it as NAME=FILE"),
        ("Mine=shifted.npz", "standing one too late in 9"),
        ("CE=mine.npz", "the study has a CE itself"),
        ("Human 2=mine.npz", "the study has a Human 2 itself"),
        ("Mine=nowhere.npz", "nowhere.npz cannot be read"),
    ],
)
def test_what_is_misaligned_stops_the_suite_before_anything_is_measured(pytester, files, tmp_path, asked, message):
    np.savez(pytester.path / "shifted.npz", probs=np.roll(probabilities(), 1, axis=0))
    (pytester.path / "mine.npz").write_bytes((tmp_path / "mine.npz").read_bytes())
    result = pytester.runpytest_inprocess(TABLE, *QUICK, "--predictions", asked)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in said(result).splitlines() if line.startswith("ERROR")]
    assert any(part in line for part in message.split("|"))
    assert "collected" not in said(result)


def test_a_machine_below_chance_is_measured_and_fails_the_precondition_alone(pytester, planted, tmp_path):
    np.save(tmp_path / "bad.npy", (TRUTH + 1 + np.arange(797) % 9) % 10)
    asked = ("--store", str(planted("ce").root), "--predictions", f"Bad={tmp_path}/bad.npy")
    result = pytester.runpytest_inprocess(STATED, TABLE, *QUICK, *asked)
    result.stdout.fnmatch_lines(
        [
            "same-eyes: Bad: no better than the most frequent class (1?.?%): are these the answers to these images?",
            "*Bad is right in 0.0% of images*",
            "Where Bad stands: right in 0.000 *rank 2 of 2 machines (between 2 and 2), told from every other.",
        ]
    )
    assert result.parseoutcomes()["failed"] == 1


# --- Own method


def test_a_method_is_trained_once_and_aside(pytester, method, work, training):
    before = sorted(leaf("predictions").rglob("*"))
    asked = (STATED, TABLE, "-k", "learnt or rank_as_printed", *QUICK, "--method", str(method))
    first = pytester.runpytest_inprocess(*asked)
    assert first.ret == 0
    first.stdout.fnmatch_lines(
        [
            "same-eyes: study digits, recipe tiny, 13 of 14 machines stored*",
            "Where Mine stands: *of 14 machines*",
            f"Mine: trained in * s, stored in {work}/own",
        ]
    )
    store = Store(work / "own", {**available(), "mine": plugin.own.find(str(method), available())})
    assert [run.method for run in store.runs()] == ["mine"]  # ce, which others start from, is not stored again
    assert store.status(RUN) == "stored"
    assert sorted(leaf("predictions").rglob("*")) == before
    again = pytester.runpytest_inprocess(*asked)
    again.stdout.fnmatch_lines(["same-eyes: study digits, recipe tiny, 14 of 14 machines stored*"])
    assert "trained in" not in said(again)
    method.write_text(METHOD.replace('"epochs": 2', '"epochs": 3'))
    changed = pytester.runpytest_inprocess(*asked)
    changed.stdout.fnmatch_lines(["Mine: trained in *"])


def test_a_method_is_trained_into_the_store_that_is_named(pytester, planted, method, work, training):
    store = planted("ce")
    asked = ("-k", "learnt", *QUICK, "--method", str(method), "--store", str(store.root))
    assert pytester.runpytest_inprocess(STATED, *asked).ret == 0
    assert sorted(run.method for run in store.runs()) == ["ce", "mine"]
    assert not (work / "own").exists()


@pytest.mark.parametrize("asked", [("--collect-only",), ("-k", "people_are_as_accurate_as_printed")])
def test_nothing_is_trained_where_no_machine_is_asked_for(pytester, method, work, asked):
    result = pytester.runpytest_inprocess(TABLE, *QUICK, "--method", str(method), *asked)
    assert result.ret == 0
    assert not work.exists()


def test_without_torch_a_method_says_what_it_needs(pytester, method, work, monkeypatch):
    monkeypatch.setattr(plugin, "find_spec", lambda name: None)
    result = pytester.runpytest_inprocess(TABLE, *QUICK, "--method", str(method))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: Mine is not trained yet, and training needs torch: pip install 'same-eyes[train]'" in said(result)


def test_a_training_that_fails_shows_where(pytester, method, work, training):
    method.write_text(METHOD.replace("logits.log_softmax(1)", "logits.log_sofmax(1)"))
    result = pytester.runpytest_inprocess(TABLE, *QUICK, "--method", str(method))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "return -logits.log_sofmax(1)" in said(result)
    assert "training Mine failed, as above. same_eyes.testing.check_method(METHOD) checks a method" in said(result)


def test_a_training_that_diverges_is_one_line(pytester, method, work, training):
    method.write_text(METHOD.replace("return -logits", "return float('nan') * logits"))
    result = pytester.runpytest_inprocess(TABLE, *QUICK, "--method", str(method))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: mine: the loss is nan at step 0" in said(result)
    assert "Traceback" not in said(result)


def test_an_unknown_method_is_a_usage_error(pytester):
    result = pytester.runpytest_inprocess(TABLE, *QUICK, "--method", "sgd")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: --method sgd: no installed package offers it" in said(result)


def test_a_stale_run_of_another_package_changes_nothing_but_is_named(pytester, planted, installed):
    installed("mine", "Method('mine', 'Mine', '', None)")
    store = planted("ce", "mine", methods=available())
    manifest = store.root / f"{RUN.name}.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"signature": "0" * 16}))
    pytester.makepyfile("def test_it(request, runset):\n    assert request.config.stash\n    assert runset.own == []\n")
    result = pytester.runpytest_inprocess(TABLE, pytester.path, *QUICK, "--store", str(store.root))
    assert result.ret == 0
    line = (
        "Mine is left out: the run digits/tiny/random1-digits-mine-0 was trained before its method or recipe changed."
    )
    result.stdout.fnmatch_lines([f"same-eyes: {line}*", f"{line} Train it: same-eyes train mine*"])
    assert "Where Mine stands" not in said(result)


# --- Several processes


@pytest.fixture
def elsewhere(monkeypatch):
    """Other processes, in other folders, find the suite too."""
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))


@pytest.fixture
def workers(elsewhere):
    pytest.importorskip("xdist")


def test_what_workers_saw_is_one_record_in_the_order_of_one_process(pytester, planted, files, workers, tmp_path):
    asked = (STATED, TABLE, *QUICK, *files, "--store", str(planted("ce", "gce").root), "-k", "not order")
    alone = pytester.runpytest_inprocess(*asked, "--report", str(tmp_path / "alone"))
    shared = pytester.runpytest_subprocess(*asked, "-n", "2", "--report", str(tmp_path / "shared"))
    assert alone.ret == shared.ret == 0
    reports = [json.loads((tmp_path / name / "report.json").read_text()) for name in ("alone", "shared")]
    assert reports[0] == reports[1]
    assert len(reports[0]["claims"]) > 3
    tables = [result.stdout.str().partition("#    claim")[2].partition("\nwritten")[0] for result in (alone, shared)]
    assert tables[0] == tables[1] != ""


OWN = """
import os
import pytest
from same_eyes.claims import Estimate

@pytest.mark.claim("machines-above-people")
@pytest.mark.parametrize("by", range(6))
def test_it(claim, by):
    claim.greater(Estimate.exact(1.0))

@pytest.mark.claim("people-accuracy")
def test_crash(claim):
    os._exit(1) if {crash} else claim.close(Estimate.exact(0.5), to=0.5)
"""


@pytest.mark.parametrize("crash", [False, True])
def test_a_worker_that_crashes_is_named(pytester, planted, workers, crash):
    pytester.makepyfile(OWN.format(crash=crash))
    asked = ("-p", "same_eyes.plugin", *QUICK, "--store", str(planted("ce").root), "-n", "2")
    result = pytester.runpytest_subprocess(*asked)
    lost = "*ERROR the worker gw? crashed, and what it had measured is lost*"
    if crash:
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines([lost])
    else:
        assert result.ret == 0
        result.stdout.no_fnmatch_line(lost)
        result.stdout.fnmatch_lines(["2 claims: 2 not testable"])


@pytest.mark.slow
def test_with_workers_a_method_is_trained_once_before_them(pytester, method, work, workers):
    pytest.importorskip("torch")
    asked = (STATED, "-k", "learnt", *QUICK, "--method", str(method), "-n", "2")
    result = pytester.runpytest_subprocess(*asked)
    assert result.ret == 0
    assert len(list((work / "own").rglob("*.npz"))) == 1
    assert len([path for path in work.iterdir() if (path / "network.pt").exists()]) == 1


def test_a_wrong_option_is_said_before_workers_are_started(pytester, workers):
    result = pytester.runpytest_subprocess(TABLE, *QUICK, "--predictions", "Mine=nowhere.npz", "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "nowhere.npz cannot be read" in said(result)
    assert "gw0" not in said(result)


# --- The entry point of an installed suite


def test_without_its_option_the_entry_point_loads_nothing(pytester, elsewhere):
    pytester.makepyfile(
        "import sys\n\ndef test_it(pytestconfig):\n"
        "    assert not [name for name in sys.modules if name.startswith('same_eyes.') and name != 'same_eyes.entry']\n"
        "    assert not pytestconfig.pluginmanager.has_plugin('same_eyes.plugin')\n"
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("more", [(), (str(leaf("benchmark")),), ("-n", "2")])
def test_with_its_option_the_suite_runs_from_any_folder_and_once(pytester, planted, workers, more):
    pytester.makepyfile("def test_elsewhere():\n    pass\n")
    asked = ("--same-eyes", *QUICK, "--store", str(planted("ce").root), "-k", "people_are_as_accurate_as", *more)
    result = pytester.runpytest_subprocess(*asked)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["1 claims: 1 not testable"])
    assert result.parseoutcomes()["skipped"] == 3
