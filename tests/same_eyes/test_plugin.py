"""The suite as a user runs it: header, closing table, report, exit code."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from same_eyes import data, places, studies
from same_eyes.method import available
from same_eyes.places import CHECKOUT, leaf
from same_eyes.runset import STUDY
from same_eyes.store import Run, Store

pytest_plugins = ["pytester"]

QUICK = ("-p", "no:cacheprovider", "--replicates", "50")
FIELDS = ("id", "reading", "says", "where", "paper", "measured", "low", "high", "allowed", "verdict", "why", "cases")


FILES = ("test_preconditions.py", "test_table1.py", "test_figure2.py")


def benchmark(pytester, store, *more, files=FILES):
    paths = [str(CHECKOUT / "benchmark" / name) for name in files]
    return pytester.runpytest_inprocess(*paths, "--study", "digits", "--store", str(store.root), *QUICK, *more)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A copy of expected/, without what is known of our runs, that is read instead of ours; its folder."""
    left_out = shutil.ignore_patterns("deviations.toml", "baseline.json")
    shutil.copytree(leaf("expected"), tmp_path / "copy" / "expected", ignore=left_out)
    (tmp_path / "copy" / "benchmark").symlink_to(leaf("benchmark"))
    monkeypatch.setattr(places, "CHECKOUT", tmp_path / "copy")
    return tmp_path / "copy" / "expected"


def deviation(claim, cases, study="digits", recipe="tiny", verdict="not reproduced"):
    return (
        f'[[{claim}]]\nverdict = "{verdict}"\nreason = "a planted one"\n'
        f'study = "{study}"\nrecipe = "{recipe}"\nruns = "main"\ncases = {json.dumps(cases)}\n'
    )


# --- The digits, from a store that really holds three machines


def test_simulated_people_check_no_claim_of_the_paper(pytester, trained, tmp_path):
    result = benchmark(pytester, trained, "--report", str(tmp_path / "report"))
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "same-eyes: study digits, recipe tiny, 3 of 13 machines stored, 50 bootstrap samples",
            "same-eyes: the people of this study are SIMULATED; no claim of the paper is checked",
            "* claims: * not testable",
            "The people of this study are simulated: no claim of the paper was checked.",
            f"written to {tmp_path}/report: report.json, *",
        ]
    )
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["simulated"] is True
    assert report["machines"] == ["CE", "GCE", "Co-teaching"]
    assert len({row["id"] for row in report["claims"]}) == len(report["claims"]) > 20
    for row in report["claims"]:
        assert set(FIELDS) <= set(row)
        assert row["verdict"] == "not testable"
        assert {case["verdict"] for case in row["cases"]} == {"not testable"}
        assert row["reading"] in ("as reported", "strict", "own")
        assert row["says"]
        assert row["where"]
        assert row["why"]
    measured = {row["id"]: row["measured"] for row in report["claims"]}
    assert 0 < measured["machines-err-together-strict"] < 1
    cases = next(row for row in report["claims"] if row["id"] == "machines-accuracy")["cases"]
    assert sorted(case["name"] for case in cases if case["measured"]) == ["CE", "Co-teaching", "GCE"]
    missing = next(case for case in cases if case["name"] == "JoCoR")
    assert missing["measured"] is None
    assert "is not stored. Train it: same-eyes train jocor --study digits" in missing["note"]
    text = (tmp_path / "report" / "report.md").read_text()
    assert "The people of this study are simulated" in text
    assert "nan" not in text


def test_the_same_run_writes_the_same_report(pytester, planted, tmp_path):
    store = planted("ce", "gce")
    for name in ("first", "second"):
        assert benchmark(pytester, store, "--report", str(tmp_path / name)).ret == 0
    assert (tmp_path / "first/report.json").read_bytes() == (tmp_path / "second/report.json").read_bytes()


def test_from_stored_predictions_no_torch_is_imported(trained):
    """In a process where every import of torch raises."""
    program = """
import sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision"):
            raise ImportError(f"{name} is not to be imported here")

sys.meta_path.insert(0, NoTorch())
import pytest
code = pytest.main(sys.argv[1:])
assert not any(name.partition(".")[0] in ("torch", "torchvision") for name in sys.modules)
sys.exit(code)
"""
    arguments = ["benchmark", "--study", "digits", "--store", str(trained.root), "-q", *QUICK]
    ended = subprocess.run([sys.executable, "-c", program, *arguments], cwd=CHECKOUT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "no claim of the paper was checked" in ended.stdout


# --- What needs no machine, and what is asked for by name


def test_people_are_measured_without_a_machine(pytester, planted, tmp_path):
    asked = ("-k", "people_are_as_accurate", "--report", str(tmp_path))
    result = benchmark(pytester, planted(), *asked, files=FILES[1:2])
    assert result.ret == 0
    rows = {row["id"]: row["cases"] for row in json.loads((tmp_path / "report.json").read_text())["claims"]}
    everywhere, heldout = rows["people-accuracy"], rows["people-accuracy-strict"]
    assert [case["name"] for case in everywhere] == ["Human 1", "Human 2", "Human 3"]
    assert all(0.5 < case["measured"] < 1 for case in everywhere)
    assert [case["measured"] for case in heldout] == [None] * 3  # these images were held out for machines
    assert all("no machine is stored" in case["note"] for case in heldout)


def test_the_papers_people_are_checked_without_a_machine(pytester, planted, tmp_path):
    try:
        data.cifar10n()
    except data.MissingData:
        pytest.skip("cifar10n is not on this machine: same-eyes data fetch")
    asked = ("--study", "cifar10n", "-k", "people_are_as_accurate_as_printed", "--report", str(tmp_path))
    result = benchmark(pytester, planted(), *asked, files=FILES[1:2])
    result.assert_outcomes(passed=3, deselected=result.parseoutcomes()["deselected"])
    assert result.ret == 0
    (row,) = json.loads((tmp_path / "report.json").read_text())["claims"]
    assert (row["id"], row["verdict"], row["tally"]) == ("people-accuracy", "reproduced", "3 of 3")


def test_timings_are_taken_where_they_are_asked_for(pytester, planted):
    store, speed = planted(), ("test_speed.py",)
    left_out = benchmark(pytester, store, "--collect-only", files=speed)
    assert left_out.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    outcomes = left_out.parseoutcomes()
    assert set(outcomes) == {"deselected"}
    asked_for = benchmark(pytester, store, "--collect-only", "--benchmark-enable", files=speed)
    assert asked_for.ret == 0
    asked_for.stdout.fnmatch_lines(["*test_train_ours*", f"*{outcomes['deselected']} tests collected*"])
    beside = benchmark(pytester, store, "--collect-only", files=("test_speed.py", "test_preconditions.py"))
    beside.stdout.fnmatch_lines(["*test_there_are_machines_to_judge*"])
    assert "test_train_ours" not in beside.stdout.str()


def test_slow_claims_are_checked_where_they_are_asked_for(pytester, planted):
    store, teams = planted(), ("test_beyond_teams.py",)
    plain = benchmark(pytester, store, "--collect-only", files=teams).stdout
    plain.fnmatch_lines(["*test_combining_beats_replacing*"])
    assert "test_the_best_rule_realises_half" not in plain.str()
    asked_for = benchmark(pytester, store, "--collect-only", "--slow-claims", files=teams).stdout
    asked_for.fnmatch_lines(["*test_combining_beats_replacing*", "*test_the_best_rule_realises_half*"])


# --- A gate is not green while it measures nothing


def test_an_empty_store_fails(pytester, planted):
    result = benchmark(pytester, planted())
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*test_there_are_machines_to_judge*", "*0 of 13 machines stored*"])
    outcomes = result.parseoutcomes()
    assert (outcomes["failed"], outcomes["passed"]) == (1, 4)


def test_a_part_of_which_nothing_can_be_measured_fails(pytester, planted):
    result = benchmark(pytester, planted(), "-k", "machines_are_as_accurate_as_printed")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["ERROR nothing was measured*"])


@pytest.mark.parametrize("asked", ["--gate", "--report=report", "--baseline=write"])
def test_what_was_asked_for_and_cannot_be_done_fails(pytester, planted, asked):
    result = benchmark(pytester, planted("ce"), asked, "-k", "copy", files=FILES[:1])
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["ERROR no claim was asked for, so that nothing is compared and nothing is written"])
    assert not (pytester.path / "report").exists()


def test_a_gate_is_of_the_images_of_the_baseline(pytester):
    result = pytester.runpytest_inprocess(str(CHECKOUT / "benchmark"), "--study", "cifar10h", "--gate", *QUICK)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--gate holds machines to the baseline's numbers*not about cifar10h*"])


def test_a_report_goes_into_a_folder(pytester, planted):
    (pytester.path / "report").write_text("a file")
    result = benchmark(pytester, planted("ce"), "--report=report", files=FILES[:1])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--report report: that is a file. Name a folder."])


def test_a_damaged_run_fails(pytester, planted):
    store = planted("ce", "gce")
    (store.root / "digits/tiny/random1-digits-gce-0.npz").write_bytes(b"<!DOCTYPE html>")
    result = benchmark(pytester, store, files=FILES[:1])
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*gce-0.npz: damaged, its SHA-256*Train it: same-eyes train gce*"])


# --- Training from within


def test_what_is_missing_is_trained_when_asked_for(pytester, planted, work, one_thread):
    pytest.importorskip("torch")
    store = planted(*(name for name in STUDY if name != "gce"))
    (store.root / "digits/tiny/random1-digits-ce-0.json").unlink()  # gce starts from it
    result = benchmark(pytester, store, "--train", "missing", "-k", "rank_as_printed or machines_to_judge")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*same-eyes: digits, recipe tiny, 13 of 13 machines stored*"])
    assert {run.method for run in store.runs()} == set(STUDY)
    assert all(store.status(run) == "stored" for run in store.runs())


# --- Deviations and wrong tables


def test_an_entry_that_matches_nothing_fails(pytester, planted, elsewhere):
    store = planted("ce", "gce")
    entries = deviation("machines-accuracy", ["CE", "Perceptron"]) + deviation("people-accuracy", ["*"])
    (elsewhere / "deviations.toml").write_text(entries)
    result = benchmark(pytester, store)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["ERROR expected/deviations.toml: machines-accuracy: no case 'Perceptron' in this run"])
    assert "no case 'CE'" not in result.stdout.str()


@pytest.mark.parametrize("facts", [{"study": "cifar10n"}, {"recipe": "small"}])
def test_an_entry_for_other_runs_does_not_bind(pytester, planted, elsewhere, facts):
    (elsewhere / "deviations.toml").write_text(deviation("machines-accuracy", ["Perceptron"], **facts))
    assert benchmark(pytester, planted("ce"), "-k", "machines_are_as_accurate").ret == 0


def test_an_entry_is_not_missed_where_its_case_was_not_asked_for(pytester, planted, elsewhere):
    (elsewhere / "deviations.toml").write_text(deviation("machines-accuracy", ["GCE"]))
    store = planted("ce", "gce")
    assert benchmark(pytester, store, "-k", "machines_are_as_accurate_as_printed and not GCE").ret == 0


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("deviations.toml", deviation("no-such-claim", ["*"]), "deviations.toml: there is no claim 'no-such-claim'"),
        ("table1.toml", "[[", "table1.toml: not TOML"),
    ],
)
def test_a_wrong_table_is_a_usage_error(pytester, planted, elsewhere, name, text, message):
    (elsewhere / name).write_text(text)
    result = benchmark(pytester, planted("ce"), files=FILES[:1])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in result.stderr.str() + result.stdout.str()


# --- Claims in a test file of one's own: no people are needed, so the real study's rule can be seen at work

OWN = """
import pytest
from same_eyes.claims import Estimate

@pytest.mark.claim("machines-above-people")
@pytest.mark.parametrize("by", ["{by}"])
def test_it(claim, by):
    claim.greater(Estimate({by}, {by} - 0.1, {by} + 0.1))
"""


def own(pytester, planted, by, *more, study="cifar10n"):
    pytester.makepyfile(OWN.format(by=by))
    store = planted("ce").root
    return pytester.runpytest_inprocess(
        "-p", "same_eyes.plugin", "--study", study, "--recipe", "small", "--store", str(store), *QUICK, *more
    )


@pytest.mark.parametrize(
    ("by", "outcome", "verdict"),
    [(0.5, "passed", "reproduced"), (0.0, "failed", "inconclusive"), (-0.5, "failed", "not reproduced")],
)
def test_a_verdict_decides_the_test(pytester, planted, elsewhere, tmp_path, by, outcome, verdict):
    result = own(pytester, planted, by, "--report", str(tmp_path))
    result.assert_outcomes(**{outcome: 1})
    result.stdout.fnmatch_lines([f"*{by:.1f}0 [[]*difference > 0*{verdict}*", f"1 claims: 1 {verdict}"])
    (row,) = json.loads((tmp_path / "report.json").read_text())["claims"]
    assert row["verdict"] == verdict
    assert [case["name"] for case in row["cases"]] == [str(by)]
    if outcome == "failed":
        result.stdout.fnmatch_lines(["*ClaimFailed: " + verdict.upper() + " (as reported): Every machine*"])
        assert (
            "## 1. Every machine is more accurate than every human. (as reported)"
            in (tmp_path / "report.md").read_text()
        )


def test_a_known_deviation_is_an_expected_failure_that_still_shows(pytester, planted, elsewhere):
    (elsewhere / "deviations.toml").write_text(deviation("machines-above-people", ["-0.5"], "cifar10n", "small"))
    result = own(pytester, planted, -0.5, "-rx")
    assert result.ret == 0
    result.assert_outcomes(xfailed=1)
    result.stdout.fnmatch_lines(["1 claims: 1 not reproduced", "*known: a planted one*"])


@pytest.mark.parametrize(("bound", "outcome"), [("main", "xfailed"), ("labels", "failed"), ("backbones", "failed")])
def test_what_is_known_of_another_set_of_runs_excuses_nothing(pytester, planted, elsewhere, bound, outcome):
    entry = deviation("machines-above-people", ["*"], "cifar10n", "small").replace('"main"', f'"{bound}"')
    (elsewhere / "deviations.toml").write_text(entry)
    result = own(pytester, planted, -0.5)
    result.assert_outcomes(**{outcome: 1})
    if bound != "main":
        result.stdout.fnmatch_lines([f"*machines-above-people: no test checks it on the runs '{bound}'"])


def test_a_known_deviation_that_reproduces_fails(pytester, planted, elsewhere):
    (elsewhere / "deviations.toml").write_text(deviation("machines-above-people", ["*"], "cifar10n", "small"))
    result = own(pytester, planted, 0.5)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*it reproduces now: take the entry out*"])


def test_an_entry_whose_claim_no_test_checks_fails_a_whole_run(pytester, planted, elsewhere):
    suite = elsewhere.parent / "benchmark"
    suite.unlink()
    suite.mkdir()
    (suite / "test_own.py").write_text(OWN.format(by=0.5))
    (elsewhere / "deviations.toml").write_text(deviation("people-accuracy", ["*"], "cifar10n", "small"))
    assert own(pytester, planted, 0.5, str(suite / "test_own.py")).ret == 0
    result = own(pytester, planted, 0.5, str(suite))
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["ERROR expected/deviations.toml: people-accuracy: no test checks it in this run"])


def test_an_entry_is_not_missed_where_the_suite_was_broken_off(pytester, planted, elsewhere):
    pytester.makepyfile(test_later=OWN.format(by=0.25))
    (elsewhere / "deviations.toml").write_text(deviation("machines-above-people", ["0.25"], "cifar10n", "small"))
    result = own(pytester, planted, -0.5, "-x")
    result.assert_outcomes(failed=1)
    assert "no case '0.25'" not in result.stdout.str()


# --- Other sets of runs, other images

OTHERS = """
import pytest
from same_eyes.claims import Estimate

@pytest.mark.claim("machines-above-people")
def test_on_other_images(measured_official, claim):
    seen = list(measured_official.study.machines)
    claim.greater(Estimate.exact(len(seen)))

@pytest.mark.claim("machines-accuracy")
def test_on_others_labels(measured_labels, claim, machine):
    claim.close(Estimate.exact(measured_labels.study.machines[machine][0].probs.mean()))

@pytest.mark.claim("machines-order")
def test_with_other_backbones(measured_backbones, claim, all_machines):
    claim.greater(Estimate.exact(1))
"""


@pytest.fixture
def others(pytester, planted, tmp_path, monkeypatch):
    """Runs OTHERS on a store that holds CE, which has seen official images too, and CORES trained on other labels."""

    def run(official=lambda machines, folder: studies.heldout("digits", machines)):
        monkeypatch.setattr(studies, "official", official)
        pytester.makepyfile(OTHERS)
        store = planted("ce")
        probs = np.full((797, 10), 0.1)
        store.save(Run("digits", "tiny", "random1", "ce", "digits"), {"heldout": probs, "official": probs}, {})
        store.save(Run("digits", "tiny", "random2", "cores", "digits"), {"heldout": probs}, {})
        asked = ("--study", "digits", "--store", str(store.root), "--report", str(tmp_path / "report"))
        result = pytester.runpytest_inprocess("-p", "same_eyes.plugin", *QUICK, *asked)
        assert result.ret == 0
        rows = json.loads((tmp_path / "report" / "report.json").read_text())["claims"]
        return {row["id"]: {case["name"]: case for case in row["cases"]} for row in rows}

    return run


def test_a_claim_is_judged_on_the_set_of_runs_that_its_test_takes(others):
    found = others()
    labels, (backbones,) = found["machines-accuracy"], found["machines-order"].values()
    assert labels["CORES"]["measured"] == pytest.approx(0.1)  # by its run on random2; on random1 it has none
    assert labels["CE"]["note"].startswith("the run digits/tiny/random3-digits-ce-0 is not stored. Train it: ")
    assert backbones["note"].startswith("13 of 13 runs are missing; the run digits/tiny/random1-vgg-cores-0 is ")


def test_a_claim_about_other_images_is_judged_on_them(others):
    (case,) = others()["machines-above-people"].values()
    assert case["measured"] == 1


def test_a_claim_about_other_images_is_not_testable_without_their_people(others):
    def nowhere(machines, folder):
        raise data.MissingData("cifar10h: not on this machine.")

    (case,) = others(nowhere)["machines-above-people"].values()
    assert (case["measured"], case["note"]) == (None, "cifar10h: not on this machine.")


def test_a_claim_about_other_images_is_not_testable_without_a_machine_that_saw_them(pytester, planted):
    pytester.makepyfile(OTHERS)
    asked = ("--study", "digits", "--store", str(planted("ce").root), "-k", "other_images", "-rs")
    result = pytester.runpytest_inprocess("-p", "same_eyes.plugin", *QUICK, *asked)
    result.stdout.fnmatch_lines(["*not testable: no machine has predicted CIFAR-10's official test images"])


# --- A machine of one's own


@pytest.fixture
def mine(installed):
    installed("mine", "Method('mine', 'Mine', '', None)")
    return available()


def test_a_machine_of_ones_own_is_judged_beside_the_studys(pytester, planted, mine, tmp_path):
    store = planted("ce", "gce", "mine", methods=mine)
    result = benchmark(pytester, store, "--report", str(tmp_path), files=FILES[1:])
    assert result.ret == 0
    result.stdout.fnmatch_lines(["same-eyes: study digits, recipe tiny, 3 of 14 machines stored*"])
    rows = {row["id"]: row["cases"] for row in json.loads((tmp_path / "report.json").read_text())["claims"]}
    cases = {case["name"]: case for case in rows["machines-accuracy"]}
    assert cases["CE"]["measured"] is not None
    assert cases["Mine"]["measured"] is None
    assert cases["Mine"]["note"] == "the paper prints no number for this machine"
    above = {case["name"]: case for case in rows["machines-above-people"]}
    assert above["Mine vs Human 1"]["measured"] == pytest.approx(above["CE vs Human 1"]["measured"], abs=0.1)


@pytest.mark.parametrize(
    ("by", "listed", "outcome"),
    [
        (0.5, "not reproduced", "passed"),  # would be: take the entry out
        (0.0, "not reproduced", "xfailed"),  # would be: correct the entry
        (-0.5, "not reproduced", "xfailed"),
        (-0.5, None, "failed"),
    ],
)
def test_beside_a_machine_of_ones_own_known_deviations_excuse_and_do_not_bind(
    pytester, planted, mine, elsewhere, by, listed, outcome
):
    run = Run("cifar10n", "small", "random1", "mine", "conv6")
    Store(planted("ce").root, mine).save(run, {"heldout": np.full((3, 10), 0.1)}, {})
    if listed:
        cases = [str(by), "matches nothing"]
        (elsewhere / "deviations.toml").write_text(
            deviation("machines-above-people", cases, "cifar10n", "small", listed)
        )
    result = own(pytester, planted, by, "-rx")
    result.assert_outcomes(**{outcome: 1})
    assert result.ret == (outcome == "failed")
    assert "ERROR" not in result.stdout.str()
    if outcome == "xfailed":
        result.stdout.fnmatch_lines(["*known without the machines added: a planted one*"])


def test_an_unknown_claim_is_a_usage_error(pytester, planted):
    pytester.makepyfile("import pytest\n\n@pytest.mark.claim('no-such')\ndef test_it(claim):\n    claim.greater(0)\n")
    result = pytester.runpytest_inprocess("-p", "same_eyes.plugin", "--study", "digits", *QUICK)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "expected/ has no claim 'no-such'" in result.stderr.str() + result.stdout.str()


def test_a_check_without_a_claim_is_an_error(pytester):
    pytester.makepyfile("def test_it(claim):\n    pass\n")
    result = pytester.runpytest_inprocess("-p", "same_eyes.plugin", "--study", "digits", *QUICK)
    assert result.ret != 0
    assert "takes `claim` but has no @pytest.mark.claim(id)" in result.stdout.str() + result.stderr.str()


def test_other_tests_are_left_alone(pytester):
    pytester.makepyfile("def test_it():\n    pass\n")
    result = pytester.runpytest_inprocess("-p", "same_eyes.plugin", "--data-dir", "/nowhere", *QUICK)
    result.assert_outcomes(passed=1)
    assert "same-eyes" not in result.stdout.str().replace("same-eyes-", "")


@pytest.mark.parametrize("raised", ["KnownDeviation", "NotTestable", "ClaimFailed"])
def test_what_a_test_without_a_claim_raises_is_its_own(pytester, raised):
    pytester.makepyfile(f"from same_eyes.claims import {raised}\n\ndef test_it():\n    raise {raised}('so')\n")
    pytester.runpytest_inprocess("-p", "same_eyes.plugin", *QUICK).assert_outcomes(failed=1)


def test_a_test_of_no_claim_that_asks_for_what_is_not_known_is_skipped(pytester, planted):
    (pytester.path / "benchmark").mkdir(exist_ok=True)
    own = pytester.path / "benchmark" / "test_own.py"
    own.write_text("""
import pytest
from same_eyes.types import NotKnown

@pytest.mark.claim("machines-above-people")
def test_claim(claim, measured):
    from same_eyes.measure.core import accuracy
    claim.greater(accuracy(measured, "CE"))

def test_precondition():
    raise NotKnown("nobody knows")
""")
    store = planted("ce")
    options = ("-p", "same_eyes.plugin", "-rs", "--study", "digits", "--store", str(store.root), *QUICK)
    result = pytester.runpytest_inprocess(str(own), *options)
    result.assert_outcomes(skipped=2)  # the other: its people are simulated
    result.stdout.fnmatch_lines(["*not testable: nobody knows*"])
